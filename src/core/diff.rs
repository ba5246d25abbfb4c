//! The exact difference of two clusters: connections gained and lost, per pair of ends.
//!
//! Both answers are made over the same ends: a workload whose pods policies tell apart in either cluster is compared pod by pod,
//! and external addresses are cut at the boundaries of both. They are walked side by side, a source at a time, and only what differs
//! is kept.

mod ends;
mod merge;

use rustc_hash::FxHashMap;

use crate::connections::{ConnectionId, ConnectionSet, Connections, PortSet};
use crate::engine::Engine;
use crate::reach::{Connectivity, ReachQuery, Unit, Walk, split_workloads};

use ends::Ends;
pub use ends::{DiffEnd, LoneEnd};

/// What differs between two clusters.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Difference {
    /// Ends that only the new cluster has.
    pub added: Vec<LoneEnd>,
    /// Ends that only the old cluster has.
    pub removed: Vec<LoneEnd>,
    ends: Vec<DiffEnd>,
    turns: Vec<Turn>,
    /// Sorted by source and destination.
    pairs: Vec<Pair>,
}

/// A pair of ends whose connections differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change<'a> {
    /// The source.
    pub source: &'a DiffEnd,
    /// The destination.
    pub destination: &'a DiffEnd,
    /// What may pass in the new cluster only.
    pub gained: &'a ConnectionSet,
    /// What may pass in the old cluster only.
    pub lost: &'a ConnectionSet,
    /// What may pass in both.
    pub kept: &'a ConnectionSet,
}

/// What becomes of the connections between two ends.
#[derive(Debug, Clone, Default, PartialEq)]
struct Turn {
    gained: ConnectionSet,
    lost: ConnectionSet,
    kept: ConnectionSet,
}

/// A pair of ends and what becomes of it, as indices into [`Difference::ends`] and [`Difference::turns`].
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pair {
    source: u32,
    destination: u32,
    turn: u32,
}

impl Difference {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.pairs.is_empty()
    }

    /// Pairs whose connections differ, sorted by source and destination.
    pub fn changes(&self) -> impl Iterator<Item = Change<'_>> {
        self.pairs.iter().filter_map(|pair| {
            let turn = self.turns.get(pair.turn as usize)?;
            Some(Change {
                source: self.ends.get(pair.source as usize)?,
                destination: self.ends.get(pair.destination as usize)?,
                gained: &turn.gained,
                lost: &turn.lost,
                kept: &turn.kept,
            })
        })
    }
}

/// The difference between two clusters, as far as a query asks.
pub fn diff(old: &Engine, new: &Engine, query: &ReachQuery) -> Difference {
    // What passes between two pods of one workload can change too; what a pod does to itself cannot.
    let mut query = ReachQuery { include_self: true, ..query.clone() };
    for engine in [old, new] {
        let answer = engine.reach(&query);
        query.split.extend(split_workloads(answer.units()));
        query.cuts.extend(answer.units().iter().filter_map(Unit::range).map(|range| range.first));
    }
    let (old, new) = (old.reach(&query), new.reach(&query));
    let ends = Ends::new(&old, &new);
    let mut turns = Turns::default();
    let mut pairs = Vec::new();
    let (mut before, mut after) = (Side::new(&old, &ends.of_old), Side::new(&new, &ends.of_new));
    // What may pass from the source at hand to each end.
    let mut row = vec![(ConnectionId::NONE, ConnectionId::NONE); ends.all.len()];
    for (source, units) in (0u32..).zip(&ends.units) {
        before.row(units.0, &mut turns.sets, |to, id| row.get_mut(to).into_iter().for_each(|cell| cell.0 = id));
        after.row(units.1, &mut turns.sets, |to, id| row.get_mut(to).into_iter().for_each(|cell| cell.1 = id));
        for (destination, cell) in (0u32..).zip(&mut row) {
            let (old, new) = std::mem::replace(cell, (ConnectionId::NONE, ConnectionId::NONE));
            if old != new {
                pairs.push(Pair { source, destination, turn: turns.number(old, new) });
            }
        }
    }
    let (removed, added) = (ends.lone(&old, |units| units.0, &pairs), ends.lone(&new, |units| units.1, &pairs));
    let mut ends = ends.all;
    let pairs = merge::merge_ranges(pairs, &mut ends);
    Difference { added, removed, ends, turns: turns.turns, pairs }
}

/// One of the two answers, while it is walked.
struct Side<'a> {
    walk: Walk<'a>,
    units: &'a [Unit],
    /// Per unit, its end.
    ends: &'a [usize],
    /// Per connection set of the walk, its id among those of both.
    shared: Vec<Option<ConnectionId>>,
}

impl<'a> Side<'a> {
    fn new(answer: &'a Connectivity<'a>, ends: &'a [usize]) -> Side<'a> {
        Side { walk: Walk::new(answer), units: answer.units(), ends, shared: Vec::new() }
    }

    /// Hands out what may pass from a unit to each end; not what a pod does to itself.
    fn row(&mut self, unit: Option<usize>, sets: &mut Connections, mut visit: impl FnMut(usize, ConnectionId)) {
        let Some(source) = unit else { return };
        let is_one_pod = self.units.get(source).is_some_and(Unit::is_one_pod);
        self.walk.row(source, |destination, id, set| {
            if is_one_pod && destination == source {
                return;
            }
            if self.shared.len() <= id.index() {
                self.shared.resize(id.index() + 1, None);
            }
            let Some(shared) = self.shared.get_mut(id.index()) else { return };
            let shared = *shared.get_or_insert_with(|| sets.intern(set.clone()));
            self.ends.get(destination).into_iter().for_each(|end| visit(*end, shared));
        });
    }
}

/// Each turn once.
#[derive(Default)]
struct Turns {
    sets: Connections,
    numbers: FxHashMap<(ConnectionId, ConnectionId), u32>,
    turns: Vec<Turn>,
}

impl Turns {
    fn number(&mut self, old: ConnectionId, new: ConnectionId) -> u32 {
        let next = u32::try_from(self.turns.len()).unwrap_or(u32::MAX);
        *self.numbers.entry((old, new)).or_insert_with(|| {
            let (old, new) = (self.sets.get(old), self.sets.get(new));
            self.turns.push(Turn {
                gained: new.zip(old, PortSet::difference),
                lost: old.zip(new, PortSet::difference),
                kept: old.zip(new, PortSet::intersection),
            });
            next
        })
    }
}
