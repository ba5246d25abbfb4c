//! What a verdict hangs on beside the policies: the same question, asked again under other assumptions.

use std::sync::Arc;

use super::trace::{Assumption, Trace, is_shared};
use crate::cluster::{Direction, EndpointKind, NamespaceId};
use crate::engine::{Engine, Identity, Parties, Party, Verdict, exemption};
use crate::families::Families;
use crate::flow::{End, Flow, Route};
use crate::options::{Cidrs, Enforcement, EngineOptions, HostNetwork, IpBlocks};
use crate::protocol::Family;

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
    /// The verdict is another one with some address of these ends, which the input does not tell (D9).
    UnknownAddress {
        /// Of the source's.
        source: bool,
        /// Of the destination's; where both are, it takes both.
        destination: bool,
    },
    /// The verdict is another one where this name does not stand for several ports of the destination (D10).
    SharedPortName(Arc<str>),
    /// The verdict may be another one with other labels of these namespaces, whose objects are not in the input (D11).
    NamespaceLabels(Vec<NamespaceId>),
    /// The verdict is another one when objects that name no namespace are in another one than `default` (D12).
    AssumedNamespace,
    /// The verdict is another one over the other address family.
    OtherFamily(Family),
    /// Both ends are the same workload, and the verdict is about two of its pods. What holds for the one pod that a Service
    /// connects to itself is an open question (D4), and this is the answer to it.
    SameWorkload(Route, Enforcement),
    /// The ends have addresses of one family each, and not of the same one.
    NoCommonFamily {
        /// The source's.
        source: Family,
        /// The destination's.
        destination: Family,
    },
    /// An end has no address of the family over which the flow would run.
    NoAddress {
        /// Whether it is the source.
        is_source: bool,
        /// The family.
        family: Family,
    },
}

impl Caveat {
    /// The id in docs/semantics.md of the decision that it is about.
    pub fn decision(&self) -> Option<&'static str> {
        match self {
            Caveat::Decision { id, .. } => Some(id),
            Caveat::SameWorkload(Route::Service, _) => Some("D4"),
            Caveat::UnknownAddress { .. } => Some("D9"),
            Caveat::SharedPortName(_) => Some("D10"),
            Caveat::NamespaceLabels(_) => Some("D11"),
            Caveat::AssumedNamespace => Some("D12"),
            Caveat::OtherFamily(_)
            | Caveat::SameWorkload(Route::Direct, _)
            | Caveat::NoCommonFamily { .. }
            | Caveat::NoAddress { .. } => None,
        }
    }
}

impl Engine {
    /// What a flow's verdict hangs on, given whether its egress and its ingress are allowed.
    pub(super) fn caveats(&self, flow: &Flow, parties: &Parties<'_>, is_allowed: [bool; 2]) -> Vec<Caveat> {
        let verdict = Verdict::allow_if(is_allowed == [true, true]);
        let mut caveats = Vec::new();
        for (id, option, other, options) in other_readings(self.options()) {
            if self.evaluate_with(flow, &options) != verdict {
                caveats.push(Caveat::Decision { id, option, other });
            }
        }
        let other = if self.options().cidrs == Cidrs::Strict { "legacy" } else { "strict" };
        if self.with_other_cidrs().is_some_and(|engine| engine.evaluate(flow) != verdict) {
            caveats.push(Caveat::Decision { id: "D8", option: "cidrs", other });
        }
        // A side hangs on what is unknown about the other end.
        let hinging = |can_turn: &dyn Fn(Direction) -> bool| hinges(is_allowed, Direction::BOTH.map(can_turn));
        let [destination, source] = hinging(&|direction| self.hangs_on_address(flow, parties, direction));
        if verdict == Verdict::Deny && source && destination {
            caveats.push(Caveat::UnknownAddress { source, destination });
        } else {
            caveats.extend(source.then_some(Caveat::UnknownAddress { source: true, destination: false }));
            caveats.extend(destination.then_some(Caveat::UnknownAddress { source: false, destination: true }));
        }
        caveats.extend(self.shared_port_name(flow, parties, is_allowed).map(Caveat::SharedPortName));
        let [destination, source] = hinging(&|direction| self.hangs_on_namespace_labels(flow, parties, direction));
        let mut namespaces: Vec<NamespaceId> = [(source, &parties.source), (destination, &parties.destination)]
            .into_iter()
            .filter_map(|(hangs, party)| party.endpoint.filter(|_| hangs).map(|(_, endpoint)| endpoint.namespace))
            .collect();
        namespaces.dedup();
        caveats.extend((!namespaces.is_empty()).then_some(Caveat::NamespaceLabels(namespaces)));
        if self.with_other_namespace().is_some_and(|engine| engine.evaluate(flow) != verdict) {
            caveats.push(Caveat::AssumedNamespace);
        }
        caveats.extend(self.family_caveat(flow, parties, verdict));
        let is_same = parties.source.endpoint.map(|(id, _)| id) == parties.destination.endpoint.map(|(id, _)| id);
        let is_workload = parties.source.endpoint.is_some_and(|(_, endpoint)| endpoint.kind != EndpointKind::Pod);
        if is_same && is_workload && verdict == Verdict::Deny {
            caveats.push(Caveat::SameWorkload(flow.route, self.options().service_hairpin));
        }
        caveats
    }

    /// Whether some address of the other end, which the input does not tell, would turn a side.
    fn hangs_on_address(&self, flow: &Flow, parties: &Parties<'_>, direction: Direction) -> bool {
        let (_, other) = parties.subject_and_peer(direction);
        let is_unknown = other.endpoint.is_some_and(|(_, endpoint)| endpoint.addresses.is_empty());
        let is_hidden = self.options().ip_blocks == IpBlocks::External && other.identity.class.is_some();
        if !is_unknown || is_hidden || exemption(flow.route, parties, direction, self.options()).is_some() {
            return false;
        }
        let is_allowed = self.is_allowed_by_policies(flow, parties, direction);
        let families = Family::BOTH.into_iter().filter(|family| may_run_over(flow, parties, *family));
        let mut classes = families.flat_map(|family| self.compiled.addresses.classes_in(family));
        classes.any(|address| {
            let mut assumed = *parties;
            let end = match direction {
                Direction::Egress => &mut assumed.destination,
                Direction::Ingress => &mut assumed.source,
            };
            end.identity = Identity { address, ..end.identity };
            self.is_allowed_by_policies(flow, &assumed, direction) != is_allowed
        })
    }

    /// D11: whether other labels of the other end's namespace could turn a side.
    fn hangs_on_namespace_labels(&self, flow: &Flow, parties: &Parties<'_>, direction: Direction) -> bool {
        let (_, other) = parties.subject_and_peer(direction);
        let namespace = other.endpoint.and_then(|(_, endpoint)| self.cluster().namespace(endpoint.namespace));
        let is_allowed = |assumption| Trace { engine: self, flow, parties, direction, assumption }.is_allowed();
        namespace.is_some_and(|namespace| namespace.origin.is_none()) && {
            let as_it_is = is_allowed(Assumption::None);
            [true, false].into_iter().any(|is_met| is_allowed(Assumption::NamespaceLabels { is_met }) != as_it_is)
        }
    }

    /// D10: the name of the flow's port, if it is that of other ports too and the verdict hangs on it.
    fn shared_port_name(&self, flow: &Flow, parties: &Parties<'_>, is_allowed: [bool; 2]) -> Option<Arc<str>> {
        let (_, endpoint) = parties.destination.endpoint?;
        let ports = &endpoint.named_ports;
        let shared = ports.iter().find(|candidate| {
            candidate.port == flow.port && candidate.protocol == flow.protocol && is_shared(candidate, ports)
        })?;
        let can_turn = Direction::BOTH.map(|direction| {
            let is_allowed = |assumption| Trace { engine: self, flow, parties, direction, assumption }.is_allowed();
            is_allowed(Assumption::SharedNamesMeanNothing) != is_allowed(Assumption::None)
        });
        hinges(is_allowed, can_turn).contains(&true).then(|| shared.name.clone())
    }

    /// Whether the flow can run at all and, if it may run over either family, whether that makes a difference.
    fn family_caveat(&self, flow: &Flow, parties: &Parties<'_>, verdict: Verdict) -> Option<Caveat> {
        if let Some(family) = parties.family {
            let lacks = |party: &Party<'_>| families(party).is_some_and(|families| !families.contains(family));
            for (is_source, party) in [(true, &parties.source), (false, &parties.destination)] {
                if lacks(party) {
                    return Some(Caveat::NoAddress { is_source, family });
                }
            }
            let other = if family == Family::Ipv4 { Family::Ipv6 } else { Family::Ipv4 };
            let has_other = |party: &Party<'_>| families(party).is_some_and(|families| families.contains(other));
            let is_open =
                may_run_over(flow, parties, other) && has_other(&parties.source) && has_other(&parties.destination);
            let is_other = is_open && self.evaluate(&Flow { family: Some(other), ..*flow }) != verdict;
            return is_other.then_some(Caveat::OtherFamily(other));
        }
        match (families(&parties.source), families(&parties.destination)) {
            (Some(Families(Some(source), _)), Some(Families(Some(destination), _))) => {
                Some(Caveat::NoCommonFamily { source, destination })
            }
            _ => None,
        }
    }
}

/// Which sides a verdict hangs on, when these are the ones that could turn. Of those that deny, each has to.
fn hinges(is_allowed: [bool; 2], can_turn: [bool; 2]) -> [bool; 2] {
    let [egress, ingress] = is_allowed;
    let [turn_egress, turn_ingress] = can_turn;
    match (egress, ingress) {
        (true, true) => can_turn,
        (false, true) => [turn_egress, false],
        (true, false) => [false, turn_ingress],
        (false, false) => [turn_egress && turn_ingress; 2],
    }
}

/// The families of a pod's addresses; `None` for an address, and where they are not known.
fn families(party: &Party<'_>) -> Option<Families> {
    party.endpoint.map(|(_, endpoint)| Families::of(endpoint)).filter(|families| families.0.is_some())
}

/// Whether a flow may be one over this family, as far as is known.
fn may_run_over(flow: &Flow, parties: &Parties<'_>, family: Family) -> bool {
    let is_fixed =
        flow.family.is_some() || matches!((flow.source, flow.destination), (End::Address(_), _) | (_, End::Address(_)));
    let has = |party: &Party<'_>| families(party).is_none_or(|families| families.contains(family));
    if is_fixed { parties.family == Some(family) } else { has(&parties.source) && has(&parties.destination) }
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
