//! The chains of policies, with the sets and counters that they need.

use std::collections::{BTreeSet, HashMap};

use netpol::cluster::{Direction, PolicyId};
use netpol::connections::{ConnectionSet, PortSet};
use netpol::lowering::{Isolation, IsolationRule, IsolationTier, Lowering, PeerAddresses, RulePeer};
use netpol::model::{Action, TierDefault};
use netpol::protocol::{Family, Protocol};

use super::names::{digit, meaning, name};
use super::{LowerOptions, goto, rule};
use crate::ruleset::{Chain, Element, Match, Rule, Ruleset, Set, SetKind, Side, Statement};

/// nftables refuses longer comments, and longer prefixes of what is logged.
const MAX_COMMENT: usize = 120;

/// Chains under construction.
pub struct Chains<'a> {
    lowering: &'a Lowering<'a>,
    options: &'a LowerOptions,
    pub ruleset: Ruleset,
    known: HashMap<Isolation, String>,
    /// Per peer's meaning, its sets.
    peers: HashMap<String, Vec<(Family, String)>>,
}

/// A chain's way out, and what it is about.
struct Place<'a> {
    direction: Direction,
    /// The chain that follows.
    next: &'a str,
    /// The chain for what this direction allows.
    allowed: &'a str,
}

impl<'a> Chains<'a> {
    pub fn new(lowering: &'a Lowering<'a>, options: &'a LowerOptions) -> Chains<'a> {
        Chains { lowering, options, ruleset: Ruleset::default(), known: HashMap::default(), peers: HashMap::default() }
    }

    /// The chain of an isolation, made if it is new.
    pub fn chain(&mut self, isolation: Isolation, direction: Direction) -> String {
        if let Some(chain) = self.known.get(&isolation) {
            return chain.clone();
        }
        let mut tiers = self.lowering.tiers(isolation);
        let labels: Vec<String> =
            tiers.iter().flat_map(|tier| &tier.policies).map(|policy| self.label(policy.id)).collect();
        let ports: Vec<_> =
            (self.lowering.named_ports(isolation).iter()).map(|port| (&*port.name, port.protocol, port.port)).collect();
        let (prefix, allowed) = match direction {
            Direction::Egress => ("eg", "ingress"),
            Direction::Ingress => ("in", "allow"),
        };
        let first = name(prefix, (&labels, ports));
        if labels.iter().any(|policy| self.options.closed.contains(policy)) {
            tiers = vec![IsolationTier { default: TierDefault::Deny, policies: Vec::new() }];
        }
        let by_whom = format!("denied by {}", labels.join(", "));
        let denied = self.counter("d", direction, &by_whom);
        for (index, tier) in tiers.iter().enumerate() {
            let of_tier = |index: usize| if index == 0 { first.clone() } else { format!("{first}_{index}") };
            let next = if index + 1 < tiers.len() { of_tier(index + 1) } else { allowed.to_owned() };
            let mut rules = self.rules(tier, &Place { direction, next: &next, allowed });
            match tier.default {
                TierDefault::Pass => rules.push(goto(&next)),
                TierDefault::Deny => {
                    if let Some(log) = self.options.log {
                        let prefix = brief(&format!("netpol: {} {by_whom}", direction.name())) + " ";
                        rules.push(rule(vec![], vec![Statement::Log { group: log.group, prefix, rate: log.rate }]));
                    }
                    rules.push(rule(
                        vec![],
                        vec![Statement::Counter(denied.clone()), Statement::Goto("deny".to_owned())],
                    ));
                }
            }
            self.ruleset.chains.insert(of_tier(index), Chain { hook: None, rules });
        }
        self.known.insert(isolation, first.clone());
        first
    }

    fn rules(&mut self, tier: &IsolationTier, place: &Place<'_>) -> Vec<Rule> {
        let mut rules = Vec::new();
        for policy in &tier.policies {
            let label = self.label(policy.id);
            let mut counter = None;
            for (index, written) in policy.rules.iter().enumerate() {
                let target = match written.action {
                    Action::Allow => place.allowed,
                    Action::Deny => "deny",
                    Action::Pass => place.next,
                };
                for matches in self.alternatives(&label, index, written, place.direction) {
                    let counter = counter.get_or_insert_with(|| self.counter("p", place.direction, &label)).clone();
                    rules.push(rule(matches, vec![Statement::Counter(counter), Statement::Goto(target.to_owned())]));
                }
            }
        }
        rules
    }

    /// The matches of a rule: any of them will do.
    fn alternatives(
        &mut self,
        policy: &str,
        index: usize,
        written: &IsolationRule,
        direction: Direction,
    ) -> Vec<Vec<Match>> {
        // Without a match, ICMP passes too.
        let connections =
            if written.is_of_every_protocol { vec![vec![]] } else { self.connections(&written.connections) };
        let peers = match &written.peers {
            _ if connections.is_empty() => Vec::new(),
            None => vec![None],
            Some(peers) => {
                let side = if direction == Direction::Ingress { Side::Source } else { Side::Destination };
                let sets = peers.iter().enumerate().flat_map(|(peer, set)| self.peer(policy, index, peer, set));
                sets.collect::<Vec<_>>()
                    .into_iter()
                    .map(|(family, set)| Some(Match::Address(side, family, set)))
                    .collect()
            }
        };
        let mut alternatives: Vec<Vec<Match>> = Vec::new();
        for peer in &peers {
            for connection in &connections {
                alternatives.push(peer.iter().chain(connection).cloned().collect());
            }
        }
        if written.names_ports() {
            let services = self.lowering.named_services(written);
            for family in Family::BOTH {
                let set = name(&format!("n{}", digit(family)), (policy, index));
                let of_family = services.iter().filter(|(address, ..)| Family::of(*address) == family);
                let elements =
                    of_family.map(|(address, protocol, port)| Element::Service(*address, *protocol, *port)).collect();
                self.ruleset.sets.insert(set.clone(), Set { kind: SetKind::Services(family), elements });
                alternatives.push(vec![Match::Service(family, set)]);
            }
        }
        alternatives
    }

    /// The sets of a peer's addresses, made once. Pods have one of each family, empty or not: a pod may come.
    fn peer(&mut self, policy: &str, rule: usize, index: usize, peer: &RulePeer) -> Vec<(Family, String)> {
        let meant = match &peer.written {
            Some(written) => name("", meaning(self.lowering.engine().cluster(), written)),
            None => name("", (policy, rule, index)),
        };
        if let Some(sets) = self.peers.get(&meant) {
            return sets.clone();
        }
        let addresses = self.lowering.addresses(peer);
        let mut sets = Vec::new();
        for family in Family::BOTH {
            let (prefix, kind, elements): (_, _, BTreeSet<Element>) = match &addresses {
                PeerAddresses::Pods(pods) => {
                    let of_family = pods.iter().filter(|pod| Family::of(**pod) == family);
                    ('p', SetKind::Addresses(family), of_family.copied().map(Element::Address).collect())
                }
                PeerAddresses::Ranges(ranges) => {
                    let of_family = ranges.iter().filter(|range| Family::of(range.first) == family);
                    ('c', SetKind::Ranges(family), of_family.copied().map(Element::Range).collect())
                }
            };
            if prefix == 'p' || !elements.is_empty() {
                let set = format!("{prefix}{}{meant}", digit(family));
                self.ruleset.sets.insert(set.clone(), Set { kind, elements });
                sets.push((family, set));
            }
        }
        self.peers.insert(meant, sets.clone());
        sets
    }

    /// The matches of connections: any of them will do.
    fn connections(&mut self, connections: &ConnectionSet) -> Vec<Vec<Match>> {
        let of = |protocol| (protocol, connections.ports(protocol));
        let some = Protocol::ALL.into_iter().map(of).filter(|(_, ports)| !ports.is_empty());
        some.map(|(protocol, ports)| vec![self.ports(protocol, ports)]).collect()
    }

    fn ports(&mut self, protocol: Protocol, ports: &PortSet) -> Match {
        if ports.is_all() {
            return Match::Protocol(protocol);
        }
        if let [(first, last)] = ports.ranges()
            && first == last
        {
            return Match::Port(protocol, *first);
        }
        let set = name("t", ports.ranges());
        let elements = ports.ranges().iter().map(|(first, last)| Element::Ports(*first, *last)).collect();
        self.ruleset.sets.entry(set.clone()).or_insert(Set { kind: SetKind::Ports, elements });
        Match::Ports(protocol, set)
    }

    fn counter(&mut self, prefix: &str, direction: Direction, what: &str) -> String {
        let counter = name(prefix, (direction, what));
        self.ruleset.counters.insert(counter.clone(), brief(&format!("{} {what}", direction.name())));
        counter
    }

    fn label(&self, policy: PolicyId) -> String {
        self.lowering.engine().cluster().policy_label(policy)
    }
}

/// As much of a text as a comment takes.
fn brief(text: &str) -> String {
    if text.len() <= MAX_COMMENT {
        return text.to_owned();
    }
    let end = (0..=MAX_COMMENT - 3).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    format!("{}...", text.get(..end).unwrap_or_default())
}
