//! Which policies the kernel refuses, when it refuses a ruleset.

use std::collections::BTreeSet;

/// Finds the policies without whose rules the kernel takes the rest, and leaves it with that: `commit` gives it the rules with the chains
/// of some policies closed. `None` if it takes nothing even with all of them closed.
///
/// What is closed denies, so that each step on the way is safe.
pub fn find(policies: &[String], mut commit: impl FnMut(&BTreeSet<String>) -> bool) -> Option<BTreeSet<String>> {
    let mut closed: BTreeSet<String> = policies.iter().cloned().collect();
    if !commit(&closed) {
        return None;
    }
    release(policies, &mut closed, &mut commit);
    Some(closed)
}

/// Opens those of the policies that the kernel takes, by halves.
fn release(policies: &[String], closed: &mut BTreeSet<String>, commit: &mut impl FnMut(&BTreeSet<String>) -> bool) {
    let rest = closed.iter().filter(|policy| !policies.contains(policy)).cloned().collect();
    if commit(&rest) {
        *closed = rest;
    } else if let (first, second @ [_, ..]) = policies.split_at(policies.len() / 2)
        && !first.is_empty()
    {
        release(first, closed, commit);
        release(second, closed, commit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find_among(number: usize, bad: &[usize]) -> (Option<BTreeSet<String>>, usize) {
        let policies: Vec<String> = (0..number).map(|policy| policy.to_string()).collect();
        let mut commits = 0;
        let found = find(&policies, |closed| {
            commits += 1;
            bad.iter().all(|policy| closed.contains(&policy.to_string()))
        });
        (found, commits)
    }

    #[test]
    fn the_offenders_are_found_and_nobody_else() {
        for bad in [&[][..], &[0], &[99], &[3, 4], &[0, 50, 98]] {
            let (found, commits) = find_among(100, bad);
            assert_eq!(found, Some(bad.iter().map(ToString::to_string).collect()));
            assert!(commits <= 2 + 16 * bad.len(), "{commits} for {bad:?}");
        }
        assert_eq!(find_among(1, &[0]).0, Some(BTreeSet::from(["0".to_owned()])));
    }

    #[test]
    fn what_is_no_policys_fault_is_nobodys() {
        assert_eq!(find_among(4, &[7]).0, None);
        assert_eq!(find_among(0, &[7]).0, None);
    }
}
