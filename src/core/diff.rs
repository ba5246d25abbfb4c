//! The exact difference of two clusters: connections gained and lost, per pair of ends.
//!
//! Both answers are made over the same ends: a workload whose pods policies tell apart in either cluster is compared pod by pod,
//! and external addresses are cut at the boundaries of both.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::connections::{ConnectionSet, PortSet};
use crate::engine::Engine;
use crate::reach::{AddressRange, Connectivity, ReachQuery, Unit, split_workloads};

/// What differs between two clusters.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Difference {
    /// Ends that only the new cluster has.
    pub added: Vec<DiffEnd>,
    /// Ends that only the old cluster has.
    pub removed: Vec<DiffEnd>,
    /// Pairs whose connections differ, sorted by source and destination.
    pub changes: Vec<Change>,
}

/// An end that is compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiffEnd {
    /// A workload or a pod, by namespace, name and kind.
    Endpoint {
        /// The namespace.
        namespace: String,
        /// The name.
        name: String,
        /// The kind.
        kind: String,
    },
    /// Addresses.
    Range(AddressRange),
}

impl DiffEnd {
    fn of(unit: &Unit) -> DiffEnd {
        match unit.range() {
            Some(range) => DiffEnd::Range(range),
            None => DiffEnd::Endpoint {
                namespace: unit.namespace.clone(),
                name: unit.name.clone(),
                kind: unit.kind_name.clone(),
            },
        }
    }

    fn join(&self, next: &DiffEnd) -> Option<DiffEnd> {
        match (self, next) {
            (DiffEnd::Range(range), DiffEnd::Range(next)) => range.join(next).map(DiffEnd::Range),
            _ => None,
        }
    }
}

impl fmt::Display for DiffEnd {
    /// The id in output.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DiffEnd::Endpoint { namespace, name, kind } => write!(f, "{namespace}/{name}[{kind}]"),
            DiffEnd::Range(range) => range.fmt(f),
        }
    }
}

/// A pair of ends whose connections differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The source.
    pub source: DiffEnd,
    /// The destination.
    pub destination: DiffEnd,
    /// What may pass in the new cluster only.
    pub gained: ConnectionSet,
    /// What may pass in the old cluster only.
    pub lost: ConnectionSet,
    /// What may pass in both.
    pub kept: ConnectionSet,
}

impl Difference {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changes.is_empty()
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
    let mut pairs: BTreeMap<(usize, usize), (ConnectionSet, ConnectionSet)> = BTreeMap::new();
    old.for_each(|source, destination, _, set| {
        pairs.entry(Ends::pair(&ends.old, source, destination)).or_default().0 = set.clone();
    });
    new.for_each(|source, destination, _, set| {
        pairs.entry(Ends::pair(&ends.new, source, destination)).or_default().1 = set.clone();
    });
    let change = |((source, destination), (old, new)): ((usize, usize), (ConnectionSet, ConnectionSet))| {
        Some(Change {
            source: ends.all.get(source)?.clone(),
            destination: ends.all.get(destination)?.clone(),
            gained: new.zip(&old, PortSet::difference),
            lost: old.zip(&new, PortSet::difference),
            kept: old.zip(&new, PortSet::intersection),
        })
    };
    let changed = pairs.into_iter().filter(|(_, (old, new))| old != new).filter_map(change).collect();
    let missing_from = |numbers: &[usize]| {
        let there: BTreeSet<usize> = numbers.iter().copied().collect();
        ends.all.iter().enumerate().filter(|(number, _)| !there.contains(number)).map(|(_, end)| end.clone()).collect()
    };
    Difference { added: missing_from(&ends.old), removed: missing_from(&ends.new), changes: merge_ranges(changed) }
}

/// The ends of both answers, numbered in one order.
struct Ends {
    all: Vec<DiffEnd>,
    /// Per unit of the old answer, its number.
    old: Vec<usize>,
    /// Per unit of the new answer, its number.
    new: Vec<usize>,
}

impl Ends {
    fn new(old: &Connectivity<'_>, new: &Connectivity<'_>) -> Ends {
        let all: BTreeSet<DiffEnd> = old.units().iter().chain(new.units()).map(DiffEnd::of).collect();
        let all: Vec<DiffEnd> = all.into_iter().collect();
        let number = |unit: &Unit| all.binary_search(&DiffEnd::of(unit)).unwrap_or_else(|place| place);
        let (old, new) = (old.units().iter().map(number).collect(), new.units().iter().map(number).collect());
        Ends { old, new, all }
    }

    fn pair(numbers: &[usize], source: usize, destination: usize) -> (usize, usize) {
        let number = |unit: usize| numbers.get(unit).copied().unwrap_or(usize::MAX);
        (number(source), number(destination))
    }
}

/// Joins changes that differ only in an external end whose ranges touch: the cuts are the comparison's, not the reader's.
fn merge_ranges(changes: Vec<Change>) -> Vec<Change> {
    let is_alike = |a: &Change, b: &Change| a.gained == b.gained && a.lost == b.lost && a.kept == b.kept;
    let mut merged: Vec<Change> = Vec::with_capacity(changes.len());
    // The last change to each destination from an external source: its place in `merged`.
    let mut last_from_outside: BTreeMap<DiffEnd, usize> = BTreeMap::new();
    for change in changes {
        let last = merged.last_mut().filter(|last| last.source == change.source && is_alike(last, &change));
        if let Some(last) = last
            && let Some(joined) = last.destination.join(&change.destination)
        {
            last.destination = joined;
            continue;
        }
        if let DiffEnd::Range(_) = change.source {
            let last = last_from_outside.get(&change.destination).and_then(|place| merged.get_mut(*place));
            if let Some(last) = last.filter(|last| is_alike(last, &change))
                && let Some(joined) = last.source.join(&change.source)
            {
                last.source = joined;
                continue;
            }
            last_from_outside.insert(change.destination.clone(), merged.len());
        }
        merged.push(change);
    }
    merged
}
