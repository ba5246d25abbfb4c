//! The cluster's DNS: the pods that answer, where they listen, and what a rule must select to reach them.

use std::net::{IpAddr, Ipv4Addr};

use rustc_hash::FxHashSet;

use crate::cluster::{
    Cluster, Direction, Endpoint, EndpointId, NAMESPACE_NAME_LABEL, NamespaceId, Service, ServiceKind, TargetPort,
};
use crate::edit::Value;
use crate::engine::{Engine, Identity};
use crate::flow::{End, Flow, Route, endpoints_in};
use crate::lint::inventory::{Inventory, services_in};
use crate::object::Labels;
use crate::protocol::{Family, Port, Protocol};

/// The namespaces in which clusters have their DNS.
pub(super) const NAMESPACES: [&str; 2] = ["kube-system", "openshift-dns"];
/// The label of its pods where nobody renamed them.
const LABEL: (&str, &str) = ("k8s-app", "kube-dns");
/// Where NodeLocal DNSCache listens on every node.
const NODE_LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 20, 10));

/// A pod that answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Server {
    pub endpoint: EndpointId,
    pub udp: Port,
    /// `None` if no Service leads to it over TCP.
    pub tcp: Option<Port>,
}

impl Server {
    fn port(&self, protocol: Protocol) -> Option<Port> {
        match protocol {
            Protocol::Udp => Some(self.udp),
            Protocol::Tcp => self.tcp,
            Protocol::Sctp => None,
        }
    }
}

/// What the input shows of the cluster's DNS.
pub(super) struct Servers {
    /// One of each sort that policies can tell apart; none on the host network, which selectors do not see.
    pub all: Vec<Server>,
    /// What policies and their ports tell apart.
    sorts: FxHashSet<([Identity; 3], Port, Option<Port>)>,
    /// Every pod that answers.
    pub endpoints: FxHashSet<EndpointId>,
    /// Addresses under which it is asked, the one of NodeLocal DNSCache first.
    addresses: Vec<IpAddr>,
    /// Where Services of the DNS lead, as far as they have numbers for it.
    targets: Vec<Port>,
    has_services: bool,
    /// Namespace and labels of the first servers.
    selection: Option<(String, Labels)>,
}

impl Servers {
    pub fn new(inventory: &Inventory<'_>) -> Servers {
        let cluster = inventory.cluster;
        let mut servers = Servers {
            all: Vec::new(),
            sorts: FxHashSet::default(),
            endpoints: FxHashSet::default(),
            addresses: vec![NODE_LOCAL],
            targets: Vec::new(),
            has_services: false,
            selection: None,
        };
        for namespace in NAMESPACES.iter().filter_map(|name| cluster.find_namespace(name)) {
            for service in services_in(cluster, namespace).iter().filter(|service| is_dns(service)) {
                servers.has_services = true;
                servers.addresses.extend(&service.addresses);
                let targets = service.ports.iter().filter(|port| port.port.get() == 53);
                servers.targets.extend(targets.filter_map(|port| match port.target {
                    TargetPort::Number(number) => Some(number),
                    TargetPort::Name(_) => None,
                }));
                servers.add(inventory, namespace, &service.selector, Some(service));
            }
            servers.add(inventory, namespace, &[LABEL].into_iter().collect(), None);
        }
        servers
    }

    /// Adds the pods with some labels, which answer where their Service leads to.
    fn add(&mut self, inventory: &Inventory<'_>, namespace: NamespaceId, labels: &Labels, service: Option<&Service>) {
        if labels.is_empty() {
            return;
        }
        let engine = inventory.engine;
        for (id, endpoint) in endpoints_in(inventory.cluster, namespace) {
            let is_behind = labels.iter().all(|(key, value)| endpoint.labels.get(key) == Some(value));
            if !is_behind || inventory.is_on_host_network(endpoint) || !self.endpoints.insert(id) {
                continue;
            }
            let Some(udp) = target(service, endpoint, Protocol::Udp).or(Port::new(53)) else { continue };
            let server = Server { endpoint: id, udp, tcp: target(service, endpoint, Protocol::Tcp) };
            let name = inventory.cluster.namespace_name(namespace);
            self.selection.get_or_insert_with(|| (name.to_owned(), labels.clone()));
            let identity = |family| engine.identity(id, endpoint, family, engine.options());
            if self.sorts.insert((families().map(identity), server.udp, server.tcp)) {
                self.all.push(server);
            }
        }
    }

    /// Whether the policies of a pod let it ask any of them.
    pub fn may_ask(&self, engine: &Engine, source: EndpointId, protocol: Protocol) -> bool {
        let is_allowed = |destination, port, family| {
            let source = End::Endpoint(source);
            let flow = Flow { source, destination, protocol, port, family, route: Route::Direct };
            engine.is_allowed_by_policies(&flow, &engine.parties(&flow, engine.options()), Direction::Egress)
        };
        let by_pod = |server: &Server| {
            let destination = End::Endpoint(server.endpoint);
            let is_allowed = |port| families().into_iter().any(|family| is_allowed(destination, port, family));
            server.port(protocol).is_some_and(is_allowed)
        };
        let by_address =
            |address: &IpAddr| Port::new(53).is_some_and(|port| is_allowed(End::Address(*address), port, None));
        self.all.iter().any(by_pod) || self.addresses.iter().any(by_address)
    }

    /// Whether any server answers over a protocol, as far as the input tells.
    pub fn may_answer(&self, protocol: Protocol) -> bool {
        self.all.is_empty() || self.all.iter().any(|server| server.port(protocol).is_some())
    }

    /// Whether the input tells any address of the DNS.
    pub fn has_addresses(&self, cluster: &Cluster) -> bool {
        let has_some =
            |server: &Server| cluster.endpoint(server.endpoint).is_some_and(|endpoint| !endpoint.addresses.is_empty());
        self.addresses.len() > 1 || self.all.iter().any(has_some)
    }

    /// The ports on which it may be asked: those of the servers, and where DNS usually is.
    pub fn ports(&self) -> Vec<Port> {
        let usual = [53, 5353, 8053].into_iter().filter_map(Port::new);
        self.all
            .iter()
            .flat_map(|server| [Some(server.udp), server.tcp])
            .flatten()
            .chain(self.targets.iter().copied())
            .chain(usual)
            .collect()
    }

    /// The rule that lets pods ask the servers; without any sign of them in the input, port 53 of every pod.
    pub fn rule(&self) -> Option<Value> {
        if self.all.is_empty() && self.has_services {
            return None;
        }
        let labels = |labels: Vec<(String, Value)>| Value::map([("matchLabels", Value::Map(labels))]);
        let label = |(key, value): (&str, &str)| (key.to_owned(), Value::text(value));
        let peer = match &self.selection {
            Some((namespace, selector)) => Value::map([
                ("namespaceSelector", labels(vec![label((NAMESPACE_NAME_LABEL, namespace))])),
                ("podSelector", labels(selector.iter().map(label).collect())),
            ]),
            None => Value::map([("namespaceSelector", Value::map([]))]),
        };
        let first = self.all.first();
        let udp = first.map_or(53, |server| server.udp.get());
        let tcp = first.and_then(|server| server.tcp).map_or(udp, Port::get);
        let ports = [("UDP", udp), ("TCP", tcp)].map(|(protocol, port)| self::port(protocol, port));
        Some(Value::map([("to", Value::List(vec![peer])), ("ports", Value::List(ports.to_vec()))]))
    }
}

/// An item of `ports`.
pub(super) fn port(protocol: &str, port: u16) -> Value {
    Value::map([("protocol", Value::text(protocol)), ("port", Value::Number(port))])
}

fn families() -> [Option<Family>; 3] {
    [None, Some(Family::Ipv4), Some(Family::Ipv6)]
}

/// Of the Services of those namespaces, those with DNS over UDP.
fn is_dns(service: &Service) -> bool {
    let is_dns = service.ports.iter().any(|port| port.port.get() == 53 && port.protocol == Protocol::Udp);
    is_dns && service.kind != ServiceKind::ExternalName
}

/// Where a server listens: as its Service says, or as its containers declare.
fn target(service: Option<&Service>, endpoint: &Endpoint, protocol: Protocol) -> Option<Port> {
    let Some(service) = service else {
        let declared = || endpoint.container_ports.iter().filter(|(of, _)| *of == protocol).map(|(_, port)| *port);
        let usual = Port::new(53);
        return declared().find(|port| Some(*port) == usual).or(declared().next()).or(usual);
    };
    let entry = service.ports.iter().find(|port| port.port.get() == 53 && port.protocol == protocol)?;
    match &entry.target {
        TargetPort::Number(port) => Some(*port),
        TargetPort::Name(name) => {
            let mut ports = endpoint.named_ports.iter();
            ports.find(|port| port.name == *name && port.protocol == protocol).map(|port| port.port)
        }
    }
}
