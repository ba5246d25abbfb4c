//! What reachability lists, kept by pair so that single flows can be looked up in it.
//!
//! `Connectivity::admits` answers one flow; this is the other way through reachability, by way of the whole list.

use std::collections::BTreeMap;

use netpol::cluster::Cluster;
use netpol::connections::ConnectionSet;
use netpol::flow::{End, Flow, Route};
use netpol::protocol::Family;
use netpol::reach::{AddressRange, Unit, UnitKind};
use netpol::{Connectivity, Engine, ReachQuery};

/// The list over one family, or over whichever the ends have in common.
pub struct Listing<'a> {
    connectivity: Connectivity<'a>,
    connections: BTreeMap<(usize, usize), ConnectionSet>,
    family: Option<Family>,
}

impl<'a> Listing<'a> {
    /// Lists everything, also what holds whatever the policies say.
    pub fn new(engine: &'a Engine, family: Option<Family>) -> Listing<'a> {
        let query = ReachQuery { include_self: true, include_nodes: true, family, ..ReachQuery::default() };
        let connectivity = engine.reach(&query);
        assert_eq!(
            joined_ranges(&connectivity),
            ["0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
        );
        let mut connections = BTreeMap::new();
        connectivity.for_each(|source, destination, _, set| {
            connections.insert((source, destination), set.clone());
        });
        Listing { connectivity, connections, family }
    }

    /// Whether a flow is listed; `None` if a list cannot tell.
    pub fn admits(&self, flow: &Flow) -> Option<bool> {
        // A list has no routes, and nothing between two addresses.
        let is_between_addresses = matches!((flow.source, flow.destination), (End::Address(_), End::Address(_)));
        if flow.family != self.family || flow.route == Route::Service || is_between_addresses {
            return None;
        }
        let source = self.unit_of(flow.source)?;
        let destination = self.unit_of(flow.destination)?;
        // Of a workload, the list has what is between two of its pods.
        let is_one_pod = source.members().len() == 1 && source.kind_name == "Pod";
        if source.index == destination.index && !is_one_pod && flow.source == flow.destination {
            return None;
        }
        let listed = self.connections.get(&(source.index, destination.index));
        Some(listed.is_some_and(|set| set.ports(flow.protocol).contains(flow.port)))
    }

    /// The unit that an end is in; none for an address that an endpoint has.
    fn unit_of(&self, end: End) -> Option<&Unit> {
        let cluster: &Cluster = self.connectivity.engine().cluster();
        let is_in = |unit: &&Unit| match (&unit.kind, end) {
            (UnitKind::Endpoints { members, .. }, End::Endpoint(id)) => members.contains(&id),
            (UnitKind::Range(..), End::Address(address)) => {
                unit.contains_address(address)
                    && !cluster.endpoints.iter().any(|endpoint| endpoint.addresses.contains(&address))
            }
            _ => false,
        };
        self.connectivity.units().iter().find(is_in)
    }
}

/// The address ranges of a list, joined where they touch: they leave nothing out and do not overlap.
fn joined_ranges(connectivity: &Connectivity<'_>) -> Vec<String> {
    let mut joined: Vec<AddressRange> = Vec::new();
    for range in connectivity.units().iter().filter_map(Unit::range) {
        match joined.last_mut().and_then(|last| last.join(&range).map(|whole| (last, whole))) {
            Some((last, whole)) => *last = whole,
            None => joined.push(range),
        }
    }
    joined.iter().map(ToString::to_string).collect()
}
