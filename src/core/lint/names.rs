//! What the name of a policy promises, against what its rules do (M16 to M18).

use super::written::{Written, rules as rules_of};
use super::{Lint, rules};
use crate::cluster::{Direction, Policy, PolicyId};
use crate::model;
use crate::object::{LabelSelector, NetworkPolicyPeer};

/// First words of names that promise a denial.
const DENIALS: [&str; 5] = ["block", "deny", "disallow", "forbid", "isolate"];
/// Words that promise that ends outside of the cluster are let in or out.
const EVERYONE: [&str; 8] = ["anyone", "anywhere", "everybody", "everyone", "external", "internet", "public", "world"];
/// Words that turn a promise into another one.
const NEGATIONS: [&str; 9] = ["block", "deny", "except", "from", "isolate", "no", "non", "not", "without"];

pub(super) fn check(lint: &mut Lint<'_>) {
    for (id, policy) in lint.policies() {
        let words: Vec<&str> = policy.name.split(['-', '.']).collect();
        denials(lint, id, policy, &words);
        let is_promised = words.iter().any(|word| EVERYONE.contains(word));
        let is_turned = words.iter().any(|word| NEGATIONS.contains(word));
        if is_promised && !is_turned {
            for direction in Direction::BOTH {
                everyone(lint, id, policy, direction);
            }
        }
    }
}

/// M16: `deny-all` with an empty rule. It denies nothing in the directions that its name is about.
fn denials(lint: &mut Lint<'_>, id: PolicyId, policy: &Policy, words: &[&str]) {
    let first = words.iter().find(|word| **word != "default");
    if !first.is_some_and(|word| DENIALS.contains(word)) {
        return;
    }
    let named: Vec<Direction> =
        Direction::BOTH.into_iter().filter(|direction| words.contains(&direction.name())).collect();
    let meant = |direction: &Direction| named.is_empty() || named.contains(direction);
    let governed =
        Direction::BOTH.into_iter().filter(meant).filter(|direction| model::governs(&policy.spec, *direction));
    let mut open = Vec::new();
    for direction in governed {
        match rules_of(id, policy, direction).find(Written::allows_everything) {
            Some(rule) => open.push(rule),
            None => return,
        }
    }
    let Some(rule) = open.first() else { return };
    let message = format!("`{}` denies nothing: this rule allows everything, and {}", policy.name, rule.opens());
    lint.find(&rules::DENIES_NOTHING, policy, rule.path(), message).help =
        Some(format!("list no {} rule: the policy then denies all {}", rule.direction, rule.direction));
}

/// M17, M18: the only peers are selectors that are written like "everyone" and select pods.
fn everyone(lint: &mut Lint<'_>, id: PolicyId, policy: &Policy, direction: Direction) {
    let rules: Vec<Written<'_>> = rules_of(id, policy, direction).collect();
    let has_addresses =
        |rule: &Written<'_>| rule.rule.peers.is_empty() || rule.rule.peers.iter().any(|peer| peer.ip_block.is_some());
    if rules.iter().any(has_addresses) {
        return;
    }
    let found = rules.iter().find_map(|rule| {
        let peers = rule.rule.peers.iter().enumerate();
        peers.filter_map(|(index, peer)| Some((rule, index, reach(peer)?))).next()
    });
    let Some((rule, index, reach)) = found else { return };
    let field = direction.peers_field();
    let message =
        format!("{reach}; nobody outside of the cluster is meant, though the policy is named `{}`", policy.name);
    lint.find(&rules::NOT_EVERYONE, policy, rule.peer_path(index), message).help =
        Some(format!("leave `{field}` out to allow everyone, or name outside addresses in an `ipBlock`"));
}

/// Whom a peer without any requirement selects.
fn reach(peer: &NetworkPolicyPeer) -> Option<&'static str> {
    let is_empty = |selector: &LabelSelector| *selector == LabelSelector::default();
    match (peer.namespace_selector.as_ref().map(is_empty), peer.pod_selector.as_ref().map(is_empty)) {
        (Some(true), None | Some(true)) => Some("`namespaceSelector: {}` selects the pods of all namespaces"),
        (None, Some(true)) => Some("`podSelector: {}` selects the pods of the policy's own namespace"),
        _ => None,
    }
}
