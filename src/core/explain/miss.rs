//! How near the policies that isolate an end came to allowing a flow. What matches, the compiled rules have decided; this words
//! it from the model: what a rule wants, and what the other end has instead.

use std::net::IpAddr;
use std::sync::Arc;

use super::trace::Trace;
use crate::cluster::{Endpoint, NamespaceId, PolicyId};
use crate::connections::ConnectionSet;
use crate::model::{self, AddressBlock, NamespaceScope, Peer, PodSelection, PortMatch, PortSelection};
use crate::object::Labels;
use crate::options::IpBlocks;
use crate::protocol::{Family, Port, Protocol};
use crate::selector::{Requirement, Selector};
use crate::tables::{CompiledPolicy, CompiledRule, connections_on};

/// How near a policy came to allowing a flow.
#[derive(Debug, Clone, PartialEq)]
pub struct Miss {
    /// The policy.
    pub policy: PolicyId,
    /// How many rules it has in this direction.
    pub rules: usize,
    /// The rule that came nearest, the first of equals; `None` when there is no rule.
    pub nearest: Option<RuleMiss>,
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
    /// The connections that the rule allows on this destination, when the flow's is not among them.
    pub allowed: Option<ConnectionSet>,
    /// The port names of the rule and what is amiss with each, when the flow's port is not among those allowed.
    pub port_names: Vec<UnmetPortName>,
}

/// Why a peer did not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerMiss {
    /// The other end is no pod: selectors match pods only (S15).
    NotAPod,
    /// The other end is on its node's network: selectors do not match it (D2).
    HostNetwork,
    /// What the selectors want and the other end does not have.
    Unmet(Vec<Unmet>),
    /// The address is not in the block.
    OutsideBlock(IpAddr),
    /// The address is in this hole of the block.
    InExcept(IpAddr, usize),
    /// The other end's address is not known, so that no block matches it.
    UnknownAddress,
    /// The flow runs over this family, which is not the block's.
    OtherFamily(Family),
    /// The other end has no address over which it could speak with this one.
    NoAddress,
    /// The other end is a pod, which blocks do not match under `--ip-blocks external` (D1).
    PodAddress,
}

/// Something that a peer wants of a pod and that this one does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmet {
    /// To be in another namespace.
    Namespace {
        /// The pod's own.
        has: NamespaceId,
        /// The one to be in.
        wants: NamespaceId,
    },
    /// A label of its namespace.
    NamespaceLabel(NamespaceId, LabelMiss),
    /// A label of the pod.
    PodLabel(LabelMiss),
}

/// A requirement on a label, and the value that does not meet it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelMiss {
    /// The requirement.
    pub requirement: Requirement,
    /// The label's value; `None` when there is no such label.
    pub value: Option<Box<str>>,
}

/// A port name of a rule, and why the flow's port is not what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmetPortName {
    /// The name.
    pub name: Arc<str>,
    /// The rule's protocol.
    pub protocol: Protocol,
    /// Why.
    pub why: PortNameMiss,
}

/// Why a port name does not stand for a flow's port (S28).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortNameMiss {
    /// The destination is no pod, and only pods have named ports.
    NotAPod,
    /// The destination is on its node's network, where its port names do not count (D2).
    HostNetwork,
    /// The destination has no port of that name; it has these.
    Missing(Vec<Arc<str>>),
    /// The destination's ports of that name are of other protocols.
    OtherProtocol(Vec<(Protocol, Port)>),
    /// The name stands for these ports on the destination.
    OtherPort(Vec<Port>),
}

impl PortNameMiss {
    /// Whether the name stands for nothing on the destination.
    pub fn is_unresolved(&self) -> bool {
        !matches!(self, PortNameMiss::OtherPort(_))
    }
}

impl Trace<'_> {
    /// How near a policy came.
    pub fn miss(&self, policy: &CompiledPolicy) -> Miss {
        let rules = policy.rules(self.direction).unwrap_or_default();
        let misses = rules.iter().enumerate().map(|(index, rule)| self.rule_miss(policy, index, rule));
        // The peer is what authors get wrong last: a rule that names it is nearer than one that names the port.
        let nearest = misses.min_by_key(|miss| {
            let distance = miss.peer_misses.iter().map(PeerMiss::distance).min().unwrap_or(0);
            (!miss.peer_misses.is_empty(), miss.allowed.is_some(), distance)
        });
        Miss { policy: policy.id, rules: rules.len(), nearest }
    }

    fn rule_miss(&self, policy: &CompiledPolicy, index: usize, rule: &CompiledRule) -> RuleMiss {
        let matching = self.matching_peer(policy, index, rule);
        let peer_misses = match matching {
            Some(_) => Vec::new(),
            None => {
                let rule = model::rule(self.engine.cluster(), policy.id, self.direction, index);
                rule.iter().flat_map(|rule| rule.peers.iter().flatten()).map(|peer| self.peer_miss(peer)).collect()
            }
        };
        let allowed = rule.ports.as_ref().map(|ports| connections_on(ports, self.destination_ports()));
        let allowed = allowed.filter(|allowed| !allowed.ports(self.flow.protocol).contains(self.flow.port));
        let missed = rule.ports.iter().flatten().filter(|_| allowed.is_some());
        let port_names = missed.filter_map(|port| self.unmet_port_name(port)).collect();
        RuleMiss { rule: index, peer: matching.flatten(), peer_misses, allowed, port_names }
    }

    /// Why a peer that did not match did not.
    fn peer_miss(&self, peer: &Peer) -> PeerMiss {
        let (_, other) = self.parties.subject_and_peer(self.direction);
        match (peer, other.endpoint, other.identity.class) {
            (Peer::Addresses(block), ..) => self.block_miss(block),
            (Peer::Pods(_), None, _) => PeerMiss::NotAPod,
            (Peer::Pods(_), Some(_), None) => PeerMiss::HostNetwork,
            (Peer::Pods(selection), Some((_, endpoint)), Some(_)) => PeerMiss::Unmet(self.unmet(selection, endpoint)),
        }
    }

    fn unmet(&self, selection: &PodSelection, endpoint: &Endpoint) -> Vec<Unmet> {
        let namespace = endpoint.namespace;
        let mut unmet = Vec::new();
        match &selection.namespaces {
            NamespaceScope::One(wanted) if *wanted != namespace => {
                unmet.push(Unmet::Namespace { has: namespace, wants: *wanted });
            }
            NamespaceScope::One(_) => {}
            NamespaceScope::Matching(selector) => {
                let labels = self.engine.cluster().namespace(namespace).map(|namespace| &namespace.labels);
                let misses = labels.into_iter().flat_map(|labels| label_misses(selector, labels));
                unmet.extend(misses.map(|miss| Unmet::NamespaceLabel(namespace, miss)));
            }
        }
        unmet.extend(label_misses(&selection.pods, &endpoint.labels).map(Unmet::PodLabel));
        unmet
    }

    fn block_miss(&self, block: &AddressBlock) -> PeerMiss {
        let (_, other) = self.parties.subject_and_peer(self.direction);
        if other.identity.class.is_some() && self.engine.options().ip_blocks == IpBlocks::External {
            return PeerMiss::PodAddress;
        }
        let is_unknown = other.endpoint.is_some_and(|(_, endpoint)| endpoint.addresses.is_empty());
        let family = self.parties.family.filter(|family| *family != Family::of(block.network.addr()));
        match (other.address, family) {
            (_, Some(family)) => PeerMiss::OtherFamily(family),
            (None, None) if is_unknown => PeerMiss::UnknownAddress,
            (None, None) => PeerMiss::NoAddress,
            (Some(address), None) => match block.except.iter().position(|hole| hole.contains(&address)) {
                Some(index) => PeerMiss::InExcept(address, index),
                None => PeerMiss::OutsideBlock(address),
            },
        }
    }

    fn unmet_port_name(&self, port: &PortMatch) -> Option<UnmetPortName> {
        let PortSelection::Name(name) = &port.ports else { return None };
        let destination = &self.parties.destination;
        let why = match (destination.endpoint, destination.identity.class) {
            (None, _) => PortNameMiss::NotAPod,
            (Some(_), None) => PortNameMiss::HostNetwork,
            (Some((_, endpoint)), Some(_)) => {
                let of_name = endpoint.named_ports.iter().filter(|candidate| candidate.name == *name);
                let (same, others): (Vec<_>, Vec<_>) =
                    of_name.partition(|candidate| candidate.protocol == port.protocol);
                if !same.is_empty() {
                    PortNameMiss::OtherPort(same.iter().map(|candidate| candidate.port).collect())
                } else if !others.is_empty() {
                    PortNameMiss::OtherProtocol(others.iter().map(|found| (found.protocol, found.port)).collect())
                } else {
                    let mut names: Vec<_> = endpoint.named_ports.iter().map(|found| found.name.clone()).collect();
                    names.sort_unstable();
                    names.dedup();
                    PortNameMiss::Missing(names)
                }
            }
        };
        Some(UnmetPortName { name: name.clone(), protocol: port.protocol, why })
    }
}

impl PeerMiss {
    /// How much would have to change for the peer to match.
    fn distance(&self) -> usize {
        match self {
            PeerMiss::Unmet(unmet) => unmet.len(),
            PeerMiss::InExcept(..) | PeerMiss::PodAddress | PeerMiss::UnknownAddress => 1,
            PeerMiss::OutsideBlock(_) | PeerMiss::HostNetwork => 2,
            PeerMiss::OtherFamily(_) | PeerMiss::NoAddress | PeerMiss::NotAPod => 3,
        }
    }
}

fn label_misses<'a>(selector: &'a Selector, labels: &'a Labels) -> impl Iterator<Item = LabelMiss> {
    let miss = |requirement: &Requirement| LabelMiss {
        requirement: requirement.clone(),
        value: labels.get(&requirement.key).map(Box::from),
    };
    selector.unmet(labels).map(miss)
}
