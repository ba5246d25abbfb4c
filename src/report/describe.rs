//! Words for parts of policies and flows.

use netpol::cluster::Cluster;
use netpol::flow::{End, Flow};
use netpol::object::{LabelSelector, NetworkPolicyPeer, NetworkPolicyPort};
use netpol::selector::Selector;

use crate::plain::plain;

/// A peer as a phrase: "pods with app=web in namespaces with team=red".
pub fn peer(peer: &NetworkPolicyPeer) -> String {
    plain(&peer_phrase(peer)).into_owned()
}

fn peer_phrase(peer: &NetworkPolicyPeer) -> String {
    if let Some(block) = &peer.ip_block {
        let except: Vec<&str> = block.except.iter().map(|hole| &**hole).collect();
        let holes = if except.is_empty() { String::new() } else { format!(" except {}", except.join(", ")) };
        return format!("addresses in {}{holes}", &*block.cidr);
    }
    let pods = match &peer.pod_selector {
        None => "all pods".to_owned(),
        Some(selector) => labelled("pods", selector),
    };
    match &peer.namespace_selector {
        None => format!("{pods} in the policy's namespace"),
        Some(selector) if is_empty(selector) => format!("{pods} in all namespaces"),
        Some(selector) => format!("{pods} in {}", labelled("namespaces", selector)),
    }
}

fn labelled(things: &str, selector: &LabelSelector) -> String {
    if is_empty(selector) { format!("all {things}") } else { format!("{things} with {}", Selector::new(selector)) }
}

fn is_empty(selector: &LabelSelector) -> bool {
    selector.match_labels.is_empty() && selector.match_expressions.is_empty()
}

/// A port entry as a phrase: "TCP 80", "TCP 8000-8080", "UDP port `dns`", "all TCP ports".
pub fn port(entry: &NetworkPolicyPort) -> String {
    let protocol = entry.protocol.as_deref().unwrap_or("TCP");
    match (&entry.port, entry.end_port) {
        (None, _) => format!("all {protocol} ports"),
        (Some(port), Some(end)) => format!("{protocol} {port}-{end}"),
        (Some(netpol::object::IntOrString::String(name)), None) => format!("{protocol} port `{}`", plain(name)),
        (Some(port), None) => format!("{protocol} {port}"),
    }
}

/// An end as output names it: an endpoint's id, or the address.
pub fn end(cluster: &Cluster, end: End) -> String {
    match end {
        End::Endpoint(id) => cluster.endpoint_label(id),
        End::Address(address) => address.to_string(),
    }
}

/// The ends of a flow: `source -> destination`.
pub fn pair(cluster: &Cluster, flow: &Flow) -> String {
    format!("{} -> {}", end(cluster, flow.source), end(cluster, flow.destination))
}

/// A flow as output names it: `source -> destination:port/PROTOCOL`.
pub fn flow(cluster: &Cluster, flow: &Flow) -> String {
    let destination = match flow.destination {
        End::Address(address) if address.is_ipv6() => format!("[{address}]"),
        other => end(cluster, other),
    };
    format!("{} -> {destination}:{}/{}", end(cluster, flow.source), flow.port, flow.protocol)
}
