//! Sets of small numbers as bits, and an interner that gives equal sets equal ids.
//!
//! A set stores only the words between its first and its last member: classes are numbered by namespace, so a set of one
//! namespace's classes is a word or two, however large the cluster is.

use rustc_hash::FxHashMap;

/// An immutable set of numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct BitSet {
    /// The number of the first stored word.
    first_word: usize,
    words: Box<[u64]>,
}

impl BitSet {
    pub fn contains(&self, member: u32) -> bool {
        let word = (member as usize / 64).wrapping_sub(self.first_word);
        self.words.get(word).is_some_and(|word| word >> (member % 64) & 1 == 1)
    }

    /// The members, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        (self.first_word..).zip(&self.words).flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros();
                rest &= rest.checked_sub(1)?;
                u32::try_from(index * 64).ok().map(|base| base + bit)
            })
        })
    }
}

impl FromIterator<u32> for BitSet {
    /// Members may come in any order; ascending is cheapest.
    fn from_iter<I: IntoIterator<Item = u32>>(members: I) -> BitSet {
        let mut words: Vec<u64> = Vec::new();
        let mut first_word = 0;
        for member in members {
            let word = member as usize / 64;
            if words.is_empty() {
                first_word = word;
            } else if word < first_word {
                words.splice(0..0, std::iter::repeat_n(0, first_word - word));
                first_word = word;
            }
            let index = word - first_word;
            if words.len() <= index {
                words.resize(index + 1, 0);
            }
            if let Some(word) = words.get_mut(index) {
                *word |= 1 << (member % 64);
            }
        }
        BitSet { first_word, words: words.into() }
    }
}

/// The id of an interned set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SetId(u32);

/// Sets, each once.
#[derive(Debug, Default)]
pub(crate) struct BitSets {
    sets: Vec<BitSet>,
    ids: FxHashMap<BitSet, SetId>,
}

impl BitSets {
    pub fn intern(&mut self, set: BitSet) -> SetId {
        let next = SetId(u32::try_from(self.sets.len()).unwrap_or(u32::MAX));
        *self.ids.entry(set).or_insert_with_key(|set| {
            self.sets.push(set.clone());
            next
        })
    }

    pub fn contains(&self, id: SetId, member: u32) -> bool {
        self.sets.get(id.0 as usize).is_some_and(|set| set.contains(member))
    }

    pub fn iter(&self, id: SetId) -> impl Iterator<Item = u32> {
        self.sets.get(id.0 as usize).into_iter().flat_map(BitSet::iter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_the_members_that_it_was_made_of() {
        for members in [vec![], vec![0], vec![63, 64, 65], vec![1000, 1001, 5000], vec![700, 3, 64, 699]] {
            let set: BitSet = members.iter().copied().collect();
            let mut sorted = members.clone();
            sorted.sort_unstable();
            assert_eq!(set.iter().collect::<Vec<_>>(), sorted);
            assert!(members.iter().all(|member| set.contains(*member)));
            assert!(![2, 62, 66, 999, 5001, 70_000].iter().any(|other| set.contains(*other)));
        }
    }

    #[test]
    fn equal_sets_have_equal_ids() {
        let mut sets = BitSets::default();
        let first = sets.intern([5, 900].into_iter().collect());
        assert_eq!(sets.intern([900, 5].into_iter().collect()), first);
        assert_ne!(sets.intern([5].into_iter().collect()), first);
        assert!(sets.contains(first, 900) && !sets.contains(first, 6));
    }
}
