//! A ruleset as the text that `nft -f -` reads.

use std::fmt::{self, Display, Formatter};
use std::net::IpAddr;

use netpol::protocol::{Family, Protocol};

use crate::ruleset::{
    Chain, Element, Hook, Mark, Match, Rule, Ruleset, Set, SetKind, Side, Statement, States, TABLE, VerdictMap,
};

/// The types of ICMPv6 without which IPv6 does not work: from router solicitations to neighbour advertisements.
const NEIGHBOUR_DISCOVERY: &str = "icmpv6 type 133-136";

impl Ruleset {
    /// The table in whole, in place of the one that there is: one transaction, without a moment between the two.
    pub fn to_text(&self) -> String {
        format!("add table inet {TABLE}\ndelete table inet {TABLE}\n{self}")
    }
}

impl Display for Ruleset {
    /// Sets, counters and chains come before the maps and rules that name them.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "table inet {TABLE} {{")?;
        for (name, set) in &self.sets {
            write!(f, "\tset {name} {set}")?;
        }
        for (name, what) in &self.counters {
            writeln!(f, "\tcounter {name} {{ comment {}; }}", Quoted(what))?;
        }
        for (name, chain) in self.chains.iter().filter(|(_, chain)| chain.hook.is_none()) {
            write!(f, "\tchain {name} {{\n{}\t}}\n", Indented(chain))?;
        }
        for (name, map) in &self.maps {
            write!(f, "\tmap {name} {map}")?;
        }
        for (name, chain) in self.chains.iter().filter(|(_, chain)| chain.hook.is_some()) {
            write!(f, "\tchain {name} {{\n{}\t}}\n", Indented(chain))?;
        }
        f.write_str("}\n")
    }
}

fn address_type(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "ipv4_addr",
        Family::Ipv6 => "ipv6_addr",
    }
}

/// How rules name a family's header.
fn header(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "ip",
        Family::Ipv6 => "ip6",
    }
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Source => "saddr",
        Side::Destination => "daddr",
    }
}

fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
        Protocol::Sctp => "sctp",
    }
}

impl Display for SetKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            SetKind::Addresses(family) | SetKind::Ranges(family) => f.write_str(address_type(*family)),
            SetKind::Pairs(family) => write!(f, "{0} . {0}", address_type(*family)),
            SetKind::Services(family) => write!(f, "{} . inet_proto . inet_service", address_type(*family)),
            SetKind::Ports => f.write_str("inet_service"),
        }
    }
}

impl Display for Set {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{{ type {};", self.kind)?;
        if matches!(self.kind, SetKind::Ranges(_) | SetKind::Ports) {
            f.write_str(" flags interval;")?;
        }
        elements(f, self.elements.iter())?;
        f.write_str(" }\n")
    }
}

impl Display for VerdictMap {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{{ type {} : verdict;", address_type(self.family))?;
        elements(f, self.elements.iter().map(|(address, chain)| Entry(*address, chain)))?;
        f.write_str(" }\n")
    }
}

/// An element of a map.
struct Entry<'a>(IpAddr, &'a str);

impl Display for Entry<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} : goto {}", self.0, self.1)
    }
}

fn elements(f: &mut Formatter<'_>, elements: impl Iterator<Item = impl Display>) -> fmt::Result {
    let mut separator = " elements = { ";
    for element in elements {
        write!(f, "{separator}{element}")?;
        separator = ", ";
    }
    if separator == ", " { f.write_str(" };") } else { Ok(()) }
}

impl Display for Element {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Element::Address(address) => write!(f, "{address}"),
            Element::Range(range) if range.first == range.last => write!(f, "{}", range.first),
            Element::Range(range) => write!(f, "{}-{}", range.first, range.last),
            Element::Pair(source, destination) => write!(f, "{source} . {destination}"),
            Element::Service(address, of, port) => write!(f, "{address} . {} . {}", protocol(*of), port.get()),
            Element::Ports(first, last) if first == last => write!(f, "{}", first.get()),
            Element::Ports(first, last) => write!(f, "{}-{}", first.get(), last.get()),
        }
    }
}

/// A chain's lines, within its table.
struct Indented<'a>(&'a Chain);

impl Display for Indented<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(hook) = self.0.hook {
            writeln!(f, "\t\t{hook}")?;
        }
        self.0.rules.iter().try_for_each(|rule| writeln!(f, "\t\t{rule}"))
    }
}

impl Display for Hook {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = match self {
            Hook::Forward => "forward",
            Hook::Input => "input",
        };
        // Before others that filter, so that what is denied is not logged or counted there as allowed.
        write!(f, "type filter hook {name} priority filter - 5; policy accept;")
    }
}

impl Display for Rule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut space = "";
        for part in self
            .matches
            .iter()
            .map(|part| part as &dyn Display)
            .chain(self.statements.iter().map(|part| part as &dyn Display))
        {
            write!(f, "{space}{part}")?;
            space = " ";
        }
        match &self.comment {
            Some(comment) => write!(f, " comment {}", Quoted(comment)),
            None => Ok(()),
        }
    }
}

impl Display for Match {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Match::Address(end, family, set) => write!(f, "{} {} @{set}", header(*family), side(*end)),
            Match::Pair(family, set) => write!(f, "{0} saddr . {0} daddr @{set}", header(*family)),
            Match::Service(family, set) => write!(f, "{} daddr . meta l4proto . th dport @{set}", header(*family)),
            Match::Protocol(of) => write!(f, "meta l4proto {}", protocol(*of)),
            Match::Port(of, port) => write!(f, "{} dport {}", protocol(*of), port.get()),
            Match::Ports(of, set) => write!(f, "{} dport @{set}", protocol(*of)),
            Match::State(States::Established) => f.write_str("ct state established"),
            Match::State(States::Related) => f.write_str("ct state related"),
            Match::State(States::EstablishedOrRelated) => f.write_str("ct state established,related"),
            Match::Reply => f.write_str("ct direction reply"),
            Match::Mark(Mark { mask, value }) => write!(f, "ct mark and {mask:#010x} == {value:#010x}"),
            Match::NeighbourDiscovery => f.write_str(NEIGHBOUR_DISCOVERY),
        }
    }
}

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Statement::Counter(name) => write!(f, "counter name {name}"),
            Statement::Log { group, prefix, rate } => {
                write!(f, "limit rate {rate}/second log prefix {} group {group}", Quoted(prefix))
            }
            Statement::SetMark(Mark { mask, value }) => {
                write!(f, "ct mark set ct mark and {:#010x} or {value:#010x}", !mask)
            }
            Statement::Accept => f.write_str("accept"),
            Statement::Drop => f.write_str("drop"),
            Statement::Reject => f.write_str("reject with icmpx admin-prohibited"),
            Statement::Goto(chain) => write!(f, "goto {chain}"),
            Statement::GotoBy(end, family, map) => write!(f, "{} {} vmap @{map}", header(*family), side(*end)),
        }
    }
}

/// What of a text can stand in quotes: there is no way to write a quote in one.
pub(crate) fn quotable(text: &str) -> String {
    text.chars().filter(|letter| *letter != '"' && !letter.is_control()).collect()
}

/// A text in quotes.
pub(crate) struct Quoted<'a>(pub &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", quotable(self.0))
    }
}
