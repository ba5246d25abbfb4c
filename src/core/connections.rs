//! Connection sets: which ports of which protocols, canonical and interned.
//!
//! Equal sets have equal ids, so sets are compared by id, and the union or intersection of two ids is computed once.

use std::fmt;

use rustc_hash::FxHashMap;

use crate::protocol::{Port, Protocol};

/// Ports of one protocol: sorted ranges that neither overlap nor touch, both ends included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PortSet(Vec<(Port, Port)>);

impl PortSet {
    /// Every port.
    pub fn all() -> PortSet {
        PortSet(vec![(Port::MIN, Port::MAX)])
    }

    /// The union of some ranges.
    pub fn from_ranges(mut ranges: Vec<(Port, Port)>) -> PortSet {
        ranges.sort_unstable();
        let mut merged: Vec<(Port, Port)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges.into_iter().filter(|(first, last)| first <= last) {
            match merged.last_mut() {
                Some((_, end)) if u32::from(first.get()) <= u32::from(end.get()) + 1 => *end = (*end).max(last),
                _ => merged.push((first, last)),
            }
        }
        PortSet(merged)
    }

    /// The ranges, ascending.
    pub fn ranges(&self) -> &[(Port, Port)] {
        &self.0
    }

    /// Whether every port is in the set.
    pub fn is_all(&self) -> bool {
        matches!(self.0.as_slice(), [(Port::MIN, Port::MAX)])
    }

    /// Whether no port is in the set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the port is in the set.
    pub fn contains(&self, port: Port) -> bool {
        self.0.iter().any(|(first, last)| *first <= port && port <= *last)
    }

    /// Whether every port of this set is in the other.
    pub fn is_subset(&self, other: &PortSet) -> bool {
        // INVARIANT: ranges do not touch, so that a range is in one range of the other or not in the other.
        self.0.iter().all(|(first, last)| other.0.iter().any(|(start, end)| start <= first && last <= end))
    }

    /// The ports in both sets.
    pub fn intersection(&self, other: &PortSet) -> PortSet {
        let mut ranges = Vec::new();
        for (first, last) in &self.0 {
            let overlapping = other.0.iter().skip_while(|(_, end)| end < first).take_while(|(start, _)| start <= last);
            ranges.extend(overlapping.map(|(start, end)| ((*first).max(*start), (*last).min(*end))));
        }
        PortSet(ranges)
    }

    /// The ports in either set.
    pub fn union(&self, other: &PortSet) -> PortSet {
        PortSet::from_ranges(self.0.iter().chain(&other.0).copied().collect())
    }

    /// The ports in this set and not in the other.
    pub fn difference(&self, other: &PortSet) -> PortSet {
        let mut ranges = Vec::new();
        for (first, last) in &self.0 {
            let mut next = Some(*first);
            for (start, end) in other.0.iter().filter(|(start, end)| end >= first && start <= last) {
                if let Some(from) = next.filter(|from| from < start) {
                    ranges.extend(Port::new(start.get() - 1).map(|before| (from, before)));
                }
                next = end.get().checked_add(1).and_then(Port::new).filter(|after| after <= last);
            }
            ranges.extend(next.map(|from| (from, *last)));
        }
        PortSet(ranges)
    }
}

/// Ports of every protocol, in the order of [`Protocol::ALL`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionSet([PortSet; 3]);

impl ConnectionSet {
    /// Every port of every protocol.
    pub fn all() -> ConnectionSet {
        ConnectionSet([PortSet::all(), PortSet::all(), PortSet::all()])
    }

    /// The ports of one protocol.
    pub fn ports(&self, protocol: Protocol) -> &PortSet {
        let [tcp, udp, sctp] = &self.0;
        match protocol {
            Protocol::Tcp => tcp,
            Protocol::Udp => udp,
            Protocol::Sctp => sctp,
        }
    }

    /// Replaces the ports of one protocol.
    pub fn set_ports(&mut self, protocol: Protocol, ports: PortSet) {
        let [tcp, udp, sctp] = &mut self.0;
        *match protocol {
            Protocol::Tcp => tcp,
            Protocol::Udp => udp,
            Protocol::Sctp => sctp,
        } = ports;
    }

    /// Whether nothing is in the set.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(PortSet::is_empty)
    }

    /// Whether everything is in the set.
    pub fn is_all(&self) -> bool {
        self.0.iter().all(PortSet::is_all)
    }

    /// Combines two sets, protocol by protocol.
    pub fn zip(&self, other: &ConnectionSet, combine: impl Fn(&PortSet, &PortSet) -> PortSet) -> ConnectionSet {
        let mut result = ConnectionSet::default();
        for protocol in Protocol::ALL {
            result.set_ports(protocol, combine(self.ports(protocol), other.ports(protocol)));
        }
        result
    }
}

impl fmt::Display for PortSet {
    /// `80,443-445`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, last)) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            write!(f, "{separator}{first}")?;
            if first != last {
                write!(f, "-{last}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for ConnectionSet {
    /// `TCP 80,443-445; UDP all ports`, `all connections` or `no connections`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_all() {
            return f.write_str("all connections");
        }
        if self.is_empty() {
            return f.write_str("no connections");
        }
        let protocols = Protocol::ALL.into_iter().filter(|protocol| !self.ports(*protocol).is_empty());
        for (index, protocol) in protocols.enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{protocol} ")?;
            match self.ports(protocol) {
                ports if ports.is_all() => f.write_str("all ports")?,
                ports => ports.fmt(f)?,
            }
        }
        Ok(())
    }
}

/// The id of an interned connection set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(u32);

impl ConnectionId {
    /// Nothing.
    pub const NONE: ConnectionId = ConnectionId(0);
    /// Every port of every protocol.
    pub const ALL: ConnectionId = ConnectionId(1);

    /// A small number that is the id's alone, for tables.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Connection sets, each once, and what has been computed about pairs of them.
#[derive(Debug, Clone)]
pub struct Connections {
    sets: Vec<ConnectionSet>,
    ids: FxHashMap<ConnectionSet, ConnectionId>,
    unions: FxHashMap<(ConnectionId, ConnectionId), ConnectionId>,
    intersections: FxHashMap<(ConnectionId, ConnectionId), ConnectionId>,
}

impl Default for Connections {
    fn default() -> Connections {
        let mut connections = Connections {
            sets: Vec::new(),
            ids: Default::default(),
            unions: Default::default(),
            intersections: Default::default(),
        };
        // INVARIANT: the ids of `ConnectionId::NONE` and `ConnectionId::ALL`.
        connections.intern(ConnectionSet::default());
        connections.intern(ConnectionSet::all());
        connections
    }
}

impl Connections {
    /// The id of a set.
    pub fn intern(&mut self, set: ConnectionSet) -> ConnectionId {
        let next = ConnectionId(u32::try_from(self.sets.len()).unwrap_or(u32::MAX));
        *self.ids.entry(set).or_insert_with_key(|set| {
            self.sets.push(set.clone());
            next
        })
    }

    /// The set behind an id of this interner.
    pub fn get(&self, id: ConnectionId) -> &ConnectionSet {
        static NONE: ConnectionSet = ConnectionSet([const { PortSet(Vec::new()) }; 3]);
        self.sets.get(id.0 as usize).unwrap_or(&NONE)
    }

    /// Whether a port of a protocol is in the set.
    pub fn admits(&self, id: ConnectionId, protocol: Protocol, port: Port) -> bool {
        id == ConnectionId::ALL || self.get(id).ports(protocol).contains(port)
    }

    /// The union of two sets.
    pub fn union(&mut self, a: ConnectionId, b: ConnectionId) -> ConnectionId {
        match (a, b) {
            (ConnectionId::NONE, other) | (other, ConnectionId::NONE) => other,
            (ConnectionId::ALL, _) | (_, ConnectionId::ALL) => ConnectionId::ALL,
            _ if a == b => a,
            _ => self.combined(a, b, |connections| &mut connections.unions, PortSet::union),
        }
    }

    /// The intersection of two sets.
    pub fn intersection(&mut self, a: ConnectionId, b: ConnectionId) -> ConnectionId {
        match (a, b) {
            (ConnectionId::ALL, other) | (other, ConnectionId::ALL) => other,
            (ConnectionId::NONE, _) | (_, ConnectionId::NONE) => ConnectionId::NONE,
            _ if a == b => a,
            _ => self.combined(a, b, |connections| &mut connections.intersections, PortSet::intersection),
        }
    }

    /// Two sets combined in a way in which their order does not matter, remembered where `memory` says.
    fn combined(
        &mut self,
        a: ConnectionId,
        b: ConnectionId,
        memory: fn(&mut Connections) -> &mut FxHashMap<(ConnectionId, ConnectionId), ConnectionId>,
        combine: fn(&PortSet, &PortSet) -> PortSet,
    ) -> ConnectionId {
        let pair = (a.min(b), a.max(b));
        if let Some(id) = memory(self).get(&pair) {
            return *id;
        }
        let id = self.intern(self.get(a).zip(self.get(b), combine));
        memory(self).insert(pair, id);
        id
    }

    /// What is in `a` and not in `b`.
    pub fn difference(&mut self, a: ConnectionId, b: ConnectionId) -> ConnectionId {
        self.intern(self.get(a).zip(self.get(b), PortSet::difference))
    }

    /// Every set with its id.
    pub fn iter(&self) -> impl Iterator<Item = (ConnectionId, &ConnectionSet)> {
        (0u32..).map(ConnectionId).zip(&self.sets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ranges: &[(u16, u16)]) -> PortSet {
        PortSet::from_ranges(ranges.iter().map(|(a, b)| (Port::new(*a).unwrap(), Port::new(*b).unwrap())).collect())
    }

    #[test]
    fn ranges_that_overlap_or_touch_are_one() {
        assert_eq!(set(&[(5, 9), (1, 4), (8, 12)]), set(&[(1, 12)]));
        assert_eq!(set(&[(1, 65535), (65535, 65535)]), PortSet::all());
        assert_eq!(set(&[(9, 5)]), PortSet::default());
    }

    #[test]
    fn set_operations_agree_with_membership() {
        let sets =
            [set(&[]), set(&[(1, 3), (7, 9)]), set(&[(2, 8)]), set(&[(1, 65535)]), set(&[(65535, 65535), (1, 1)])];
        for a in &sets {
            for b in &sets {
                assert_eq!(a.is_subset(b), a.difference(b).is_empty());
                for port in (1..12).chain([65534, 65535]).map(|number| Port::new(number).unwrap()) {
                    let (in_a, in_b) = (a.contains(port), b.contains(port));
                    assert_eq!(a.union(b).contains(port), in_a || in_b);
                    assert_eq!(a.intersection(b).contains(port), in_a && in_b);
                    assert_eq!(a.difference(b).contains(port), in_a && !in_b, "{a:?} - {b:?} at {port}");
                }
            }
        }
    }

    #[test]
    fn equal_sets_have_equal_ids() {
        let mut connections = Connections::default();
        let mut web = ConnectionSet::default();
        web.set_ports(Protocol::Tcp, set(&[(80, 80), (443, 443)]));
        let web = connections.intern(web);
        assert_eq!(connections.union(web, ConnectionId::NONE), web);
        assert_eq!(connections.intersection(web, ConnectionId::ALL), web);
        assert_eq!(connections.difference(web, web), ConnectionId::NONE);
    }
}
