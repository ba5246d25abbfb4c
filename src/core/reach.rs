//! Who can reach whom: every pair of workloads and address ranges, with the connections that both sides allow.
//!
//! Works on identities (what policies can see of an end), of which there are far fewer than ends; pairs of ends are expanded only
//! while they are handed out, a source at a time. What always holds whatever the policies say is not listed unless asked for: a
//! pod's traffic to itself (S33), and its own node's to it (S30).

mod filter;
mod identities;
mod row;
mod units;
mod walk;

use std::collections::BTreeSet;
use std::net::IpAddr;

pub use crate::addresses::AddressRange;
use crate::cluster::{Direction, Endpoint, EndpointId, Owner};
use crate::connections::{ConnectionId, ConnectionSet, Connections, PortSet};
use crate::engine::{Engine, Parties, Party, exemption};
use crate::families::common_family;
use crate::flow::{Flow, Route};
use crate::protocol::{Family, Port, Protocol};

use filter::Target;
pub use filter::check;
use identities::{Identities, IdentityId, Interner};
pub(crate) use row::resolve;
pub(crate) use units::split_workloads;
pub use units::{Unit, UnitKind};
pub(crate) use walk::Walk;

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct ReachQuery {
    /// Only these sources, as flows name ends and outputs print them; empty means all.
    ///
    /// An address that is a pod's means that pod, and another one the range that it is in. A CIDR means the pods in it as well as
    /// the addresses, `first-last` only addresses that are no pod's. A single word is a namespace, and `*` in names is any text.
    /// What means nothing matches nothing: [`check`] says so.
    pub sources: Vec<String>,
    /// Only these destinations; empty means all.
    pub destinations: Vec<String>,
    /// Only pairs with an end in one of these namespaces, with `*` for any text; empty means all.
    pub namespaces: Vec<String>,
    /// Only connections to these ports; empty means all.
    pub ports: Vec<(Port, Port)>,
    /// Only these protocols; empty means all.
    pub protocols: Vec<Protocol>,
    /// Flows over this family; `None` leaves it to each pair, as [`Engine::evaluate`] does.
    pub family: Option<Family>,
    /// Lists a unit's traffic to itself.
    pub include_self: bool,
    /// Lists nodes' addresses by themselves, with what a pod's own node may always do.
    pub include_nodes: bool,
    /// Workloads whose pods are listed one by one, by namespace and owner; what policies tell apart is listed apart anyway.
    pub split: BTreeSet<(String, Owner)>,
    /// Addresses at which a new external range begins, beside the policies' boundaries.
    pub cuts: Vec<IpAddr>,
}

/// The answer: a view of the engine that hands out connections.
pub struct Connectivity<'e> {
    engine: &'e Engine,
    query: ReachQuery,
    units: Vec<Unit>,
    identities: Identities,
    is_source: Vec<bool>,
    is_destination: Vec<bool>,
    is_in_namespace: Vec<bool>,
}

impl Engine {
    /// Who can reach whom.
    pub fn reach(&self, query: &ReachQuery) -> Connectivity<'_> {
        let targets = |texts: &[String]| -> Vec<Target> {
            texts.iter().filter_map(|text| Target::find(self, text).ok()).collect()
        };
        let (sources, destinations) = (targets(&query.sources), targets(&query.destinations));
        let starts: Vec<IpAddr> = sources.iter().chain(&destinations).flat_map(Target::cuts).collect();
        let mut interner = Interner::default();
        let units = units::units(self, query, &starts, &mut interner);
        let identities = interner.finish();
        let matches = |texts: &[String], targets: &[Target]| {
            let is_asked = |unit: &Unit| texts.is_empty() || targets.iter().any(|target| target.matches(unit));
            units.iter().map(|unit| unit.is_listed && is_asked(unit)).collect()
        };
        let is_asked = |unit: &Unit| {
            query.namespaces.is_empty() || (!unit.is_external() && filter::is_namespace_asked(query, &unit.namespace))
        };
        let is_in_namespace = units.iter().map(is_asked).collect();
        Connectivity {
            engine: self,
            query: query.clone(),
            is_source: matches(&query.sources, &sources),
            is_destination: matches(&query.destinations, &destinations),
            is_in_namespace,
            identities,
            units,
        }
    }
}

impl Engine {
    /// Every connection that may pass between two ends: what [`Engine::evaluate`] says for all ports at once. The port and
    /// protocol of `flow` do not matter.
    pub fn connections(&self, flow: &Flow) -> ConnectionSet {
        let mut connections = self.compiled.connections.clone();
        let id = self.connection_id(flow.route, &self.parties(flow, self.options()), &mut connections);
        connections.get(id).clone()
    }

    fn connection_id(&self, route: Route, parties: &Parties<'_>, connections: &mut Connections) -> ConnectionId {
        let exempt = Direction::BOTH.map(|direction| exemption(route, parties, direction, self.options()).is_some());
        row::between(self, exempt, parties.source.identity, parties.destination.identity, connections)
    }
}

impl Connectivity<'_> {
    /// The ends, sorted: workloads by namespace, name and kind, then address ranges.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// The engine that answers.
    pub fn engine(&self) -> &Engine {
        self.engine
    }

    /// Whether a unit passes the filters as a source and as a destination.
    pub fn is_asked(&self, unit: usize) -> (bool, bool) {
        let get = |flags: &[bool]| flags.get(unit).copied().unwrap_or(false);
        (get(&self.is_source), get(&self.is_destination))
    }

    /// Whether the connections of a pair are asked about: both ends pass the filters, and policy has a say in it.
    pub fn is_pair_asked(&self, source: usize, destination: usize) -> bool {
        let (Some(from), Some(to)) = (self.units.get(source), self.units.get(destination)) else { return false };
        self.is_asked(source).0
            && self.is_asked(destination).1
            && !(from.is_external() && to.is_external())
            && (source != destination || self.query.include_self)
            && (self.is_namespace_asked(from) || self.is_namespace_asked(to))
    }

    /// Hands out every pair of units that is asked about, has a connection and is not left out, sorted by source and destination.
    ///
    /// Ids belong to this one call; the set behind an id stays the same during it.
    pub fn for_each(&self, mut visit: impl FnMut(usize, usize, ConnectionId, &ConnectionSet)) {
        let mut walk = Walk::new(self);
        for source in 0..self.units.len() {
            walk.row(source, |destination, id, connections| visit(source, destination, id, connections));
        }
    }

    /// Whether a unit is in a namespace that is asked about.
    pub(crate) fn is_namespace_asked(&self, unit: &Unit) -> bool {
        self.is_in_namespace.get(unit.index).copied().unwrap_or(false)
    }

    /// Whether the answer lists, or leaves out as always true, what a flow asks for.
    pub fn admits(&self, flow: &Flow) -> bool {
        let parties = self.engine.parties(flow, self.engine.options());
        let source = self.unit_of(parties.source.endpoint, parties.source.address);
        let destination = self.unit_of(parties.destination.endpoint, parties.destination.address);
        let (Some(source), Some(destination)) = (source, destination) else { return false };
        let slot = UnitIdentities::slot(parties.family);
        let identity = |unit: &Unit| unit.identities.get(slot).and_then(|id| self.identities.get(id));
        let (Some(from), Some(to)) = (identity(source), identity(destination)) else { return false };
        let as_listed = Parties {
            source: Party { identity: from, ..parties.source },
            destination: Party { identity: to, ..parties.destination },
            family: parties.family,
        };
        let mut connections = self.engine.compiled.connections.clone();
        let id = self.engine.connection_id(flow.route, &as_listed, &mut connections);
        connections.admits(id, flow.protocol, flow.port)
    }

    fn unit_of(&self, endpoint: Option<(EndpointId, &Endpoint)>, address: Option<IpAddr>) -> Option<&Unit> {
        match (endpoint, address) {
            (Some((id, _)), _) => self.units.iter().find(|unit| unit.members().contains(&id)),
            (None, Some(address)) => self.units.iter().find(|unit| unit.contains_address(address)),
            (None, None) => None,
        }
    }

    /// Whether a pair could be exempt from policy for a reason that identities do not show.
    fn may_be_exempt(&self, source: &Unit, destination: &Unit) -> bool {
        let may_be_self = source.index == destination.index && source.is_one_pod();
        may_be_self || (self.query.include_nodes && (source.is_node_like() || destination.is_node_like()))
    }

    /// The connections from one unit to another, exemptions considered.
    fn between(&self, source: &Unit, destination: &Unit, connections: &mut Connections) -> ConnectionId {
        let family = self.query.family.or_else(|| common_family(source.families, destination.families));
        let (Some(source), Some(destination)) = (self.party(source, family), self.party(destination, family)) else {
            return ConnectionId::NONE;
        };
        self.engine.connection_id(Route::Direct, &Parties { source, destination, family }, connections)
    }

    /// A unit as the end of a flow. A range is its addresses that no pod has, even where a pod has its first one.
    fn party(&self, unit: &Unit, family: Option<Family>) -> Option<Party<'_>> {
        let id = unit.members().first().copied();
        Some(Party {
            endpoint: id.and_then(|id| self.engine.cluster().endpoint(id).map(|endpoint| (id, endpoint))),
            address: unit.range().map(|range| range.first),
            identity: unit.identities.get(UnitIdentities::slot(family)).and_then(|id| self.identities.get(id))?,
        })
    }

    /// What the query's ports and protocols let through.
    fn filter(&self, connections: &mut Connections) -> ConnectionId {
        if self.query.ports.is_empty() && self.query.protocols.is_empty() {
            return ConnectionId::ALL;
        }
        let mut filter = ConnectionSet::default();
        let all_ports = vec![(Port::MIN, Port::MAX)];
        let ports = if self.query.ports.is_empty() { &all_ports } else { &self.query.ports };
        for protocol in Protocol::ALL {
            if self.query.protocols.is_empty() || self.query.protocols.contains(&protocol) {
                filter.set_ports(protocol, PortSet::from_ranges(ports.clone()));
            }
        }
        connections.intern(filter)
    }
}

/// The identities of a unit: without a known family, over IPv4 and over IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct UnitIdentities([IdentityId; 3]);

impl UnitIdentities {
    /// Which of them a family means.
    fn slot(family: Option<Family>) -> usize {
        match family {
            None => 0,
            Some(Family::Ipv4) => 1,
            Some(Family::Ipv6) => 2,
        }
    }

    fn get(self, slot: usize) -> Option<IdentityId> {
        self.0.get(slot).copied()
    }

    /// Each identity once.
    fn distinct(self) -> impl Iterator<Item = IdentityId> {
        let [unknown, ipv4, ipv6] = self.0;
        let is_new = [true, ipv4 != unknown, ipv6 != unknown && ipv6 != ipv4];
        self.0.into_iter().zip(is_new).filter(|(_, is_new)| *is_new).map(|(id, _)| id)
    }
}
