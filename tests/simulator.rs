//! The rulesets of a cluster's nodes, and packets that are sent through them.
//!
//! Where a packet goes is decided here apart from the engine: which nodes it passes, and by which hook.

use std::collections::HashMap;
use std::net::IpAddr;

use netpol::Engine;
use netpol::cluster::{Endpoint, EndpointId, EndpointKind};
use netpol::flow::{End, Flow, Route};
use netpol::options::HostNetwork;
use netpol::protocol::Family;
use netpol_nft::{Conntrack, Hook, LowerOptions, Packet, Ruleset, State, Transport, lower, lower_pods, simulate};

/// Every node of a cluster, as it is lowered. A pod whose node is not known has one of its own.
pub struct Nodes<'a> {
    engine: &'a Engine,
    rulesets: HashMap<Node<'a>, Ruleset>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Node<'a> {
    Named(&'a str),
    Of(EndpointId),
}

/// An end of a packet.
struct Party<'a> {
    /// The pod, if it has a network of its own.
    pod: Option<(EndpointId, &'a Endpoint)>,
    /// The pod that shares its node's network.
    host: Option<&'a Endpoint>,
    address: IpAddr,
}

impl<'a> Nodes<'a> {
    /// Lowers every node.
    pub fn new(engine: &'a Engine) -> Nodes<'a> {
        let options = LowerOptions::default();
        let mut rulesets = HashMap::new();
        for (id, endpoint) in engine.cluster().endpoint_ids() {
            if endpoint.kind == EndpointKind::Pod {
                let node = node_of(id, endpoint);
                rulesets.entry(node).or_insert_with(|| match node {
                    Node::Named(name) => lower(engine, name, &options).ruleset,
                    Node::Of(id) => lower_pods(engine, [id], &options).ruleset,
                });
            }
        }
        Nodes { engine, rulesets }
    }

    /// Whether the first packet of a flow arrives; `None` where there is no such packet to send, since an end has no address.
    pub fn admit(&self, flow: &Flow) -> Option<bool> {
        let families = flow.family.map_or(Vec::from(Family::BOTH), |family| vec![family]);
        let family = match (flow.source, flow.destination) {
            (End::Address(address), _) | (_, End::Address(address)) => Family::of(address),
            (End::Endpoint(source), End::Endpoint(destination)) => {
                let has =
                    |id: EndpointId, family| self.endpoint(id).addresses.iter().any(|ip| Family::of(*ip) == family);
                let destination = &self.endpoint(destination).addresses;
                let mut of_destination = destination.iter().map(|address| Family::of(*address));
                of_destination.find(|family| families.contains(family) && has(source, *family))?
            }
        };
        let (source, destination) = (self.party(flow.source, family)?, self.party(flow.destination, family)?);
        let mut walk = Walk { nodes: self, flow, source: source.address, destination: destination.address };
        Some(walk.arrives(&source, &destination))
    }

    fn endpoint(&self, id: EndpointId) -> &'a Endpoint {
        self.engine.cluster().endpoint(id).expect("flows are about the cluster's endpoints")
    }

    fn party(&self, end: End, family: Family) -> Option<Party<'a>> {
        let id = match end {
            End::Endpoint(id) => Some(id),
            End::Address(address) => self.engine.pod_at(address),
        };
        let Some(id) = id else {
            let End::Address(address) = end else { return None };
            return Some(Party { pod: None, host: None, address });
        };
        let endpoint = self.endpoint(id);
        let address = endpoint.addresses.iter().copied().find(|address| Family::of(*address) == family)?;
        if endpoint.host_network {
            let is_node = self.engine.options().host_network == HostNetwork::Node;
            return is_node.then_some(Party { pod: None, host: Some(endpoint), address });
        }
        // Of two pods with one address, and of two addresses of a pod, packets mean one.
        let is_meant =
            self.engine.pod_at(address) == Some(id) && !matches!(end, End::Address(other) if other != address);
        is_meant.then_some(Party { pod: Some((id, endpoint)), host: None, address })
    }
}

struct Walk<'a, 'b> {
    nodes: &'b Nodes<'a>,
    flow: &'b Flow,
    source: IpAddr,
    destination: IpAddr,
}

impl Walk<'_, '_> {
    fn arrives(&mut self, source: &Party<'_>, destination: &Party<'_>) -> bool {
        match (source.pod, destination.pod) {
            (None, None) => true,
            (Some((from, _)), Some((to, _))) if from == to && self.flow.route == Route::Direct => true,
            (Some((from, on)), Some((to, at))) => {
                let (first, last) = (node_of(from, on), node_of(to, at));
                self.passes(first, Hook::Forward) && (first == last || self.passes(last, Hook::Forward))
            }
            (Some((from, on)), None) => {
                let hook = if is_node_of(on, destination) { Hook::Input } else { Hook::Forward };
                self.passes(node_of(from, on), hook)
            }
            // What a node sends is not forwarded there.
            (None, Some((to, at))) => is_node_of(at, source) || self.passes(node_of(to, at), Hook::Forward),
        }
    }

    fn passes(&self, node: Node<'_>, hook: Hook) -> bool {
        let transport = Transport::To(self.flow.protocol, self.flow.port);
        let packet = Packet { source: self.source, destination: self.destination, transport };
        let judge = |conntrack| simulate(&self.nodes.rulesets[&node], hook, &packet, &conntrack).is_accepted;
        let is_accepted = judge(Conntrack::default());
        let untracked = Conntrack { state: State::Untracked, ..Conntrack::default() };
        assert_eq!(judge(untracked), is_accepted, "without conntrack, {packet:?} is judged otherwise");
        is_accepted
    }
}

fn node_of(id: EndpointId, endpoint: &Endpoint) -> Node<'_> {
    endpoint.node.as_deref().map_or(Node::Of(id), Node::Named)
}

/// Whether an end that is no pod of its own is the node of a pod.
fn is_node_of(pod: &Endpoint, other: &Party<'_>) -> bool {
    match other.host {
        Some(host) => {
            host.node.is_some() && host.node == pod.node
                || host.addresses.iter().any(|address| pod.node_addresses.contains(address))
        }
        None => pod.node_addresses.contains(&other.address),
    }
}
