//! Sentences about policies and what they match, as hover and lenses say them.

use ipnet::IpNet;
use netpol::Engine;
use netpol::cluster::{Cluster, Direction, EndpointId, EndpointKind, NamespaceId, PolicyId};
use netpol::model::{AddressBlock, NamespaceScope, Peer, PodSelection, PortMatch, PortSelection, Rule, governs};

/// So many are named; the others are counted.
const NAMED: usize = 10;

/// `1 pod`, `2 pods`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn series(parts: &[String], join: &str) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} {join} {last}", most.join(", ")),
    }
}

/// `2 workloads and 1 pod`.
pub(crate) fn endpoint_count(cluster: &Cluster, ids: &[EndpointId]) -> String {
    let is_pod = |id: &&EndpointId| cluster.endpoint(**id).is_some_and(|it| it.kind == EndpointKind::Pod);
    let pods = ids.iter().filter(is_pod).count();
    match (ids.len() - pods, pods) {
        (0, 0) => "no pods".to_owned(),
        (0, pods) => count(pods, "pod"),
        (workloads, 0) => count(workloads, "workload"),
        (workloads, pods) => format!("{} and {}", count(workloads, "workload"), count(pods, "pod")),
    }
}

/// Names, a line each, the first ten and how many more there are.
pub(crate) fn list(names: &[String]) -> String {
    let mut text: String = names.iter().take(NAMED).map(|name| format!("\n- {name}")).collect();
    if let Some(more @ 1..) = names.len().checked_sub(NAMED) {
        text.push_str(&format!("\n- and {more} more"));
    }
    text
}

/// How many and which endpoints these are.
pub(crate) fn endpoints(engine: &Engine, ids: &[EndpointId]) -> String {
    let cluster = engine.cluster();
    let name = |id: &EndpointId| {
        let is_own = engine.is_policed(*id);
        format!(
            "`{}`{}",
            cluster.endpoint_label(*id),
            if is_own { "" } else { " (on its node's network, policies pass it over)" }
        )
    };
    format!("{}{}", endpoint_count(cluster, ids), list(&ids.iter().map(name).collect::<Vec<_>>()))
}

/// How many and which namespaces these are.
pub(crate) fn namespaces(cluster: &Cluster, ids: &[NamespaceId]) -> String {
    let names: Vec<String> = ids.iter().map(|id| format!("`{}`", cluster.namespace_name(*id))).collect();
    let number = if ids.is_empty() { "no namespaces".to_owned() } else { count(ids.len(), "namespace") };
    format!("{number}{}", list(&names))
}

/// The directions that a policy governs: `ingress and egress`.
pub(crate) fn directions(cluster: &Cluster, id: PolicyId) -> String {
    let Some(policy) = cluster.policy(id) else { return String::new() };
    let governed = [Direction::Ingress, Direction::Egress].into_iter().filter(|it| governs(&policy.spec, *it));
    series(&governed.map(|it| it.name().to_owned()).collect::<Vec<_>>(), "and")
}

/// What a rule allows.
pub(crate) fn rule(engine: &Engine, direction: Direction, rule: &Rule) -> String {
    let ports = match rule.ports.as_deref() {
        None => "every port".to_owned(),
        Some(ports) => series(&ports.iter().map(port).collect::<Vec<_>>(), "and"),
    };
    let peers = match rule.peers.as_deref() {
        None if direction == Direction::Ingress => "every source, inside the cluster and outside".to_owned(),
        None => "every destination, inside the cluster and outside".to_owned(),
        Some(peers) => series(&peers.iter().map(|it| peer(engine.cluster(), it)).collect::<Vec<_>>(), "and"),
    };
    let word = match direction {
        Direction::Ingress => "from",
        Direction::Egress => "to",
    };
    format!("Allows {direction} {word} {peers}, on {ports}.")
}

/// `TCP 80`.
pub(crate) fn port(port: &PortMatch) -> String {
    match &port.ports {
        PortSelection::Range(first, last) if first == last => format!("{} {first}", port.protocol),
        PortSelection::Range(first, last) if first.get() == 1 && last.get() == u16::MAX => {
            format!("every {} port", port.protocol)
        }
        PortSelection::Range(first, last) => format!("{} {first} to {last}", port.protocol),
        PortSelection::Name(name) => format!("{} `{name}`", port.protocol),
    }
}

fn peer(cluster: &Cluster, peer: &Peer) -> String {
    match peer {
        Peer::Pods(selection) => pods(cluster, selection),
        Peer::Addresses(block) => addresses(block),
    }
}

/// `pods with app=web in namespaces with team=a`.
pub(crate) fn pods(cluster: &Cluster, selection: &PodSelection) -> String {
    let requirements = |selector: &netpol::selector::Selector| {
        let written: Vec<String> = selector.requirements().iter().map(|it| format!("`{it}`")).collect();
        series(&written, "and")
    };
    let pods = match requirements(&selection.pods) {
        written if written.is_empty() => "all pods".to_owned(),
        written => format!("pods with {written}"),
    };
    let namespaces = match &selection.namespaces {
        NamespaceScope::One(id) => format!("namespace `{}`", cluster.namespace_name(*id)),
        NamespaceScope::Matching(selector) => match requirements(selector) {
            written if written.is_empty() => "all namespaces".to_owned(),
            written => format!("namespaces with {written}"),
        },
    };
    format!("{pods} in {namespaces}")
}

/// `addresses in 10.0.0.0/8 but 10.1.0.0/16`.
fn addresses(block: &AddressBlock) -> String {
    let holes: Vec<String> = block.except.iter().map(|hole| format!("`{hole}`")).collect();
    let but = if holes.is_empty() { String::new() } else { format!(" but {}", series(&holes, "and")) };
    format!("addresses in `{}`{but}", block.network)
}

/// Range and size of a block.
pub(crate) fn block(block: &AddressBlock) -> String {
    let size = |network: &IpNet| {
        let bits = u32::from(network.max_prefix_len() - network.prefix_len());
        match 1u64.checked_shl(bits).filter(|_| bits <= 32) {
            Some(1) => "1 address".to_owned(),
            Some(size) => format!("{size} addresses"),
            None => format!("2^{bits} addresses"),
        }
    };
    let range = |network: &IpNet| format!("{} to {}, {}", network.network(), network.broadcast(), size(network));
    let mut text = format!("`{}`: {}", block.network, range(&block.network));
    for hole in &block.except {
        text.push_str(&format!("\n- without `{hole}`: {}", range(hole)));
    }
    text
}
