//! The walk over an answer, a source at a time: the pairs of ends that are asked about and have a connection.

use std::rc::Rc;

use super::row::Rows;
use super::{Connectivity, Unit, UnitIdentities};
use crate::connections::{ConnectionId, ConnectionSet, Connections};
use crate::families::{Families, common_family};

/// A walk that has begun. Ids of connection sets belong to one walk.
pub(crate) struct Walk<'a> {
    answer: &'a Connectivity<'a>,
    rows: Rows<'a>,
    connections: Connections,
    /// What the query's ports and protocols let through.
    filter: ConnectionId,
    destinations: Vec<&'a Unit>,
    /// How many of them are no addresses, which come last.
    pods: usize,
}

impl<'a> Walk<'a> {
    pub fn new(answer: &'a Connectivity<'a>) -> Walk<'a> {
        let sources = answer.units.iter().filter(|unit| answer.is_asked(unit.index).0);
        let mut connections = answer.engine.compiled.connections.clone();
        let destinations: Vec<&Unit> = answer.units.iter().filter(|unit| answer.is_asked(unit.index).1).collect();
        Walk {
            rows: Rows::new(answer.engine, &answer.identities, sources.map(|unit| unit.identities)),
            filter: answer.filter(&mut connections),
            pods: destinations.partition_point(|unit| !unit.is_external()),
            destinations,
            connections,
            answer,
        }
    }

    /// Hands out every destination of one source, in order. Each source is asked about once.
    pub fn row(&mut self, source: usize, mut visit: impl FnMut(usize, ConnectionId, &ConnectionSet)) {
        let answer = self.answer;
        let Some(source) = answer.units.get(source).filter(|unit| answer.is_asked(unit.index).0) else { return };
        // Between addresses there is nothing to police.
        let count = if source.is_external() { self.pods } else { self.destinations.len() };
        let from = self.departure(source);
        for destination in self.destinations.iter().take(count) {
            let mut found = from.connection_to(destination);
            if answer.may_be_exempt(source, destination) {
                found = answer.between(source, destination, &mut self.connections);
            }
            if found == ConnectionId::NONE {
                continue;
            }
            if self.filter != ConnectionId::ALL {
                found = self.connections.intersection(found, self.filter);
            }
            if found != ConnectionId::NONE && answer.is_pair_asked(source.index, destination.index) {
                visit(destination.index, found, self.connections.get(found));
            }
        }
        self.rows.forget(source.identities);
    }

    /// What a source needs to look up any destination.
    fn departure(&mut self, source: &Unit) -> Departure {
        let slot_to = Families::ALL.map(|destination| {
            let family = self.answer.query.family.or_else(|| common_family(source.families, destination));
            UnitIdentities::slot(family)
        });
        let UnitIdentities(identities) = source.identities;
        let mut slot = 0;
        let rows = identities.map(|identity| {
            let is_used = slot_to.contains(&slot);
            slot += 1;
            is_used.then(|| self.rows.row(identity, &mut self.connections))
        });
        Departure { slot_to, rows }
    }
}

/// A source, ready to look up its connection to any destination.
struct Departure {
    /// Per [`Families::index`] of the destination, the slot of the identities that meet.
    slot_to: [usize; Families::ALL.len()],
    /// Per slot, the row of the source's identity.
    rows: [Option<Rc<[ConnectionId]>>; 3],
}

impl Departure {
    fn connection_to(&self, destination: &Unit) -> ConnectionId {
        let slot = self.slot_to.get(destination.families.index()).copied().unwrap_or(0);
        let row = self.rows.get(slot).and_then(Option::as_ref);
        let found = row.zip(destination.identities.get(slot)).and_then(|(row, id)| row.get(id.0 as usize));
        found.copied().unwrap_or(ConnectionId::NONE)
    }
}
