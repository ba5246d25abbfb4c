//! What a cluster's policies are compiled into: the shape of it, and how its parts are looked up.
//!
//! Made by `compile`; read by `engine`, `explain` and `reach`, which is why all three answer alike.

use rustc_hash::FxHashMap;

use crate::addresses::AddressSpace;
use crate::bitset::{BitSets, SetId};
use crate::classes::{Classes, NamedPortsId};
use crate::cluster::{Direction, Endpoint, NamedPort, PolicyId};
use crate::connections::{ConnectionId, ConnectionSet, Connections, PortSet};
use crate::model::{Action, PortMatch, PortSelection, TierDefault};

/// Everything that `compile` makes of the policies.
pub(crate) struct Compiled {
    pub classes: Classes,
    pub addresses: AddressSpace,
    pub sets: BitSets,
    pub connections: Connections,
    pub named: NamedConnections,
    pub policies: Vec<CompiledPolicy>,
    /// Per tier, how it ends.
    pub tier_defaults: Vec<TierDefault>,
    pub tables: Vec<Table>,
    /// Per class, the table of its ingress.
    pub ingress: Vec<TableId>,
    /// Per class, the table of its egress.
    pub egress: Vec<TableId>,
}

/// A policy, compiled.
#[derive(Debug)]
pub(crate) struct CompiledPolicy {
    pub id: PolicyId,
    /// Index of its tier.
    pub tier: u32,
    /// Its ingress and egress rules; `None` for a direction that it does not govern.
    pub ingress: Option<Vec<CompiledRule>>,
    pub egress: Option<Vec<CompiledRule>>,
}

impl CompiledPolicy {
    pub fn rules(&self, direction: Direction) -> Option<&[CompiledRule]> {
        match direction {
            Direction::Ingress => self.ingress.as_deref(),
            Direction::Egress => self.egress.as_deref(),
        }
    }
}

/// A rule, compiled.
#[derive(Debug)]
pub(crate) struct CompiledRule {
    pub action: Action,
    /// `None` matches everyone.
    pub peers: Option<Vec<PeerSet>>,
    /// `None` matches every port of every protocol.
    pub ports: Option<Vec<PortMatch>>,
    pub connections: RuleConnections,
}

/// The other ends that one peer matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum PeerSet {
    Anyone,
    /// A set of endpoint classes.
    Pods(SetId),
    /// A set of address classes.
    Addresses(SetId),
}

/// The ports of a rule as a connection set, which names make depend on the destination pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum RuleConnections {
    Fixed(ConnectionId),
    /// Index into [`NamedConnections`].
    ByDestination(u32),
}

/// Decides one direction for the classes that share it.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub tiers: Vec<TierTable>,
    /// The policies that govern this direction, in order; indices into the compiled policies.
    pub policies: Vec<u32>,
}

/// The part of a table that comes from one tier.
#[derive(Debug)]
pub(crate) struct TierTable {
    pub default: TierDefault,
    /// The first that matches decides.
    pub entries: Vec<Entry>,
    /// Whether rules only allow and the rest is denied, so that their order does not matter.
    pub is_allow_list: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub action: Action,
    pub peers: PeerSet,
    pub connections: RuleConnections,
}

/// Index of a table; the first one has no tiers and allows everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct TableId(pub u32);

/// The connection sets of rules that name ports, per list of named ports on a pod.
#[derive(Debug, Default)]
pub(crate) struct NamedConnections {
    /// Per set of port matches: what it means where no name resolves.
    unnamed: Vec<ConnectionId>,
    /// Where a name does resolve.
    resolved: FxHashMap<(u32, NamedPortsId), ConnectionId>,
}

impl NamedConnections {
    /// Adds a set of port matches that means `unnamed` where no name resolves, and gives its index.
    pub fn add(&mut self, unnamed: ConnectionId) -> u32 {
        let index = u32::try_from(self.unnamed.len()).unwrap_or(u32::MAX);
        self.unnamed.push(unnamed);
        index
    }

    /// Says what the port matches mean on pods with these named ports.
    pub fn resolve(&mut self, index: u32, named_ports: NamedPortsId, connections: ConnectionId) {
        self.resolved.insert((index, named_ports), connections);
    }

    /// What the port matches mean on a destination; `None` is one without named ports.
    pub fn get(&self, index: u32, named_ports: Option<NamedPortsId>) -> ConnectionId {
        let resolved = named_ports.and_then(|ports| self.resolved.get(&(index, ports)));
        resolved.or_else(|| self.unnamed.get(index as usize)).copied().unwrap_or(ConnectionId::NONE)
    }
}

impl PortMatch {
    /// What it means on a destination: a name may mean several ports there, or none.
    pub fn on(&self, destination: &Endpoint) -> ConnectionSet {
        connections_on(std::slice::from_ref(self), &destination.named_ports)
    }
}

/// What port matches mean on a destination with these named ports (S24 to S28).
pub(crate) fn connections_on(ports: &[PortMatch], named_ports: &[NamedPort]) -> ConnectionSet {
    let mut set = ConnectionSet::default();
    for port in ports {
        let ranges = match &port.ports {
            PortSelection::Range(first, last) => vec![(*first, *last)],
            PortSelection::Name(name) => named_ports
                .iter()
                .filter(|candidate| candidate.name == *name && candidate.protocol == port.protocol)
                .map(|candidate| (candidate.port, candidate.port))
                .collect(),
        };
        let union = set.ports(port.protocol).union(&PortSet::from_ranges(ranges));
        set.set_ports(port.protocol, union);
    }
    set
}
