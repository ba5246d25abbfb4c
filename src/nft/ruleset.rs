//! A table of nftables, typed: what netpol writes, and nothing that it does not write.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use netpol::lowering::AddressRange;
use netpol::protocol::{Family, Port, Protocol};

/// The table that is netpol's own, of the family `inet`.
pub const TABLE: &str = "netpol";

/// A whole table. Objects refer to each other by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ruleset {
    /// Sets that rules look into.
    pub sets: BTreeMap<String, Set>,
    /// Maps from addresses to chains.
    pub maps: BTreeMap<String, VerdictMap>,
    /// Counters that rules count with, and what each counts.
    pub counters: BTreeMap<String, String>,
    /// Chains, of which those with a hook are where packets come in.
    pub chains: BTreeMap<String, Chain>,
}

/// A set of one kind of elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// What its elements are.
    pub kind: SetKind,
    /// The elements; ranges never overlap or touch.
    pub elements: BTreeSet<Element>,
}

/// What a set's elements are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SetKind {
    /// Addresses: a hash.
    Addresses(Family),
    /// Ranges of addresses: intervals.
    Ranges(Family),
    /// A source and a destination.
    Pairs(Family),
    /// A destination, a protocol and a port.
    Services(Family),
    /// Ranges of ports: intervals.
    Ports,
}

/// An element of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Element {
    /// An address.
    Address(IpAddr),
    /// Addresses from the first to the last.
    Range(AddressRange),
    /// A source and a destination.
    Pair(IpAddr, IpAddr),
    /// A destination, a protocol and a port.
    Service(IpAddr, Protocol, Port),
    /// Ports from the first to the last.
    Ports(Port, Port),
}

/// A map from addresses to the chains that packets go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictMap {
    /// Of the addresses.
    pub family: Family,
    /// The chain of each address.
    pub elements: BTreeMap<IpAddr, String>,
}

/// A chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    /// Where packets come in; `None` for a chain that rules go to.
    pub hook: Option<Hook>,
    /// The first that matches and ends the walk decides. A chain with a hook accepts at its end.
    pub rules: Vec<Rule>,
}

/// Where a chain sees packets. Destinations have been translated by then, sources not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hook {
    /// Packets that pass through the node, from and to pods.
    Forward,
    /// Packets to the node itself.
    Input,
}

/// A rule: where all matches hold, its statements are done in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// What a packet has to be.
    pub matches: Vec<Match>,
    /// What is done with it.
    pub statements: Vec<Statement>,
    /// For people; at most 128 bytes.
    pub comment: Option<String>,
}

/// An end of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Where it comes from.
    Source,
    /// Where it goes.
    Destination,
}

/// States of conntrack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum States {
    /// Replies have been seen.
    Established,
    /// About another connection, such as an ICMP error.
    Related,
    /// Either.
    EstablishedOrRelated,
}

/// Some bits of the conntrack mark, and what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark {
    /// The bits that are netpol's.
    pub mask: u32,
    /// Within the mask.
    pub value: u32,
}

/// What a packet has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// An end is in a set of addresses or ranges.
    Address(Side, Family, String),
    /// Source and destination are in a set of pairs.
    Pair(Family, String),
    /// Destination, protocol and port are in a set of services.
    Service(Family, String),
    /// It is of a protocol.
    Protocol(Protocol),
    /// It is of a protocol and goes to a port.
    Port(Protocol, Port),
    /// It is of a protocol and goes to a port of a set.
    Ports(Protocol, String),
    /// Its connection is in a state.
    State(States),
    /// It goes against the direction in which its connection was opened.
    Reply,
    /// Its connection has a mark.
    Mark(Mark),
    /// It is part of IPv6 neighbour discovery.
    NeighbourDiscovery,
}

/// What is done with a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// Counts it.
    Counter(String),
    /// Tells user space by NFLOG, at most so often in a second.
    Log {
        /// The NFLOG group.
        group: u16,
        /// What the message begins with.
        prefix: String,
        /// Messages in a second.
        rate: u32,
    },
    /// Marks its connection.
    SetMark(Mark),
    /// It may pass.
    Accept,
    /// It is lost without a word.
    Drop,
    /// Its sender is told that it may not pass.
    Reject,
    /// Goes on in another chain, and does not come back.
    Goto(String),
    /// Goes on in the chain that a map has for an end; where it has none, the next rule follows.
    GotoBy(Side, Family, String),
}
