//! Endpoints that came or went, each with a summary of its connections.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use netpol::Difference;
use netpol::connections::ConnectionSet;
use netpol::diff::{Change, DiffEnd, LoneEnd};

use crate::plain::plain;

/// More ends than this are counted and not named.
const MOST_NAMED: usize = 4;

/// The endpoints that only one of the clusters has.
pub(super) struct Lone<'a> {
    removed: Vec<Endpoint<'a>>,
    added: Vec<Endpoint<'a>>,
    ends: BTreeSet<&'a DiffEnd>,
}

impl<'a> Lone<'a> {
    pub fn of(difference: &'a Difference) -> Lone<'a> {
        let endpoints = |lone: &'a [LoneEnd]| -> BTreeMap<&'a DiffEnd, Endpoint<'a>> {
            lone.iter().map(|lone| (&lone.end, Endpoint::new(lone))).collect()
        };
        let (mut removed, mut added) = (endpoints(&difference.removed), endpoints(&difference.added));
        let ends = removed.keys().chain(added.keys()).copied().collect();
        for Change { source, destination, gained, lost, .. } in difference.changes() {
            for (endpoints, set) in [(&mut removed, lost), (&mut added, gained)] {
                if let Some(endpoint) = endpoints.get_mut(source) {
                    endpoint.reaches.add(set, destination);
                }
                if let Some(endpoint) = endpoints.get_mut(destination) {
                    endpoint.reached_by.add(set, source);
                }
            }
        }
        Lone { removed: removed.into_values().collect(), added: added.into_values().collect(), ends }
    }

    /// Each endpoint, and whether it was added: first those that were removed.
    pub fn endpoints(&self) -> impl Iterator<Item = (&Endpoint<'a>, bool)> {
        let removed = self.removed.iter().map(|endpoint| (endpoint, false));
        removed.chain(self.added.iter().map(|endpoint| (endpoint, true)))
    }

    /// Whether a change is part of what is said about one of the endpoints.
    pub fn tells(&self, change: &Change<'_>) -> bool {
        self.ends.contains(change.source) || self.ends.contains(change.destination)
    }
}

/// One of them.
pub(super) struct Endpoint<'a> {
    lone: &'a LoneEnd,
    reaches: Peers<'a>,
    reached_by: Peers<'a>,
}

impl<'a> Endpoint<'a> {
    fn new(lone: &'a LoneEnd) -> Endpoint<'a> {
        let peers = |possible| Peers { possible, groups: BTreeMap::new() };
        Endpoint { lone, reaches: peers(lone.destinations), reached_by: peers(lone.sources) }
    }

    pub fn id(&self) -> String {
        plain(&self.lone.end.to_string()).into_owned()
    }

    /// Whether what there is to say is short: everything or nothing.
    pub fn is_simple(&self) -> bool {
        self.reaches.is_simple() && self.reached_by.is_simple()
    }

    /// What it may reach and who may reach it, as far as that was asked.
    pub fn phrases(&self, is_added: bool, code: impl Fn(&str) -> String) -> Vec<String> {
        let verbs = if is_added { ["may reach", "may be reached by"] } else { ["could reach", "could be reached by"] };
        let sides = verbs.into_iter().zip([&self.reaches, &self.reached_by]);
        sides.flat_map(|(verb, peers)| peers.phrases(verb, &code)).collect()
    }
}

/// The ends that an endpoint has connections with, in one direction.
struct Peers<'a> {
    /// How many endpoints the question is about; none if nobody asked.
    possible: usize,
    groups: BTreeMap<&'a ConnectionSet, Vec<&'a DiffEnd>>,
}

impl<'a> Peers<'a> {
    fn add(&mut self, set: &'a ConnectionSet, peer: &'a DiffEnd) {
        self.groups.entry(set).or_default().push(peer);
    }

    fn is_simple(&self) -> bool {
        match self.groups.iter().next() {
            Some((_, ends)) => self.groups.len() == 1 && self.is_everything(ends),
            None => true,
        }
    }

    fn phrases(&self, verb: &str, code: &impl Fn(&str) -> String) -> Vec<String> {
        if self.groups.is_empty() {
            return if self.possible == 0 { Vec::new() } else { vec![format!("{verb} nothing")] };
        }
        // By the first end of each.
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_by_key(|(_, ends)| ends.first().copied());
        let over = |set: &ConnectionSet| if set.is_all() { String::new() } else { format!(" over {set}") };
        groups.iter().map(|(set, ends)| format!("{verb} {}{}", self.names(ends, code), over(set))).collect()
    }

    fn is_everything(&self, ends: &[&DiffEnd]) -> bool {
        endpoints(ends).count() == self.possible && is_every_address(ends)
    }

    fn names(&self, ends: &[&DiffEnd], code: &impl Fn(&str) -> String) -> String {
        if self.is_everything(ends) {
            return "everything".to_owned();
        }
        let count = endpoints(ends).count();
        let mut names: Vec<String> = if count <= MOST_NAMED {
            ends.iter().filter(|end| !is_range(end)).map(|end| code(&end.to_string())).collect()
        } else if count == self.possible {
            vec!["every endpoint".to_owned()]
        } else {
            let namespaces: BTreeSet<&str> = endpoints(ends).collect();
            let of = match namespaces.iter().next() {
                Some(one) if namespaces.len() == 1 => code(one),
                _ => format!("{} namespaces", namespaces.len()),
            };
            vec![format!("{count} endpoints of {of}")]
        };
        if is_every_address(ends) {
            names.push("every address outside".to_owned());
        } else {
            names.extend(ends.iter().filter(|end| is_range(end)).map(|end| code(&end.to_string())));
        }
        names.join(", ")
    }
}

/// The namespaces of those that are no ranges.
fn endpoints<'a>(ends: &[&'a DiffEnd]) -> impl Iterator<Item = &'a str> {
    ends.iter().filter_map(|end| match end {
        DiffEnd::Endpoint { namespace, .. } => Some(namespace.as_str()),
        DiffEnd::Range(_) => None,
    })
}

fn is_range(end: &DiffEnd) -> bool {
    matches!(end, DiffEnd::Range(_))
}

/// Whether every address of both families is among them.
fn is_every_address(ends: &[&DiffEnd]) -> bool {
    let is_whole = |end: &&&DiffEnd| {
        let DiffEnd::Range(range) = end else { return false };
        match (range.first, range.last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => first.to_bits() == 0 && last.to_bits() == u32::MAX,
            (IpAddr::V6(first), IpAddr::V6(last)) => first.to_bits() == 0 && last.to_bits() == u128::MAX,
            _ => false,
        }
    };
    ends.iter().filter(is_whole).count() == 2
}
