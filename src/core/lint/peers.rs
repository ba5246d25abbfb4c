//! Two peers where one was meant (M1).

use super::written::Written;
use super::{Lint, rules};
use crate::classes::ClassId;
use crate::diagnostic::Related;
use crate::edit;
use crate::object::{LabelSelector, NetworkPolicyPeer};
use crate::selector::Selector;
use crate::tables::PeerSet;

pub(super) fn check(lint: &mut Lint<'_>) {
    for rule in lint.rules() {
        for (index, pair) in rule.rule.peers.windows(2).enumerate() {
            if let [first, second] = pair {
                split_peer(lint, &rule, index, first, second);
            }
        }
    }
}

/// One of two neighbours has only a namespaceSelector, the other only a podSelector that means pods over there.
fn split_peer(
    lint: &mut Lint<'_>,
    rule: &Written<'_>,
    index: usize,
    first: &NetworkPolicyPeer,
    second: &NetworkPolicyPeer,
) {
    let (namespaces, namespaces_at, pods, pods_at) = match (namespaces_alone(first), pods_alone(second)) {
        (Some(namespaces), Some(pods)) => (namespaces, index, pods, index + 1),
        _ => match (namespaces_alone(second), pods_alone(first)) {
            (Some(namespaces), Some(pods)) => (namespaces, index + 1, pods, index),
            _ => return,
        },
    };
    let selects_all = *namespaces == LabelSelector::default();
    if *pods == LabelSelector::default() || !(selects_all || is_over_there(lint, rule, namespaces_at, pods_at, pods)) {
        return;
    }
    let own = lint.engine.cluster().namespace_name(rule.policy.namespace);
    let selected = if selects_all {
        "every pod of every namespace".to_owned()
    } else {
        format!("every pod of the namespaces with `{}`", Selector::new(namespaces))
    };
    let message = format!(
        "two peers, of which either suffices: {selected} is meant by the one, and any pod of `{own}` with `{}` by the other",
        Selector::new(pods)
    );
    let paths = [rule.peer_path(index), rule.peer_path(index + 1)];
    let [first, second] = &paths;
    let related = lint.place(rule.policy, first);
    let finding = lint.find(&rules::SPLIT_PEER, rule.policy, second, message);
    finding.help = Some(
        "if these pods in those namespaces are meant, remove the dash, so that one peer has both selectors".to_owned(),
    );
    finding.related.push(Related { place: related, message: "the other peer".to_owned() });
    let edit = edit::join_items(lint.sources, &rule.policy.origin, first, second);
    lint.fix_last("remove the dash: one peer with both selectors", edit);
}

fn namespaces_alone(peer: &NetworkPolicyPeer) -> Option<&LabelSelector> {
    peer.namespace_selector.as_ref().filter(|_| peer.pod_selector.is_none())
}

fn pods_alone(peer: &NetworkPolicyPeer) -> Option<&LabelSelector> {
    peer.pod_selector.as_ref().filter(|_| peer.namespace_selector.is_none())
}

/// Whether the podSelector matches pods of the other peer's namespaces, and none of the own namespace, whose pods are known.
fn is_over_there(
    lint: &Lint<'_>,
    rule: &Written<'_>,
    namespaces_at: usize,
    pods_at: usize,
    pods: &LabelSelector,
) -> bool {
    let compiled = &lint.engine.compiled;
    let (Some(PeerSet::Pods(there)), Some(PeerSet::Pods(here))) =
        (lint.peer_set(rule, namespaces_at), lint.peer_set(rule, pods_at))
    else {
        return false;
    };
    if compiled.classes.of_namespace(rule.policy.namespace).is_empty() || compiled.sets.iter(here).next().is_some() {
        return false;
    }
    let selector = Selector::new(pods);
    compiled.sets.iter(there).any(|class| {
        let class = compiled.classes.get(ClassId(class));
        let labels = class.and_then(|class| compiled.classes.labels().get(class.labels.0 as usize));
        labels.is_some_and(|labels| selector.matches(labels))
    })
}
