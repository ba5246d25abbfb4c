//! The rules of policies as they are written, with their paths: what the rules of the linter go through.

use super::Lint;
use crate::cluster::{Direction, EndpointId, Policy, PolicyId};
use crate::model;
use crate::object::NetworkPolicyRule;
use crate::tables::PeerSet;

/// A rule that takes part: its policy governs its direction.
#[derive(Clone, Copy)]
pub(super) struct Written<'a> {
    pub id: PolicyId,
    pub policy: &'a Policy,
    pub direction: Direction,
    pub index: usize,
    pub rule: &'a NetworkPolicyRule,
}

impl<'a> Lint<'a> {
    /// Every rule that takes part, policy by policy and direction by direction.
    pub(super) fn rules(&self) -> impl Iterator<Item = Written<'a>> + use<'a> {
        self.policies().flat_map(|(id, policy)| {
            Direction::BOTH.into_iter().flat_map(move |direction| rules(id, policy, direction))
        })
    }
}

/// The rules of a policy in a direction; none if it does not govern it.
pub(super) fn rules(id: PolicyId, policy: &Policy, direction: Direction) -> impl Iterator<Item = Written<'_>> {
    let rules = if model::governs(&policy.spec, direction) { policy.spec.rules(direction) } else { &[] };
    rules.iter().enumerate().map(move |(index, rule)| Written { id, policy, direction, index, rule })
}

impl Written<'_> {
    /// `spec.ingress[0]`.
    pub fn path(&self) -> String {
        format!("spec.{}[{}]", self.direction, self.index)
    }

    /// `spec.ingress[0].from`.
    pub fn peers_path(&self) -> String {
        format!("{}.{}", self.path(), self.direction.peers_field())
    }

    /// `spec.ingress[0].from[1]`.
    pub fn peer_path(&self, index: usize) -> String {
        format!("{}[{index}]", self.peers_path())
    }

    /// `spec.ingress[0].ports[1]`.
    pub fn port_path(&self, index: usize) -> String {
        format!("{}.ports[{index}]", self.path())
    }

    /// Whether it allows everyone on every port (S12).
    pub fn allows_everything(&self) -> bool {
        self.rule.peers.is_empty() && self.rule.ports.is_empty()
    }

    /// What a rule without conditions does: `everyone may connect to the pods`.
    pub fn opens(&self) -> &'static str {
        match self.direction {
            Direction::Ingress => "everyone may connect to the pods",
            Direction::Egress => "the pods may connect to everyone",
        }
    }
}

impl Lint<'_> {
    /// What a peer of a rule has been compiled to.
    pub(super) fn peer_set(&self, rule: &Written<'_>, peer: usize) -> Option<PeerSet> {
        let policies = &self.engine.compiled.policies;
        let policy = policies.get(rule.id.0 as usize).filter(|policy| policy.id == rule.id)?;
        policy.rules(rule.direction)?.get(rule.index)?.peers.as_ref()?.get(peer).copied()
    }

    /// Whether the selectors of a peer select an endpoint.
    pub(super) fn is_peer(&self, rule: &Written<'_>, peer: usize, endpoint: EndpointId) -> bool {
        let compiled = &self.engine.compiled;
        match (self.peer_set(rule, peer), compiled.classes.of_endpoint(endpoint.0 as usize)) {
            (Some(PeerSet::Pods(set)), Some(class)) => compiled.sets.contains(set, class.0),
            _ => false,
        }
    }
}
