//! From compiled policies to a ruleset: the layout.
//!
//! Packets that pass through the node go through `egress`, where a map sends those of isolated pods to the chain of their policies,
//! and what is allowed there goes through `ingress` in the same way. A chain stands for a combination of policies, not for a pod. What
//! nothing isolates is in no map.

mod chains;
mod names;

use std::collections::BTreeSet;

use netpol::Engine;
use netpol::cluster::{Direction, EndpointId, EndpointKind};
use netpol::lowering::Lowering;
use netpol::options::Enforcement;
use netpol::protocol::Family;

use crate::ruleset::{
    Chain, Element, Hook, Mark, Match, Rule, Ruleset, Set, SetKind, Side, Statement, States, VerdictMap,
};
use chains::Chains;

/// How a node enforces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LowerOptions {
    /// What happens to connections that are open when policies change.
    pub established: Established,
    /// What happens to a packet that is denied.
    pub deny: Deny,
    /// Whether user space is told of denied packets.
    pub log: Option<Log>,
    /// Policies, as `namespace/name`, whose rules the kernel does not take: what they isolate is closed in that direction.
    pub closed: BTreeSet<String>,
}

/// What happens to connections that are open when policies change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Established {
    /// Each is asked about again, by its next packet from the side that opened it: what is denied now is cut.
    Cut {
        /// The bits of the conntrack mark that hold the generation: two or more, and adjacent.
        mask: u32,
        /// The number of the rules, from 1; connections that were allowed by the same number are not asked about.
        generation: u32,
    },
    /// What was allowed once stays allowed.
    Keep,
}

impl Default for Established {
    fn default() -> Established {
        Established::Cut { mask: 0xfff0_0000, generation: 1 }
    }
}

impl Established {
    /// The marks of connections that are allowed and denied; `None` if connections are not marked, for which the mask must have bits.
    pub fn marks(self) -> Option<(Mark, Mark)> {
        let Established::Cut { mask, generation } = self else { return None };
        if mask.count_ones() < 2 {
            return None;
        }
        // All bits mean denied, none means never asked about.
        let top = (mask >> mask.trailing_zeros()) - 1;
        let value = (generation.saturating_sub(1) % top + 1) << mask.trailing_zeros();
        Some((Mark { mask, value }, Mark { mask, value: mask }))
    }
}

/// What happens to a packet that is denied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Deny {
    /// It is lost: who sends it tries again, and may be allowed by then.
    #[default]
    Drop,
    /// Its sender is told at once.
    Reject,
}

/// How user space is told of denied packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// The NFLOG group.
    pub group: u16,
    /// Messages in a second, per combination of policies.
    pub rate: u32,
}

/// A ruleset, and what it leaves out.
#[derive(Debug, Clone)]
pub struct Lowered {
    /// The table.
    pub ruleset: Ruleset,
    /// Isolated pods of the node that packets cannot be matched to.
    pub unenforced: Vec<Unenforced>,
}

impl Lowered {
    /// The same for connections of another generation.
    pub fn renumber(&mut self, options: &LowerOptions) {
        let has_pairs = Family::BOTH.into_iter().any(|family| self.ruleset.sets.contains_key(&pairs_name(family)));
        let police_node = self.ruleset.chains.contains_key(INPUT);
        add_frame(&mut self.ruleset, options, has_pairs, police_node);
    }

    /// How many addresses of pods are isolated, each counted once for a direction.
    pub fn isolated_addresses(&self) -> usize {
        self.ruleset.maps.values().map(|map| map.elements.len()).sum()
    }
}

/// An isolated pod that rules cannot match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unenforced {
    /// The pod.
    pub pod: EndpointId,
    /// Why, as a sentence without its subject.
    pub reason: &'static str,
}

/// The ruleset of a node: for the pods that run on it.
pub fn lower(engine: &Engine, node: &str, options: &LowerOptions) -> Lowered {
    lower_pods(engine, engine.endpoints_on(node).iter().copied(), options)
}

/// The ruleset of a node on which these pods run, whatever is known about where they do. What is no pod is passed over.
pub fn lower_pods(engine: &Engine, pods: impl IntoIterator<Item = EndpointId>, options: &LowerOptions) -> Lowered {
    let lowering = Lowering::new(engine);
    let mut unenforced = Vec::new();
    let mut chains = Chains::new(&lowering, options);
    let mut pairs = Family::BOTH.map(|family| Set { kind: SetKind::Pairs(family), elements: Default::default() });
    for direction in Direction::BOTH {
        for family in Family::BOTH {
            chains
                .ruleset
                .maps
                .insert(map_name(direction, family), VerdictMap { family, elements: Default::default() });
        }
    }
    for id in pods {
        let Some(endpoint) = engine.cluster().endpoint(id).filter(|endpoint| endpoint.kind == EndpointKind::Pod) else {
            continue;
        };
        // Those of a pod on its node's network are the node's.
        let addresses: Vec<_> = lowering.own_addresses(id).collect();
        let mut is_isolated = false;
        for direction in Direction::BOTH {
            let Some(isolation) = lowering.isolation(id, direction) else { continue };
            is_isolated = true;
            let chain = chains.chain(isolation, direction);
            for address in &addresses {
                let map = map_name(direction, Family::of(*address));
                if let Some(map) = chains.ruleset.maps.get_mut(&map) {
                    map.elements.insert(*address, chain.clone());
                }
            }
        }
        if is_isolated && addresses.is_empty() {
            let reason = match endpoint {
                _ if endpoint.host_network => "is on its node's network, where its packets are those of the node",
                _ if endpoint.addresses.is_empty() => "has no address yet",
                _ => "has the address of another pod",
            };
            unenforced.push(Unenforced { pod: id, reason });
        }
        for address in addresses {
            if let Some(set) = pairs.get_mut(usize::from(Family::of(address) == Family::Ipv6)) {
                set.elements.insert(Element::Pair(address, address));
            }
        }
    }
    let mut ruleset = chains.ruleset;
    let has_pairs = engine.options().service_hairpin == Enforcement::Allow;
    if has_pairs {
        for (family, set) in Family::BOTH.into_iter().zip(pairs) {
            ruleset.sets.insert(pairs_name(family), set);
        }
    }
    add_frame(&mut ruleset, options, has_pairs, engine.options().own_node_egress == Enforcement::Police);
    Lowered { ruleset, unenforced }
}

/// The chains that every packet goes through.
fn add_frame(ruleset: &mut Ruleset, options: &LowerOptions, has_pairs: bool, police_node: bool) {
    let marks = options.established.marks();
    let allow = marks.map(|(allowed, _)| Statement::SetMark(allowed)).into_iter().chain([Statement::Accept]);
    let refusal = match options.deny {
        Deny::Drop => Statement::Drop,
        Deny::Reject => Statement::Reject,
    };
    // In rules apart: a packet that conntrack does not follow has no mark to set, and the rest of such a rule is not done.
    let mark = marks.map(|(_, denied)| rule(vec![], vec![Statement::SetMark(denied)]));
    let deny = mark.into_iter().chain([rule(vec![], vec![refusal])]);
    add_chain(ruleset, "allow", None, vec![rule(vec![], allow.collect())]);
    add_chain(ruleset, "deny", None, deny.collect());
    for (name, direction, side, next) in [
        ("egress", Direction::Egress, Side::Source, "ingress"),
        ("ingress", Direction::Ingress, Side::Destination, "allow"),
    ] {
        let by = |family| rule(vec![], vec![Statement::GotoBy(side, family, map_name(direction, family))]);
        let rules = vec![by(Family::Ipv4), by(Family::Ipv6), goto(next)];
        add_chain(ruleset, name, None, rules);
    }
    add_chain(ruleset, "forward", Some(Hook::Forward), entrance(options, has_pairs));
    if police_node {
        add_chain(ruleset, INPUT, Some(Hook::Input), entrance(options, has_pairs));
    }
}

/// What needs no policy, before all else.
fn entrance(options: &LowerOptions, has_pairs: bool) -> Vec<Rule> {
    let accept = |matches, comment: &str| Rule {
        matches,
        statements: vec![Statement::Accept],
        comment: Some(comment.to_owned()),
    };
    let mut rules = Vec::new();
    if let Some((allowed, denied)) = options.established.marks() {
        let known = vec![Match::State(States::EstablishedOrRelated), Match::Mark(allowed)];
        rules.push(accept(known, "allowed by these rules"));
        rules.push(Rule {
            matches: vec![Match::Reply, Match::Mark(denied)],
            statements: vec![Statement::Drop],
            comment: Some("reply of a connection that is denied now".to_owned()),
        });
        let reply = vec![Match::Reply, Match::State(States::Established)];
        rules.push(accept(reply, "reply of a connection not asked about yet"));
        rules.push(accept(vec![Match::State(States::Related)], "error or helper of a connection"));
    } else {
        rules.push(accept(vec![Match::State(States::EstablishedOrRelated)], "allowed before"));
    }
    rules.push(accept(vec![Match::NeighbourDiscovery], "IPv6 does not work without"));
    if has_pairs {
        for family in Family::BOTH {
            rules.push(accept(vec![Match::Pair(family, pairs_name(family))], "a pod to itself"));
        }
    }
    rules.push(goto("egress"));
    rules
}

fn add_chain(ruleset: &mut Ruleset, name: &str, hook: Option<Hook>, rules: Vec<Rule>) {
    ruleset.chains.insert(name.to_owned(), Chain { hook, rules });
}

fn rule(matches: Vec<Match>, statements: Vec<Statement>) -> Rule {
    Rule { matches, statements, comment: None }
}

fn goto(chain: &str) -> Rule {
    rule(vec![], vec![Statement::Goto(chain.to_owned())])
}

/// The chain for what goes to the node itself, if that is policed.
const INPUT: &str = "input";

/// The map from isolated pods to chains.
fn map_name(direction: Direction, family: Family) -> String {
    let direction = match direction {
        Direction::Egress => "eg",
        Direction::Ingress => "in",
    };
    format!("{direction}{}", names::digit(family))
}

fn pairs_name(family: Family) -> String {
    format!("self{}", names::digit(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_generation_is_taken_for_denied_or_for_never_asked_about() {
        let mask = 0xfff0_0000;
        for generation in 1..10_000 {
            let value = value_of(mask, generation);
            assert!(value.is_some_and(|value| value != 0 && value != mask && value & !mask == 0), "{generation}");
            assert_ne!(value, value_of(mask, generation + 1));
        }
        assert_eq!(value_of(0, 1), None);
        assert_eq!(value_of(1, 1), None);
    }

    fn value_of(mask: u32, generation: u32) -> Option<u32> {
        Established::Cut { mask, generation }.marks().map(|(allowed, _)| allowed.value)
    }
}
