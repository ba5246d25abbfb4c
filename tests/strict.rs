//! A kernel in memory, as strict about changes of a ruleset as the real one: it makes all changes of a batch or none, and refuses with
//! the error number that Linux gives.
//!
//! Knows what our batches can hold and no more. `tests/kernel/strict.rs` compares it with the kernel.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use netpol_nft::{Batch, Change, Element, Match, ObjectKind, Rule, Ruleset, Set, SetKind, Statement};

/// `ENOENT`: something that is named is not there.
pub const ABSENT: i32 = 2;
/// `EBUSY`: what is to go is still used.
pub const BUSY: i32 = 16;
/// `EEXIST`: something else is there already.
pub const EXISTS: i32 = 17;
/// `EINVAL`: there cannot be such a thing.
pub const INVALID: i32 = 22;
/// `ERANGE`: a name or a comment is too long.
pub const TOO_LONG: i32 = 34;
/// `EMLINK`: a packet could go round for ever.
pub const LOOP: i32 = 31;

/// Bytes that a name may have: `NFT_NAME_MAXLEN` with the zero at its end.
const LONGEST_NAME: usize = 255;
/// Bytes that a comment may have: `NFT_USERDATA_MAXLEN` without its type, its length and the zero at its end.
const LONGEST_COMMENT: usize = 253;
/// Bytes that an attribute of netlink may have, and here a message, which is no longer than a few hundred bytes beside its largest one.
const LONGEST_MESSAGE: usize = 65_535;

/// Why a batch is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The change, as `nft` writes it; `None` if it takes all of them together.
    pub change: Option<String>,
    /// The error number.
    pub errno: i32,
}

/// A kernel with our table.
#[derive(Debug, Clone)]
pub struct Strict {
    /// What it has.
    pub ruleset: Ruleset,
}

impl Strict {
    /// Makes all changes or none.
    ///
    /// # Errors
    ///
    /// The first change that cannot be made.
    pub fn apply(&mut self, batch: &Batch) -> Result<(), Refused> {
        for message in messages(&batch.to_netlink()) {
            assert!(message <= LONGEST_MESSAGE, "a message of {message} bytes has an attribute that is too long");
        }
        let mut next = self.clone();
        for change in batch.changes() {
            next.change(change).map_err(|errno| Refused { change: Some(change.to_string()), errno })?;
        }
        if next.has_loop() {
            return Err(Refused { change: None, errno: LOOP });
        }
        *self = next;
        Ok(())
    }

    fn change(&mut self, change: &Change) -> Result<(), i32> {
        let ruleset = &mut self.ruleset;
        match change {
            Change::AddSet(name, set) => {
                is_name(name)?;
                let empty = Set { kind: set.kind, elements: BTreeSet::new() };
                let known = ruleset.sets.entry(name.clone()).or_insert(empty);
                if known.kind != set.kind {
                    return Err(EXISTS);
                }
                set.elements.iter().try_for_each(|element| add(known, *element))
            }
            Change::AddCounter(name, what) => {
                is_name(name)?;
                is_comment(what)?;
                ruleset.counters.entry(name.clone()).or_insert_with(|| what.clone());
                Ok(())
            }
            Change::AddChain(name) => {
                is_name(name)?;
                ruleset.chains.entry(name.clone()).or_default();
                Ok(())
            }
            Change::DeleteEntries(map, addresses) => {
                let map = ruleset.maps.get_mut(map).ok_or(ABSENT)?;
                addresses.iter().try_for_each(|address| map.elements.remove(address).map(drop).ok_or(ABSENT))
            }
            Change::AddEntries(map, entries) => {
                let chains: BTreeSet<&String> = ruleset.chains.keys().collect();
                let map = ruleset.maps.get_mut(map).ok_or(ABSENT)?;
                for (address, chain) in entries {
                    if !chains.contains(chain) {
                        return Err(ABSENT);
                    }
                    if map.elements.get(address).is_some_and(|known| known != chain) {
                        return Err(EXISTS);
                    }
                    map.elements.insert(*address, chain.clone());
                }
                Ok(())
            }
            Change::FlushChain(chain) => {
                ruleset.chains.get_mut(chain).ok_or(ABSENT)?.rules.clear();
                Ok(())
            }
            Change::AddRule(chain, rule) => {
                is_comment(rule.comment.as_deref().unwrap_or_default())?;
                let is_complete = uses(rule).all(|used| self.has(used));
                let chain = self.ruleset.chains.get_mut(chain).ok_or(ABSENT)?;
                if !is_complete {
                    return Err(ABSENT);
                }
                chain.rules.push(rule.clone());
                Ok(())
            }
            Change::DeleteElements(set, elements) => {
                let set = ruleset.sets.get_mut(set).ok_or(ABSENT)?;
                elements.iter().try_for_each(|element| set.elements.remove(element).then_some(()).ok_or(ABSENT))
            }
            Change::AddElements(set, elements) => {
                let set = ruleset.sets.get_mut(set).ok_or(ABSENT)?;
                elements.iter().try_for_each(|element| add(set, *element))
            }
            Change::Delete(kind, name) => {
                let used = match kind {
                    ObjectKind::Chain => Used::Chain(name),
                    ObjectKind::Set => Used::Set(name),
                    ObjectKind::Counter => Used::Counter(name),
                };
                if !self.has(used) {
                    return Err(ABSENT);
                }
                if self.is_used(used) {
                    return Err(BUSY);
                }
                match kind {
                    ObjectKind::Chain => drop(self.ruleset.chains.remove(name)),
                    ObjectKind::Set => drop(self.ruleset.sets.remove(name)),
                    ObjectKind::Counter => drop(self.ruleset.counters.remove(name)),
                }
                Ok(())
            }
        }
    }

    fn has(&self, used: Used<'_>) -> bool {
        match used {
            Used::Set(name) => self.ruleset.sets.contains_key(name),
            Used::Map(name) => self.ruleset.maps.contains_key(name),
            Used::Chain(name) => self.ruleset.chains.contains_key(name),
            Used::Counter(name) => self.ruleset.counters.contains_key(name),
        }
    }

    fn is_used(&self, wanted: Used<'_>) -> bool {
        let chains = self.ruleset.chains.iter().filter(|(name, _)| wanted != Used::Chain(name.as_str()));
        let mut rules = chains.flat_map(|(_, chain)| &chain.rules);
        let mut targets = self.ruleset.maps.values().flat_map(|map| map.elements.values());
        rules.any(|rule| uses(rule).any(|used| used == wanted)) || targets.any(|chain| Used::Chain(chain) == wanted)
    }

    /// Whether a chain leads to itself.
    fn has_loop(&self) -> bool {
        let mut left: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, chain) in &self.ruleset.chains {
            let mut next = BTreeSet::new();
            for used in chain.rules.iter().flat_map(uses) {
                match used {
                    Used::Chain(chain) => drop(next.insert(chain)),
                    Used::Map(map) => next.extend(self.ruleset.maps[map].elements.values().map(String::as_str)),
                    Used::Set(_) | Used::Counter(_) => {}
                }
            }
            left.insert(name, next);
        }
        // Chains that lead nowhere go, again and again.
        loop {
            let before = left.len();
            let ends: BTreeSet<&str> = left.iter().filter(|(_, next)| next.is_empty()).map(|(name, _)| *name).collect();
            left.retain(|name, _| !ends.contains(name));
            left.values_mut().for_each(|next| next.retain(|chain| !ends.contains(chain)));
            if left.len() == before {
                return before > 0;
            }
        }
    }
}

/// What a rule uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Used<'a> {
    Set(&'a str),
    Map(&'a str),
    Chain(&'a str),
    Counter(&'a str),
}

fn uses(rule: &Rule) -> impl Iterator<Item = Used<'_>> {
    let sets = rule.matches.iter().filter_map(|wanted| match wanted {
        Match::Address(_, _, set) | Match::Pair(_, set) | Match::Service(_, set) | Match::Ports(_, set) => {
            Some(Used::Set(set))
        }
        _ => None,
    });
    let others = rule.statements.iter().filter_map(|statement| match statement {
        Statement::Counter(counter) => Some(Used::Counter(counter)),
        Statement::Goto(chain) => Some(Used::Chain(chain)),
        Statement::GotoBy(_, _, map) => Some(Used::Map(map)),
        _ => None,
    });
    sets.chain(others)
}

fn is_name(name: &str) -> Result<(), i32> {
    if name.len() > LONGEST_NAME { Err(TOO_LONG) } else { Ok(()) }
}

fn is_comment(comment: &str) -> Result<(), i32> {
    if comment.len() > LONGEST_COMMENT { Err(TOO_LONG) } else { Ok(()) }
}

/// Adds an element. One that is there already is no mistake, an interval that meets another one is.
fn add(set: &mut Set, element: Element) -> Result<(), i32> {
    if !is_of_kind(set.kind, element) {
        return Err(INVALID);
    }
    if let Some((first, last)) = bounds(element)
        && !set.elements.contains(&element)
        && set.elements.iter().filter_map(|known| bounds(*known)).any(|known| known.0 <= last && first <= known.1)
    {
        return Err(EXISTS);
    }
    set.elements.insert(element);
    Ok(())
}

fn is_of_kind(kind: SetKind, element: Element) -> bool {
    matches!(
        (kind, element),
        (SetKind::Addresses(_), Element::Address(_))
            | (SetKind::Ranges(_), Element::Range(_))
            | (SetKind::Pairs(_), Element::Pair(..))
            | (SetKind::Services(_), Element::Service(..))
            | (SetKind::Ports, Element::Ports(..))
    )
}

/// The first and the last key of an interval.
fn bounds(element: Element) -> Option<(u128, u128)> {
    let number = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    };
    match element {
        Element::Range(range) => Some((number(range.first), number(range.last))),
        Element::Ports(first, last) => Some((first.get().into(), last.get().into())),
        _ => None,
    }
}

/// The lengths of the netlink messages in a datagram.
fn messages(mut bytes: &[u8]) -> Vec<usize> {
    let mut lengths = Vec::new();
    while let Some(length) = bytes.first_chunk::<4>().map(|length| u32::from_ne_bytes(*length) as usize) {
        lengths.push(length);
        bytes = &bytes[length.next_multiple_of(4).min(bytes.len())..];
    }
    lengths
}
