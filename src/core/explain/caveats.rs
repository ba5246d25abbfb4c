//! What a verdict hangs on beside the policies: the same question, asked again under other assumptions.

use super::Caveat;
use crate::cluster::{Direction, EndpointKind};
use crate::engine::{Engine, Identity, Parties, Party, Verdict, exemption};
use crate::flow::{End, Flow};
use crate::options::{Enforcement, EngineOptions, HostNetwork, IpBlocks};
use crate::protocol::Family;

impl Engine {
    pub(super) fn caveats(&self, flow: &Flow, parties: &Parties<'_>, verdict: Verdict) -> Vec<Caveat> {
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
                exemption(flow.route, parties, direction, self.options()).is_some()
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
