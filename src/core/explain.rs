//! Why a flow may pass or not: one flow, traced through the compiled policies.
//!
//! The trace reads the same compiled rules as the verdict. It names the rule that decided or, on denial, how near each policy
//! came; and it asks the engine again under other readings of what the specification leaves open, to say what the answer hangs on.

mod caveats;
mod miss;

use crate::cluster::{Direction, NamedPort, PolicyId};
use crate::connections::ConnectionSet;
use crate::engine::{Engine, Exemption, Parties, Verdict, exemption};
use crate::flow::Flow;
use crate::model::{Action, TierDefault};
use crate::protocol::Family;
use crate::tables::{CompiledPolicy, CompiledRule, connections_on};

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
        let (verdict, reason) = match exemption(flow.route, parties, direction, self.options()) {
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
}
