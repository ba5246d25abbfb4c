//! The oracle: the rules of NetworkPolicy (S, L and D ids) read literally, one connection at a time, as slowly as need be.
//!
//! It shares nothing with the engine but the cluster's types: it sets defaults, matches selectors and reads CIDRs itself.
//! Deliberately absent: anything precomputed, and validation (a cluster holds valid policies only).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netpol::cluster::{Cluster, Direction, Endpoint, EndpointId, EndpointKind, NamedPort, Policy};
use netpol::flow::{End, Flow, Route};
use netpol::object::{
    IntOrString, IpBlock, LabelSelector, Labels, NetworkPolicyPeer, NetworkPolicyPort, SelectorRequirement,
};
use netpol::options::{Enforcement, EngineOptions, HostNetwork, IpBlocks};
use netpol::protocol::Family;

/// What both sides of a connection say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The source's side.
    pub egress: Decision,
    /// The destination's side.
    pub ingress: Decision,
}

/// What one side says, and who decided it: `default`, `isolated`, `<policy>/ingress[0]` and so on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether this side lets the connection pass.
    pub allowed: bool,
    /// Who decided it.
    pub decider: String,
}

impl Answer {
    /// S2: a connection passes if egress at its source and ingress at its destination both allow it.
    pub fn allowed(&self) -> bool {
        self.egress.allowed && self.ingress.allowed
    }
}

/// Answers one flow.
pub fn evaluate(cluster: &Cluster, options: &EngineOptions, flow: &Flow) -> Answer {
    let source = Party::of(flow.source, cluster, options);
    let destination = Party::of(flow.destination, cluster, options);
    let connection = Connection { cluster, options, flow, source, destination };
    Answer { egress: connection.decide(Direction::Egress), ingress: connection.decide(Direction::Ingress) }
}

/// What policies take an end of a connection for.
#[derive(Debug, Clone, Copy)]
enum Party<'a> {
    /// A pod: policies select it, as subject and as peer.
    Pod(EndpointId, &'a Endpoint),
    /// S32, D2: a host-network pod that counts as the node it runs on.
    Host(&'a Endpoint),
    /// An address that is no pod's.
    External(IpAddr),
}

impl<'a> Party<'a> {
    fn of(end: End, cluster: &'a Cluster, options: &EngineOptions) -> Party<'a> {
        let counts_as_node = |pod: &Endpoint| pod.host_network && options.host_network == HostNetwork::Node;
        match end {
            End::Endpoint(id) => {
                let pod = cluster.endpoint(id).expect("the endpoint is one of this cluster's");
                if counts_as_node(pod) { Party::Host(pod) } else { Party::Pod(id, pod) }
            }
            End::Address(address) => cluster
                .endpoint_ids()
                // S42: a host-network pod shares its node's address, which stays an address.
                .filter(|(_, pod)| pod.kind == EndpointKind::Pod && !pod.host_network)
                .find(|(_, pod)| pod.addresses.contains(&address))
                .map_or(Party::External(address), |(id, pod)| Party::Pod(id, pod)),
        }
    }

    fn addresses(self) -> Vec<IpAddr> {
        match self {
            Party::Pod(_, pod) | Party::Host(pod) => pod.addresses.clone(),
            Party::External(address) => vec![address],
        }
    }
}

struct Connection<'a> {
    cluster: &'a Cluster,
    options: &'a EngineOptions,
    flow: &'a Flow,
    source: Party<'a>,
    destination: Party<'a>,
}

impl Connection<'_> {
    fn decide(&self, direction: Direction) -> Decision {
        let (subject, peer) = match direction {
            Direction::Egress => (self.source, self.destination),
            Direction::Ingress => (self.destination, self.source),
        };
        let pod = match subject {
            // S2: an end that no policy can select allows everything on its side.
            Party::External(_) => return allowed("external"),
            Party::Host(_) => return allowed("host-network"),
            Party::Pod(_, pod) => pod,
        };
        if self.is_to_itself() {
            return allowed("self");
        }
        // S30 exempts ingress always; S31, D3: egress only if the option says so.
        let exempt = direction == Direction::Ingress || self.options.own_node_egress == Enforcement::Allow;
        if exempt && is_own_node(pod, peer) {
            return allowed("own-node");
        }
        // S4, S5: the policies of the pod's namespace that select it and govern this direction isolate it.
        let isolating: Vec<&Policy> = (self.cluster.policies.iter())
            .filter(|policy| policy.namespace == pod.namespace)
            .filter(|policy| selector_matches(&policy.spec.pod_selector, &pod.labels))
            .filter(|policy| governs(policy, direction))
            .collect();
        if isolating.is_empty() {
            return allowed("default");
        }
        // S3, S9: any rule of any of them is enough; the first is named.
        for policy in isolating {
            let rules = match direction {
                Direction::Ingress => &policy.spec.ingress,
                Direction::Egress => &policy.spec.egress,
            };
            for (index, rule) in rules.iter().enumerate() {
                // S10, S11, S12: no peers are all peers, no ports are all ports.
                let peers = rule.peers.is_empty() || rule.peers.iter().any(|p| self.peer_matches(policy, p, peer));
                let ports = rule.ports.is_empty() || rule.ports.iter().any(|p| self.port_matches(p));
                if peers && ports {
                    return allowed(format!("{}/{}[{index}]", policy.name, direction.name()));
                }
            }
        }
        // S8: isolated, and nothing allows it.
        Decision { allowed: false, decider: "isolated".to_owned() }
    }

    /// S33, D4: a pod cannot block itself; by way of a Service it depends. Two replicas of a workload are two pods.
    fn is_to_itself(&self) -> bool {
        let (Party::Pod(source, pod), Party::Pod(destination, _)) = (self.source, self.destination) else {
            return false;
        };
        let exempt = self.flow.route == Route::Direct || self.options.service_hairpin == Enforcement::Allow;
        source == destination && pod.kind == EndpointKind::Pod && exempt
    }

    /// S13: the selectors of one peer are AND'ed, an ipBlock stands alone.
    fn peer_matches(&self, policy: &Policy, written: &NetworkPolicyPeer, peer: Party<'_>) -> bool {
        if let Some(block) = &written.ip_block {
            return self.address_of(peer).is_some_and(|address| block_contains(block, address));
        }
        // S15: selectors match pods only.
        let Party::Pod(_, pod) = peer else { return false };
        // S14: without a namespaceSelector it is the policy's own namespace; with neither selector it is nobody.
        let namespace = self.cluster.namespace(pod.namespace).expect("a pod's namespace is in its cluster");
        let namespace_matches = match &written.namespace_selector {
            Some(selector) => selector_matches(selector, &namespace.labels),
            None => written.pod_selector.is_some() && pod.namespace == policy.namespace,
        };
        let pod_matches = written.pod_selector.as_ref().is_none_or(|selector| selector_matches(selector, &pod.labels));
        namespace_matches && pod_matches
    }

    /// S19: the address by which an ipBlock knows the peer.
    fn address_of(&self, peer: Party<'_>) -> Option<IpAddr> {
        // S20, D1: pods may be out of reach for ipBlocks; nodes (S23) and the world never are.
        if matches!(peer, Party::Pod(..)) && self.options.ip_blocks == IpBlocks::External {
            return None;
        }
        let family = self.family()?;
        peer.addresses().into_iter().find(|address| Family::of(*address) == family)
    }

    /// S41: the family that the connection runs over, where that is known.
    fn family(&self) -> Option<Family> {
        match (self.flow.family, self.flow.source, self.flow.destination) {
            (Some(family), _, _) => Some(family),
            (None, End::Address(address), _) | (None, _, End::Address(address)) => Some(Family::of(address)),
            (None, End::Endpoint(_), End::Endpoint(_)) => {
                let families = |party: Party<'_>| party.addresses().into_iter().map(Family::of).collect::<Vec<_>>();
                let (source, destination) = (families(self.source), families(self.destination));
                if destination.is_empty() {
                    return source.first().copied();
                }
                destination.into_iter().find(|family| source.is_empty() || source.contains(family))
            }
        }
    }

    fn port_matches(&self, written: &NetworkPolicyPort) -> bool {
        // S24: the protocol is TCP unless it is written. S29: SCTP is never read as TCP.
        if written.protocol.as_deref().unwrap_or("TCP") != self.flow.protocol.name() {
            return false;
        }
        let number = i64::from(self.flow.port.get());
        match &written.port {
            // S25: every port of the protocol.
            None => true,
            // S26, S27: one port, or a range with both its ends.
            Some(IntOrString::Int(first)) => (*first..=written.end_port.unwrap_or(*first)).contains(&number),
            // S28: in both directions the name is one of the destination's, and only pods have names.
            Some(IntOrString::String(name)) => {
                let Party::Pod(_, pod) = self.destination else { return false };
                let wanted =
                    NamedPort { name: name.as_str().into(), protocol: self.flow.protocol, port: self.flow.port };
                pod.named_ports.contains(&wanted)
            }
        }
    }
}

fn allowed(decider: impl Into<String>) -> Decision {
    Decision { allowed: true, decider: decider.into() }
}

/// S6: only absent policyTypes are defaulted: to Ingress, and Egress if there are egress rules.
fn governs(policy: &Policy, direction: Direction) -> bool {
    if policy.spec.policy_types.is_empty() {
        return direction == Direction::Ingress || !policy.spec.egress.is_empty();
    }
    policy.spec.policy_types.iter().any(|written| &**written == direction.policy_type())
}

/// S30: whether `peer` is the node that `pod` runs on, or shares its network with that node.
fn is_own_node(pod: &Endpoint, peer: Party<'_>) -> bool {
    match peer {
        Party::Pod(..) => false,
        Party::External(address) => pod.node_addresses.contains(&address),
        Party::Host(host) => {
            (pod.node.is_some() && pod.node == host.node)
                || host.addresses.iter().any(|address| pod.node_addresses.contains(address))
        }
    }
}

/// L1, L2: all parts of a selector must match; a selector without parts matches everything.
fn selector_matches(selector: &LabelSelector, labels: &Labels) -> bool {
    selector.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
        && selector.match_expressions.iter().all(|requirement| requirement_matches(requirement, labels))
}

/// L3, L4: `NotIn` and `DoesNotExist` match where the key is absent; the empty string is a value like any other.
fn requirement_matches(requirement: &SelectorRequirement, labels: &Labels) -> bool {
    let value = labels.get(&requirement.key);
    let listed = value.is_some_and(|value| requirement.values.iter().any(|candidate| &**candidate == value));
    match &*requirement.operator {
        "In" => listed,
        "NotIn" => !listed,
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        other => panic!("`{other}` is not an operator, so its policy is not valid"),
    }
}

/// S18: in the block and in none of its own exceptions.
fn block_contains(block: &IpBlock, address: IpAddr) -> bool {
    cidr_contains(&block.cidr, address) && !block.except.iter().any(|except| cidr_contains(except, address))
}

/// S21: families never match each other. S22: only the bits of the prefix count.
fn cidr_contains(cidr: &str, address: IpAddr) -> bool {
    let (network, length) =
        read_cidr(cidr).unwrap_or_else(|| panic!("`{cidr}` is no CIDR, so its policy is not valid"));
    let agree = |left: u128, right: u128, width: u32| (left ^ right).checked_shr(width - length).unwrap_or(0) == 0;
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => agree(network.to_bits().into(), address.to_bits().into(), 32),
        (IpAddr::V6(network), IpAddr::V6(address)) => agree(network.to_bits(), address.to_bits(), 128),
        _ => false,
    }
}

/// S22: reads a CIDR as sloppily as Kubernetes does. W2: an IPv4-mapped network is the IPv4 network that it maps.
fn read_cidr(cidr: &str) -> Option<(IpAddr, u32)> {
    let (address, length) = cidr.split_once('/')?;
    let length = decimal(length)?;
    if let Some(address) = read_ipv4(address) {
        return (length <= 32).then_some((address.into(), length));
    }
    let address: Ipv6Addr = address.parse().ok()?;
    match address.to_ipv4_mapped() {
        Some(mapped) if (96..=128).contains(&length) => Some((mapped.into(), length - 96)),
        _ => (length <= 128).then_some((address.into(), length)),
    }
}

/// Leading zeros are decimal.
fn read_ipv4(text: &str) -> Option<Ipv4Addr> {
    let octets: Option<Vec<u8>> = text.split('.').map(|octet| u8::try_from(decimal(octet)?).ok()).collect();
    Some(<[u8; 4]>::try_from(octets?).ok()?.into())
}

fn decimal(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}
