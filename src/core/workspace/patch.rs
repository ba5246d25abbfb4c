//! A change of one text, made in a compiled cluster without resolving the other texts again: policies that come, go or change, and
//! pods that get other labels. Everything else is left to a new start.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::cluster::{Cluster, EndpointId, EndpointKind};
use crate::diagnostic::Diagnostic;
use crate::engine::Engine;
use crate::load::Reading;
use crate::object::{Body, Labels, NetworkPolicy, Object, Pod};
use crate::options::EngineOptions;
use crate::resolve::{Names, POD_TEMPLATE_HASH, add_policy, name_of, names, namespace_of, sort_policies};
use crate::source::{Origin, Place, SourceId};

/// A text that changed.
pub(super) struct Change<'a> {
    pub source: SourceId,
    pub old: &'a [Reading],
    pub new: &'a [Reading],
}

/// What texts have come to before a change.
pub(super) enum Known {
    Compiled(Box<Engine>),
    /// To be compiled when something is asked.
    Resolved(Cluster),
}

/// The cluster after a change, with what there is to say about it; `None` where all texts have to be put together anew. `is_elsewhere`
/// says whether another text may have an object of a name.
pub(super) fn patch(
    known: Known,
    diagnostics: Vec<Diagnostic>,
    change: &Change<'_>,
    is_elsewhere: impl Fn(&Names<'_>) -> bool,
    options: &EngineOptions,
) -> Option<(Known, Vec<Diagnostic>)> {
    let plan = Plan::of(change)?;
    if plan.touched.iter().any(is_elsewhere) {
        return None;
    }
    let mut diagnostics = plan.move_diagnostics(diagnostics, change.source)?;
    let before = match &known {
        Known::Compiled(engine) => engine.cluster(),
        Known::Resolved(cluster) => cluster,
    };
    let relabellings = plan.relabellings(before)?;
    if !plan.has_its_namespaces(before) {
        return None;
    }
    let mut cluster = match known {
        Known::Compiled(mut engine) => {
            let are_labels_all = plan.gone.is_empty() && plan.come.is_empty();
            if are_labels_all && relabellings.iter().all(|it| engine.relabel(it.id, it.labels)) {
                plan.move_origins(engine.cluster_mut(), &relabellings);
                return Some((Known::Compiled(engine), diagnostics));
            }
            engine.into_cluster()
        }
        Known::Resolved(cluster) => cluster,
    };
    for relabelling in &relabellings {
        if let Some(endpoint) = cluster.endpoints.get_mut(relabelling.id.0 as usize) {
            endpoint.labels.clone_from(relabelling.labels);
        }
    }
    plan.move_origins(&mut cluster, &relabellings);
    plan.change_policies(&mut cluster, options, &mut diagnostics);
    Some((Known::Resolved(cluster), diagnostics))
}

/// An endpoint with other labels.
struct Relabelling<'a> {
    id: EndpointId,
    labels: &'a Labels,
    origin: &'a Origin,
}

/// What a change does.
#[derive(Default)]
struct Plan<'a> {
    /// Objects that are as they were, or but for their labels, and where they are now.
    moved: FxHashMap<&'a Origin, &'a Origin>,
    /// Pods with other labels: where they were, and where they are.
    relabelled: Vec<(&'a Origin, &'a Origin, &'a Pod)>,
    gone: Vec<&'a NetworkPolicy>,
    come: Vec<(&'a Origin, &'a Arc<NetworkPolicy>)>,
    /// All but those that are as they were.
    touched: Vec<Names<'a>>,
    /// Whether objects that are as they were are somewhere else now.
    has_shifted: bool,
}

impl<'a> Plan<'a> {
    fn of(change: &Change<'a>) -> Option<Plan<'a>> {
        let mut plan = Plan::default();
        let mut old = by_name(change.old)?;
        for (key, new) in by_name(change.new)? {
            let before = old.remove(&key);
            if let Some(before) = before
                && before.body == new.body
            {
                plan.has_shifted |= before.origin != new.origin;
                plan.moved.insert(&before.origin, &new.origin);
                continue;
            }
            plan.touched.push(key);
            match (before.map(|before| (&before.origin, &before.body)), &new.body) {
                (Some((origin, Body::Pod(before))), Body::Pod(pod)) if differ_in_labels(before, pod) => {
                    plan.moved.insert(origin, &new.origin);
                    plan.relabelled.push((origin, &new.origin, pod));
                }
                (Some((_, Body::NetworkPolicy(before))), Body::NetworkPolicy(policy)) => {
                    plan.gone.push(before);
                    plan.come.push((&new.origin, policy));
                }
                (None, Body::NetworkPolicy(policy)) => plan.come.push((&new.origin, policy)),
                _ => return None,
            }
        }
        for (key, before) in old {
            let Body::NetworkPolicy(policy) = &before.body else { return None };
            plan.touched.push(key);
            plan.gone.push(policy);
        }
        Some(plan)
    }

    /// What was said about the text before, without what was said about policies that are gone.
    fn move_diagnostics(&self, diagnostics: Vec<Diagnostic>, source: SourceId) -> Option<Vec<Diagnostic>> {
        let gone: Vec<String> = self
            .gone
            .iter()
            .map(|policy| format!("NetworkPolicy {}/{}", namespace_of(&policy.metadata), name_of(&policy.metadata)))
            .collect();
        let mut kept = Vec::with_capacity(diagnostics.len());
        for mut diagnostic in diagnostics {
            if diagnostic.related.iter().any(|related| related.place.source() == source) {
                return None;
            }
            if diagnostic.place.as_ref().is_some_and(|place| place.source() == source) {
                if diagnostic.object.as_ref().is_some_and(|object| gone.contains(object)) {
                    continue;
                }
                let Some(Place::Field { origin, .. }) = &mut diagnostic.place else { return None };
                *origin = (*self.moved.get(origin)?).clone();
            }
            kept.push(diagnostic);
        }
        Some(kept)
    }

    /// The pods to label anew, if each is the endpoint that it was.
    fn relabellings(&self, cluster: &Cluster) -> Option<Vec<Relabelling<'a>>> {
        let relabelling = |(old, new, pod): &(&Origin, &'a Origin, &'a Pod)| {
            let namespace = cluster.find_namespace(namespace_of(&pod.metadata))?;
            let wanted = (namespace, name_of(&pod.metadata), EndpointKind::Pod);
            let index = cluster
                .endpoints
                .binary_search_by(|endpoint| (endpoint.namespace, &*endpoint.name, endpoint.kind).cmp(&wanted))
                .ok()?;
            let id = EndpointId(u32::try_from(index).ok()?);
            cluster.endpoint(id).filter(|endpoint| endpoint.origin == **old)?;
            Some(Relabelling { id, labels: &pod.metadata.labels, origin: new })
        };
        self.relabelled.iter().map(relabelling).collect()
    }

    /// Whether all policies that come find their namespace, and none of those that go was all that told of one.
    fn has_its_namespaces(&self, cluster: &Cluster) -> bool {
        let namespace = |policy: &NetworkPolicy| {
            cluster.find_namespace(namespace_of(&policy.metadata)).and_then(|id| cluster.namespace(id))
        };
        let come = |gone: &NetworkPolicy| {
            self.come.iter().any(|(_, come)| namespace_of(&come.metadata) == namespace_of(&gone.metadata))
        };
        self.come.iter().all(|(_, policy)| namespace(policy).is_some())
            && self
                .gone
                .iter()
                .all(|policy| namespace(policy).is_some_and(|namespace| namespace.origin.is_some()) || come(policy))
    }

    fn move_origins(&self, cluster: &mut Cluster, relabellings: &[Relabelling<'_>]) {
        for relabelling in relabellings {
            if let Some(endpoint) = cluster.endpoints.get_mut(relabelling.id.0 as usize) {
                endpoint.origin = relabelling.origin.clone();
            }
        }
        if !self.has_shifted {
            return;
        }
        let namespaces = cluster.namespaces.iter_mut().filter_map(|namespace| namespace.origin.as_mut());
        let origins = namespaces
            .chain(cluster.endpoints.iter_mut().map(|endpoint| &mut endpoint.origin))
            .chain(cluster.services.iter_mut().map(|service| &mut service.origin))
            .chain(cluster.nodes.iter_mut().map(|node| &mut node.origin))
            .chain(cluster.policies.iter_mut().map(|policy| &mut policy.origin))
            .chain(cluster.legacy_policies.iter_mut().map(|policy| &mut policy.origin));
        let source = self.moved.keys().next().map(|origin| origin.source);
        for origin in origins.filter(|origin| Some(origin.source) == source) {
            if let Some(new) = self.moved.get(origin) {
                *origin = (*new).clone();
            }
        }
    }

    fn change_policies(&self, cluster: &mut Cluster, options: &EngineOptions, diagnostics: &mut Vec<Diagnostic>) {
        for policy in &self.gone {
            let Some(namespace) = cluster.find_namespace(namespace_of(&policy.metadata)) else { continue };
            for policies in [&mut cluster.policies, &mut cluster.legacy_policies] {
                policies.retain(|known| known.namespace != namespace || *known.name != *name_of(&policy.metadata));
            }
        }
        for (origin, policy) in &self.come {
            add_policy(cluster, (*origin).clone(), Arc::clone(policy), options, diagnostics);
        }
        sort_policies(cluster);
    }
}

/// The objects by name, if there is nothing else in the text, each has a name, and each a name of its own.
fn by_name(readings: &[Reading]) -> Option<FxHashMap<Names<'_>, &Object>> {
    let mut found = FxHashMap::default();
    for reading in readings {
        if !reading.is_all_objects() {
            return None;
        }
        for object in reading.objects() {
            if object.body.metadata().name.is_empty() || found.insert(names(object), object).is_some() {
                return None;
            }
        }
    }
    Some(found)
}

/// Whether pods differ in labels and in nothing else, and their labels do not tell of their controller.
fn differ_in_labels(one: &Pod, other: &Pod) -> bool {
    let mut relabelled = one.clone();
    relabelled.metadata.labels.clone_from(&other.metadata.labels);
    let hash = |pod: &Pod| pod.metadata.labels.get(POD_TEMPLATE_HASH).map(str::to_owned);
    relabelled == *other && (one.metadata.owner_references.is_empty() || hash(one) == hash(other))
}
