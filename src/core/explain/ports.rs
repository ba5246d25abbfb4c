//! Every port between two ends at once: what each side allows, and on which ports the answer hangs on more than the policies.
//!
//! Asks about one port of each range of ports that no rule in question tells apart.

use std::collections::BTreeSet;

use super::Caveat;
use crate::cluster::{Direction, NamedPort, PolicyId};
use crate::connections::{ConnectionSet, PortSet};
use crate::engine::{Engine, Exemption, Parties, Verdict, exemption};
use crate::explain::trace::{Assumption, Trace};
use crate::flow::Flow;
use crate::model::PortSelection;
use crate::protocol::{Family, Port, Protocol};

/// The connections that may pass between two ends, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct PortsExplanation {
    /// A flow between the ends, whose port and protocol say nothing.
    pub flow: Flow,
    /// The family it runs over, when it is known.
    pub family: Option<Family>,
    /// What may pass.
    pub allowed: ConnectionSet,
    /// What the source's side says.
    pub egress: PortsSide,
    /// What the destination's side says.
    pub ingress: PortsSide,
    /// What the answer hangs on beside the policies.
    pub caveats: Vec<PortsCaveat>,
}

/// One direction, as the policies of one end see it.
#[derive(Debug, Clone, PartialEq)]
pub struct PortsSide {
    /// Which direction.
    pub direction: Direction,
    /// What this side allows.
    pub allowed: ConnectionSet,
    /// The policies that isolate this end in this direction, in order.
    pub policies: Vec<PolicyId>,
    /// Why policy does not apply, if it does not.
    pub exemption: Option<Exemption>,
}

/// Something beside the policies that the verdict on some ports hangs on.
#[derive(Debug, Clone, PartialEq)]
pub struct PortsCaveat {
    /// What it is.
    pub caveat: Caveat,
    /// The verdict on these ports as it is.
    pub verdict: Verdict,
    /// The ports.
    pub ports: ConnectionSet,
}

impl Engine {
    /// What may pass between the ends of a flow, on every port of one protocol or of all.
    pub fn explain_ports(&self, flow: &Flow, protocol: Option<Protocol>) -> PortsExplanation {
        let parties = self.parties(flow, self.options());
        let side = |direction| {
            let trace = Trace { engine: self, flow, parties: &parties, direction, assumption: Assumption::None };
            PortsSide {
                direction,
                allowed: ConnectionSet::default(),
                policies: trace.governing().map(|policy| policy.id).collect(),
                exemption: exemption(flow.route, &parties, direction, self.options()),
            }
        };
        let [mut egress, mut ingress] = Direction::BOTH.map(side);
        let mut allowed = ConnectionSet::default();
        let mut caveats: Vec<PortsCaveat> = Vec::new();
        for (protocol, range) in self.ranges(&parties, protocol) {
            let flow = Flow { protocol, port: range.0, ..*flow };
            let sides = [&mut egress, &mut ingress].map(|side| {
                let is_allowed =
                    side.exemption.is_some() || self.is_allowed_by_policies(&flow, &parties, side.direction);
                if is_allowed {
                    add(&mut side.allowed, protocol, range);
                }
                is_allowed
            });
            let verdict = Verdict::allow_if(sides == [true, true]);
            if verdict == Verdict::Allow {
                add(&mut allowed, protocol, range);
            }
            for caveat in self.caveats(&flow, &parties, sides) {
                let known = caveats.iter_mut().find(|known| known.caveat == caveat && known.verdict == verdict);
                match known {
                    Some(known) => add(&mut known.ports, protocol, range),
                    None => {
                        let mut ports = ConnectionSet::default();
                        add(&mut ports, protocol, range);
                        caveats.push(PortsCaveat { caveat, verdict, ports });
                    }
                }
            }
        }
        PortsExplanation { flow: *flow, family: parties.family, allowed, egress, ingress, caveats }
    }

    /// The ranges of ports that no rule about either end tells apart, under any reading.
    fn ranges(&self, parties: &Parties<'_>, protocol: Option<Protocol>) -> Vec<(Protocol, (Port, Port))> {
        let engines = [Some(self), self.with_other_cidrs(), self.with_other_namespace()];
        let mut ranges = Vec::new();
        for protocol in Protocol::ALL.into_iter().filter(|one| protocol.is_none_or(|wanted| wanted == *one)) {
            let mut starts = BTreeSet::from([Port::MIN]);
            for engine in engines.into_iter().flatten() {
                engine.add_starts(parties, protocol, &mut starts);
            }
            let starts: Vec<Port> = starts.into_iter().collect();
            for (index, first) in starts.iter().enumerate() {
                let next = starts.get(index + 1).and_then(|next| Port::new(next.get() - 1));
                ranges.push((protocol, (*first, next.unwrap_or(Port::MAX))));
            }
        }
        ranges
    }

    fn add_starts(&self, parties: &Parties<'_>, protocol: Protocol, starts: &mut BTreeSet<Port>) {
        let named: &[NamedPort] = parties.destination.endpoint.map_or(&[], |(_, endpoint)| &endpoint.named_ports);
        for direction in Direction::BOTH {
            let (subject, _) = parties.subject_and_peer(direction);
            // The class of a pod on the host network, too: another reading lets policies select it.
            let class = subject.endpoint.and_then(|(id, _)| self.compiled.classes.of_endpoint(id.0 as usize));
            let policies = self.table(class, direction).policies.iter();
            let policies = policies.filter_map(|index| self.compiled.policies.get(*index as usize));
            let rules = policies.flat_map(|policy| policy.rules(direction).unwrap_or_default());
            for port in rules.flat_map(|rule| rule.ports.iter().flatten()).filter(|port| port.protocol == protocol) {
                let ranges: Vec<(Port, Port)> = match &port.ports {
                    PortSelection::Range(first, last) => vec![(*first, *last)],
                    PortSelection::Name(name) => {
                        let of_name = named.iter().filter(|named| named.name == *name && named.protocol == protocol);
                        of_name.map(|named| (named.port, named.port)).collect()
                    }
                };
                for (first, last) in ranges {
                    starts.insert(first);
                    starts.extend(last.get().checked_add(1).and_then(Port::new));
                }
            }
        }
    }
}

fn add(set: &mut ConnectionSet, protocol: Protocol, range: (Port, Port)) {
    let union = set.ports(protocol).union(&PortSet::from_ranges(vec![range]));
    set.set_ports(protocol, union);
}
