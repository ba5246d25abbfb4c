//! Blocks that are the address of something in the cluster, which selectors should name (M23, M24).

use rustc_hash::FxHashMap;

use std::net::IpAddr;

use super::{Lint, rules};
use crate::cluster::{Cluster, Direction, Policy, Service};
use crate::diagnostic::Related;
use crate::model::Peer;
use crate::source::Place;

pub(super) fn check(lint: &mut Lint<'_>) {
    let cluster = lint.engine.cluster();
    let addressed =
        cluster.services.iter().flat_map(|service| service.addresses.iter().map(move |address| (*address, service)));
    let services: FxHashMap<IpAddr, &Service> = addressed.collect();
    for (id, policy) in lint.policies() {
        for direction in Direction::BOTH {
            for index in 0..policy.spec.rules(direction).len() {
                let is_block = |peer: &crate::object::NetworkPolicyPeer| peer.ip_block.is_some();
                if !policy.spec.rules(direction).get(index).is_some_and(|rule| rule.peers.iter().any(is_block)) {
                    continue;
                }
                let Some(rule) = crate::model::rule(cluster, id, direction, index) else { continue };
                for (index, peer) in rule.peers.iter().flatten().enumerate() {
                    if let Peer::Addresses(block) = peer
                        && block.network.prefix_len() == block.network.max_prefix_len()
                    {
                        let path = format!("{}.ipBlock.cidr", rule.path.peer(index));
                        check_address(lint, policy, &services, &path, block.network.addr());
                    }
                }
            }
        }
    }
}

fn check_address(
    lint: &mut Lint<'_>,
    policy: &Policy,
    services: &FxHashMap<IpAddr, &Service>,
    path: &str,
    address: IpAddr,
) {
    let cluster = lint.engine.cluster();
    if let Some(service) = services.get(&address).filter(|service| !is_dns(cluster, service)) {
        let label = format!("{}/{}", cluster.namespace_name(service.namespace), service.name);
        let message = format!(
            "`{address}` is the address of Service `{label}`, which is translated to that of a pod before most network plugins \
             ask policies: this block then matches nothing"
        );
        let help = if service.selector.is_empty() {
            "write the addresses and the port that the Service leads to".to_owned()
        } else {
            format!("select the pods behind it, `{}`, with the port that they listen on", service.selector)
        };
        let finding = lint.find(&rules::SERVICE_ADDRESS, policy, path, message);
        finding.help = Some(help);
        let place = Place::Field { origin: service.origin.clone(), path: "spec.clusterIP".to_owned() };
        finding.related.push(Related { place, message: format!("Service `{label}`") });
    } else if let Some(id) = lint.engine.pod_at(address)
        && let Some(endpoint) = cluster.endpoint(id)
    {
        let label = cluster.endpoint_label(id);
        let message = format!(
            "`{address}` is the address of `{label}`, which changes when the pod is replaced: whoever gets it next is meant then, \
             and some network plugins never match pods by address"
        );
        let finding = lint.find(&rules::POD_ADDRESS, policy, path, message);
        finding.help = Some(format!("select the pod by its labels: `{}`", endpoint.labels));
        let place = Place::Field { origin: endpoint.origin.clone(), path: "status.podIP".to_owned() };
        finding.related.push(Related { place, message: label });
    }
}

/// A cache on the nodes may own the address of the DNS Service: it is not translated then.
fn is_dns(cluster: &Cluster, service: &Service) -> bool {
    cluster.namespace_name(service.namespace) == "kube-system" && service.ports.iter().any(|port| port.port.get() == 53)
}
