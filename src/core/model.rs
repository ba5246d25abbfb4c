//! The policy model: ordered tiers of ordered policies of ordered rules, into which every kind of policy is translated.
//!
//! Owns the translation of NetworkPolicy, with the API server's defaults. Tables, verdicts, reachability and explanations read
//! only the model, and explanations translate the rules that they are about again, since tables do not keep them. A flow passes if
//! egress at its source and ingress at its destination both allow it.

use std::fmt;
use std::sync::Arc;

use ipnet::IpNet;

use crate::cidr;
use crate::cluster::{Cluster, Direction, NamespaceId, PolicyId};
use crate::object::{IntOrString, IpBlock, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicyRule, NetworkPolicySpec};
use crate::protocol::{Port, Protocol};
use crate::selector::Selector;

/// An ordered group of policies.
#[derive(Debug, Clone, PartialEq)]
pub struct Tier {
    /// Its name.
    pub name: &'static str,
    /// What happens to an endpoint and direction that its policies govern and none of its rules decides.
    pub default: TierDefault,
    /// Its policies, in order.
    pub policies: Vec<Policy>,
}

/// The end of a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TierDefault {
    /// The flow is denied.
    Deny,
    /// The next tier decides.
    Pass,
}

/// A policy in its tier.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// The object that it comes from.
    pub id: PolicyId,
    /// The endpoints that it applies to.
    pub subject: PodSelection,
    /// Its ingress rules; `None` when it does not govern ingress.
    pub ingress: Option<Vec<Rule>>,
    /// Its egress rules; `None` when it does not govern egress.
    pub egress: Option<Vec<Rule>>,
}

impl Policy {
    /// The rules of a direction, if the policy governs it.
    pub fn rules(&self, direction: Direction) -> Option<&[Rule]> {
        match direction {
            Direction::Ingress => self.ingress.as_deref(),
            Direction::Egress => self.egress.as_deref(),
        }
    }
}

/// A rule in its policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Where it is written.
    pub path: RulePath,
    /// What it does with a flow that it matches.
    pub action: Action,
    /// The other ends that it matches; `None` matches everyone (S10).
    pub peers: Option<Vec<Peer>>,
    /// The ports that it matches; `None` matches every port of every protocol (S11).
    pub ports: Option<Vec<PortMatch>>,
}

/// The field path of a rule in its object: `spec.ingress[0]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RulePath {
    /// The field that lists the rules: `spec.ingress`.
    pub rules: &'static str,
    /// The index in that list.
    pub index: u32,
    /// The field of the rule that lists its peers: `from`.
    pub peers: &'static str,
}

impl RulePath {
    /// The path of a peer: `spec.ingress[0].from[1]`.
    pub fn peer(&self, index: usize) -> String {
        format!("{self}.{}[{index}]", self.peers)
    }

    /// The path of a port: `spec.ingress[0].ports[1]`.
    pub fn port(&self, index: usize) -> String {
        format!("{self}.ports[{index}]")
    }
}

impl fmt::Display for RulePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.rules, self.index)
    }
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The flow may pass in this direction.
    Allow,
    /// It may not.
    Deny,
    /// The next tier decides.
    Pass,
}

/// One alternative of a rule's other end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Peer {
    /// Pods, by labels (S14, S15).
    Pods(PodSelection),
    /// Addresses (S18).
    Addresses(AddressBlock),
}

/// Pods by their labels and their namespaces'.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PodSelection {
    /// In which namespaces.
    pub namespaces: NamespaceScope,
    /// Which pods there.
    pub pods: Selector,
}

/// A choice of namespaces.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum NamespaceScope {
    /// This one.
    One(NamespaceId),
    /// Those whose labels match.
    Matching(Selector),
}

/// A block of addresses with holes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressBlock {
    /// The block.
    pub network: IpNet,
    /// The holes in it.
    pub except: Vec<IpNet>,
}

/// One alternative of a rule's ports.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PortMatch {
    /// The protocol.
    pub protocol: Protocol,
    /// The destination ports.
    pub ports: PortSelection,
}

/// Destination ports of a protocol.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PortSelection {
    /// From the first to the last, both included.
    Range(Port, Port),
    /// The ports of that name on the destination pod (S28).
    Name(Arc<str>),
}

/// The tiers that a cluster's policies make, in order.
pub fn tiers(cluster: &Cluster) -> Vec<Tier> {
    // Policies are sorted by namespace and name already, which is the order in which explanations name them.
    let policies =
        cluster.policy_ids().map(|(id, policy)| network_policy(id, policy.namespace, &policy.spec)).collect();
    vec![Tier { name: "default", default: TierDefault::Deny, policies }]
}

/// One rule of a policy, by its index in its direction.
pub fn rule(cluster: &Cluster, policy: PolicyId, direction: Direction, index: usize) -> Option<Rule> {
    let policy = cluster.policy(policy)?;
    let written = policy.spec.rules(direction).get(index)?;
    Some(network_policy_rule(policy.namespace, direction, u32::try_from(index).ok()?, written))
}

/// The endpoints that a policy applies to.
pub fn subject(cluster: &Cluster, policy: PolicyId) -> Option<PodSelection> {
    cluster.policy(policy).map(|policy| network_policy_subject(policy.namespace, &policy.spec))
}

/// Whether a policy governs a direction: `policyTypes`, with its default (S6).
pub fn governs(spec: &NetworkPolicySpec, direction: Direction) -> bool {
    if spec.policy_types.is_empty() {
        // S6: ingress always, egress if there are egress rules.
        direction == Direction::Ingress || !spec.egress.is_empty()
    } else {
        spec.policy_types.iter().any(|policy_type| &**policy_type == direction.policy_type())
    }
}

fn network_policy(id: PolicyId, namespace: NamespaceId, spec: &NetworkPolicySpec) -> Policy {
    let rules = |direction: Direction, rules: &[NetworkPolicyRule]| {
        governs(spec, direction).then(|| {
            (0u32..).zip(rules).map(|(index, rule)| network_policy_rule(namespace, direction, index, rule)).collect()
        })
    };
    Policy {
        id,
        subject: network_policy_subject(namespace, spec),
        ingress: rules(Direction::Ingress, &spec.ingress),
        egress: rules(Direction::Egress, &spec.egress),
    }
}

fn network_policy_subject(namespace: NamespaceId, spec: &NetworkPolicySpec) -> PodSelection {
    PodSelection { namespaces: NamespaceScope::One(namespace), pods: Selector::new(&spec.pod_selector) }
}

fn network_policy_rule(namespace: NamespaceId, direction: Direction, index: u32, rule: &NetworkPolicyRule) -> Rule {
    let rules = match direction {
        Direction::Ingress => "spec.ingress",
        Direction::Egress => "spec.egress",
    };
    Rule {
        path: RulePath { rules, index, peers: direction.peers_field() },
        action: Action::Allow,
        peers: (!rule.peers.is_empty())
            .then(|| rule.peers.iter().filter_map(|peer| peer_of(namespace, peer)).collect()),
        ports: (!rule.ports.is_empty()).then(|| rule.ports.iter().filter_map(port_match).collect()),
    }
}

/// S14. A peer that validation would have refused matches nothing: it becomes no peer.
fn peer_of(namespace: NamespaceId, peer: &NetworkPolicyPeer) -> Option<Peer> {
    let pods = || peer.pod_selector.as_ref().map(Selector::new).unwrap_or_default();
    match (&peer.namespace_selector, &peer.pod_selector, &peer.ip_block) {
        (Some(selector), _, None) => {
            let namespaces = NamespaceScope::Matching(Selector::new(selector));
            Some(Peer::Pods(PodSelection { namespaces, pods: pods() }))
        }
        (None, Some(_), None) => {
            Some(Peer::Pods(PodSelection { namespaces: NamespaceScope::One(namespace), pods: pods() }))
        }
        (None, None, Some(block)) => address_block(block).map(Peer::Addresses),
        _ => None,
    }
}

/// A block as it is written; `None` if one of its CIDRs is none.
pub(crate) fn address_block(block: &IpBlock) -> Option<AddressBlock> {
    let network = cidr::parse(&block.cidr)?.network;
    let except = block.except.iter().map(|hole| cidr::parse(hole).map(|cidr| cidr.network)).collect::<Option<_>>()?;
    Some(AddressBlock { network, except })
}

/// S24 to S27.
fn port_match(entry: &NetworkPolicyPort) -> Option<PortMatch> {
    let protocol = entry.protocol.as_deref().map_or(Some(Protocol::Tcp), Protocol::from_name)?;
    let ports = match &entry.port {
        None => PortSelection::Range(Port::MIN, Port::MAX),
        Some(IntOrString::Int(first)) => {
            let first = Port::try_from(*first).ok()?;
            let last = entry.end_port.map_or(Ok(first), Port::try_from).ok()?;
            PortSelection::Range(first, last)
        }
        Some(IntOrString::String(name)) => PortSelection::Name(name.as_str().into()),
    };
    Some(PortMatch { protocol, ports })
}
