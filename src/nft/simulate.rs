//! Walks a ruleset with a packet, as the kernel does.

use std::net::IpAddr;

use netpol::protocol::{Family, Port, Protocol};

use crate::ruleset::{Element, Hook, Mark, Match, Rule, Ruleset, Side, Statement, States};

/// A packet. Its destination has been translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    /// Where it comes from.
    pub source: IpAddr,
    /// Where it goes.
    pub destination: IpAddr,
    /// What it carries.
    pub transport: Transport,
}

/// What a packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Something to a port.
    To(Protocol, Port),
    /// ICMPv6 that finds neighbours and routers.
    NeighbourDiscovery,
    /// A protocol without ports, such as ICMP.
    Other,
}

/// What conntrack knows of a packet's connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Conntrack {
    /// Its state.
    pub state: State,
    /// Whether the packet goes against the direction in which the connection was opened.
    pub is_reply: bool,
    /// The connection's mark.
    pub mark: u32,
}

/// The state of a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum State {
    /// No reply has been seen.
    #[default]
    New,
    /// Replies have been seen.
    Established,
    /// Another connection's error or helper.
    Related,
    /// Conntrack does not follow it: by a rule of somebody else, or since it is no valid packet. It has no mark, and is no reply.
    Untracked,
}

/// How a walk ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Whether the packet may pass.
    pub is_accepted: bool,
    /// The connection's mark afterwards.
    pub mark: u32,
    /// The rules that did something, in order.
    pub trail: Vec<Step>,
}

/// A rule that did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The chain.
    pub chain: String,
    /// The index of the rule in it.
    pub rule: usize,
}

/// More than any chain of ours is deep; the kernel refuses loops.
const MAX_DEPTH: usize = 64;

/// Walks the chains of a hook with a packet. Without such a chain the packet passes.
pub fn simulate(ruleset: &Ruleset, hook: Hook, packet: &Packet, conntrack: &Conntrack) -> Outcome {
    let mut walk = Walk { ruleset, packet, conntrack, mark: conntrack.mark, trail: Vec::new() };
    let first = ruleset.chains.iter().find(|(_, chain)| chain.hook == Some(hook)).map(|(name, _)| name.as_str());
    let mut chain = first;
    let mut is_accepted = true;
    for _ in 0..MAX_DEPTH {
        match chain.map(|chain| walk.chain(chain)) {
            Some(End::Goto(next)) => chain = Some(next),
            Some(End::Accepted) | None => break,
            Some(End::Dropped) => {
                is_accepted = false;
                break;
            }
        }
    }
    Outcome { is_accepted, mark: walk.mark, trail: walk.trail }
}

struct Walk<'a> {
    ruleset: &'a Ruleset,
    packet: &'a Packet,
    conntrack: &'a Conntrack,
    mark: u32,
    trail: Vec<Step>,
}

/// How a chain ends.
enum End<'a> {
    Accepted,
    Dropped,
    Goto(&'a str),
}

impl<'a> Walk<'a> {
    fn chain(&mut self, name: &'a str) -> End<'a> {
        let rules = self.ruleset.chains.get(name).map_or(&[][..], |chain| &chain.rules);
        for (index, rule) in rules.iter().enumerate() {
            if rule.matches.iter().all(|condition| self.matches(condition)) {
                let end = self.statements(rule);
                // A map that does not have the address does nothing.
                if end.is_some() || !matches!(rule.statements.as_slice(), [Statement::GotoBy(..)]) {
                    self.trail.push(Step { chain: name.to_owned(), rule: index });
                }
                if let Some(end) = end {
                    return end;
                }
            }
        }
        // The policy of chains with a hook; nothing comes back from `goto`.
        End::Accepted
    }

    fn statements(&mut self, rule: &'a Rule) -> Option<End<'a>> {
        for statement in &rule.statements {
            match statement {
                Statement::Counter(_) | Statement::Log { .. } => {}
                // The kernel ends the rule, and goes on with the next.
                Statement::SetMark(_) if self.conntrack.state == State::Untracked => return None,
                Statement::SetMark(Mark { mask, value }) => self.mark = self.mark & !mask | value,
                Statement::Accept => return Some(End::Accepted),
                Statement::Drop | Statement::Reject => return Some(End::Dropped),
                Statement::Goto(chain) => return Some(End::Goto(chain)),
                Statement::GotoBy(side, family, map) => {
                    let address = self.address(*side, *family);
                    let map = self.ruleset.maps.get(map);
                    if let Some(chain) = map.zip(address).and_then(|(map, address)| map.elements.get(&address)) {
                        return Some(End::Goto(chain));
                    }
                }
            }
        }
        None
    }

    fn address(&self, side: Side, family: Family) -> Option<IpAddr> {
        let address = match side {
            Side::Source => self.packet.source,
            Side::Destination => self.packet.destination,
        };
        (Family::of(address) == family).then_some(address)
    }

    fn matches(&self, condition: &Match) -> bool {
        let packet = self.packet;
        match condition {
            Match::Address(side, family, set) => {
                self.address(*side, *family).is_some_and(|address| self.has_address(set, address))
            }
            Match::Pair(family, set) => {
                Family::of(packet.source) == *family && self.has(set, &Element::Pair(packet.source, packet.destination))
            }
            Match::Service(family, set) => match (self.address(Side::Destination, *family), packet.transport) {
                (Some(address), Transport::To(protocol, port)) => {
                    self.has(set, &Element::Service(address, protocol, port))
                }
                _ => false,
            },
            Match::Protocol(protocol) => matches!(packet.transport, Transport::To(of, _) if of == *protocol),
            Match::Port(protocol, port) => packet.transport == Transport::To(*protocol, *port),
            Match::Ports(protocol, set) => match packet.transport {
                Transport::To(of, port) => of == *protocol && self.has_port(set, port),
                _ => false,
            },
            Match::State(states) => match self.conntrack.state {
                State::New | State::Untracked => false,
                State::Established => matches!(states, States::Established | States::EstablishedOrRelated),
                State::Related => matches!(states, States::Related | States::EstablishedOrRelated),
            },
            Match::Reply => self.conntrack.state != State::Untracked && self.conntrack.is_reply,
            Match::Mark(Mark { mask, value }) => self.conntrack.state != State::Untracked && self.mark & mask == *value,
            Match::NeighbourDiscovery => packet.transport == Transport::NeighbourDiscovery,
        }
    }

    fn has(&self, set: &str, element: &Element) -> bool {
        self.ruleset.sets.get(set).is_some_and(|set| set.elements.contains(element))
    }

    fn has_address(&self, set: &str, address: IpAddr) -> bool {
        let Some(set) = self.ruleset.sets.get(set) else { return false };
        // Ranges are sorted and apart: only the last that begins at or before the address can have it.
        let end = Element::Range(netpol::lowering::AddressRange { first: address, last: last(address) });
        set.elements.contains(&Element::Address(address))
            || set
                .elements
                .range(..=end)
                .next_back()
                .is_some_and(|element| matches!(element, Element::Range(range) if range.contains(address)))
    }

    fn has_port(&self, set: &str, port: Port) -> bool {
        let Some(set) = self.ruleset.sets.get(set) else { return false };
        set.elements
            .range(..=Element::Ports(port, Port::MAX))
            .next_back()
            .is_some_and(|element| matches!(element, Element::Ports(first, last) if *first <= port && port <= *last))
    }
}

/// The last address of a family.
fn last(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => IpAddr::V4(u32::MAX.into()),
        IpAddr::V6(_) => IpAddr::V6(u128::MAX.into()),
    }
}
