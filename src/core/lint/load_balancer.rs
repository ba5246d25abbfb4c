//! Blocks for clients outside whose addresses a Service replaces by that of a node (M29).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::inventory::Inventory;
use super::{Lint, rules};
use crate::addresses::AddressRange;
use crate::cluster::{Direction, Endpoint, EndpointId, ExternalTraffic, Policy, Service, ServicePort, TargetPort};
use crate::connections::ConnectionSet;
use crate::diagnostic::Related;
use crate::flow::{End, Flow, Route};
use crate::model::{AddressBlock, Peer, PodSelection, Rule};
use crate::protocol::{Family, Port, Protocol};
use crate::source::Place;
use crate::tables::connections_on;

/// Where nodes, or proxies of a load balancer, may have their addresses: private, shared, link-local and loopback ones.
const INSIDE: [IpNet; 8] = [
    v4([10, 0, 0, 0], 8),
    v4([172, 16, 0, 0], 12),
    v4([192, 168, 0, 0], 16),
    v4([100, 64, 0, 0], 10),
    v4([169, 254, 0, 0], 16),
    v4([127, 0, 0, 0], 8),
    v6(0xfc00, 7),
    v6(0xfe80, 10),
];

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix))
}

const fn v6(first: u16, prefix: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 0), prefix))
}

pub(super) fn check(lint: &mut Lint<'_>, inventory: &mut Inventory<'_>) {
    if inventory.cluster.services.iter().all(|service| service.external_traffic.is_none()) {
        return;
    }
    let tiers = inventory.tiers.clone();
    for compiled in tiers.iter().flat_map(|tier| &tier.policies) {
        let Some(policy) = inventory.cluster.policy(compiled.id) else { continue };
        for rule in compiled.rules(Direction::Ingress).unwrap_or_default() {
            for (index, peer) in rule.peers.iter().flatten().enumerate() {
                if let Peer::Addresses(block) = peer
                    && is_of_clients(inventory, block)
                    && let Some(way) = way_in(lint, inventory, &compiled.subject, rule)
                {
                    tell(lint, policy, &format!("{}.ipBlock.cidr", rule.path.peer(index)), block, &way);
                }
            }
        }
    }
}

/// Whether a block can only be about clients outside.
fn is_of_clients(inventory: &Inventory<'_>, block: &AddressBlock) -> bool {
    let range = AddressRange::from(block.network);
    let is_inside = INSIDE.iter().any(|inside| AddressRange::from(*inside).overlaps(&range));
    !is_inside && block.network.prefix_len() > 0 && !node_addresses(inventory).any(|address| range.contains(address))
}

fn node_addresses<'a>(inventory: &Inventory<'a>) -> impl Iterator<Item = IpAddr> + use<'a> {
    inventory.cluster.nodes.iter().flat_map(|node| &node.addresses).copied()
}

/// How clients reach one of the pods that a rule is about.
struct WayIn<'a> {
    service: &'a Service,
    port: &'a ServicePort,
    pod: EndpointId,
}

/// One of the ways on which clients reach the pods, if all of them are by Services that hide who they are.
fn way_in<'a>(
    lint: &Lint<'_>,
    inventory: &mut Inventory<'a>,
    subject: &PodSelection,
    rule: &Rule,
) -> Option<WayIn<'a>> {
    let services = inventory.services_of();
    let mut found = None;
    for id in inventory.endpoints(subject).iter() {
        let endpoint = inventory.cluster.endpoint(*id)?;
        let external = services.get(id.0 as usize)?.iter().filter(|service| service.external_traffic.is_some());
        let allowed = match &rule.ports {
            Some(ports) => connections_on(ports, &endpoint.named_ports),
            None => ConnectionSet::all(),
        };
        let mut own = None;
        for service in external {
            let ports = service.ports.iter().filter_map(|port| Some((port, target(port, endpoint)?)));
            let mut admitted = ports.filter(|(port, target)| allowed.ports(port.protocol).contains(*target));
            let Some((port, target)) = admitted.next() else { continue };
            let keeps_clients = service.external_traffic == Some(ExternalTraffic::Local) || is_special(lint, service);
            if keeps_clients || lets_nodes_in(inventory, *id, port.protocol, target) {
                return None;
            }
            own = own.or(Some(WayIn { service, port, pod: *id }));
        }
        found = found.or(Some(own.filter(|_| !inventory.is_on_host_network(endpoint))?));
    }
    found
}

fn target(port: &ServicePort, endpoint: &Endpoint) -> Option<Port> {
    match &port.target {
        TargetPort::Number(number) => Some(*number),
        TargetPort::Name(name) => {
            let mut named = endpoint.named_ports.iter();
            named.find(|named| named.name == *name && named.protocol == port.protocol).map(|named| named.port)
        }
    }
}

/// Whether annotations or a class decide how the load balancer works: some reach pods without a node in between, some are internal.
fn is_special(lint: &Lint<'_>, service: &Service) -> bool {
    let origin = &service.origin;
    let tree = lint.sources.tree(origin);
    let annotations = tree.get(&origin.prefix, "metadata.annotations").map_or(&[][..], |id| tree.entries(id));
    let is_about_it = |key: &str| key.contains("load-balancer") || key.contains("loadbalancer");
    annotations.iter().any(|entry| is_about_it(&entry.key)) || tree.has(&origin.prefix, "spec.loadBalancerClass")
}

/// Whether the policies let nodes in, whoever is behind them.
fn lets_nodes_in(inventory: &Inventory<'_>, pod: EndpointId, protocol: Protocol, port: Port) -> bool {
    let engine = inventory.engine;
    let usual = INSIDE.iter().take(3).filter_map(|inside| inside.hosts().next());
    node_addresses(inventory).chain(usual).any(|address| {
        let (source, destination) = (End::Address(address), End::Endpoint(pod));
        let family = Some(Family::of(address));
        let flow = Flow { source, destination, protocol, port, family, route: Route::Service };
        engine.is_allowed_by_policies(&flow, &engine.parties(&flow, engine.options()), Direction::Ingress)
    })
}

fn tell(lint: &mut Lint<'_>, policy: &Policy, path: &str, block: &AddressBlock, way: &WayIn<'_>) {
    let cluster = lint.engine.cluster();
    let service = way.service;
    let label = format!("{}/{}", cluster.namespace_name(service.namespace), service.name);
    let message = format!(
        "clients in `{}` may be kept out: they reach `{}` through Service `{label}`, port {}, and a node that passes a \
         connection on puts its own address in place of theirs",
        block.network,
        cluster.endpoint_label(way.pod),
        way.port.port
    );
    let finding = lint.find(&rules::CLIENT_BEHIND_LOAD_BALANCER, policy, path, message);
    finding.help = Some(
        "set `externalTrafficPolicy: Local` in the Service, or filter at the load balancer with `loadBalancerSourceRanges`"
            .to_owned(),
    );
    let place = Place::Field { origin: service.origin.clone(), path: "spec.externalTrafficPolicy".to_owned() };
    let message = format!("Service `{label}`: `externalTrafficPolicy` is Cluster, the default");
    finding.related.push(Related { place, message });
}
