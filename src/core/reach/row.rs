//! The connections from one identity to every other, computed when they are first asked for.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::UnitIdentities;
use super::identities::{Identities, IdentityId};
use crate::cluster::Direction;
use crate::connections::{ConnectionId, Connections};
use crate::engine::{Engine, Identity};
use crate::model::{Action, TierDefault};
use crate::tables::{Entry, PeerSet, RuleConnections, Table, TableId};

/// Rows by source.
pub(super) struct Rows<'e> {
    engine: &'e Engine,
    identities: &'e Identities,
    rows: Vec<Option<Rc<[ConnectionId]>>>,
    /// How many units have yet to be done with each row.
    waiting: Vec<u32>,
    /// Per ingress table that was asked, its entries for few addresses, if it has many of them.
    narrow_peers: FxHashMap<TableId, Option<NarrowPeers<'e>>>,
}

impl<'e> Rows<'e> {
    pub fn new(
        engine: &'e Engine,
        identities: &'e Identities,
        units: impl Iterator<Item = UnitIdentities>,
    ) -> Rows<'e> {
        let count = identities.len();
        let mut rows = Rows {
            engine,
            identities,
            rows: vec![None; count],
            waiting: vec![0; count],
            narrow_peers: FxHashMap::default(),
        };
        for id in units.flat_map(UnitIdentities::distinct) {
            if let Some(waiting) = rows.waiting.get_mut(id.0 as usize) {
                *waiting += 1;
            }
        }
        rows
    }

    /// A unit is done with as a source: rows that no other unit shares are dropped.
    pub fn forget(&mut self, unit: UnitIdentities) {
        for id in unit.distinct() {
            let index = id.0 as usize;
            if let (Some(waiting), Some(row)) = (self.waiting.get_mut(index), self.rows.get_mut(index)) {
                *waiting = waiting.saturating_sub(1);
                if *waiting == 0 {
                    *row = None;
                }
            }
        }
    }

    /// The connections from one identity to every other, by the index of the other.
    pub fn row(&mut self, source: IdentityId, connections: &mut Connections) -> Rc<[ConnectionId]> {
        if let Some(Some(row)) = self.rows.get(source.0 as usize) {
            return row.clone();
        }
        let row: Rc<[ConnectionId]> = self.compute(source, connections).into();
        if let Some(slot) = self.rows.get_mut(source.0 as usize) {
            *slot = Some(row.clone());
        }
        row
    }

    fn compute(&mut self, source: IdentityId, connections: &mut Connections) -> Vec<ConnectionId> {
        let length = self.identities.destinations_of(source);
        let Some(source) = self.identities.get(source) else { return Vec::new() };
        let mut row = self.egress_row(source, length, connections);
        // Destinations with the same ingress table answer alike.
        let mut by_table: FxHashMap<TableId, ConnectionId> = FxHashMap::default();
        for ((_, destination), egress) in self.identities.iter().zip(&mut row) {
            if *egress == ConnectionId::NONE {
                continue;
            }
            let table_id = self.engine.table_id(destination.class, Direction::Ingress);
            if table_id == TableId::default() {
                continue;
            }
            let ingress = match by_table.get(&table_id) {
                Some(ingress) => *ingress,
                None => {
                    let table = self.engine.table(destination.class, Direction::Ingress);
                    let narrow = self.narrow_peers.entry(table_id);
                    let narrow = narrow.or_insert_with(|| NarrowPeers::of(self.engine, table, connections));
                    let ingress = match narrow {
                        Some(narrow) => narrow.resolve(self.engine, source, destination, connections),
                        None => resolve(self.engine, table, source, destination, connections),
                    };
                    by_table.insert(table_id, ingress);
                    ingress
                }
            };
            *egress = connections.intersection(*egress, ingress);
        }
        row
    }

    /// What a source's own policies allow, to every identity.
    fn egress_row(&self, source: Identity, length: usize, connections: &mut Connections) -> Vec<ConnectionId> {
        let table = self.engine.table(source.class, Direction::Egress);
        match table.tiers.as_slice() {
            [] => vec![ConnectionId::ALL; length],
            // Rules only add to what is allowed: each visits its peers alone.
            [tier] if tier.is_allow_list => {
                let mut row = vec![ConnectionId::NONE; length];
                for entry in &tier.entries {
                    self.identities.matching(self.engine, entry.peers, |id| {
                        let (Some(cell), Some(destination)) = (row.get_mut(id.0 as usize), self.identities.get(id))
                        else {
                            return;
                        };
                        *cell = connections.union(*cell, connections_of(self.engine, entry, destination));
                    });
                }
                row
            }
            _ => self
                .identities
                .iter()
                .take(length)
                .map(|(_, destination)| resolve(self.engine, table, destination, destination, connections))
                .collect(),
        }
    }
}

/// A table that allows what its entries list, with the entries for few addresses found by address.
struct NarrowPeers<'e> {
    by_address: FxHashMap<u32, ConnectionId>,
    others: Vec<&'e Entry>,
}

impl<'e> NarrowPeers<'e> {
    /// Fewer entries than this are walked as fast.
    const FEWEST_ENTRIES: usize = 32;
    /// Sets of more address classes than this are no narrow peers.
    const MOST_CLASSES: usize = 8;

    fn of(engine: &Engine, table: &'e Table, connections: &mut Connections) -> Option<NarrowPeers<'e>> {
        let [tier] = table.tiers.as_slice() else { return None };
        if !tier.is_allow_list || tier.entries.len() < NarrowPeers::FEWEST_ENTRIES {
            return None;
        }
        let mut narrow = NarrowPeers { by_address: FxHashMap::default(), others: Vec::new() };
        for entry in &tier.entries {
            match (entry.peers, entry.connections) {
                (PeerSet::Addresses(set), RuleConnections::Fixed(allowed))
                    if engine.compiled.sets.iter(set).nth(NarrowPeers::MOST_CLASSES).is_none() =>
                {
                    for class in engine.compiled.sets.iter(set) {
                        let cell = narrow.by_address.entry(class).or_insert(ConnectionId::NONE);
                        *cell = connections.union(*cell, allowed);
                    }
                }
                _ => narrow.others.push(entry),
            }
        }
        Some(narrow)
    }

    fn resolve(
        &self,
        engine: &Engine,
        peer: Identity,
        destination: Identity,
        connections: &mut Connections,
    ) -> ConnectionId {
        let listed = self.by_address.get(&peer.address.0).copied().unwrap_or(ConnectionId::NONE);
        self.others
            .iter()
            .filter(|entry| engine.matches_peer(entry.peers, peer))
            .fold(listed, |listed, entry| connections.union(listed, connections_of(engine, entry, destination)))
    }
}

/// The connections of one pair, with egress and ingress exempt from policy or not.
pub(super) fn between(
    engine: &Engine,
    [egress_exempt, ingress_exempt]: [bool; 2],
    source: Identity,
    destination: Identity,
    connections: &mut Connections,
) -> ConnectionId {
    let mut side = |is_exempt: bool, subject: Identity, direction, peer| {
        if is_exempt {
            return ConnectionId::ALL;
        }
        resolve(engine, engine.table(subject.class, direction), peer, destination, connections)
    };
    let egress = side(egress_exempt, source, Direction::Egress, destination);
    let ingress = side(ingress_exempt, destination, Direction::Ingress, source);
    connections.intersection(egress, ingress)
}

fn connections_of(engine: &Engine, entry: &Entry, destination: Identity) -> ConnectionId {
    engine.connections_of(entry.connections, engine.named_ports_of(destination))
}

/// What a table allows with a peer: the walk of `evaluate`, for all connections at once.
pub(crate) fn resolve(
    engine: &Engine,
    table: &Table,
    peer: Identity,
    destination: Identity,
    connections: &mut Connections,
) -> ConnectionId {
    let mut allowed = ConnectionId::NONE;
    let mut undecided = ConnectionId::ALL;
    for tier in &table.tiers {
        let matching = tier.entries.iter().filter(|entry| engine.matches_peer(entry.peers, peer));
        if tier.is_allow_list {
            let mut listed = ConnectionId::NONE;
            for entry in matching {
                listed = connections.union(listed, connections_of(engine, entry, destination));
            }
            let decided = connections.intersection(undecided, listed);
            return connections.union(allowed, decided);
        }
        let mut passed = ConnectionId::NONE;
        for entry in matching {
            let decided = connections.intersection(undecided, connections_of(engine, entry, destination));
            match entry.action {
                Action::Allow => allowed = connections.union(allowed, decided),
                Action::Deny => {}
                Action::Pass => passed = connections.union(passed, decided),
            }
            undecided = connections.difference(undecided, decided);
        }
        undecided = match tier.default {
            TierDefault::Deny => passed,
            TierDefault::Pass => connections.union(undecided, passed),
        };
    }
    connections.union(allowed, undecided)
}
