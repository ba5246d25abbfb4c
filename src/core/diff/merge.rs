//! Joins changes that differ only in an external end whose ranges touch: the cuts are the comparison's, not the reader's.

use rustc_hash::FxHashMap;

use super::{DiffEnd, Pair};

/// Joins pairs that are sorted by source and destination; ranges that this makes are added to the ends.
pub(super) fn merge_ranges(pairs: Vec<Pair>, ends: &mut Vec<DiffEnd>) -> Vec<Pair> {
    let mut joiner = Joiner { given: ends.len(), ends };
    let mut merged: Vec<Pair> = Vec::new();
    // The last pair to each destination from an external source: its place in `merged`.
    let mut last_from_outside: FxHashMap<u32, usize> = FxHashMap::default();
    for pair in pairs {
        if let Some(last) = merged.last_mut().filter(|last| last.source == pair.source && last.turn == pair.turn)
            && let Some(joined) = joiner.join(last.destination, pair.destination)
        {
            last.destination = joined;
            continue;
        }
        if joiner.is_range(pair.source) {
            let last = last_from_outside.get(&pair.destination).and_then(|place| merged.get_mut(*place));
            if let Some(last) = last.filter(|last| last.turn == pair.turn)
                && let Some(joined) = joiner.join(last.source, pair.source)
            {
                last.source = joined;
                continue;
            }
            last_from_outside.insert(pair.destination, merged.len());
        }
        merged.push(pair);
    }
    merged
}

struct Joiner<'a> {
    ends: &'a mut Vec<DiffEnd>,
    /// How many ends there were. Those behind them are one pair's alone, and grow in place.
    given: usize,
}

impl Joiner<'_> {
    fn is_range(&self, end: u32) -> bool {
        matches!(self.ends.get(end as usize), Some(DiffEnd::Range(_)))
    }

    fn join(&mut self, end: u32, next: u32) -> Option<u32> {
        let joined = self.ends.get(end as usize)?.join(self.ends.get(next as usize)?)?;
        if (end as usize) < self.given {
            self.ends.push(joined);
            return u32::try_from(self.ends.len() - 1).ok();
        }
        *self.ends.get_mut(end as usize)? = joined;
        Some(end)
    }
}
