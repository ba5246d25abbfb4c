//! Ports that do not match what they are meant for: protocols left to their default, names where there are no pods (M8, M9, M13).

use rustc_hash::FxHashSet;

use super::written::{Written, rules as rules_of};
use super::{Lint, rules};
use crate::addresses::AddressRange;
use crate::cluster::{Direction, NamedPort};
use crate::model::{self, Peer, PortSelection};
use crate::object::{IntOrString, NetworkPolicyPort};
use crate::options::IpBlocks;
use crate::protocol::Protocol;

/// Ports that are used over UDP, and what uses them.
const UDP_PORTS: [(i64, &str); 14] = [
    (53, "DNS"),
    (67, "DHCP"),
    (68, "DHCP"),
    (69, "TFTP"),
    (123, "NTP"),
    (161, "SNMP"),
    (162, "SNMP"),
    (500, "IKE"),
    (514, "syslog"),
    (1812, "RADIUS"),
    (4500, "IPsec"),
    (4789, "VXLAN"),
    (5353, "DNS"),
    (51820, "WireGuard"),
];

pub(super) fn check(lint: &mut Lint<'_>) {
    let tcp_ports: FxHashSet<i64> = (lint.engine.cluster().endpoints.iter())
        .flat_map(|endpoint| &endpoint.named_ports)
        .filter(|port| port.protocol == Protocol::Tcp)
        .map(|port| i64::from(port.port.get()))
        .collect();
    for (id, policy) in lint.policies() {
        for direction in Direction::BOTH {
            let rules: Vec<Written<'_>> = rules_of(id, policy, direction).collect();
            for rule in &rules {
                missing_protocols(lint, rule, &rules, &tcp_ports);
                if direction == Direction::Egress {
                    names_of_addresses(lint, rule);
                }
            }
        }
    }
}

/// M8, M9: silent where the policy allows the port over UDP as well, or a pod declares it for TCP.
fn missing_protocols(lint: &mut Lint<'_>, rule: &Written<'_>, rules: &[Written<'_>], tcp_ports: &FxHashSet<i64>) {
    for (index, entry) in rule.rule.ports.iter().enumerate() {
        let (None, None, Some(IntOrString::Int(number))) = (&entry.protocol, entry.end_port, &entry.port) else {
            continue;
        };
        let Some((_, service)) = UDP_PORTS.iter().find(|(port, _)| port == number) else { continue };
        let is_dns = *service == "DNS";
        let allows_udp = |rule: &Written<'_>| {
            rule.rule.ports.is_empty() || rule.rule.ports.iter().any(|entry| is_udp_with(entry, *number))
        };
        if rules.iter().any(allows_udp) || (!is_dns && tcp_ports.contains(number)) {
            continue;
        }
        let (consequence, help) = if is_dns {
            (
                "most questions are asked over UDP and stay denied",
                "list it twice, with `protocol: UDP` and `protocol: TCP`",
            )
        } else {
            ("what is sent over UDP stays denied", "write `protocol: UDP`, or `protocol: TCP` if that is meant")
        };
        let message = format!("port {number} without `protocol` is a TCP port: {service} uses UDP, and {consequence}");
        lint.find(&rules::MISSING_PROTOCOL, rule.policy, format!("{}.port", rule.port_path(index)), message).help =
            Some(help.to_owned());
    }
}

/// Whether an entry allows a port over UDP.
fn is_udp_with(entry: &NetworkPolicyPort, number: i64) -> bool {
    entry.protocol.as_deref() == Some(Protocol::Udp.name())
        && match &entry.port {
            None => true,
            Some(IntOrString::Int(first)) => (*first..=entry.end_port.unwrap_or(*first)).contains(&number),
            Some(IntOrString::String(_)) => true,
        }
}

/// M13: in egress, a name is looked up on the destination pod. Addresses that are no pods have no port names.
fn names_of_addresses(lint: &mut Lint<'_>, rule: &Written<'_>) {
    let blocks_alone = !rule.rule.peers.is_empty() && rule.rule.peers.iter().all(|peer| peer.ip_block.is_some());
    let is_name = |entry: &NetworkPolicyPort| matches!(entry.port, Some(IntOrString::String(_)));
    if !blocks_alone || !rule.rule.ports.iter().any(is_name) {
        return;
    }
    let Some(compiled) = model::rule(lint.engine.cluster(), rule.id, rule.direction, rule.index) else { return };
    for (index, port) in compiled.ports.iter().flatten().enumerate() {
        let PortSelection::Name(name) = &port.ports else { continue };
        let declares = |declared: &NamedPort| declared.name == *name && declared.protocol == port.protocol;
        let is_declared = compiled.peers.iter().flatten().any(|peer| match peer {
            Peer::Addresses(block) if lint.engine.options().ip_blocks == IpBlocks::Any => {
                let pods = lint.engine.pods_in(&AddressRange::from(block.network));
                pods.iter().any(|(_, id)| {
                    let endpoint = lint.engine.cluster().endpoint(*id);
                    endpoint.is_some_and(|endpoint| endpoint.named_ports.iter().any(declares))
                })
            }
            _ => false,
        });
        if is_declared {
            continue;
        }
        let message =
            format!("port `{name}` never matches: names belong to pods, and this rule is for addresses alone");
        lint.find(&rules::PORT_NAME_OF_ADDRESSES, rule.policy, format!("{}.port", rule.port_path(index)), message)
            .help = Some("write the port's number".to_owned());
    }
}
