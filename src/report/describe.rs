//! Words for ends and flows.

use netpol::cluster::Cluster;
use netpol::flow::{End, Flow};

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
