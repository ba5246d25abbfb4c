//! The ends of a reachability answer: workloads, bare pods and address ranges.
//!
//! Pods of one workload are one unit as long as policies cannot tell them apart; where they can, each variant is a unit, named by
//! its first pod.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::identities::Interner;
use super::{ReachQuery, UnitIdentities};
use crate::addresses::AddressRange;
use crate::cluster::{Endpoint, EndpointId, EndpointKind, NamespaceId, Owner};
use crate::engine::{Engine, Identity, is_on_host_network};
use crate::families::Families;
use crate::protocol::Family;

/// One end.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// Its place among the units.
    pub index: usize,
    /// Its id in output: `namespace/name[Kind]`, or `first-last` for addresses.
    pub id: String,
    /// The namespace; empty for addresses.
    pub namespace: String,
    /// The name of the workload, pod or node; empty for other addresses.
    pub name: String,
    /// The kind of the workload, `Pod`, `Node`, or `External` for other addresses.
    pub kind_name: String,
    /// What it is.
    pub kind: UnitKind,
    /// Whether an answer has it: not if it is addresses of a family that is not asked about, or nothing but addresses of pods,
    /// which are ends by themselves.
    pub is_listed: bool,
    pub(crate) identities: UnitIdentities,
    pub(crate) families: Families,
    is_on_host_network: bool,
}

/// What a unit is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitKind {
    /// Pods that policies cannot tell apart, or one workload's template.
    Endpoints {
        /// The endpoints, never none.
        members: Vec<EndpointId>,
        /// The workload of a variant that is named by its first pod.
        variant_of: Option<Owner>,
    },
    /// Addresses that are not pods'.
    Range(AddressRange),
}

impl Unit {
    /// The endpoints of the unit; none for addresses.
    pub fn members(&self) -> &[EndpointId] {
        match &self.kind {
            UnitKind::Endpoints { members, .. } => members,
            UnitKind::Range(_) => &[],
        }
    }

    /// The addresses, if that is what it is.
    pub fn range(&self) -> Option<AddressRange> {
        match self.kind {
            UnitKind::Range(range) => Some(range),
            UnitKind::Endpoints { .. } => None,
        }
    }

    /// How people read it: the id, or the address of a node with the node's name, as in `10.0.0.7[Node/one]`.
    pub fn label(&self) -> String {
        match self.kind {
            UnitKind::Range(range) if self.is_node() && self.name.is_empty() => format!("{}[{NODE}]", range.first),
            UnitKind::Range(range) if self.is_node() => format!("{}[{NODE}/{}]", range.first, self.name),
            _ => self.id.clone(),
        }
    }

    /// Whether it is an address of a node.
    pub fn is_node(&self) -> bool {
        self.is_external() && self.kind_name == NODE
    }

    /// Whether it is a range of addresses.
    pub fn is_external(&self) -> bool {
        self.range().is_some()
    }

    /// Whether an address is in its range.
    pub fn contains_address(&self, address: IpAddr) -> bool {
        self.range().is_some_and(|range| range.contains(address))
    }

    /// Whether it is one pod for certain. A workload is any of its pods, even where the input has one of them only.
    pub(crate) fn is_one_pod(&self) -> bool {
        self.members().len() == 1 && self.kind_name == EndpointKind::Pod.name()
    }

    /// Whether it can be some pod's own node.
    pub(super) fn is_node_like(&self) -> bool {
        self.is_on_host_network || self.is_node()
    }
}

const NODE: &str = "Node";

/// The units of an engine's cluster, sorted.
pub(super) fn units(engine: &Engine, query: &ReachQuery, starts: &[IpAddr], interner: &mut Interner) -> Vec<Unit> {
    let mut units = endpoint_units(engine, query, interner);
    interner.end_of_endpoints();
    units.sort_by(|a, b| (&a.namespace, &a.name, &a.kind_name).cmp(&(&b.namespace, &b.name, &b.kind_name)));
    units.extend(range_units(engine, query, starts, interner));
    for (index, unit) in units.iter_mut().enumerate() {
        unit.index = index;
    }
    units
}

/// What pods of one workload must have in common to be one unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Likeness {
    identities: UnitIdentities,
    families: Families,
    /// Which node they are on, where that is asked.
    node: Option<Arc<str>>,
    node_addresses: Vec<IpAddr>,
    /// The pod itself, where pods are listed one by one.
    pod: Option<EndpointId>,
}

fn endpoint_units(engine: &Engine, query: &ReachQuery, interner: &mut Interner) -> Vec<Unit> {
    let cluster = engine.cluster();
    let mut groups: BTreeMap<(NamespaceId, &Owner), BTreeMap<Likeness, Vec<EndpointId>>> = BTreeMap::new();
    let mut units = Vec::new();
    for (id, endpoint) in cluster.endpoint_ids() {
        let identities = interner.of_endpoint(engine, id, endpoint);
        let families = Families::of(endpoint);
        match &endpoint.owner {
            None => units.push(endpoint_unit(engine, vec![id], endpoint, identities, families, None)),
            Some(owner) => {
                let namespace = cluster.namespace_name(endpoint.namespace);
                let is_split = query.split.contains(&(namespace.to_owned(), owner.clone()));
                let likeness = Likeness {
                    identities,
                    families,
                    node: endpoint.node.clone().filter(|_| query.include_nodes),
                    node_addresses: if query.include_nodes { endpoint.node_addresses.clone() } else { Vec::new() },
                    pod: is_split.then_some(id),
                };
                groups.entry((endpoint.namespace, owner)).or_default().entry(likeness).or_default().push(id);
            }
        }
    }
    for ((namespace, owner), variants) in groups {
        let is_split = query.split.contains(&(cluster.namespace_name(namespace).to_owned(), owner.clone()));
        let is_one = variants.len() == 1 && !is_split;
        for (likeness, members) in variants {
            let Some(first) = members.first().and_then(|id| cluster.endpoint(*id)) else { continue };
            let variant_of = (!is_one).then(|| owner.clone());
            let mut unit = endpoint_unit(engine, members, first, likeness.identities, likeness.families, variant_of);
            if is_one {
                unit.name = owner.name.to_string();
                unit.kind_name = owner.kind.to_string();
                unit.id = format!("{}/{}[{}]", unit.namespace, owner.name, owner.kind);
            }
            units.push(unit);
        }
    }
    units
}

fn endpoint_unit(
    engine: &Engine,
    members: Vec<EndpointId>,
    first: &Endpoint,
    identities: UnitIdentities,
    families: Families,
    variant_of: Option<Owner>,
) -> Unit {
    Unit {
        index: 0,
        id: members.first().map(|id| engine.cluster().endpoint_label(*id)).unwrap_or_default(),
        namespace: engine.cluster().namespace_name(first.namespace).to_owned(),
        name: first.name.to_string(),
        kind_name: first.kind.name().to_owned(),
        kind: UnitKind::Endpoints { members, variant_of },
        is_listed: true,
        identities,
        families,
        is_on_host_network: is_on_host_network(first, engine.options()),
    }
}

fn range_units(engine: &Engine, query: &ReachQuery, starts: &[IpAddr], interner: &mut Interner) -> Vec<Unit> {
    let nodes = node_names(engine);
    let addresses = &engine.compiled.addresses;
    let starts = [starts, &query.cuts].concat();
    let alone: Vec<IpAddr> = if query.include_nodes {
        nodes.keys().copied().collect()
    } else {
        // A range of nothing but nodes and pods is none outside: policies name those nodes.
        let ranges = addresses.ranges(&starts, &[]).into_iter().map(|(range, _)| range);
        ranges.filter(|range| is_known(engine, &nodes, range)).flat_map(|range| in_range(&nodes, &range)).collect()
    };
    let unit = |(range, class): (AddressRange, _)| {
        let node = nodes.get(&range.first).filter(|_| range.first == range.last);
        let family = Family::of(range.first);
        Unit {
            index: 0,
            id: range.to_string(),
            namespace: String::new(),
            name: node.map(ToString::to_string).unwrap_or_default(),
            kind_name: if node.is_some() { NODE } else { "External" }.to_owned(),
            kind: UnitKind::Range(range),
            is_listed: query.family.is_none_or(|asked| asked == family) && !engine.is_pods_alone(&range),
            identities: interner.of_address(Identity { class: None, address: class }),
            families: Families(Some(family), None),
            is_on_host_network: false,
        }
    };
    addresses.ranges(&starts, &alone).into_iter().map(unit).collect()
}

type NodeNames = BTreeMap<IpAddr, Arc<str>>;

fn in_range(nodes: &NodeNames, range: &AddressRange) -> Vec<IpAddr> {
    nodes.range(range.first..=range.last).map(|(address, _)| *address).collect()
}

/// Whether every address of a range is a node's or a pod's.
fn is_known(engine: &Engine, nodes: &NodeNames, range: &AddressRange) -> bool {
    let nodes = in_range(nodes, range).into_iter().filter(|address| engine.pod_at(*address).is_none()).count();
    nodes > 0 && (nodes + engine.pods_in(range).len()) as u128 > range.length()
}

/// Every address of a node that is known, with the node's name where that is known too.
fn node_names(engine: &Engine) -> NodeNames {
    let cluster = engine.cluster();
    let mut names = NodeNames::new();
    for endpoint in &cluster.endpoints {
        for address in &endpoint.node_addresses {
            names.entry(*address).or_insert_with(|| endpoint.node.clone().unwrap_or_else(|| "".into()));
        }
    }
    for node in &cluster.nodes {
        names.extend(node.addresses.iter().map(|address| (*address, node.name.clone())));
    }
    names
}

/// Workloads whose pods policies tell apart.
pub(crate) fn split_workloads(units: &[Unit]) -> BTreeSet<(String, Owner)> {
    units
        .iter()
        .filter_map(|unit| match &unit.kind {
            UnitKind::Endpoints { variant_of: Some(owner), .. } => Some((unit.namespace.clone(), owner.clone())),
            _ => None,
        })
        .collect()
}
