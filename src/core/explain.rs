//! Why a flow may pass or not: one flow, traced through the compiled policies.
//!
//! The trace reads the same compiled rules as the verdict. It names the rule that decided or, on denial, how near each policy
//! came; and it asks the engine again under other readings of what the specification leaves open, to say what the answer hangs on.

use crate::cidr;
use crate::cluster::{Direction, EndpointKind, NamedPort, NamespaceId, PolicyId};
use crate::compile::{CompiledPolicy, CompiledRule, connections_on};
use crate::connections::ConnectionSet;
use crate::engine::{Engine, Exemption, Identity, Parties, Party, Verdict, exemption};
use crate::flow::{End, Flow};
use crate::model::{Action, PortSelection, TierDefault};
use crate::object::{IpBlock, NetworkPolicyPeer, NetworkPolicyRule, Text};
use crate::options::{Enforcement, EngineOptions, HostNetwork, IpBlocks};
use crate::protocol::Family;
use crate::selector::Selector;

/// A verdict and its reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The flow.
    pub flow: Flow,
    /// The family it runs over, when it is known.
    pub family: Option<Family>,
    /// Whether it may pass.
    pub verdict: Verdict,
    /// What the source's side says.
    pub egress: Side,
    /// What the destination's side says.
    pub ingress: Side,
    /// What the verdict hangs on beside the policies.
    pub caveats: Vec<Caveat>,
}

/// One direction of a flow, as the policies of one end see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// Which direction.
    pub direction: Direction,
    /// Whether this side allows the flow.
    pub verdict: Verdict,
    /// The policies that isolate this end in this direction, in order; empty when none does.
    pub policies: Vec<PolicyId>,
    /// What decided.
    pub reason: Reason,
    decider: String,
}

impl Side {
    /// What decided, in short: `policy/ingress[0]` for a rule, `isolated` when none matched, `default` when no policy isolates,
    /// or the exemption: `external`, `host-network`, `self`, `own-node`.
    pub fn decider(&self) -> &str {
        &self.decider
    }
}

/// What decided a side.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// Policy does not apply.
    Exempt(Exemption),
    /// No policy isolates this end in this direction.
    NotIsolated,
    /// A rule matched.
    Rule(RuleMatch),
    /// No rule of the policies that isolate this end matched; how near each one came.
    NoRule(Vec<Miss>),
}

/// A rule that matched, and the entries of it that did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleMatch {
    /// The policy.
    pub policy: PolicyId,
    /// Index of the rule in its direction.
    pub rule: usize,
    /// Index of the first peer that matched; `None` when the rule lists none.
    pub peer: Option<usize>,
    /// Index of the first port that matched; `None` when the rule lists none.
    pub port: Option<usize>,
}

/// How near a policy came to allowing a flow.
#[derive(Debug, Clone, PartialEq)]
pub struct Miss {
    /// The policy.
    pub policy: PolicyId,
    /// The rule that came nearest; `None` when the policy has no rule in this direction.
    pub rule: Option<RuleMiss>,
}

/// Why a rule did not match.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleMiss {
    /// Index of the rule in its direction.
    pub rule: usize,
    /// The peer that matched; `None` when the rule lists none. Only set when a peer did match.
    pub peer: Option<usize>,
    /// Why no peer matched; empty when one did. One entry per peer.
    pub peer_misses: Vec<PeerMiss>,
    /// The connections that the rule allows, when the flow's is not among them.
    pub allowed: Option<ConnectionSet>,
    /// Port names of the rule that the destination does not have.
    pub unresolved: Vec<String>,
}

/// Why a peer did not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerMiss {
    /// The other end is no pod: selectors match pods only (S15).
    NotAPod,
    /// The other end is on its node's network: selectors do not match it (D2).
    HostNetwork,
    /// A peer without `namespaceSelector` only matches pods in the policy's namespace.
    OtherNamespace,
    /// The namespace's labels fail this requirement.
    NamespaceLabels(String),
    /// The pod's labels fail this requirement.
    PodLabels(String),
    /// The address is not in the block.
    OutsideBlock,
    /// The address is in this hole of the block.
    InExcept(usize),
    /// The other end's address is not known, so that no block matches it.
    UnknownAddress,
    /// The other end has no address of the block's family.
    OtherFamily,
    /// The other end is a pod, which blocks do not match under `--ip-blocks external` (D1).
    PodAddress,
}

/// Something beside the policies that a verdict hangs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caveat {
    /// The verdict is another one when an open question of the specification is answered otherwise.
    Decision {
        /// Its id in docs/semantics.md.
        id: &'static str,
        /// The option's name.
        option: &'static str,
        /// The value under which the verdict is the other one.
        other: &'static str,
    },
    /// The verdict depends on an address that the input does not tell; of the flow's source or destination.
    UnknownAddress {
        /// Whether it is the source's.
        is_source: bool,
    },
    /// The verdict is another one over the other address family.
    OtherFamily(Family),
    /// Both ends are the same workload: the verdict is about two of its pods.
    SameWorkload,
}

impl Engine {
    /// Why a flow may pass or not.
    pub fn explain(&self, flow: &Flow) -> Explanation {
        let parties = self.parties(flow, self.options());
        let egress = self.side(flow, &parties, Direction::Egress);
        let ingress = self.side(flow, &parties, Direction::Ingress);
        let verdict = Verdict::allow_if(egress.verdict == Verdict::Allow && ingress.verdict == Verdict::Allow);
        let caveats = self.caveats(flow, &parties, verdict);
        Explanation { flow: *flow, family: parties.family, verdict, egress, ingress, caveats }
    }

    fn side(&self, flow: &Flow, parties: &Parties<'_>, direction: Direction) -> Side {
        let (subject, _) = parties.subject_and_peer(direction);
        let table = self.table(subject.identity.class, direction);
        let governing: Vec<&CompiledPolicy> =
            table.policies.iter().filter_map(|index| self.compiled.policies.get(*index as usize)).collect();
        let policies = governing.iter().map(|policy| policy.id).collect();
        let (verdict, reason) = match exemption(flow, parties, direction, self.options()) {
            Some(exemption) => (Verdict::Allow, Reason::Exempt(exemption)),
            None => self.walk(flow, parties, direction, &governing),
        };
        let decider = match &reason {
            Reason::Exempt(Exemption::External) => "external".to_owned(),
            Reason::Exempt(Exemption::HostNetwork) => "host-network".to_owned(),
            Reason::Exempt(Exemption::SamePod) => "self".to_owned(),
            Reason::Exempt(Exemption::OwnNode) => "own-node".to_owned(),
            Reason::NotIsolated => "default".to_owned(),
            Reason::NoRule(_) => "isolated".to_owned(),
            Reason::Rule(found) => {
                let name = self.cluster().policy(found.policy).map_or("", |policy| &policy.name);
                format!("{name}/{direction}[{}]", found.rule)
            }
        };
        Side { direction, verdict, policies, reason, decider }
    }

    /// The walk of `evaluate`, rule by rule and with a memory.
    fn walk(
        &self,
        flow: &Flow,
        parties: &Parties<'_>,
        direction: Direction,
        governing: &[&CompiledPolicy],
    ) -> (Verdict, Reason) {
        for tier in governing.chunk_by(|a, b| a.tier == b.tier) {
            let rules = tier.iter().flat_map(|policy| {
                policy
                    .rules(direction)
                    .unwrap_or_default()
                    .iter()
                    .enumerate()
                    .map(|(index, rule)| (policy.id, index, rule))
            });
            let mut matching = rules.filter_map(|(policy, index, rule)| {
                let (peer, port) = self.matches(flow, parties, direction, rule)?;
                Some((rule.action, RuleMatch { policy, rule: index, peer, port }))
            });
            match matching.next() {
                Some((Action::Allow, found)) => return (Verdict::Allow, Reason::Rule(found)),
                Some((Action::Deny, found)) => return (Verdict::Deny, Reason::Rule(found)),
                Some((Action::Pass, _)) => {}
                None => {
                    let default = tier.first().and_then(|policy| self.compiled.tier_defaults.get(policy.tier as usize));
                    if default == Some(&TierDefault::Deny) {
                        let misses = tier.iter().map(|policy| self.miss(flow, parties, direction, policy)).collect();
                        return (Verdict::Deny, Reason::NoRule(misses));
                    }
                }
            }
        }
        (Verdict::Allow, Reason::NotIsolated)
    }

    /// The peer and the port of a rule that match, if both do.
    fn matches(
        &self,
        flow: &Flow,
        parties: &Parties<'_>,
        direction: Direction,
        rule: &CompiledRule,
    ) -> Option<(Option<usize>, Option<usize>)> {
        let peer = self.matching_peer(parties, direction, rule)?;
        let port = match &rule.ports {
            None => None,
            Some(ports) => Some(ports.iter().position(|port| {
                let connections = connections_on(std::slice::from_ref(port), self.destination_ports(parties));
                connections.ports(flow.protocol).contains(flow.port)
            })?),
        };
        Some((peer, port))
    }

    /// The first peer that matches: `Some(None)` when the rule lists none and so matches everyone.
    fn matching_peer(&self, parties: &Parties<'_>, direction: Direction, rule: &CompiledRule) -> Option<Option<usize>> {
        let (_, peer) = parties.subject_and_peer(direction);
        match &rule.peers {
            None => Some(None),
            Some(peers) => peers.iter().position(|peers| self.matches_peer(*peers, peer.identity)).map(Some),
        }
    }

    fn destination_ports(&self, parties: &Parties<'_>) -> &[NamedPort] {
        self.named_ports_of(parties.destination.identity).map_or(&[], |id| self.compiled.classes.named_ports(id))
    }

    fn miss(&self, flow: &Flow, parties: &Parties<'_>, direction: Direction, policy: &CompiledPolicy) -> Miss {
        let written = self.cluster().policy(policy.id);
        let rules = policy.rules(direction).unwrap_or_default().iter().enumerate();
        let misses = rules.map(|(index, rule)| {
            let matching = self.matching_peer(parties, direction, rule);
            let written_rule = written.and_then(|policy| policy.spec.rules(direction).get(index));
            let peer_misses = match (matching, written, written_rule) {
                (None, Some(policy), Some(rule)) => self.peer_misses(parties, direction, policy.namespace, rule),
                _ => Vec::new(),
            };
            let ports =
                rule.ports.as_deref().map(|ports| (ports, connections_on(ports, self.destination_ports(parties))));
            let missed = ports.filter(|(_, connections)| !connections.ports(flow.protocol).contains(flow.port));
            let unresolved = missed.iter().flat_map(|(ports, _)| ports.iter()).filter_map(|port| match &port.ports {
                PortSelection::Name(name) => {
                    connections_on(std::slice::from_ref(port), self.destination_ports(parties))
                        .is_empty()
                        .then(|| name.to_string())
                }
                PortSelection::Range(..) => None,
            });
            let unresolved = unresolved.collect();
            let allowed = missed.map(|(_, connections)| connections);
            RuleMiss { rule: index, peer: matching.flatten(), peer_misses, allowed, unresolved }
        });
        // The peer is what authors get wrong last: a rule that names it is nearer than one that names the port.
        let rank = |miss: &RuleMiss| match (miss.peer_misses.is_empty(), miss.allowed.is_none()) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 2,
        };
        Miss { policy: policy.id, rule: misses.min_by_key(rank) }
    }

    fn peer_misses(
        &self,
        parties: &Parties<'_>,
        direction: Direction,
        namespace: NamespaceId,
        rule: &NetworkPolicyRule,
    ) -> Vec<PeerMiss> {
        let (_, other) = parties.subject_and_peer(direction);
        rule.peers.iter().map(|peer| self.peer_miss(other, parties.family, namespace, peer)).collect()
    }

    /// Why a peer that did not match did not. It only words what the compiled sets have decided.
    fn peer_miss(
        &self,
        other: &Party<'_>,
        family: Option<Family>,
        namespace: NamespaceId,
        peer: &NetworkPolicyPeer,
    ) -> PeerMiss {
        if let Some(block) = &peer.ip_block {
            return self.block_miss(other, family, block);
        }
        let Some((_, endpoint)) = other.endpoint else { return PeerMiss::NotAPod };
        if other.identity.class.is_none() {
            return PeerMiss::HostNetwork;
        }
        match &peer.namespace_selector {
            None if endpoint.namespace != namespace => return PeerMiss::OtherNamespace,
            None => {}
            Some(selector) => {
                let selector = Selector::new(selector);
                let labels = self.cluster().namespace(endpoint.namespace).map(|namespace| &namespace.labels);
                if let Some(unmet) = labels.and_then(|labels| selector.first_unmet(labels)) {
                    return PeerMiss::NamespaceLabels(unmet.to_string());
                }
            }
        }
        let selector = peer.pod_selector.as_ref().map(Selector::new).unwrap_or_default();
        PeerMiss::PodLabels(selector.first_unmet(&endpoint.labels).map(ToString::to_string).unwrap_or_default())
    }

    fn block_miss(&self, other: &Party<'_>, family: Option<Family>, block: &IpBlock) -> PeerMiss {
        let is_pod = other.identity.class.is_some();
        if is_pod && self.options().ip_blocks == IpBlocks::External {
            return PeerMiss::PodAddress;
        }
        let network = cidr::parse(&block.cidr).map(|cidr| cidr.network);
        match (other.address, network) {
            (None, _) if other.endpoint.is_some_and(|(_, endpoint)| endpoint.addresses.is_empty()) => {
                PeerMiss::UnknownAddress
            }
            (Some(address), Some(network)) if family_of(&network) != Family::of(address) => PeerMiss::OtherFamily,
            (Some(address), _) => {
                let is_in = |hole: &Text| cidr::parse(hole).is_some_and(|hole| hole.network.contains(&address));
                block.except.iter().position(is_in).map_or(PeerMiss::OutsideBlock, PeerMiss::InExcept)
            }
            (None, Some(network)) if family.is_some_and(|family| family != family_of(&network)) => {
                PeerMiss::OtherFamily
            }
            _ => PeerMiss::UnknownAddress,
        }
    }

    fn caveats(&self, flow: &Flow, parties: &Parties<'_>, verdict: Verdict) -> Vec<Caveat> {
        let mut caveats = Vec::new();
        for (id, option, other, options) in other_readings(self.options()) {
            if self.evaluate_with(flow, &options) != verdict {
                caveats.push(Caveat::Decision { id, option, other });
            }
        }
        for is_source in [true, false] {
            if self.depends_on_address(flow, parties, verdict, is_source) {
                caveats.push(Caveat::UnknownAddress { is_source });
            }
        }
        if let (None, Some(family)) = (flow.family, parties.family) {
            let other = if family == Family::Ipv4 { Family::Ipv6 } else { Family::Ipv4 };
            let has_other = |party: &Party<'_>| {
                party
                    .endpoint
                    .is_some_and(|(_, endpoint)| endpoint.addresses.iter().any(|address| Family::of(*address) == other))
            };
            let ends_are_pods = !matches!((flow.source, flow.destination), (End::Address(_), _) | (_, End::Address(_)));
            if ends_are_pods
                && has_other(&parties.source)
                && has_other(&parties.destination)
                && self.evaluate(&Flow { family: Some(other), ..*flow }) != verdict
            {
                caveats.push(Caveat::OtherFamily(other));
            }
        }
        if let (Some((source, _)), Some((destination, endpoint))) =
            (parties.source.endpoint, parties.destination.endpoint)
            && source == destination
            && endpoint.kind != EndpointKind::Pod
        {
            caveats.push(Caveat::SameWorkload);
        }
        caveats
    }

    /// Whether an end's unknown address could turn the verdict.
    fn depends_on_address(&self, flow: &Flow, parties: &Parties<'_>, verdict: Verdict, is_source: bool) -> bool {
        let party = if is_source { &parties.source } else { &parties.destination };
        let is_unknown = party.endpoint.is_some_and(|(_, endpoint)| endpoint.addresses.is_empty());
        if !is_unknown || (self.options().ip_blocks == IpBlocks::External && party.identity.class.is_some()) {
            return false;
        }
        self.compiled.addresses.classes().any(|address| {
            let mut assumed = *parties;
            let end = if is_source { &mut assumed.source } else { &mut assumed.destination };
            end.identity = Identity { address, ..end.identity };
            let is_allowed = Direction::BOTH.into_iter().all(|direction| {
                exemption(flow, parties, direction, self.options()).is_some()
                    || self.is_allowed_by_policies(flow, &assumed, direction)
            });
            Verdict::allow_if(is_allowed) != verdict
        })
    }
}

/// The other answers to the questions that options answer, one at a time.
fn other_readings(options: &EngineOptions) -> [(&'static str, &'static str, &'static str, EngineOptions); 4] {
    let (ip_blocks, ip_blocks_name) = match options.ip_blocks {
        IpBlocks::Any => (IpBlocks::External, "external"),
        IpBlocks::External => (IpBlocks::Any, "any"),
    };
    let (host_network, host_network_name) = match options.host_network {
        HostNetwork::Node => (HostNetwork::Pod, "pod"),
        HostNetwork::Pod => (HostNetwork::Node, "node"),
    };
    let flip = |enforcement| match enforcement {
        Enforcement::Police => (Enforcement::Allow, "allow"),
        Enforcement::Allow => (Enforcement::Police, "police"),
    };
    let (own_node_egress, own_node_name) = flip(options.own_node_egress);
    let (service_hairpin, hairpin_name) = flip(options.service_hairpin);
    [
        ("D1", "ip-blocks", ip_blocks_name, EngineOptions { ip_blocks, ..*options }),
        ("D2", "host-network", host_network_name, EngineOptions { host_network, ..*options }),
        ("D3", "own-node-egress", own_node_name, EngineOptions { own_node_egress, ..*options }),
        ("D4", "service-hairpin", hairpin_name, EngineOptions { service_hairpin, ..*options }),
    ]
}

fn family_of(network: &ipnet::IpNet) -> Family {
    Family::of(network.addr())
}
