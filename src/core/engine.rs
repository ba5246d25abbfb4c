//! The engine: a compiled cluster that answers.
//!
//! Owns the verdict and the exemptions from policy. Everything about one flow that all answers share (who its ends are to the
//! policies, over which family it runs, whether policy applies at all) is decided here, once.

use std::net::IpAddr;

use crate::addresses::{AddressClassId, AddressRange};
use crate::bitset::BitSets;
use crate::classes::{ClassId, NamedPortsId};
use crate::cluster::{Cluster, Direction, Endpoint, EndpointId, EndpointKind, PolicyId};
use crate::connections::ConnectionId;
use crate::explain::Readings;
use crate::families::{Families, common_family};
use crate::flow::{End, Flow, Route};
use crate::model::{Action, TierDefault};
use crate::object::Labels;
use crate::options::{Enforcement, EngineOptions, HostNetwork, IpBlocks};
use crate::pods::Pods;
use crate::protocol::Family;
use crate::tables::{Compiled, Entry, PeerSet, RuleConnections, Table, TableId};

/// Whether a flow may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It may.
    Allow,
    /// It may not.
    Deny,
}

impl Verdict {
    /// The verdict that allows exactly when the claim holds.
    pub fn allow_if(is_allowed: bool) -> Verdict {
        if is_allowed { Verdict::Allow } else { Verdict::Deny }
    }

    /// `allow` or `deny`.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Allow => "allow",
            Verdict::Deny => "deny",
        }
    }
}

/// Why policy does not apply to one side of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exemption {
    /// That end is an address, not a pod: no policy selects it (S2).
    External,
    /// That end is a pod on its node's network (D2, S32).
    HostNetwork,
    /// Both ends are the same pod (S33).
    SamePod,
    /// The other end is the pod's own node (S30, D3).
    OwnNode,
}

/// A compiled cluster.
pub struct Engine {
    cluster: Cluster,
    options: EngineOptions,
    pub(crate) compiled: Compiled,
    /// Per endpoint, the classes of its IPv4 and IPv6 address.
    address_classes: Vec<[AddressClassId; 2]>,
    pods: Pods,
    /// Made when an explanation asks what the answer would be.
    pub(crate) readings: Readings,
}

/// What policies can see of one end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    /// The endpoint's class; `None` if no selector can match it.
    pub class: Option<ClassId>,
    /// The class of its address.
    pub address: AddressClassId,
}

/// One end of a flow, resolved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Party<'a> {
    /// The endpoint; `None` for an address that is no pod's.
    pub endpoint: Option<(EndpointId, &'a Endpoint)>,
    /// The address, when it is one or the endpoint's is known for the flow's family.
    pub address: Option<IpAddr>,
    pub identity: Identity,
}

/// Both ends of a flow, resolved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parties<'a> {
    pub source: Party<'a>,
    pub destination: Party<'a>,
    pub family: Option<Family>,
}

impl<'a> Parties<'a> {
    /// The end whose policies govern a direction, and the other one.
    pub fn subject_and_peer(&self, direction: Direction) -> (&Party<'a>, &Party<'a>) {
        match direction {
            Direction::Egress => (&self.source, &self.destination),
            Direction::Ingress => (&self.destination, &self.source),
        }
    }
}

impl Engine {
    pub(crate) fn new(cluster: Cluster, options: EngineOptions, compiled: Compiled) -> Engine {
        let class_of = |endpoint: &Endpoint, family| {
            address_in(endpoint, family)
                .map_or(AddressClassId::NO_BLOCK, |address| compiled.addresses.class_of(address))
        };
        let address_classes =
            cluster.endpoints.iter().map(|endpoint| Family::BOTH.map(|family| class_of(endpoint, family))).collect();
        let pods = Pods::new(&cluster);
        Engine { cluster, options, compiled, address_classes, pods, readings: Readings::default() }
    }

    /// The cluster that was compiled.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The cluster, to be changed and compiled again.
    pub(crate) fn into_cluster(self) -> Cluster {
        self.cluster
    }

    /// The cluster, for changes that decide nothing: of origins.
    pub(crate) fn cluster_mut(&mut self) -> &mut Cluster {
        self.readings = Readings::default();
        &mut self.cluster
    }

    /// Gives an endpoint other labels; `false`, and nothing changes, where that takes compiling.
    pub(crate) fn relabel(&mut self, id: EndpointId, labels: &Labels) -> bool {
        let is_relabelled = self.compiled.classes.relabel(id.0 as usize, labels);
        if let Some(endpoint) = self.cluster_mut().endpoints.get_mut(id.0 as usize).filter(|_| is_relabelled) {
            endpoint.labels.clone_from(labels);
        }
        is_relabelled
    }

    /// The options that it was compiled with.
    pub fn options(&self) -> &EngineOptions {
        &self.options
    }

    /// Whether a flow may pass. Allocates nothing.
    ///
    /// A flow between two pods that does not say its family runs over the first of the destination's addresses whose family the
    /// source also has; a pod whose addresses are not known has both.
    pub fn evaluate(&self, flow: &Flow) -> Verdict {
        self.evaluate_with(flow, &self.options)
    }

    /// Whether a flow may pass under other options. CIDRs were read when the cluster was resolved: `cidrs` changes nothing here.
    pub fn evaluate_with(&self, flow: &Flow, options: &EngineOptions) -> Verdict {
        let parties = self.parties(flow, options);
        let is_allowed = |direction| {
            exemption(flow.route, &parties, direction, options).is_some()
                || self.is_allowed_by_policies(flow, &parties, direction)
        };
        Verdict::allow_if(Direction::BOTH.into_iter().all(is_allowed))
    }

    /// What the policies that govern a side say, exemptions aside.
    pub(crate) fn is_allowed_by_policies(&self, flow: &Flow, parties: &Parties<'_>, direction: Direction) -> bool {
        let (subject, peer) = parties.subject_and_peer(direction);
        let named_ports = self.named_ports_of(parties.destination.identity);
        decide(self.table(subject.identity.class, direction), |entry| {
            self.matches_peer(entry.peers, peer.identity) && {
                let connections = self.connections_of(entry.connections, named_ports);
                self.compiled.connections.admits(connections, flow.protocol, flow.port)
            }
        })
    }

    /// The policies that isolate an endpoint in a direction, in the order in which they are asked.
    pub fn isolating(&self, endpoint: EndpointId, direction: Direction) -> impl Iterator<Item = PolicyId> {
        let host = self.cluster.endpoint(endpoint).is_some_and(|endpoint| is_on_host_network(endpoint, &self.options));
        let class = self.compiled.classes.of_endpoint(endpoint.0 as usize).filter(|_| !host);
        let policies = self.table(class, direction).policies.iter();
        policies.filter_map(|index| Some(self.compiled.policies.get(*index as usize)?.id))
    }

    /// The pod that an address means as the end of a flow, if it means one. A node's address, which pods on the host network share,
    /// stays an address.
    pub fn pod_at(&self, address: IpAddr) -> Option<EndpointId> {
        self.pods.at(address)
    }

    /// The endpoints that are known to run on a node.
    pub fn endpoints_on(&self, node: &str) -> &[EndpointId] {
        self.pods.on(node)
    }

    /// Every address that means a pod, sorted.
    pub(crate) fn pod_addresses(&self) -> &[(IpAddr, EndpointId)] {
        self.pods.addresses()
    }

    /// The pods that the addresses of a range mean: one per address that means one.
    pub(crate) fn pods_in(&self, range: &AddressRange) -> &[(IpAddr, EndpointId)] {
        self.pods.within(range)
    }

    /// Whether every address of a range means a pod.
    pub(crate) fn is_pods_alone(&self, range: &AddressRange) -> bool {
        self.pods_in(range).len() as u128 > range.length()
    }

    /// Who the ends of a flow are.
    pub(crate) fn parties(&self, flow: &Flow, options: &EngineOptions) -> Parties<'_> {
        let (source, source_family) = self.end(flow.source);
        let (destination, destination_family) = self.end(flow.destination);
        let family = flow.family.or(source_family).or(destination_family).or_else(|| match (source, destination) {
            (Some((_, source)), Some((_, destination))) => {
                common_family(Families::of(source), Families::of(destination))
            }
            _ => None,
        });
        Parties {
            source: self.party(flow.source, source, family, options),
            destination: self.party(flow.destination, destination, family, options),
            family,
        }
    }

    fn end(&self, end: End) -> (Option<(EndpointId, &Endpoint)>, Option<Family>) {
        let (id, family) = match end {
            End::Endpoint(id) => (Some(id), None),
            End::Address(address) => (self.pod_at(address), Some(Family::of(address))),
        };
        (id.and_then(|id| self.cluster.endpoint(id).map(|endpoint| (id, endpoint))), family)
    }

    fn party<'a>(
        &'a self,
        end: End,
        endpoint: Option<(EndpointId, &'a Endpoint)>,
        family: Option<Family>,
        options: &EngineOptions,
    ) -> Party<'a> {
        let address = match (end, endpoint) {
            (End::Address(address), _) => Some(address),
            (_, Some((_, endpoint))) => family.and_then(|family| address_in(endpoint, family)),
            _ => None,
        };
        let identity = match (endpoint, address) {
            (Some((id, endpoint)), _) => self.identity(id, endpoint, family, options),
            (None, Some(address)) => Identity { class: None, address: self.compiled.addresses.class_of(address) },
            (None, None) => Identity { class: None, address: AddressClassId::NO_BLOCK },
        };
        Party { endpoint, address, identity }
    }

    /// What policies see of an endpoint over a family.
    pub(crate) fn identity(
        &self,
        id: EndpointId,
        endpoint: &Endpoint,
        family: Option<Family>,
        options: &EngineOptions,
    ) -> Identity {
        let index = id.0 as usize;
        let address = match (self.address_classes.get(index), family) {
            (Some([ipv4, _]), Some(Family::Ipv4)) => *ipv4,
            (Some([_, ipv6]), Some(Family::Ipv6)) => *ipv6,
            _ => AddressClassId::NO_BLOCK,
        };
        if is_on_host_network(endpoint, options) {
            return Identity { class: None, address };
        }
        let is_hidden = options.ip_blocks == IpBlocks::External;
        Identity {
            class: self.compiled.classes.of_endpoint(index),
            address: if is_hidden { AddressClassId::NO_BLOCK } else { address },
        }
    }

    pub(crate) fn table_id(&self, class: Option<ClassId>, direction: Direction) -> TableId {
        let tables = match direction {
            Direction::Ingress => &self.compiled.ingress,
            Direction::Egress => &self.compiled.egress,
        };
        class.and_then(|class| tables.get(class.0 as usize)).copied().unwrap_or_default()
    }

    /// The table that decides a direction for a class.
    pub(crate) fn table(&self, class: Option<ClassId>, direction: Direction) -> &Table {
        static OPEN: Table = Table { tiers: Vec::new(), policies: Vec::new() };
        self.compiled.tables.get(self.table_id(class, direction).0 as usize).unwrap_or(&OPEN)
    }

    /// Whether a peer of a rule matches an end.
    pub(crate) fn matches_peer(&self, peers: PeerSet, identity: Identity) -> bool {
        let sets: &BitSets = &self.compiled.sets;
        match peers {
            PeerSet::Anyone => true,
            PeerSet::Pods(set) => identity.class.is_some_and(|class| sets.contains(set, class.0)),
            PeerSet::Addresses(set) => sets.contains(set, identity.address.0),
        }
    }

    /// The named ports that rules can resolve on a destination; only pods have them (S28).
    pub(crate) fn named_ports_of(&self, destination: Identity) -> Option<NamedPortsId> {
        destination.class.and_then(|class| self.compiled.classes.get(class)).map(|class| class.named_ports)
    }

    pub(crate) fn connections_of(
        &self,
        connections: RuleConnections,
        named_ports: Option<NamedPortsId>,
    ) -> ConnectionId {
        match connections {
            RuleConnections::Fixed(id) => id,
            RuleConnections::ByDestination(index) => self.compiled.named.get(index, named_ports),
        }
    }
}

/// Why policy does not apply to a side, if it does not.
pub(crate) fn exemption(
    route: Route,
    parties: &Parties<'_>,
    direction: Direction,
    options: &EngineOptions,
) -> Option<Exemption> {
    let (subject, peer) = parties.subject_and_peer(direction);
    let Some((id, endpoint)) = subject.endpoint else { return Some(Exemption::External) };
    if is_on_host_network(endpoint, options) {
        return Some(Exemption::HostNetwork);
    }
    if let Some((other, _)) = peer.endpoint
        && other == id
        && endpoint.kind == EndpointKind::Pod
        && (route == Route::Direct || options.service_hairpin == Enforcement::Allow)
    {
        return Some(Exemption::SamePod);
    }
    let is_open = direction == Direction::Ingress || options.own_node_egress == Enforcement::Allow;
    (is_open && is_own_node(endpoint, peer, options)).then_some(Exemption::OwnNode)
}

/// Whether `peer` is the node that an endpoint runs on, or a pod on that node's network.
fn is_own_node(endpoint: &Endpoint, peer: &Party<'_>, options: &EngineOptions) -> bool {
    match peer.endpoint {
        None => peer.address.is_some_and(|address| endpoint.node_addresses.contains(&address)),
        Some((_, other)) => {
            is_on_host_network(other, options)
                && (other.node.is_some() && other.node == endpoint.node
                    || other.addresses.iter().any(|address| endpoint.node_addresses.contains(address)))
        }
    }
}

/// D2: whether a pod's traffic is its node's, out of reach for selectors.
pub(crate) fn is_on_host_network(endpoint: &Endpoint, options: &EngineOptions) -> bool {
    endpoint.host_network && options.host_network == HostNetwork::Node
}

/// The walk through the tiers: the first entry that matches decides, then the end of its tier.
fn decide(table: &Table, matches: impl Fn(&Entry) -> bool) -> bool {
    for tier in &table.tiers {
        match tier.entries.iter().find(|entry| matches(entry)).map(|entry| entry.action) {
            Some(Action::Allow) => return true,
            Some(Action::Deny) => return false,
            Some(Action::Pass) => {}
            None if tier.default == TierDefault::Deny => return false,
            None => {}
        }
    }
    true
}

/// An endpoint's first address of a family.
fn address_in(endpoint: &Endpoint, family: Family) -> Option<IpAddr> {
    endpoint.addresses.iter().copied().find(|address| Family::of(*address) == family)
}
