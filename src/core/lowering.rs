//! What an enforcer lowers: the compiled policies of each pod, as rules over addresses and ports.
//!
//! Reads the same sets and connections as verdicts do. What a rule's peers and ports mean is decided there; here it is only spelt
//! out as addresses.

use std::net::IpAddr;

use rustc_hash::FxHashSet;

pub use crate::addresses::AddressRange;

use crate::addresses::AddressClassId;
use crate::classes::NamedPortsId;
use crate::cluster::{Direction, EndpointId, NamedPort, PolicyId};
use crate::connections::{ConnectionSet, PortSet};
use crate::engine::{Engine, is_on_host_network};
use crate::model::{self, Action, AddressBlock, Peer, PodSelection, TierDefault};
use crate::options::IpBlocks;
use crate::protocol::{Port, Protocol};
use crate::tables::{CompiledPolicy, CompiledRule, PeerSet, RuleConnections, TableId};

/// The policies of a cluster's pods, for an enforcer.
pub struct Lowering<'a> {
    engine: &'a Engine,
    /// Per endpoint class, the pods' addresses: those that mean the pod as the end of a flow.
    addresses: Vec<Vec<IpAddr>>,
    /// The address space, cut at blocks and at the pods' addresses.
    ranges: Vec<(AddressRange, AddressClassId)>,
}

/// What isolates a pod in a direction. Pods with the same one are isolated alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Isolation {
    table: TableId,
    direction: Direction,
    /// The named ports of the pods, if rules ask for them.
    named_ports: Option<NamedPortsId>,
}

/// The policies of one tier that isolate a pod in a direction.
#[derive(Debug)]
pub struct IsolationTier {
    /// What happens to a flow that none of the rules decides.
    pub default: TierDefault,
    /// In the order in which they are asked.
    pub policies: Vec<IsolatingPolicy>,
}

/// A policy, and its rules for the direction.
#[derive(Debug)]
pub struct IsolatingPolicy {
    /// The policy.
    pub id: PolicyId,
    /// In the order in which they are asked.
    pub rules: Vec<IsolationRule>,
}

/// A rule: the first whose peers and ports match decides.
#[derive(Debug)]
pub struct IsolationRule {
    /// What it does.
    pub action: Action,
    /// The other ends; `None` matches everyone.
    pub peers: Option<Vec<RulePeer>>,
    /// The connections that it matches whoever the destination is.
    pub connections: ConnectionSet,
    /// Whether it says nothing of ports: then it matches protocols without any as well, such as ICMP.
    pub is_of_every_protocol: bool,
    /// Whether the rest depends on the destination's port names: [`Lowering::named_services`] has it.
    names_ports: Option<u32>,
}

impl IsolationRule {
    /// Whether there are connections that depend on the destination's port names.
    pub fn names_ports(&self) -> bool {
        self.names_ports.is_some()
    }
}

/// One alternative of a rule's other end.
#[derive(Debug, Clone)]
pub struct RulePeer {
    /// What is written.
    pub written: Option<WrittenPeer>,
    set: PeerSet,
}

/// A peer as its policy has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum WrittenPeer {
    /// Pods by labels.
    Pods(PodSelection),
    /// A block.
    Addresses(AddressBlock),
}

/// The addresses that a peer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerAddresses {
    /// Of pods, sorted.
    Pods(Vec<IpAddr>),
    /// Of blocks without their exceptions, sorted and apart.
    Ranges(Vec<AddressRange>),
}

impl<'a> Lowering<'a> {
    /// The policies of an engine's cluster.
    pub fn new(engine: &'a Engine) -> Lowering<'a> {
        let mut addresses = vec![Vec::new(); engine.compiled.classes.ids().count()];
        for (address, id) in engine.pod_addresses() {
            let class = engine.compiled.classes.of_endpoint(id.0 as usize);
            if let Some(class) = class.and_then(|class| addresses.get_mut(class.0 as usize)) {
                class.push(*address);
            }
        }
        let pods = || engine.pod_addresses().iter().map(|(address, _)| *address).collect();
        let alone = if engine.options().ip_blocks == IpBlocks::External { pods() } else { Vec::new() };
        let ranges = engine.compiled.addresses.ranges(&[], &alone);
        Lowering { engine, addresses, ranges }
    }

    /// The engine.
    pub fn engine(&self) -> &'a Engine {
        self.engine
    }

    /// What isolates a pod in a direction; `None` if nothing does.
    pub fn isolation(&self, pod: EndpointId, direction: Direction) -> Option<Isolation> {
        let endpoint = self.engine.cluster().endpoint(pod)?;
        if is_on_host_network(endpoint, self.engine.options()) {
            return None;
        }
        let class = self.engine.compiled.classes.of_endpoint(pod.0 as usize)?;
        let named_ports = self.engine.compiled.classes.get(class)?.named_ports;
        let table = self.engine.table_id(Some(class), direction);
        let isolation = Isolation { table, direction, named_ports: None };
        // At egress the names are those of others' ports.
        let names_ports = direction == Direction::Ingress
            && (self.policies(isolation).iter().flat_map(|policy| policy.rules(direction).unwrap_or_default()))
                .any(|rule| matches!(rule.connections, RuleConnections::ByDestination(_)));
        (table != TableId::default())
            .then_some(Isolation { named_ports: names_ports.then_some(named_ports), ..isolation })
    }

    /// The policies of an isolation, by tiers in the order in which they are asked.
    pub fn tiers(&self, isolation: Isolation) -> Vec<IsolationTier> {
        let tier = |tier: &[&CompiledPolicy]| {
            let defaults = &self.engine.compiled.tier_defaults;
            let default = tier.first().and_then(|policy| defaults.get(policy.tier as usize));
            let policies = tier.iter().map(|policy| {
                let rules = policy.rules(isolation.direction).unwrap_or_default().iter().enumerate();
                let rules = rules.map(|(index, rule)| self.rule(policy.id, index, rule, isolation)).collect();
                IsolatingPolicy { id: policy.id, rules }
            });
            IsolationTier { default: default.copied().unwrap_or(TierDefault::Deny), policies: policies.collect() }
        };
        self.policies(isolation).chunk_by(|a, b| a.tier == b.tier).map(tier).collect()
    }

    fn policies(&self, isolation: Isolation) -> Vec<&'a CompiledPolicy> {
        let compiled = &self.engine.compiled;
        let table = compiled.tables.get(isolation.table.0 as usize);
        let indices = table.map(|table| table.policies.as_slice()).unwrap_or_default();
        indices.iter().filter_map(|index| compiled.policies.get(*index as usize)).collect()
    }

    /// The named ports of the pods, if the rules of an isolation ask for them.
    pub fn named_ports(&self, isolation: Isolation) -> &[NamedPort] {
        isolation.named_ports.map_or(&[], |id| self.engine.compiled.classes.named_ports(id))
    }

    fn rule(&self, policy: PolicyId, index: usize, rule: &CompiledRule, isolation: Isolation) -> IsolationRule {
        let compiled = &self.engine.compiled;
        let written =
            model::rule(self.engine.cluster(), policy, isolation.direction, index).and_then(|rule| rule.peers);
        let written_peer = |index: usize| match written.as_ref()?.get(index)?.clone() {
            Peer::Pods(selection) => Some(WrittenPeer::Pods(selection)),
            Peer::Addresses(block) => Some(WrittenPeer::Addresses(block)),
        };
        let peer = |(index, set): (usize, &PeerSet)| RulePeer { written: written_peer(index), set: *set };
        let (connections, names_ports) = match (rule.connections, isolation.direction) {
            (RuleConnections::Fixed(id), _) => (id, None),
            (RuleConnections::ByDestination(index), Direction::Ingress) => {
                (compiled.named.get(index, isolation.named_ports), None)
            }
            (RuleConnections::ByDestination(index), Direction::Egress) => {
                (compiled.named.get(index, None), Some(index))
            }
        };
        IsolationRule {
            action: rule.action,
            peers: rule.peers.as_ref().map(|peers| peers.iter().enumerate().map(peer).collect()),
            connections: compiled.connections.get(connections).clone(),
            is_of_every_protocol: rule.ports.is_none(),
            names_ports,
        }
    }

    /// The addresses that a peer means.
    pub fn addresses(&self, peer: &RulePeer) -> PeerAddresses {
        match peer.set {
            PeerSet::Anyone => PeerAddresses::Ranges(self.joined(|_| true)),
            PeerSet::Pods(set) => {
                let classes = self.engine.compiled.sets.iter(set);
                let pods = classes.filter_map(|class| self.addresses.get(class as usize)).flatten();
                let mut pods: Vec<IpAddr> = pods.copied().collect();
                pods.sort_unstable();
                PeerAddresses::Pods(pods)
            }
            PeerSet::Addresses(set) => {
                let sets = &self.engine.compiled.sets;
                PeerAddresses::Ranges(self.joined(|class| sets.contains(set, class.0)))
            }
        }
    }

    fn joined(&self, is_in: impl Fn(AddressClassId) -> bool) -> Vec<AddressRange> {
        let is_hidden = |range: &AddressRange| {
            self.engine.options().ip_blocks == IpBlocks::External
                && range.first == range.last
                && self.engine.pod_at(range.first).is_some()
        };
        let mut joined: Vec<AddressRange> = Vec::new();
        for (range, _) in self.ranges.iter().filter(|(range, class)| is_in(*class) && !is_hidden(range)) {
            match joined.last().and_then(|last| last.join(range)) {
                Some(both) => {
                    joined.pop();
                    joined.push(both);
                }
                None => joined.push(*range),
            }
        }
        joined
    }

    /// The services that a rule of egress matches by the names of their ports, beside its `connections`: address, protocol, port.
    pub fn named_services(&self, rule: &IsolationRule) -> Vec<(IpAddr, Protocol, Port)> {
        let Some(index) = rule.names_ports else { return Vec::new() };
        let compiled = &self.engine.compiled;
        let mut services = Vec::new();
        let mut seen = FxHashSet::default();
        for (class_id, class) in compiled.classes.ids() {
            let connections = compiled.named.get(index, Some(class.named_ports));
            let connections = compiled.connections.get(connections);
            let rest = connections.zip(&rule.connections, PortSet::difference);
            if rest.is_empty() {
                continue;
            }
            for address in self.addresses.get(class_id.0 as usize).into_iter().flatten() {
                if !rule
                    .peers
                    .as_ref()
                    .is_none_or(|peers| peers.iter().any(|peer| self.matches(peer, class_id.0, *address)))
                {
                    continue;
                }
                for protocol in Protocol::ALL {
                    let ports = rest.ports(protocol).ranges().iter().flat_map(|(first, last)| first.get()..=last.get());
                    for port in ports.filter_map(Port::new) {
                        if seen.insert((*address, protocol, port)) {
                            services.push((*address, protocol, port));
                        }
                    }
                }
            }
        }
        services.sort_unstable();
        services
    }

    fn matches(&self, peer: &RulePeer, class: u32, address: IpAddr) -> bool {
        match peer.set {
            PeerSet::Anyone => true,
            PeerSet::Pods(set) => self.engine.compiled.sets.contains(set, class),
            PeerSet::Addresses(set) => {
                self.engine.options().ip_blocks == IpBlocks::Any
                    && self.engine.compiled.sets.contains(set, self.engine.compiled.addresses.class_of(address).0)
            }
        }
    }

    /// The addresses that mean a pod as the end of a flow: its own, but for those that another pod has.
    pub fn own_addresses(&self, pod: EndpointId) -> impl Iterator<Item = IpAddr> {
        let addresses = self.engine.cluster().endpoint(pod).map(|endpoint| endpoint.addresses.as_slice());
        let is_own = move |address: &IpAddr| self.engine.pod_at(*address) == Some(pod);
        addresses.unwrap_or_default().iter().copied().filter(is_own)
    }
}
