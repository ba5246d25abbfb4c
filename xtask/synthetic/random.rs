//! Random choices that are the same on every machine and in every run (Steele, Lea and Flood's SplitMix64).

/// A source of choices.
pub struct Random {
    state: u64,
}

impl Random {
    /// The source of that seed.
    pub fn new(seed: u64) -> Random {
        Random { state: seed }
    }

    /// A number below a bound; 0 when there is none below it.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The bias is far below what a synthetic cluster could show.
        self.next().checked_rem(bound).unwrap_or(0)
    }

    /// One of the words.
    pub fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        let index = self.below(words.len() as u64);
        usize::try_from(index).ok().and_then(|index| words.get(index)).copied().unwrap_or_default()
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_reach_every_word() {
        let (words, mut random) = (["a", "b", "c"], Random::new(1));
        let chosen: std::collections::BTreeSet<&str> = (0..100).map(|_| random.one_of(&words)).collect();
        assert_eq!(chosen.len(), words.len());
    }

    #[test]
    fn nothing_is_below_zero() {
        assert_eq!(Random::new(1).below(0), 0);
        assert_eq!(Random::new(1).one_of(&[]), "");
    }
}
