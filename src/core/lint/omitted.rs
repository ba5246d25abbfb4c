//! Selectors that select everything because there is nothing in them, though nobody wrote `{}` (M14).

use super::{Lint, rules};
use crate::cluster::{Direction, Policy};
use crate::object::{LabelSelector, NetworkPolicyPeer};
use crate::tree::Content;

const FIELDS: [&str; 2] = ["matchLabels", "matchExpressions"];

pub(super) fn check(lint: &mut Lint<'_>) {
    for (_, policy) in lint.policies() {
        let selectors = empty_selectors(policy);
        if selectors.len() > written_empty(lint.sources.slice(&policy.origin)) {
            selectors.into_iter().for_each(|(path, everything)| omitted(lint, policy, &path, everything));
        }
    }
}

/// The selectors of a policy that ask nothing: their paths, and what they select.
fn empty_selectors(policy: &Policy) -> Vec<(String, &'static str)> {
    let spec = &policy.spec;
    let is_empty = |selector: &LabelSelector| *selector == LabelSelector::default();
    let subject = ("spec.podSelector".to_owned(), "the policy selects every pod of the namespace");
    let mut found: Vec<_> = Some(subject).filter(|_| is_empty(&spec.pod_selector)).into_iter().collect();
    for direction in Direction::BOTH {
        for (index, rule) in spec.rules(direction).iter().enumerate() {
            for (peer_index, peer) in rule.peers.iter().enumerate() {
                let path = format!("spec.{direction}[{index}].{}[{peer_index}]", direction.peers_field());
                let NetworkPolicyPeer { pod_selector, namespace_selector, .. } = peer;
                if pod_selector.as_ref().is_some_and(is_empty) {
                    found.push((format!("{path}.podSelector"), "this peer is every pod there"));
                }
                if namespace_selector.as_ref().is_some_and(is_empty) {
                    found.push((format!("{path}.namespaceSelector"), "this peer is in every namespace"));
                }
            }
        }
    }
    found
}

/// How many selectors are `{}` in a text.
fn written_empty(text: &str) -> usize {
    let is_braces = |after: &str| {
        let after = after.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':');
        let inside = after.and_then(|after| after.trim_start().strip_prefix('{'));
        inside.is_some_and(|inside| inside.trim_start().starts_with('}'))
    };
    text.match_indices("Selector")
        .filter_map(|(start, word)| text.get(start + word.len()..))
        .filter(|after| is_braces(after))
        .count()
}

fn omitted(lint: &mut Lint<'_>, policy: &Policy, path: &str, everything: &str) {
    let field = path.rsplit('.').next().unwrap_or_default();
    let tree = lint.sources.tree(&policy.origin);
    let node = |path: &str| tree.get(&policy.origin.prefix, path).and_then(|id| tree.node(id));
    let is_null = |path: &str| node(path).is_some_and(|node| matches!(node.content, Content::Scalar(_)));
    let null_field = FIELDS.into_iter().find(|inner| is_null(&format!("{path}.{inner}")));
    let (path, message) = match (node(path), null_field) {
        (None, _) => ("spec".to_owned(), format!("`{field}` is not written: {everything}")),
        (Some(_), Some(inner)) => (format!("{path}.{inner}"), format!("`{inner}` is empty: {everything}")),
        (Some(_), None) if is_null(path) => (path.to_owned(), format!("`{field}` is empty: {everything}")),
        _ => return,
    };
    lint.find(&rules::EMPTY_SELECTOR, policy, path, message).help =
        Some(format!("write the labels that are meant, or `{field}: {{}}` if all are"));
}
