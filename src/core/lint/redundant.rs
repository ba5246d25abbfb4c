//! What changes no traffic (M37): policies, rules, peers and ports that others allow already.
//!
//! Judged from the last to the first, so that of two equal ones the second is told, and all that are told can go together. Rules
//! in which something else was found are left out of it: they may not be meant as they are.

use rustc_hash::{FxHashMap, FxHashSet};

use super::allowed::{Allowed, PeerAt, Ports};
use super::rules::Rule;
use super::written::Written;
use super::{Lint, rules};
use crate::cluster::{Direction, Policy, PolicyId};
use crate::diagnostic::{Related, Severity};
use crate::model;
use crate::source::Place;

pub(super) fn check(lint: &mut Lint<'_>, allowed: &Allowed<'_>) {
    let mut redundancy = Redundancy::new(lint, allowed);
    redundancy.judge_policies();
    redundancy.judge_rules();
    redundancy.judge_peers();
    redundancy.tell(lint);
    for (index, rule) in allowed.rules.iter().enumerate() {
        if redundancy.is_there(index) {
            redundant_ports(lint, &rule.written);
        }
    }
}

/// What is left while one piece after another is taken away.
struct Redundancy<'a, 'b> {
    allowed: &'b Allowed<'a>,
    policies: Vec<(PolicyId, &'a Policy)>,
    /// Per policy, the indices of its rules that take part.
    rules_of: Vec<Vec<usize>>,
    /// Per subject and direction, the policies that isolate it.
    isolating: FxHashMap<(usize, Direction), Vec<usize>>,
    /// Per policy, whether something else was found in it.
    is_suspect: Vec<bool>,
    /// Per rule, whether something else was found in it.
    is_suspect_rule: Vec<bool>,
    gone_policies: FxHashSet<usize>,
    gone_rules: FxHashSet<usize>,
    gone_peers: FxHashSet<PeerAt>,
}

impl<'a, 'b> Redundancy<'a, 'b> {
    fn new(lint: &Lint<'a>, allowed: &'b Allowed<'a>) -> Redundancy<'a, 'b> {
        let policies: Vec<_> = lint.policies().collect();
        let mut rules_of = vec![Vec::new(); policies.len()];
        for (index, rule) in allowed.rules.iter().enumerate() {
            rules_of
                .get_mut(rule.written.id.0 as usize)
                .into_iter()
                .for_each(|rules: &mut Vec<usize>| rules.push(index));
        }
        let mut isolating: FxHashMap<_, Vec<usize>> = FxHashMap::default();
        for (index, ((_, policy), subject)) in policies.iter().zip(&allowed.subjects.of_policy).enumerate() {
            for direction in governed(policy) {
                isolating.entry((*subject, direction)).or_default().push(index);
            }
        }
        let mut found: FxHashMap<_, Vec<&str>> = FxHashMap::default();
        for finding in lint.findings.iter().filter(|finding| finding.severity < Severity::Note) {
            if let Some(Place::Field { origin, path }) = &finding.place {
                found.entry(origin).or_default().push(path);
            }
        }
        let is_in = |origin, prefix: &str| {
            found.get(origin).is_some_and(|paths| paths.iter().any(|path| path.starts_with(prefix)))
        };
        let is_suspect = policies.iter().map(|(_, policy)| is_in(&policy.origin, "")).collect();
        let is_suspect_rule =
            allowed.rules.iter().map(|rule| is_in(&rule.written.policy.origin, &rule.written.path())).collect();
        Redundancy {
            allowed,
            policies,
            rules_of,
            isolating,
            is_suspect,
            is_suspect_rule,
            gone_policies: FxHashSet::default(),
            gone_rules: FxHashSet::default(),
            gone_peers: FxHashSet::default(),
        }
    }

    fn policy_of(&self, rule: usize) -> Option<usize> {
        self.allowed.rules.get(rule).map(|rule| rule.written.id.0 as usize)
    }

    fn is_there(&self, rule: usize) -> bool {
        self.is_suspect_rule.get(rule) == Some(&false)
            && !self.gone_rules.contains(&rule)
            && self.policy_of(rule).is_some_and(|policy| !self.gone_policies.contains(&policy))
    }

    /// A peer that is left, is not said to be another, and allows what this one does.
    fn coverer(&self, at: PeerAt, is_other: impl Fn(PeerAt) -> bool) -> Option<PeerAt> {
        let rule = self.allowed.rules.get(at.rule)?;
        let whom = rule.peers.get(at.peer)?;
        if !whom.is_possible() {
            return None;
        }
        let is_left =
            |found: &PeerAt| is_other(*found) && self.is_there(found.rule) && !self.gone_peers.contains(found);
        self.allowed.covering(rule, whom).find(is_left)
    }

    /// What covers each peer of a rule, if all are covered.
    fn coverers(&self, rule: usize, is_other: impl Fn(PeerAt) -> bool) -> Option<Vec<PeerAt>> {
        let peers = 0..self.allowed.rules.get(rule)?.peers.len();
        peers.map(|peer| self.coverer(PeerAt { rule, peer }, &is_other)).collect()
    }

    /// Another policy that is left and isolates all pods of a policy; without rules of its own, if that is asked for.
    fn isolator(&self, policy: usize, direction: Direction, must_deny: bool) -> Option<usize> {
        let subject = self.allowed.subjects.of_policy.get(policy)?;
        let wider = self.allowed.subjects.wider.get(*subject)?.iter();
        let found = wider.filter_map(|subject| self.isolating.get(&(*subject, direction))).flatten();
        let has_rules =
            |index: usize| self.policies.get(index).is_none_or(|(_, policy)| !policy.spec.rules(direction).is_empty());
        found
            .copied()
            .find(|index| *index != policy && !self.gone_policies.contains(index) && !(must_deny && has_rules(*index)))
    }

    /// What does all that a policy does: peers of others, and policies that isolate.
    fn replacement(&self, policy: usize, must_deny: bool) -> Option<(Vec<usize>, Vec<PeerAt>)> {
        let directions = governed(self.policies.get(policy)?.1);
        let isolators =
            directions.map(|direction| self.isolator(policy, direction, must_deny)).collect::<Option<_>>()?;
        let rules = self.rules_of.get(policy)?.iter();
        let peers = rules.map(|rule| self.coverers(*rule, |other| self.policy_of(other.rule) != Some(policy)));
        Some((isolators, peers.collect::<Option<Vec<_>>>()?.concat()))
    }

    fn judge_policies(&mut self) {
        for policy in (0..self.policies.len()).rev() {
            // A denial of everything is worth repeating beside a policy that is there for what it allows.
            let is_denial = self.rules_of.get(policy).is_none_or(Vec::is_empty);
            if self.is_suspect.get(policy) == Some(&false) && self.replacement(policy, is_denial).is_some() {
                self.gone_policies.insert(policy);
            }
        }
    }

    fn judge_rules(&mut self) {
        for rule in (0..self.allowed.rules.len()).rev() {
            let is_redundant = self.is_there(rule)
                && !self.isolates_egress(rule)
                && self.coverers(rule, |other| other.rule != rule).is_some();
            if is_redundant {
                self.gone_rules.insert(rule);
            }
        }
    }

    /// Whether a policy isolates egress because it has this rule, and no other that is left (S6).
    fn isolates_egress(&self, rule: usize) -> bool {
        let Some(found) = self.allowed.rules.get(rule) else { return true };
        let written = &found.written;
        let others = self.rules_of.get(written.id.0 as usize).into_iter().flatten().filter(|other| **other != rule);
        let mut left = others.filter(|other| !self.gone_rules.contains(other));
        let is_egress = |rule: &usize| {
            self.allowed.rules.get(*rule).is_some_and(|rule| rule.written.direction == Direction::Egress)
        };
        written.policy.spec.policy_types.is_empty() && written.direction == Direction::Egress && !left.any(is_egress)
    }

    fn judge_peers(&mut self) {
        for rule in (0..self.allowed.rules.len()).rev() {
            // Without any peer, a rule would be for everyone.
            if !self.is_there(rule) || self.coverers(rule, |other| other.rule != rule).is_some() {
                continue;
            }
            let count = self.allowed.rules.get(rule).map_or(0, |rule| rule.peers.len());
            for at in (0..count).rev().map(|peer| PeerAt { rule, peer }) {
                if self.coverer(at, |other| other != at).is_some() {
                    self.gone_peers.insert(at);
                }
            }
        }
    }

    fn tell(&self, lint: &mut Lint<'_>) {
        for (index, (_, policy)) in self.policies.iter().enumerate() {
            if self.gone_policies.contains(&index)
                && let Some((isolators, peers)) =
                    self.replacement(index, true).or_else(|| self.replacement(index, false))
            {
                let allowing: Vec<usize> = peers.iter().filter_map(|peer| self.policy_of(peer.rule)).collect();
                let said = if allowing.is_empty() { &DENIES } else { &DOES };
                let others = each_once([allowing, isolators].concat());
                let places = others.iter().filter_map(|other| {
                    let policy = self.policies.get(*other)?.1;
                    Some((format!("policy `{}`", policy.name), lint.place(policy, "metadata.name")))
                });
                let places = places.collect();
                tell(lint, &rules::REDUNDANT_POLICY, policy, "metadata.name".to_owned(), places, said);
            }
        }
        for (index, rule) in self.allowed.rules.iter().enumerate() {
            let written = &rule.written;
            if self.gone_rules.contains(&index) {
                let Some(peers) = self.coverers(index, |_| true) else { continue };
                let others = each_once(peers.iter().map(|peer| peer.rule).collect());
                let places = others.iter().filter_map(|other| self.rule_place(lint, written.policy, *other)).collect();
                tell(lint, &rules::REDUNDANT_RULE, written.policy, written.path(), places, &ALLOWS_RULE);
                continue;
            }
            for at in (0..rule.peers.len()).map(|peer| PeerAt { rule: index, peer }) {
                if !self.gone_peers.contains(&at) {
                    continue;
                }
                let Some(other) = self.coverer(at, |_| true) else { continue };
                let place = if other.rule == index {
                    let path = written.peer_path(other.peer);
                    Some((format!("`{path}`"), lint.place(written.policy, path)))
                } else {
                    self.rule_place(lint, written.policy, other.rule)
                };
                let path = written.peer_path(at.peer);
                tell(lint, &rules::REDUNDANT_PEER, written.policy, path, place.into_iter().collect(), &ALLOWS_PEER);
            }
        }
    }

    /// A rule, by its policy if that is another one.
    fn rule_place(&self, lint: &Lint<'_>, policy: &Policy, rule: usize) -> Option<(String, Place)> {
        let written = &self.allowed.rules.get(rule)?.written;
        let path = written.path();
        let name = if std::ptr::eq(policy, written.policy) {
            format!("`{path}`")
        } else {
            format!("policy `{}`", written.policy.name)
        };
        Some((name, lint.place(written.policy, path)))
    }
}

fn governed(policy: &Policy) -> impl Iterator<Item = Direction> {
    Direction::BOTH.into_iter().filter(|direction| model::governs(&policy.spec, *direction))
}

fn each_once(mut all: Vec<usize>) -> Vec<usize> {
    all.sort_unstable();
    all.dedup();
    all
}

/// What others do, in the singular and in the plural, that makes a piece redundant.
struct Said {
    verbs: [&'static str; 2],
    what: &'static str,
    piece: &'static str,
}

const DENIES: Said = Said { verbs: ["isolates", "isolate"], what: "the same pods", piece: "policy" };
const DOES: Said = Said { verbs: ["does", "do"], what: "for the same pods all that this policy does", piece: "policy" };
const ALLOWS_RULE: Said = Said { verbs: ["allows", "allow"], what: "all that this rule does", piece: "rule" };
const ALLOWS_PEER: Said = Said { verbs: ["allows", "allow"], what: "all that this peer does", piece: "peer" };
const HAS_PORT: Said = Said { verbs: ["has", "have"], what: "this port in it", piece: "port" };

/// Adds a finding, with the names and places of the others.
fn tell(
    lint: &mut Lint<'_>,
    rule: &'static Rule,
    policy: &Policy,
    path: String,
    mut others: Vec<(String, Place)>,
    said: &Said,
) {
    let mut names: Vec<&str> = others.iter().map(|(name, _)| name.as_str()).collect();
    names.dedup();
    let [singular, plural] = said.verbs;
    let subject = match names.as_slice() {
        [] => return,
        [one] => format!("{one} {singular}"),
        [some @ .., last] => format!("{} and {last} together {plural}", some.join(", ")),
    };
    let message = format!("{subject} {}: removing this {} changes no traffic", said.what, said.piece);
    let finding = lint.find(rule, policy, path, message);
    finding.help = Some("remove it, or narrow the other if that allows more than is meant".to_owned());
    others.truncate(5);
    finding.related.extend(others.into_iter().map(|(message, place)| Related { place, message }));
}

/// Ports that others of the same rule have in them.
fn redundant_ports(lint: &mut Lint<'_>, written: &Written<'_>) {
    if written.rule.ports.len() < 2 {
        return;
    }
    let cluster = lint.engine.cluster();
    let Some(rule) = model::rule(cluster, written.id, written.direction, written.index) else { return };
    let ports: Vec<Ports> = rule.ports.iter().flatten().map(|port| Ports::of(std::slice::from_ref(port))).collect();
    let mut left: Vec<usize> = (0..ports.len()).collect();
    let mut gone = Vec::new();
    for (index, port) in ports.iter().enumerate().rev() {
        let covers = |other: &&usize| **other != index && ports.get(**other).is_some_and(|wide| wide.cover(port));
        if left.iter().any(|other| covers(&other)) {
            left.retain(|other| *other != index);
            gone.push((index, port));
        }
    }
    for (index, port) in gone.into_iter().rev() {
        let wide = left.iter().find(|other| ports.get(**other).is_some_and(|wide| wide.cover(port)));
        let places = wide.map(|other| {
            let path = written.port_path(*other);
            (format!("`{path}`"), lint.place(written.policy, path))
        });
        let path = written.port_path(index);
        tell(lint, &rules::REDUNDANT_PORT, written.policy, path, places.into_iter().collect(), &HAS_PORT);
    }
}
