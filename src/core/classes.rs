//! Endpoint classes: endpoints that no policy can tell apart by what selectors and port names see.
//!
//! A class is a namespace, the values of the labels that some selector mentions, and the ports that some rule names. Addresses
//! are classified apart (`addresses`), so that a class does not split for an `ipBlock` somewhere. Classes are numbered namespace
//! by namespace: a namespace's classes are a range.

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::cluster::{Cluster, Endpoint, NamedPort, NamespaceId};
use crate::model::{Peer, PodSelection, PortSelection, Rule, Tier};
use crate::object::Labels;
use crate::protocol::Protocol;

/// The id of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ClassId(pub u32);

/// The id of a set of labels, reduced to those that some selector mentions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LabelsId(pub u32);

/// The id of a list of named ports, reduced to those that some rule names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NamedPortsId(pub u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Class {
    pub namespace: NamespaceId,
    pub labels: LabelsId,
    pub named_ports: NamedPortsId,
}

/// The classes of a cluster's endpoints.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    classes: Vec<Class>,
    /// Per endpoint.
    of_endpoint: Vec<ClassId>,
    labels: Vec<Labels>,
    named_ports: Vec<Vec<NamedPort>>,
    /// Per namespace, its classes.
    of_namespace: Vec<Range<u32>>,
    /// The keys that some selector mentions.
    label_keys: FxHashSet<Box<str>>,
}

/// What the policies look at.
struct Vocabulary<'a> {
    label_keys: FxHashSet<&'a str>,
    port_names: FxHashSet<(&'a str, Protocol)>,
}

impl Classes {
    pub fn new(cluster: &Cluster, tiers: &[Tier]) -> Classes {
        let vocabulary = Vocabulary::of(tiers);
        let mut classes = Classes::default();
        let mut label_ids: FxHashMap<Labels, LabelsId> = FxHashMap::default();
        let mut port_ids: FxHashMap<Vec<NamedPort>, NamedPortsId> = FxHashMap::default();
        let keys: Vec<Class> = cluster
            .endpoints
            .iter()
            .map(|endpoint| {
                let labels = intern(&mut label_ids, &mut classes.labels, vocabulary.labels(endpoint), LabelsId);
                let ports = vocabulary.named_ports(endpoint);
                let named_ports = intern(&mut port_ids, &mut classes.named_ports, ports, NamedPortsId);
                Class { namespace: endpoint.namespace, labels, named_ports }
            })
            .collect();

        classes.classes.clone_from(&keys);
        classes.classes.sort_unstable();
        classes.classes.dedup();
        let ids: FxHashMap<Class, ClassId> = classes.ids().map(|(id, class)| (*class, id)).collect();
        classes.of_endpoint = keys.iter().filter_map(|class| ids.get(class).copied()).collect();
        classes.of_namespace = (0u32..)
            .map(NamespaceId)
            .take(cluster.namespaces.len())
            .map(|namespace| {
                let start = classes.classes.partition_point(|class| class.namespace < namespace);
                let end = classes.classes.partition_point(|class| class.namespace <= namespace);
                id_of(start)..id_of(end)
            })
            .collect();
        classes.label_keys = vocabulary.label_keys.into_iter().map(Box::from).collect();
        classes
    }

    /// Gives an endpoint the class that it has with other labels; `false`, and nothing changes, where there is none yet or where
    /// the endpoint is the last of its class: then the classes are others.
    pub fn relabel(&mut self, endpoint: usize, labels: &Labels) -> bool {
        let seen: Labels = labels.iter().filter(|(key, _)| self.label_keys.contains(*key)).collect();
        let Some(old) = self.of_endpoint(endpoint) else { return false };
        let Some(labels) = self.labels.iter().position(|known| *known == seen) else { return false };
        let Some(class) = self.get(old) else { return false };
        let wanted = Class { labels: LabelsId(id_of(labels)), ..*class };
        let Ok(new) = self.classes.binary_search(&wanted) else { return false };
        let new = ClassId(id_of(new));
        let is_last = || self.of_endpoint.iter().filter(|class| **class == old).count() == 1;
        if new != old && is_last() {
            return false;
        }
        if let Some(class) = self.of_endpoint.get_mut(endpoint) {
            *class = new;
        }
        true
    }

    /// The classes and their ids.
    pub fn ids(&self) -> impl Iterator<Item = (ClassId, &Class)> {
        (0u32..).map(ClassId).zip(&self.classes)
    }

    pub fn get(&self, id: ClassId) -> Option<&Class> {
        self.classes.get(id.0 as usize)
    }

    /// The class of an endpoint, by its index.
    pub fn of_endpoint(&self, endpoint: usize) -> Option<ClassId> {
        self.of_endpoint.get(endpoint).copied()
    }

    pub fn of_namespace(&self, namespace: NamespaceId) -> Range<u32> {
        self.of_namespace.get(namespace.0 as usize).cloned().unwrap_or(0..0)
    }

    /// Every distinct set of labels, by id.
    pub fn labels(&self) -> &[Labels] {
        &self.labels
    }

    pub fn named_ports(&self, id: NamedPortsId) -> &[NamedPort] {
        self.named_ports.get(id.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// Every distinct list of named ports, with its id.
    pub fn all_named_ports(&self) -> impl Iterator<Item = (NamedPortsId, &[NamedPort])> {
        (0u32..).map(NamedPortsId).zip(self.named_ports.iter().map(Vec::as_slice))
    }
}

fn intern<T: Clone + Eq + std::hash::Hash, I: Copy>(
    ids: &mut FxHashMap<T, I>,
    values: &mut Vec<T>,
    value: T,
    id: impl Fn(u32) -> I,
) -> I {
    let next = id(id_of(values.len()));
    *ids.entry(value).or_insert_with_key(|value| {
        values.push(value.clone());
        next
    })
}

fn id_of(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl<'a> Vocabulary<'a> {
    fn of(tiers: &'a [Tier]) -> Vocabulary<'a> {
        let mut vocabulary = Vocabulary { label_keys: FxHashSet::default(), port_names: FxHashSet::default() };
        for policy in tiers.iter().flat_map(|tier| &tier.policies) {
            vocabulary.add_selection(&policy.subject);
            for rule in policy.ingress.iter().chain(&policy.egress).flatten() {
                vocabulary.add_rule(rule);
            }
        }
        vocabulary
    }

    fn add_selection(&mut self, selection: &'a PodSelection) {
        self.label_keys.extend(selection.pods.requirements().iter().map(|requirement| requirement.key.as_ref()));
    }

    fn add_rule(&mut self, rule: &'a Rule) {
        for peer in rule.peers.iter().flatten() {
            if let Peer::Pods(selection) = peer {
                self.add_selection(selection);
            }
        }
        for port in rule.ports.iter().flatten() {
            if let PortSelection::Name(name) = &port.ports {
                self.port_names.insert((name.as_ref(), port.protocol));
            }
        }
    }

    fn labels(&self, endpoint: &Endpoint) -> Labels {
        endpoint.labels.iter().filter(|(key, _)| self.label_keys.contains(key)).collect()
    }

    fn named_ports(&self, endpoint: &Endpoint) -> Vec<NamedPort> {
        let is_named = |port: &&NamedPort| self.port_names.contains(&(Arc::as_ref(&port.name), port.protocol));
        endpoint.named_ports.iter().filter(is_named).cloned().collect()
    }
}
