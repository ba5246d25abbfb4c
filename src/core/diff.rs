//! The exact difference of two clusters: connections gained and lost, per pair of ends.
//!
//! Both answers are made over the same ends: a workload whose pods policies tell apart in either cluster is compared pod by pod,
//! and external addresses are cut at the boundaries of both.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::connections::{ConnectionSet, PortSet};
use crate::engine::Engine;
use crate::reach::{Connectivity, ReachQuery, Unit, UnitKind, split_workloads};

/// What differs between two clusters.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Difference {
    /// Ends that only the new cluster has, by id.
    pub added: Vec<String>,
    /// Ends that only the old cluster has, by id.
    pub removed: Vec<String>,
    /// Pairs whose connections differ, sorted by source and destination.
    pub changes: Vec<Change>,
}

/// A pair of ends whose connections differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The id of the source.
    pub source: String,
    /// The id of the destination.
    pub destination: String,
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
    let mut query = query.clone();
    for engine in [old, new] {
        let answer = engine.reach(&query);
        query.split.extend(split_workloads(answer.units()));
        query.cuts.extend(answer.units().iter().filter_map(first_address));
    }
    let (old, new) = (old.reach(&query), new.reach(&query));
    let ids = Ids::new(&old, &new);
    let mut pairs: BTreeMap<(usize, usize), (ConnectionSet, ConnectionSet)> = BTreeMap::new();
    new.for_each(|source, destination, _, set| {
        if let (Some(source), Some(destination)) = (ids.of_new(source), ids.of_new(destination)) {
            pairs.insert((source, destination), (ConnectionSet::default(), set.clone()));
        }
    });
    old.for_each(|source, destination, _, set| {
        if let (Some(source), Some(destination)) = (ids.of_old(source), ids.of_old(destination)) {
            pairs.entry((source, destination)).or_default().0 = set.clone();
        }
    });
    let change = |((source, destination), (old, new)): ((usize, usize), (ConnectionSet, ConnectionSet))| {
        (old != new).then(|| Change {
            source: ids.name(source),
            destination: ids.name(destination),
            gained: new.zip(&old, PortSet::difference),
            lost: old.zip(&new, PortSet::difference),
            kept: old.zip(&new, PortSet::intersection),
        })
    };
    let changes = merge_ranges(pairs.into_iter().filter_map(change).collect());
    Difference { added: ids.missing_from(&old), removed: ids.missing_from(&new), changes }
}

/// The ids of both answers' ends, numbered in one order.
struct Ids {
    names: Vec<String>,
    old: Vec<usize>,
    new: Vec<usize>,
}

impl Ids {
    fn new(old: &Connectivity<'_>, new: &Connectivity<'_>) -> Ids {
        let key = |unit: &Unit| {
            let address = first_address(unit);
            (
                address.is_some(),
                unit.namespace.clone(),
                unit.name.clone(),
                unit.kind_name.clone(),
                address,
                unit.id.clone(),
            )
        };
        let keys: BTreeSet<_> = old.units().iter().chain(new.units()).map(key).collect();
        let numbers: BTreeMap<_, usize> = keys.iter().enumerate().map(|(number, key)| (key, number)).collect();
        let number_all = |units: &[Unit]| units.iter().filter_map(|unit| numbers.get(&key(unit)).copied()).collect();
        Ids {
            old: number_all(old.units()),
            new: number_all(new.units()),
            names: keys.iter().map(|(.., id)| id.clone()).collect(),
        }
    }

    fn of_old(&self, unit: usize) -> Option<usize> {
        self.old.get(unit).copied()
    }

    fn of_new(&self, unit: usize) -> Option<usize> {
        self.new.get(unit).copied()
    }

    fn name(&self, number: usize) -> String {
        self.names.get(number).cloned().unwrap_or_default()
    }

    fn missing_from(&self, answer: &Connectivity<'_>) -> Vec<String> {
        let there: BTreeSet<&str> = answer.units().iter().map(|unit| unit.id.as_str()).collect();
        self.names.iter().filter(|name| !there.contains(name.as_str())).cloned().collect()
    }
}

fn first_address(unit: &Unit) -> Option<IpAddr> {
    match unit.kind {
        UnitKind::Range(first, _) => Some(first),
        UnitKind::Endpoints { .. } => None,
    }
}

/// Joins changes that differ only in an external end whose ranges touch: the cuts are the comparison's, not the reader's.
fn merge_ranges(changes: Vec<Change>) -> Vec<Change> {
    let mut merged: Vec<Change> = Vec::with_capacity(changes.len());
    for change in changes {
        let is_alike =
            |last: &Change| last.gained == change.gained && last.lost == change.lost && last.kept == change.kept;
        // Destinations that touch follow each other; sources that touch are as far apart as there are destinations.
        if let Some(last) = merged.last_mut().filter(|last| is_alike(last) && last.source == change.source)
            && let Some(joined) = join(&last.destination, &change.destination)
        {
            last.destination = joined;
            continue;
        }
        let same_destination = merged.iter_mut().rev().find(|last| last.destination == change.destination);
        if let Some(last) = same_destination.filter(|last| is_alike(last))
            && let Some(joined) = join(&last.source, &change.source)
        {
            last.source = joined;
            continue;
        }
        merged.push(change);
    }
    merged
}

/// `a-b` and `c-d` as `a-d`, when `c` follows `b`.
fn join(first: &str, second: &str) -> Option<String> {
    let range = |text: &str| {
        let (first, last) = text.split_once('-')?;
        Some((first.parse::<IpAddr>().ok()?, last.parse::<IpAddr>().ok()?))
    };
    let ((start, end), (next, last)) = (range(first)?, range(second)?);
    let follows = match (end, next) {
        (IpAddr::V4(end), IpAddr::V4(next)) => end.to_bits().checked_add(1) == Some(next.to_bits()),
        (IpAddr::V6(end), IpAddr::V6(next)) => end.to_bits().checked_add(1) == Some(next.to_bits()),
        _ => false,
    };
    follows.then(|| format!("{start}-{last}"))
}
