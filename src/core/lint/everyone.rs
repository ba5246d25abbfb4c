//! Rules that allow everyone, or every port, where something narrower is written beside them (M14, M15, M38).

use super::written::{Written, rules as rules_of};
use super::{Lint, rules};
use crate::cluster::{Direction, Endpoint};
use crate::diagnostic::Related;
use crate::model::{self, PortMatch};
use crate::object::{LabelSelector, NetworkPolicyPeer};
use crate::tables::connections_on;

pub(super) fn check(lint: &mut Lint<'_>) {
    for rule in lint.rules() {
        empty_lists(lint, &rule);
    }
    for (id, policy) in lint.policies() {
        for direction in Direction::BOTH {
            let rules: Vec<Written<'_>> = rules_of(id, policy, direction).collect();
            shadowed(lint, &rules);
            for pair in rules.windows(2) {
                if let [peers, ports] = pair {
                    split_rule(lint, peers, ports);
                }
            }
        }
    }
}

/// M14.
fn empty_lists(lint: &mut Lint<'_>, rule: &Written<'_>) {
    let field = rule.direction.peers_field();
    if rule.rule.peers.is_empty() && is_written(lint, rule, field) {
        let others = match rule.direction {
            Direction::Ingress => "every source, in the cluster and outside",
            Direction::Egress => "every destination, in the cluster and outside",
        };
        lint.find(
            &rules::EMPTY_PEERS,
            rule.policy,
            rule.peers_path(),
            format!("`{field}` is empty: this rule allows {others}"),
        )
        .help = Some(format!(
            "remove the rule to allow nobody, list peers in `{field}`, or leave `{field}` out if everyone is meant"
        ));
    }
    if rule.rule.ports.is_empty() && is_written(lint, rule, "ports") {
        let path = format!("{}.ports", rule.path());
        lint.find(
            &rules::EMPTY_PORTS,
            rule.policy,
            path,
            "`ports` is empty: this rule allows every port of every protocol",
        )
        .help = Some("list ports, or leave `ports` out if every port is meant".to_owned());
    }
}

/// Whether a field of a rule is written. Documents that do not have the word more often than filled lists are not parsed.
fn is_written(lint: &Lint<'_>, rule: &Written<'_>, field: &str) -> bool {
    let spec = &rule.policy.spec;
    let all = || spec.ingress.iter().chain(&spec.egress);
    let filled = match field {
        "ports" => all().filter(|rule| !rule.ports.is_empty()).count(),
        _ => spec.rules(rule.direction).iter().filter(|rule| !rule.peers.is_empty()).count(),
    };
    let text = lint.sources.slice(&rule.policy.origin);
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let bytes = text.as_bytes();
    let words = text.match_indices(field).filter(|(start, _)| {
        let before = start.checked_sub(1).and_then(|index| bytes.get(index));
        !is_word(before) && !is_word(bytes.get(start + field.len()))
    });
    words.count() > filled && lint.has_field(rule.policy, &format!("{}.{field}", rule.path()))
}

/// M15.
fn shadowed(lint: &mut Lint<'_>, rules: &[Written<'_>]) {
    let Some(open) = rules.iter().find(|rule| rule.allows_everything()) else { return };
    let Some(other) = rules.iter().find(|rule| !rule.allows_everything()) else { return };
    let message = format!(
        "this rule allows everything: {}, and the other {} rules of the policy change nothing",
        open.opens(),
        open.direction
    );
    let place = lint.place(other.policy, other.path());
    let finding = lint.find(&rules::SHADOWED_RULES, open.policy, open.path(), message);
    finding.help = Some("remove this rule, or the others".to_owned());
    finding.related.push(Related { place, message: "has no effect".to_owned() });
}

/// M38: peers without ports, and then ports without peers.
fn split_rule(lint: &mut Lint<'_>, peers: &Written<'_>, ports: &Written<'_>) {
    let is_split = !peers.rule.peers.is_empty()
        && peers.rule.ports.is_empty()
        && ports.rule.peers.is_empty()
        && !ports.rule.ports.is_empty();
    let is_one = match peers.direction {
        Direction::Ingress => {
            peers.rule.peers.iter().all(names_pods) && ports.index == 1 && peers.policy.spec.ingress.len() == 2
        }
        Direction::Egress => is_split && declare(lint, peers, ports),
    };
    if !is_split || !is_one {
        return;
    }
    let message = format!(
        "this rule has ports and no peers: {} on them, whatever the rule before it says, which is for every port",
        ports.opens()
    );
    let place = lint.place(peers.policy, peers.path());
    let finding = lint.find(&rules::SPLIT_RULE, ports.policy, format!("{}.ports", ports.path()), message);
    finding.help = Some(format!(
        "if one rule is meant, remove the dash before `ports`, so that it stands beside `{}`",
        ports.direction.peers_field()
    ));
    finding.related.push(Related { place, message: "peers without ports".to_owned() });
}

/// Whether a peer is some pods, and not a namespace or a block as a whole.
fn names_pods(peer: &NetworkPolicyPeer) -> bool {
    peer.pod_selector.as_ref().is_some_and(|selector| *selector != LabelSelector::default())
}

/// Whether some pod that the peers select declares all the ports.
fn declare(lint: &Lint<'_>, peers: &Written<'_>, ports: &Written<'_>) -> bool {
    let cluster = lint.engine.cluster();
    let ports = model::rule(cluster, ports.id, ports.direction, ports.index).and_then(|rule| rule.ports);
    let declares = |endpoint: &Endpoint, port: &PortMatch| {
        let allowed = connections_on(std::slice::from_ref(port), &endpoint.named_ports);
        endpoint.named_ports.iter().any(|declared| allowed.ports(declared.protocol).contains(declared.port))
    };
    cluster.endpoint_ids().any(|(id, endpoint)| {
        ports.iter().flatten().all(|port| declares(endpoint, port))
            && (0..peers.rule.peers.len()).any(|peer| lint.is_peer(peers, peer, id))
    })
}
