//! Selectors and what they match: nothing (M19, M20, M21, M35), or only what they cannot see (M30).
//!
//! Of the reasons why nothing is matched, the first that applies is told. An input need not be a whole cluster: where it lacks the
//! pods or namespaces that a selector is about, nothing is said.

use std::collections::BTreeSet;

use super::inventory::{Inventory, services_in};
use super::labels::{self, Written};
use super::near::nearest;
use super::{Lint, rules};
use crate::cluster::{Direction, EndpointId, EndpointKind, NAMESPACE_NAME_LABEL, NamespaceId, Policy};
use crate::conditions::Bearer;
use crate::diagnostic::{Fix, Related};
use crate::edit;
use crate::model::{NamespaceScope, Peer, PodSelection};
use crate::object::{LabelSelector, NetworkPolicyPeer, WorkloadKind};
use crate::selector::{Operator, Requirement, Selector};
use crate::source::Place;

/// What a selector is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Subject,
    Peer(Direction),
}

impl Role {
    fn consequence(self) -> &'static str {
        match self {
            Role::Subject => "the policy selects no pod and isolates nothing",
            Role::Peer(Direction::Ingress) => "this peer lets nobody in",
            Role::Peer(Direction::Egress) => "this peer opens a way to nobody",
        }
    }
}

pub(super) fn check(lint: &mut Lint<'_>, inventory: &mut Inventory<'_>) {
    let tiers = inventory.tiers.clone();
    for compiled in tiers.iter().flat_map(|tier| &tier.policies) {
        let Some(policy) = inventory.cluster.policy(compiled.id) else { continue };
        let spec = &policy.spec;
        let subject = Written::new(&compiled.subject.pods, &spec.pod_selector, "spec.podSelector".to_owned());
        Selection { policy, role: Role::Subject, path: "spec.podSelector".to_owned(), selection: &compiled.subject }
            .check(lint, inventory, None, Some(&subject));
        for direction in Direction::BOTH {
            for (rule, written) in compiled.rules(direction).unwrap_or_default().iter().zip(spec.rules(direction)) {
                for (index, (peer, written)) in rule.peers.iter().flatten().zip(&written.peers).enumerate() {
                    if let Peer::Pods(selection) = peer {
                        let path = rule.path.peer(index);
                        Selection { policy, role: Role::Peer(direction), path, selection }
                            .check_peer(lint, inventory, written);
                    }
                }
            }
        }
    }
}

struct Selection<'a> {
    policy: &'a Policy,
    role: Role,
    path: String,
    selection: &'a PodSelection,
}

impl Selection<'_> {
    fn check_peer(&self, lint: &mut Lint<'_>, inventory: &mut Inventory<'_>, peer: &NetworkPolicyPeer) {
        let written = |selector, source: &Option<LabelSelector>, field: &str| {
            source.as_ref().map(|source| Written::new(selector, source, format!("{}.{field}", self.path)))
        };
        let namespaces = match &self.selection.namespaces {
            NamespaceScope::Matching(selector) => written(selector, &peer.namespace_selector, "namespaceSelector"),
            NamespaceScope::One(_) => None,
        };
        let pods = written(&self.selection.pods, &peer.pod_selector, "podSelector");
        self.check(lint, inventory, namespaces.as_ref(), pods.as_ref());
    }

    fn check(
        &self,
        lint: &mut Lint<'_>,
        inventory: &mut Inventory<'_>,
        namespaces: Option<&Written<'_>>,
        pods: Option<&Written<'_>>,
    ) {
        let consequence = self.role.consequence();
        let is_contradictory = |lint: &mut Lint<'_>, written: Option<&Written<'_>>, bearer| {
            written.is_some_and(|written| labels::contradiction(lint, self.policy, written, bearer, consequence))
        };
        if is_contradictory(lint, namespaces, Bearer::Namespace) | is_contradictory(lint, pods, Bearer::Pod) {
            return;
        }
        let scope = inventory.namespaces(&self.selection.namespaces);
        if pods.is_some_and(|pods| labels::generated(lint, inventory, self.policy, pods, &scope)) {
            return;
        }
        let known_names = inventory.namespace_labels();
        let mut is_misspelt =
            namespaces.is_some_and(|written| labels::misspelt(lint, self.policy, written, &known_names, "namespace"));
        if pods.is_some_and(|pods| !pods.selector.requirements().is_empty()) {
            let known = inventory.pod_labels();
            is_misspelt |= pods.is_some_and(|written| labels::misspelt(lint, self.policy, written, &known, "pod"));
        }
        if is_misspelt {
            return;
        }
        let endpoints = inventory.endpoints(self.selection);
        if !endpoints.is_empty() {
            self.matched(lint, inventory, namespaces, pods, &endpoints);
        } else if let (Some(namespaces), true) = (namespaces, scope.is_empty()) {
            self.no_namespace(lint, inventory, namespaces);
        } else {
            self.no_pod(lint, inventory, pods, &scope);
        }
    }

    /// M30 and M31, of what is matched.
    fn matched(
        &self,
        lint: &mut Lint<'_>,
        inventory: &mut Inventory<'_>,
        namespaces: Option<&Written<'_>>,
        pods: Option<&Written<'_>>,
        endpoints: &[EndpointId],
    ) {
        let cluster = inventory.cluster;
        let found = || endpoints.iter().filter_map(|id| cluster.endpoint(*id));
        // A policy for all pods of a namespace is also there for those to come.
        let is_for_all = self.role == Role::Subject && self.selection.pods.requirements().is_empty();
        if !is_for_all && found().all(|endpoint| inventory.is_on_host_network(endpoint)) {
            let message = format!(
                "only pods on the host network match, whose traffic most network plugins take for their node's: {}",
                self.role.consequence()
            );
            let finding = lint.find(&rules::HOST_NETWORK, self.policy, self.path.clone(), message);
            finding.help = Some(match self.role {
                Role::Subject => "no policy can isolate them: use a firewall of the node".to_owned(),
                Role::Peer(_) => "allow the addresses of the nodes with an `ipBlock`".to_owned(),
            });
            finding.related = endpoints.iter().take(3).filter_map(|id| pod_place(inventory, *id)).collect();
            return;
        }
        let asks_not_in = |written: &&Written<'_>| {
            let mut operators = written.selector.requirements().iter().map(|requirement| &requirement.operator);
            operators.any(|operator| matches!(operator, Operator::NotIn(_)))
        };
        if self.role == Role::Subject {
            return;
        }
        if let Some(pods) = pods.filter(asks_not_in) {
            labels::not_in(lint, self.policy, pods, &labels::pods(inventory, endpoints), "pods");
        }
        if let Some(namespaces) = namespaces.filter(asks_not_in) {
            let ids = inventory.namespaces(&self.selection.namespaces);
            let defined = ids.iter().filter_map(|id| cluster.namespace(*id)).filter(|found| found.origin.is_some());
            let matched: Vec<_> = defined.map(|found| (found.name.to_string(), &found.labels)).collect();
            labels::not_in(lint, self.policy, namespaces, &matched, "namespaces");
        }
    }

    /// No namespace of the input matches.
    fn no_namespace(&self, lint: &mut Lint<'_>, inventory: &mut Inventory<'_>, written: &Written<'_>) {
        let consequence = self.role.consequence();
        let known = inventory.namespace_labels();
        let requirements = written.selector.requirements();
        for (index, requirement) in requirements.iter().enumerate() {
            let key = &*requirement.key;
            let Operator::In(values) = &requirement.operator else { continue };
            if !known.contains_key(key) && is_like_name(key) && values.iter().all(|name| is_namespace(inventory, name))
            {
                let path = written.requirement(index);
                let (origin, sources) = (&self.policy.origin, lint.sources);
                let edit = if written.is_label(index) {
                    edit::rename(sources, origin, &path, key, NAMESPACE_NAME_LABEL)
                } else {
                    edit::replace(sources, origin, &format!("{path}.key"), NAMESPACE_NAME_LABEL)
                };
                let message = format!("no namespace has a label `{key}` unless somebody sets it: {consequence}");
                let finding = lint.find(&rules::UNKNOWN_NAMESPACE_LABEL, self.policy, path, message);
                finding.help = Some(format!("write `{NAMESPACE_NAME_LABEL}`, which every namespace has"));
                finding.fix =
                    edit.map(|edit| Fix { title: format!("write `{NAMESPACE_NAME_LABEL}`"), edits: vec![edit] });
                return;
            }
        }
        if requirements.iter().all(|requirement| !known.contains_key(&*requirement.key))
            && let Some(pod) = bearer(inventory, written.selector)
        {
            let message = format!(
                "a namespaceSelector looks at the labels of namespaces, and these are labels of pods: {consequence}"
            );
            let finding = lint.find(&rules::MISPLACED_LABEL, self.policy, written.path.clone(), message);
            finding.help =
                Some("put them into a `podSelector`, beside a `namespaceSelector` for the namespace".to_owned());
            finding.related.extend(pod_place(inventory, pod));
        } else if inventory.is_whole {
            let unmet = |(_, requirement): &(usize, &Requirement)| {
                inventory.cluster.namespaces.iter().all(|namespace| !requirement.is_met(&namespace.labels))
            };
            let first = requirements.iter().enumerate().find(unmet);
            let (path, message) = match first {
                Some((index, unmet)) => {
                    (written.requirement(index), format!("no namespace has `{unmet}`: {consequence}"))
                }
                None => (written.path.clone(), format!("no namespace has `{}`: {consequence}", written.selector)),
            };
            lint.find(&rules::UNKNOWN_NAMESPACE_LABEL, self.policy, path, message);
        }
    }

    /// There are such namespaces, and no such pod in them.
    fn no_pod(
        &self,
        lint: &mut Lint<'_>,
        inventory: &mut Inventory<'_>,
        pods: Option<&Written<'_>>,
        scope: &[NamespaceId],
    ) {
        let wanted = &self.selection.pods;
        let cluster = inventory.cluster;
        // Where a Service selects them, something else makes these pods.
        let is_promised = scope
            .iter()
            .flat_map(|id| services_in(cluster, *id))
            .any(|service| !service.selector.is_empty() && wanted.matches(&service.selector));
        if is_promised {
            return;
        }
        if self.role == Role::Subject && self.wrong_namespace(lint, inventory) {
            return;
        }
        let Some(pods) = pods.filter(|pods| !pods.selector.requirements().is_empty()) else { return };
        if !inventory.can_judge(self.selection) {
            return;
        }
        let known = inventory.pod_labels();
        let is_of_namespace = |namespace: &&crate::cluster::Namespace| wanted.matches(&namespace.labels);
        let keys = wanted.requirements().iter();
        if keys.into_iter().all(|requirement| !known.contains_key(&*requirement.key))
            && let Some(namespace) = cluster.namespaces.iter().find(is_of_namespace)
        {
            let message = format!(
                "a podSelector looks at the labels of pods, and these are labels of namespace `{}`: {}",
                namespace.name,
                self.role.consequence()
            );
            let finding = lint.find(&rules::MISPLACED_LABEL, self.policy, pods.path.clone(), message);
            finding.help = Some("put them into a `namespaceSelector`".to_owned());
            if let Some(origin) = &namespace.origin {
                let place = Place::Field { origin: origin.clone(), path: "metadata.labels".to_owned() };
                finding.related.push(Related { place, message: format!("namespace `{}`", namespace.name) });
            }
            return;
        }
        let place = match scope {
            [id] => format!("in namespace `{}`", cluster.namespace_name(*id)),
            _ => "in these namespaces".to_owned(),
        };
        let message = format!("no pod {place} has `{wanted}`: {}", self.role.consequence());
        let rule = if self.role == Role::Subject { &rules::SELECTS_NO_POD } else { &rules::PEER_SELECTS_NOTHING };
        lint.find(rule, self.policy, pods.path.clone(), message).help = values_there(inventory, scope, wanted);
    }

    /// M35: whether the subject is in another namespace.
    fn wrong_namespace(&self, lint: &mut Lint<'_>, inventory: &mut Inventory<'_>) -> bool {
        let (cluster, policy) = (inventory.cluster, self.policy);
        let is_empty = self.selection.pods.requirements().is_empty();
        let can_tell = if policy.is_namespace_assumed {
            cluster.endpoints.iter().all(|endpoint| !endpoint.is_namespace_assumed)
        } else {
            !is_empty && inventory.has_pods(policy.namespace)
        };
        if !can_tell {
            return false;
        }
        let Some(elsewhere) = bearer(inventory, &self.selection.pods) else { return false };
        let name = cluster.namespace_name(policy.namespace);
        let label = cluster.endpoint_label(elsewhere);
        let (path, message) = if policy.is_namespace_assumed {
            let message = format!(
                "the policy names no namespace and lands in `{name}`, where it selects no pod: `{label}` is not isolated by it"
            );
            ("metadata", message)
        } else {
            let message = format!(
                "no pod in namespace `{name}` has `{}`, but `{label}` has: the policy isolates nothing",
                self.selection.pods
            );
            ("metadata.namespace", message)
        };
        let finding = lint.find(&rules::WRONG_NAMESPACE, policy, path, message);
        finding.help = Some("a policy selects pods of its own namespace only: write the one that is meant".to_owned());
        finding.related.extend(pod_place(inventory, elsewhere));
        true
    }
}

/// Which values the pods of some namespaces have, of the first label that none has as wanted.
fn values_there(inventory: &Inventory<'_>, scope: &[NamespaceId], wanted: &Selector) -> Option<String> {
    let there = || inventory.cluster.endpoints.iter().filter(|endpoint| scope.contains(&endpoint.namespace));
    let is_unmet = |requirement: &&Requirement| !there().any(|endpoint| requirement.is_met(&endpoint.labels));
    let key = &*wanted.requirements().iter().find(is_unmet)?.key;
    let values: BTreeSet<&str> = there().filter_map(|endpoint| endpoint.labels.get(key)).collect();
    let some: Vec<String> = values.iter().take(6).map(|value| format!("`{value}`")).collect();
    let more = if values.len() > some.len() { ", …" } else { "" };
    Some(match some.as_slice() {
        [] => format!("no pod there has a label `{key}`"),
        _ => format!("the values of `{key}` there are {}{more}", some.join(", ")),
    })
}

/// Whether a key is what people take for the label with a namespace's name.
fn is_like_name(key: &str) -> bool {
    matches!(key, "name" | "ns" | "namespace" | "metadata.name" | "kubernetes.io/name" | "kubernetes.io/namespace")
        || nearest(key, [NAMESPACE_NAME_LABEL]).is_some()
        || key.starts_with("kubernetes.io/metadata")
}

fn is_namespace(inventory: &Inventory<'_>, name: &str) -> bool {
    matches!(name, "default" | "kube-system" | "kube-public") || inventory.cluster.find_namespace(name).is_some()
}

/// A pod of any namespace with such labels.
fn bearer(inventory: &mut Inventory<'_>, selector: &Selector) -> Option<EndpointId> {
    let cluster = inventory.cluster;
    cluster.endpoint_ids().find(|(_, endpoint)| selector.matches(&endpoint.labels)).map(|(id, _)| id)
}

/// Where the labels of an endpoint are written.
pub(super) fn pod_place(inventory: &Inventory<'_>, id: EndpointId) -> Option<Related> {
    let endpoint = inventory.cluster.endpoint(id)?;
    let path = match endpoint.kind {
        EndpointKind::Pod => "metadata.labels",
        EndpointKind::Workload(WorkloadKind::CronJob) => "spec.jobTemplate.spec.template.metadata.labels",
        EndpointKind::Workload(_) => "spec.template.metadata.labels",
    };
    let place = Place::Field { origin: endpoint.origin.clone(), path: path.to_owned() };
    Some(Related { place, message: inventory.cluster.endpoint_label(id) })
}
