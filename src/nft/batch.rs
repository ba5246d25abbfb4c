//! What makes one ruleset of another, as a batch of changes that the kernel takes in one transaction.
//!
//! The order is that in which nothing is used that is not there, and nothing taken away that is used: new sets, counters and chains;
//! map elements that go; rules; set elements; map elements that come; what is left over.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::net::IpAddr;

use crate::ruleset::{Element, Rule, Ruleset, Set, TABLE};

/// Changes to a ruleset, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch(Vec<Change>);

/// A change to an object of our table, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A set comes, with its elements.
    AddSet(String, Set),
    /// A counter comes, and what it counts.
    AddCounter(String, String),
    /// An empty chain without a hook comes.
    AddChain(String),
    /// Addresses leave a map.
    DeleteEntries(String, Vec<IpAddr>),
    /// All rules leave a chain.
    FlushChain(String),
    /// A rule comes, as the last of a chain.
    AddRule(String, Rule),
    /// Elements leave a set.
    DeleteElements(String, Vec<Element>),
    /// Elements come to a set.
    AddElements(String, Vec<Element>),
    /// Addresses come to a map, with their chains.
    AddEntries(String, Vec<(IpAddr, String)>),
    /// An object goes that nothing uses.
    Delete(ObjectKind, String),
}

/// What kind of object goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// A chain without rules.
    Chain,
    /// A set.
    Set,
    /// A counter.
    Counter,
}

impl Batch {
    /// What makes `to` of `from`; `None` where an object changes what it is, which takes a replacement in whole.
    pub fn between(from: &Ruleset, to: &Ruleset) -> Option<Batch> {
        let has_same_frame = from.maps.keys().eq(to.maps.keys())
            && hooks(from).eq(hooks(to))
            && common(&from.sets, &to.sets).all(|(_, old, new)| old.kind == new.kind)
            && common(&from.counters, &to.counters).all(|(_, old, new)| old == new);
        if !has_same_frame {
            return None;
        }
        let mut batch = Batch::default();
        batch.add_objects(from, to);
        batch.delete_entries(from, to);
        batch.change_rules(from, to);
        batch.change_elements(from, to);
        batch.add_entries(from, to);
        batch.delete(ObjectKind::Chain, &from.chains, &to.chains);
        batch.delete(ObjectKind::Set, &from.sets, &to.sets);
        batch.delete(ObjectKind::Counter, &from.counters, &to.counters);
        Some(batch)
    }

    /// The changes, in order.
    pub fn changes(&self) -> &[Change] {
        &self.0
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add_objects(&mut self, from: &Ruleset, to: &Ruleset) {
        let sets = only_in(&to.sets, &from.sets).map(|(name, set)| Change::AddSet(name.clone(), set.clone()));
        let counters =
            only_in(&to.counters, &from.counters).map(|(name, what)| Change::AddCounter(name.clone(), what.clone()));
        let chains = only_in(&to.chains, &from.chains).map(|(name, _)| Change::AddChain(name.clone()));
        self.0.extend(sets.chain(counters).chain(chains));
    }

    fn delete_entries(&mut self, from: &Ruleset, to: &Ruleset) {
        for (name, old, new) in common(&from.maps, &to.maps) {
            let gone = old.elements.iter().filter(|(address, chain)| new.elements.get(*address) != Some(chain));
            let gone: Vec<IpAddr> = gone.map(|(address, _)| *address).collect();
            self.0.extend((!gone.is_empty()).then(|| Change::DeleteEntries(name.clone(), gone)));
        }
    }

    fn add_entries(&mut self, from: &Ruleset, to: &Ruleset) {
        for (name, old, new) in common(&from.maps, &to.maps) {
            let come = new.elements.iter().filter(|(address, chain)| old.elements.get(*address) != Some(chain));
            let come: Vec<(IpAddr, String)> = come.map(|(address, chain)| (*address, chain.clone())).collect();
            self.0.extend((!come.is_empty()).then(|| Change::AddEntries(name.clone(), come)));
        }
    }

    fn change_rules(&mut self, from: &Ruleset, to: &Ruleset) {
        // Rules that go may be what keeps another chain from going.
        let gone = only_in(&from.chains, &to.chains).map(|(name, _)| Change::FlushChain(name.clone()));
        self.0.extend(gone);
        for (name, chain) in &to.chains {
            let old = from.chains.get(name);
            if old == Some(chain) {
                continue;
            }
            self.0.extend(old.map(|_| Change::FlushChain(name.clone())));
            self.0.extend(chain.rules.iter().map(|rule| Change::AddRule(name.clone(), rule.clone())));
        }
    }

    fn change_elements(&mut self, from: &Ruleset, to: &Ruleset) {
        for (name, old, new) in common(&from.sets, &to.sets) {
            let gone: Vec<Element> = old.elements.difference(&new.elements).copied().collect();
            let come: Vec<Element> = new.elements.difference(&old.elements).copied().collect();
            self.0.extend((!gone.is_empty()).then(|| Change::DeleteElements(name.clone(), gone)));
            self.0.extend((!come.is_empty()).then(|| Change::AddElements(name.clone(), come)));
        }
    }

    fn delete<T>(&mut self, kind: ObjectKind, from: &BTreeMap<String, T>, to: &BTreeMap<String, T>) {
        self.0.extend(only_in(from, to).map(|(name, _)| Change::Delete(kind, name.clone())));
    }
}

impl FromIterator<Change> for Batch {
    fn from_iter<I: IntoIterator<Item = Change>>(changes: I) -> Batch {
        Batch(changes.into_iter().collect())
    }
}

/// The chains where packets come in, with their hooks.
fn hooks(ruleset: &Ruleset) -> impl Iterator<Item = (&String, crate::Hook)> {
    ruleset.chains.iter().filter_map(|(name, chain)| Some((name, chain.hook?)))
}

fn common<'a, T>(
    from: &'a BTreeMap<String, T>,
    to: &'a BTreeMap<String, T>,
) -> impl Iterator<Item = (&'a String, &'a T, &'a T)> {
    from.iter().filter_map(|(name, old)| Some((name, old, to.get(name)?)))
}

/// What one has and the other lacks.
fn only_in<'a, T>(
    one: &'a BTreeMap<String, T>,
    other: &'a BTreeMap<String, T>,
) -> impl Iterator<Item = (&'a String, &'a T)> {
    one.iter().filter(|(name, _)| !other.contains_key(*name))
}

impl Display for Batch {
    /// The commands of `nft -f -`, a line each.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|change| write!(f, "{change}"))
    }
}

impl Display for Change {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let elements = |f: &mut Formatter<'_>, verb: &str, name: &str, elements: Vec<String>| {
            writeln!(f, "{verb} element inet {TABLE} {name} {{ {} }}", elements.join(", "))
        };
        let texts = |elements: &[Element]| elements.iter().map(ToString::to_string).collect();
        match self {
            Change::AddSet(name, set) => write!(f, "add set inet {TABLE} {name} {set}"),
            Change::AddCounter(name, what) => {
                writeln!(f, "add counter inet {TABLE} {name} {{ comment {}; }}", crate::text::Quoted(what))
            }
            Change::AddChain(name) => writeln!(f, "add chain inet {TABLE} {name}"),
            Change::DeleteEntries(name, addresses) => {
                elements(f, "delete", name, addresses.iter().map(ToString::to_string).collect())
            }
            Change::FlushChain(name) => writeln!(f, "flush chain inet {TABLE} {name}"),
            Change::AddRule(chain, rule) => writeln!(f, "add rule inet {TABLE} {chain} {rule}"),
            Change::DeleteElements(name, some) => elements(f, "delete", name, texts(some)),
            Change::AddElements(name, some) => elements(f, "add", name, texts(some)),
            Change::AddEntries(name, some) => {
                let entries = some.iter().map(|(address, chain)| format!("{address} : goto {chain}"));
                elements(f, "add", name, entries.collect())
            }
            Change::Delete(kind, name) => {
                let kind = match kind {
                    ObjectKind::Chain => "chain",
                    ObjectKind::Set => "set",
                    ObjectKind::Counter => "counter",
                };
                writeln!(f, "delete {kind} inet {TABLE} {name}")
            }
        }
    }
}
