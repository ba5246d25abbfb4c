//! The flows that are asked of a random cluster: everyone to everyone, every port and address at an edge, and some of the rest.

use netpol::cluster::Cluster;
use netpol::flow::{End, Flow, Route};
use netpol::protocol::{Family, Port, Protocol};

use super::Generated;
use crate::random::Random;

/// Makes flows.
pub fn flows(generated: &Generated, cluster: &Cluster, random: &mut Random) -> Vec<Flow> {
    let endpoints: Vec<End> = cluster.endpoint_ids().map(|(id, _)| End::Endpoint(id)).collect();
    if endpoints.is_empty() {
        return Vec::new();
    }
    let mut ports = generated.ports.clone();
    ports.extend([1, 80, 65535]);
    let mut flows = Vec::new();
    for &source in &endpoints {
        for &destination in &endpoints {
            // A pod's traffic to itself is seldom decided by a policy.
            for _ in 0..if source == destination { 1 } else { 3 } {
                let port = random.pick(&ports);
                flows.extend(flow(random, source, destination, port, None));
            }
        }
    }
    for &address in &generated.addresses {
        for _ in 0..4 {
            let (outside, inside) = (End::Address(address), random.pick(&endpoints));
            let port = random.pick(&ports);
            flows.extend(flow(random, outside, inside, port, None));
            flows.extend(flow(random, inside, outside, port, None));
        }
        let other = End::Address(random.pick(&generated.addresses));
        flows.extend(flow(random, End::Address(address), other, 80, None));
    }
    for &port in &ports {
        for protocol in Protocol::ALL {
            for _ in 0..3 {
                let (source, destination) = (random.pick(&endpoints), random.pick(&endpoints));
                flows.extend(flow(random, source, destination, port, Some(protocol)));
            }
        }
    }
    flows
}

/// One flow; `None` where addresses of two families would have to meet: there is no such flow, and no rule for it.
fn flow(random: &mut Random, source: End, destination: End, port: u16, protocol: Option<Protocol>) -> Option<Flow> {
    let family_of = |end: End| if let End::Address(address) = end { Some(Family::of(address)) } else { None };
    let family = match (family_of(source), family_of(destination)) {
        (Some(source), Some(destination)) if source != destination => return None,
        (Some(family), _) | (_, Some(family)) => random.pick(&[None, Some(family)]),
        (None, None) => random.pick(&[None, None, None, Some(Family::Ipv4), Some(Family::Ipv6)]),
    };
    Some(Flow {
        source,
        destination,
        protocol: protocol
            .unwrap_or_else(|| random.pick(&[Protocol::Tcp, Protocol::Tcp, Protocol::Udp, Protocol::Sctp])),
        port: Port::new(port)?,
        family,
        route: random.pick(&[Route::Direct, Route::Service]),
    })
}
