//! How near the policies that isolate an end came to allowing a flow. It only words what the compiled rules have decided.

use ipnet::IpNet;

use super::{Miss, PeerMiss, RuleMiss};
use crate::cidr;
use crate::cluster::{Direction, NamespaceId};
use crate::engine::{Engine, Parties, Party};
use crate::flow::Flow;
use crate::model::PortSelection;
use crate::object::{IpBlock, NetworkPolicyPeer, NetworkPolicyRule, Text};
use crate::options::IpBlocks;
use crate::protocol::Family;
use crate::selector::Selector;
use crate::tables::{CompiledPolicy, connections_on};

impl Engine {
    pub(super) fn miss(
        &self,
        flow: &Flow,
        parties: &Parties<'_>,
        direction: Direction,
        policy: &CompiledPolicy,
    ) -> Miss {
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
}

fn family_of(network: &IpNet) -> Family {
    Family::of(network.addr())
}
