//! The walk of `evaluate`, over the compiled rules of one side of one flow: with a memory, and under assumptions about what the
//! input leaves open.

use crate::cluster::{Direction, NAMESPACE_NAME_LABEL, NamedPort};
use crate::engine::{Engine, Parties, exemption};
use crate::explain::RuleMatch;
use crate::flow::Flow;
use crate::model::{self, Action, NamespaceScope, Peer, PodSelection, TierDefault};
use crate::tables::{CompiledPolicy, CompiledRule, PeerSet, connections_on};

/// One side of a flow, to be walked.
#[derive(Clone, Copy)]
pub(super) struct Trace<'a> {
    pub engine: &'a Engine,
    pub flow: &'a Flow,
    pub parties: &'a Parties<'a>,
    pub direction: Direction,
    pub assumption: Assumption,
}

/// What a walk takes for granted beside the input.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Assumption {
    None,
    /// D11: the labels of a namespace without object meet every selector that asks for them, or none.
    NamespaceLabels {
        is_met: bool,
    },
    /// D10: a name that several ports of the destination share stands for none of them.
    SharedNamesMeanNothing,
}

/// How a walk ends.
pub(super) enum Outcome<'a> {
    /// At a rule that allows or denies.
    Rule(Action, RuleMatch),
    /// At the end of a tier that denies what none of these policies of it decides.
    NoRule(Vec<&'a CompiledPolicy>),
    /// Past the last tier, which allows.
    Undecided,
}

impl<'a> Trace<'a> {
    /// The policies that govern this side, in order.
    pub fn governing(&self) -> impl Iterator<Item = &'a CompiledPolicy> {
        let (subject, _) = self.parties.subject_and_peer(self.direction);
        let policies = &self.engine.table(subject.identity.class, self.direction).policies;
        let engine = self.engine;
        policies.iter().filter_map(move |index| engine.compiled.policies.get(*index as usize))
    }

    pub fn outcome(&self) -> Outcome<'a> {
        let governing: Vec<&CompiledPolicy> = self.governing().collect();
        for tier in governing.chunk_by(|a, b| a.tier == b.tier) {
            let rules = tier.iter().flat_map(|policy| {
                policy.rules(self.direction).unwrap_or_default().iter().enumerate().map(move |rule| (*policy, rule))
            });
            let mut matching = rules.filter_map(|(policy, (index, rule))| {
                let peer = self.matching_peer(policy, index, rule)?;
                let port = self.matching_port(rule)?;
                Some((rule.action, RuleMatch { policy: policy.id, rule: index, peer, port }))
            });
            match matching.next() {
                Some((Action::Pass, _)) => {}
                Some((action, found)) => return Outcome::Rule(action, found),
                None => {
                    let default =
                        tier.first().and_then(|policy| self.engine.compiled.tier_defaults.get(policy.tier as usize));
                    if default == Some(&TierDefault::Deny) {
                        return Outcome::NoRule(tier.to_vec());
                    }
                }
            }
        }
        Outcome::Undecided
    }

    /// Whether this side allows the flow.
    pub fn is_allowed(&self) -> bool {
        exemption(self.flow.route, self.parties, self.direction, self.engine.options()).is_some()
            || matches!(self.outcome(), Outcome::Rule(Action::Allow, _) | Outcome::Undecided)
    }

    /// The first peer that matches: `Some(None)` when the rule lists none and so matches everyone.
    pub fn matching_peer(&self, policy: &CompiledPolicy, index: usize, rule: &CompiledRule) -> Option<Option<usize>> {
        let Some(peers) = &rule.peers else { return Some(None) };
        let assumed = match self.assumption {
            Assumption::NamespaceLabels { is_met } => {
                model::rule(self.engine.cluster(), policy.id, self.direction, index).map(|rule| (rule, is_met))
            }
            Assumption::None | Assumption::SharedNamesMeanNothing => None,
        };
        let is_match = |(index, peers): (usize, &PeerSet)| match &assumed {
            Some((rule, is_met)) if self.is_open(rule.peers.iter().flatten().nth(index)) => *is_met,
            _ => self.engine.matches_peer(*peers, self.parties.subject_and_peer(self.direction).1.identity),
        };
        peers.iter().enumerate().position(is_match).map(Some)
    }

    /// Whether it is only the labels of a namespace without object that decide about a peer (D11).
    fn is_open(&self, peer: Option<&Peer>) -> bool {
        let (_, other) = self.parties.subject_and_peer(self.direction);
        let (Some((_, endpoint)), Some(_)) = (other.endpoint, other.identity.class) else { return false };
        let Some(namespace) = self.engine.cluster().namespace(endpoint.namespace) else { return false };
        let Some(Peer::Pods(PodSelection { namespaces: NamespaceScope::Matching(selector), pods })) = peer else {
            return false;
        };
        let is_known = |key: &str| key == NAMESPACE_NAME_LABEL;
        let (known, unknown): (Vec<_>, Vec<_>) =
            selector.requirements().iter().partition(|requirement| is_known(&requirement.key));
        namespace.origin.is_none()
            && !unknown.is_empty()
            && known.iter().all(|requirement| requirement.is_met(&namespace.labels))
            && pods.matches(&endpoint.labels)
    }

    /// The first port that matches: `Some(None)` when the rule lists none and so matches every port.
    fn matching_port(&self, rule: &CompiledRule) -> Option<Option<usize>> {
        let Some(ports) = &rule.ports else { return Some(None) };
        let known: Vec<NamedPort>;
        let named_ports = match self.assumption {
            Assumption::SharedNamesMeanNothing => {
                let all = self.destination_ports();
                known = all.iter().filter(|port| !is_shared(port, all)).cloned().collect();
                known.as_slice()
            }
            Assumption::None | Assumption::NamespaceLabels { .. } => self.destination_ports(),
        };
        let is_match = |port: &_| {
            let connections = connections_on(std::slice::from_ref(port), named_ports);
            connections.ports(self.flow.protocol).contains(self.flow.port)
        };
        ports.iter().position(is_match).map(Some)
    }

    /// The named ports that rules can resolve on the destination.
    pub fn destination_ports(&self) -> &'a [NamedPort] {
        let id = self.engine.named_ports_of(self.parties.destination.identity);
        id.map_or(&[], |id| self.engine.compiled.classes.named_ports(id))
    }
}

/// Whether another of the ports has the name and the protocol of this one.
pub(super) fn is_shared(port: &NamedPort, ports: &[NamedPort]) -> bool {
    ports.iter().any(|other| other.name == port.name && other.protocol == port.protocol && other.port != port.port)
}
