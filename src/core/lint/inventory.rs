//! What the input has: the pods that a selection matches, the values of labels, the Services in front of pods.
//!
//! Answers are kept, since policies ask the same. Also owns how much can be judged by an input that need not be a whole cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::bitset::BitSets;
use crate::cluster::{Cluster, Endpoint, EndpointId, NAMESPACE_NAME_LABEL, NamespaceId, Service};
use crate::engine::{Engine, is_on_host_network};
use crate::model::{self, NamespaceScope, Peer, PodSelection, Tier};
use crate::object::Labels;
use crate::select::SelectorIndex;
use crate::selector::{Operator, Selector};

/// Values by key.
pub(super) type Values<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

pub(super) struct Inventory<'a> {
    pub engine: &'a Engine,
    pub cluster: &'a Cluster,
    /// The policies as the engine understands them.
    pub tiers: Rc<[Tier]>,
    index: SelectorIndex<'a>,
    sets: BitSets,
    /// Per class, its endpoints.
    members: Vec<Vec<EndpointId>>,
    selected: FxHashMap<PodSelection, Rc<[EndpointId]>>,
    namespaces: FxHashMap<Selector, Rc<[NamespaceId]>>,
    has_pods: Vec<bool>,
    /// Whether the input is taken for a whole cluster: it has `kube-system` with its pods.
    pub is_whole: bool,
    pod_labels: Option<Rc<Values<'a>>>,
    namespace_labels: Option<Rc<Values<'a>>>,
    services_of: Option<Rc<Vec<Vec<&'a Service>>>>,
}

impl<'a> Inventory<'a> {
    pub fn new(engine: &'a Engine) -> Inventory<'a> {
        let cluster = engine.cluster();
        let classes = &engine.compiled.classes;
        let mut members = vec![Vec::new(); classes.ids().count()];
        let mut has_pods = vec![false; cluster.namespaces.len()];
        for (id, endpoint) in cluster.endpoint_ids() {
            let class = classes.of_endpoint(id.0 as usize);
            if let Some(members) = class.and_then(|class| members.get_mut(class.0 as usize)) {
                members.push(id);
            }
            if let Some(has_pods) = has_pods.get_mut(endpoint.namespace.0 as usize) {
                *has_pods = true;
            }
        }
        let system = cluster.find_namespace("kube-system");
        let is_defined = |id| cluster.namespace(id).is_some_and(|namespace| namespace.origin.is_some());
        let is_whole = system.is_some_and(|id| is_defined(id) && has_pods.get(id.0 as usize) == Some(&true));
        Inventory {
            engine,
            cluster,
            tiers: model::tiers(cluster).into(),
            index: SelectorIndex::new(cluster, classes),
            sets: BitSets::default(),
            members,
            selected: FxHashMap::default(),
            namespaces: FxHashMap::default(),
            has_pods,
            is_whole,
            pod_labels: None,
            namespace_labels: None,
            services_of: None,
        }
    }

    /// The endpoints that a selection matches, on the host network or not.
    pub fn endpoints(&mut self, selection: &PodSelection) -> Rc<[EndpointId]> {
        if let Some(found) = self.selected.get(selection) {
            return found.clone();
        }
        let set = self.index.select(selection, &mut self.sets);
        let members = self.sets.iter(set).filter_map(|class| self.members.get(class as usize));
        let found: Rc<[EndpointId]> = members.flatten().copied().collect();
        self.selected.insert(selection.clone(), found.clone());
        found
    }

    /// The namespaces of a scope.
    pub fn namespaces(&mut self, scope: &NamespaceScope) -> Rc<[NamespaceId]> {
        let selector = match scope {
            NamespaceScope::One(id) => return Rc::from([*id]),
            NamespaceScope::Matching(selector) => selector,
        };
        if let Some(found) = self.namespaces.get(selector) {
            return found.clone();
        }
        let found: Rc<[NamespaceId]> = self.cluster.namespaces_in(scope).into();
        self.namespaces.insert(selector.clone(), found.clone());
        found
    }

    pub fn has_pods(&self, namespace: NamespaceId) -> bool {
        self.has_pods.get(namespace.0 as usize) == Some(&true)
    }

    /// Whether the input has what a selection is about: pods in each namespace that it names, or a whole cluster.
    pub fn can_judge(&mut self, selection: &PodSelection) -> bool {
        let namespaces = self.namespaces(&selection.namespaces);
        let has_any = namespaces.iter().any(|id| self.has_pods(*id));
        match &selection.namespaces {
            NamespaceScope::One(_) => has_any,
            NamespaceScope::Matching(selector) => {
                let names = selector.requirements().iter().find_map(|requirement| match &requirement.operator {
                    Operator::In(names) if &*requirement.key == NAMESPACE_NAME_LABEL => Some(names),
                    _ => None,
                });
                let are_known = names.is_some_and(|names| {
                    names.iter().all(|name| self.cluster.find_namespace(name).is_some_and(|id| self.has_pods(id)))
                });
                has_any && (are_known || self.is_whole)
            }
        }
    }

    /// Whether policies treat an endpoint as its node (D2).
    pub fn is_on_host_network(&self, endpoint: &Endpoint) -> bool {
        is_on_host_network(endpoint, self.engine.options())
    }

    /// The labels of pods, and those that Services expect of pods that something else makes.
    pub fn pod_labels(&mut self) -> Rc<Values<'a>> {
        let cluster = self.cluster;
        let endpoints = cluster.endpoints.iter().map(|endpoint| &endpoint.labels);
        let labels = endpoints.chain(cluster.services.iter().map(|service| &service.selector));
        self.pod_labels.get_or_insert_with(|| Rc::new(values(labels))).clone()
    }

    /// The labels of namespaces.
    pub fn namespace_labels(&mut self) -> Rc<Values<'a>> {
        let labels = self.cluster.namespaces.iter().map(|namespace| &namespace.labels);
        self.namespace_labels.get_or_insert_with(|| Rc::new(values(labels))).clone()
    }

    /// Per endpoint, the Services with a selector that lead to it.
    pub fn services_of(&mut self) -> Rc<Vec<Vec<&'a Service>>> {
        let cluster = self.cluster;
        let services = |endpoint: &Endpoint| {
            let is_behind = |service: &&Service| {
                !service.selector.is_empty()
                    && service.selector.iter().all(|(key, value)| endpoint.labels.get(key) == Some(value))
            };
            services_in(cluster, endpoint.namespace).iter().filter(is_behind).collect()
        };
        self.services_of.get_or_insert_with(|| Rc::new(cluster.endpoints.iter().map(services).collect())).clone()
    }
}

/// The pods that a peer is about, if it is about pods.
pub(super) fn selection_of(peer: &Peer) -> Option<&PodSelection> {
    match peer {
        Peer::Pods(selection) => Some(selection),
        Peer::Addresses(_) => None,
    }
}

/// The Services of a namespace.
pub(super) fn services_in(cluster: &Cluster, namespace: NamespaceId) -> &[Service] {
    let start = cluster.services.partition_point(|service| service.namespace < namespace);
    let end = cluster.services.partition_point(|service| service.namespace <= namespace);
    cluster.services.get(start..end).unwrap_or_default()
}

fn values<'a>(labels: impl Iterator<Item = &'a Labels>) -> Values<'a> {
    let mut values = Values::default();
    for (key, value) in labels.flat_map(Labels::iter) {
        values.entry(key).or_default().insert(value);
    }
    values
}
