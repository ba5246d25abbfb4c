//! From selectors to sets of classes, each selector once, by way of an inverted index from `key=value`.

use rustc_hash::FxHashMap;

use crate::bitset::{BitSet, BitSets, SetId};
use crate::classes::Classes;
use crate::cluster::{Cluster, EndpointId, NamespaceId};
use crate::engine::{Engine, is_on_host_network};
use crate::model::{NamespaceScope, PodSelection};
use crate::object::Labels;
use crate::selector::{Operator, Selector};

/// Evaluates selectors over the classes of a cluster.
pub(crate) struct SelectorIndex<'a> {
    cluster: &'a Cluster,
    classes: &'a Classes,
    namespaces: LabelIndex<'a>,
    pods: LabelIndex<'a>,
    /// Namespaces by selector.
    namespace_sets: FxHashMap<Selector, Vec<u32>>,
    /// Label sets by selector.
    pod_sets: FxHashMap<Selector, BitSet>,
    sets: FxHashMap<PodSelection, SetId>,
}

impl<'a> SelectorIndex<'a> {
    pub fn new(cluster: &'a Cluster, classes: &'a Classes) -> SelectorIndex<'a> {
        SelectorIndex {
            cluster,
            classes,
            namespaces: LabelIndex::new(cluster.namespaces.iter().map(|namespace| &namespace.labels)),
            pods: LabelIndex::new(classes.labels().iter()),
            namespace_sets: FxHashMap::default(),
            pod_sets: FxHashMap::default(),
            sets: FxHashMap::default(),
        }
    }

    /// The classes that a selection matches.
    pub fn select(&mut self, selection: &PodSelection, sets: &mut BitSets) -> SetId {
        if let Some(id) = self.sets.get(selection) {
            return *id;
        }
        let set = match &selection.namespaces {
            NamespaceScope::One(namespace) => self.classes_in(*namespace, &selection.pods).collect(),
            NamespaceScope::Matching(selector) => {
                let namespaces = match self.namespace_sets.get(selector) {
                    Some(namespaces) => namespaces.clone(),
                    None => {
                        let labels =
                            |id: u32| self.cluster.namespace(NamespaceId(id)).map(|namespace| &namespace.labels);
                        let namespaces = self.namespaces.matching(selector, labels);
                        self.namespace_sets.insert(selector.clone(), namespaces.clone());
                        namespaces
                    }
                };
                self.classes_in_all(&namespaces, &selection.pods)
            }
        };
        let id = sets.intern(set);
        self.sets.insert(selection.clone(), id);
        id
    }

    /// In one namespace there are few classes: asking each is cheapest.
    fn classes_in(&self, namespace: NamespaceId, pods: &Selector) -> impl Iterator<Item = u32> {
        let labels_of = |class: &u32| {
            let class = self.classes.get(crate::classes::ClassId(*class))?;
            self.classes.labels().get(class.labels.0 as usize)
        };
        self.classes
            .of_namespace(namespace)
            .filter(move |class| labels_of(class).is_some_and(|labels| pods.matches(labels)))
    }

    fn classes_in_all(&mut self, namespaces: &[u32], pods: &Selector) -> BitSet {
        let classes = self.classes;
        let in_namespaces = namespaces.iter().flat_map(|namespace| classes.of_namespace(NamespaceId(*namespace)));
        if pods.requirements().is_empty() {
            return in_namespaces.collect();
        }
        if !self.pod_sets.contains_key(pods) {
            let labels = |id: u32| classes.labels().get(id as usize);
            let matching = self.pods.matching(pods, labels).into_iter().collect();
            self.pod_sets.insert(pods.clone(), matching);
        }
        let Some(matching) = self.pod_sets.get(pods) else { return BitSet::default() };
        let is_match = |class: &u32| {
            let class = classes.get(crate::classes::ClassId(*class));
            class.is_some_and(|class| matching.contains(class.labels.0))
        };
        in_namespaces.filter(is_match).collect()
    }
}

impl Engine {
    /// The endpoints that a selection matches, on the host network or not, sorted by name.
    pub fn selected(&self, selection: &PodSelection) -> Vec<EndpointId> {
        let classes = &self.compiled.classes;
        let mut sets = BitSets::default();
        let set = SelectorIndex::new(self.cluster(), classes).select(selection, &mut sets);
        let set: BitSet = sets.iter(set).collect();
        let is_selected =
            |id: &EndpointId| classes.of_endpoint(id.0 as usize).is_some_and(|class| set.contains(class.0));
        self.cluster().endpoint_ids().map(|(id, _)| id).filter(is_selected).collect()
    }

    /// Whether policies that select an endpoint apply to it: not to one that is its node to them (D2).
    pub fn is_policed(&self, endpoint: EndpointId) -> bool {
        self.cluster().endpoint(endpoint).is_some_and(|endpoint| !is_on_host_network(endpoint, self.options()))
    }
}

impl Cluster {
    /// The namespaces of a scope, sorted by name.
    pub fn namespaces_in(&self, scope: &NamespaceScope) -> Vec<NamespaceId> {
        match scope {
            NamespaceScope::One(id) => vec![*id],
            NamespaceScope::Matching(selector) => {
                let all = (0u32..).map(NamespaceId).zip(&self.namespaces);
                all.filter(|(_, namespace)| selector.matches(&namespace.labels)).map(|(id, _)| id).collect()
            }
        }
    }
}

/// Things with labels, by `key=value`.
struct LabelIndex<'a> {
    count: u32,
    postings: FxHashMap<(&'a str, &'a str), Vec<u32>>,
}

impl<'a> LabelIndex<'a> {
    fn new(labels: impl Iterator<Item = &'a Labels>) -> LabelIndex<'a> {
        let mut index = LabelIndex { count: 0, postings: FxHashMap::default() };
        for labels in labels {
            for pair in labels.iter() {
                index.postings.entry(pair).or_default().push(index.count);
            }
            index.count += 1;
        }
        index
    }

    /// The things that a selector matches, ascending.
    fn matching<'b>(&self, selector: &Selector, labels: impl Fn(u32) -> Option<&'b Labels>) -> Vec<u32> {
        let candidates = |values: &[Box<str>], key: &str| {
            let lists = values.iter().filter_map(|value| self.postings.get(&(key, value.as_ref())));
            let mut found: Vec<u32> = lists.flatten().copied().collect();
            found.sort_unstable();
            found.dedup();
            found
        };
        // The rarest values that must be there bound the search; the selector itself decides.
        let rarest = selector
            .requirements()
            .iter()
            .filter_map(|requirement| match &requirement.operator {
                Operator::In(values) => Some(candidates(values, &requirement.key)),
                _ => None,
            })
            .min_by_key(Vec::len);
        let is_match = |id: &u32| labels(*id).is_some_and(|labels| selector.matches(labels));
        match rarest {
            Some(candidates) => candidates.into_iter().filter(is_match).collect(),
            None => (0..self.count).filter(is_match).collect(),
        }
    }
}
