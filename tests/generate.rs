//! Random clusters: small ones, of few names, labels, addresses and ports, so that things collide.
//!
//! Gives manifests as JSON values, in every shape that the API knows, together with the ports and addresses at the edges of what
//! they mention. `flows` makes questions of those. Deliberately absent: what the answers are.

mod flows;
mod policy;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netpol::options::{Cidrs, Enforcement, EngineOptions, HostNetwork, IpBlocks};
use serde_json::{Map, Value, json};

use crate::random::Random;
use crate::scenario::Scenario;

pub use flows::flows;

const WORKLOADS: [(&str, &str); 7] = [
    ("batch/v1", "CronJob"),
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "Deployment"),
    ("batch/v1", "Job"),
    ("apps/v1", "ReplicaSet"),
    ("v1", "ReplicationController"),
    ("apps/v1", "StatefulSet"),
];
const PORT_NAMES: [&str; 3] = ["web", "dns", "alt"];
const PORTS: [u16; 10] = [1, 2, 53, 79, 80, 81, 82, 443, 65534, 65535];
const LABEL_VALUES: [&str; 3] = ["a", "b", ""];
const POD_KEYS: [&str; 3] = ["app", "role", "app.kubernetes.io/name"];
const NAMESPACE_KEYS: [&str; 2] = ["team", "env"];
const NODES: [&str; 2] = ["n1", "n2"];
const NODE_ADDRESSES: [[IpAddr; 2]; 2] = [[node_ipv4(1), node_ipv6(1)], [node_ipv4(2), node_ipv6(2)]];

/// A random cluster, and what is worth asking about it.
#[derive(Debug, Clone)]
pub struct Generated {
    /// The manifests and the options.
    pub scenario: Scenario,
    /// Ports in and around those that the manifests mention.
    pub ports: Vec<u16>,
    /// Addresses in and around the blocks that the manifests mention.
    pub addresses: Vec<IpAddr>,
}

/// Makes a cluster.
pub fn generate(random: &mut Random) -> Generated {
    let options = EngineOptions {
        ip_blocks: random.pick(&[IpBlocks::Any, IpBlocks::External]),
        host_network: random.pick(&[HostNetwork::Node, HostNetwork::Pod]),
        own_node_egress: random.pick(&[Enforcement::Police, Enforcement::Allow]),
        service_hairpin: random.pick(&[Enforcement::Police, Enforcement::Allow]),
        cidrs: random.pick(&[Cidrs::Strict, Cidrs::Legacy]),
    };
    let count = 1 + random.below(4);
    let mut generator = Generator {
        random,
        namespaces: ["u", "v", "w", "x"][..count].to_vec(),
        tolerates_odd_cidrs: options.cidrs == Cidrs::Legacy,
        next_address: 1,
        ports: BTreeSet::new(),
        addresses: BTreeSet::from([ipv4(200), ipv6(200), node_ipv4(1), node_ipv4(2), node_ipv6(1)]),
    };
    let documents = generator.documents();
    Generated {
        scenario: Scenario { documents, options },
        ports: generator.ports.into_iter().collect(),
        addresses: generator.addresses.into_iter().collect(),
    }
}

struct Generator<'a> {
    random: &'a mut Random,
    namespaces: Vec<&'static str>,
    tolerates_odd_cidrs: bool,
    /// The last byte of the next pod's addresses.
    next_address: u8,
    ports: BTreeSet<u16>,
    addresses: BTreeSet<IpAddr>,
}

const fn ipv4(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
}

const fn ipv6(last: u8) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, last as u16))
}

const fn node_ipv4(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 1, last))
}

const fn node_ipv6(last: u8) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 1, last as u16))
}

impl Generator<'_> {
    fn documents(&mut self) -> Vec<Value> {
        let mut documents = Vec::new();
        for name in self.namespaces.clone() {
            // D11: some namespaces are only mentioned.
            if self.random.percent(85) {
                let labels = self.labels(&NAMESPACE_KEYS);
                documents.push(json!({
                    "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name, "labels": labels },
                }));
            }
        }
        for (name, families) in NODES.into_iter().zip(NODE_ADDRESSES) {
            if self.random.percent(70) {
                let mut addresses = vec![json!({ "type": "Hostname", "address": name })];
                let known = self.random.some(&families, 75);
                addresses.extend(known.iter().map(|ip| json!({ "type": "InternalIP", "address": ip.to_string() })));
                documents.push(json!({
                    "apiVersion": "v1", "kind": "Node", "metadata": { "name": name }, "status": { "addresses": addresses },
                }));
            }
        }
        for index in 0..2 + self.random.below(6) {
            let mut pod = self.pod(index);
            if self.random.percent(25) {
                documents.push(self.twin(&mut pod));
            }
            documents.push(pod);
        }
        for index in 0..self.random.below(3) {
            documents.push(self.workload(index));
        }
        for index in 0..self.random.below(9) {
            documents.push(self.policy(index));
        }
        self.random.shuffle(&mut documents);
        documents
    }

    fn pod(&mut self, index: usize) -> Value {
        let namespace = self.random.pick(&self.namespaces);
        let mut spec = self.pod_spec();
        let mut status = Map::new();
        let is_host_network = spec["hostNetwork"] == true;
        let node = self.random.below(3);
        if node < NODES.len() {
            // A node can be known by its name, by its addresses, or by both.
            if self.random.percent(70) {
                spec["nodeName"] = json!(NODES[node]);
            }
            if self.random.percent(50) {
                let families = NODE_ADDRESSES[node];
                let ips = if self.random.percent(50) { families.to_vec() } else { vec![families[0]] };
                status.insert("hostIP".to_owned(), json!(ips[0].to_string()));
                status.insert("hostIPs".to_owned(), ips_field(&ips));
                if is_host_network && self.random.percent(70) {
                    status.insert("podIP".to_owned(), json!(ips[0].to_string()));
                    status.insert("podIPs".to_owned(), ips_field(&ips));
                }
            }
        }
        if !is_host_network {
            self.set_addresses(&mut status);
        }
        // S40: the dead are no endpoints.
        let phase =
            if self.random.percent(95) { "Running" } else { self.random.pick(&["Succeeded", "Failed", "Pending"]) };
        status.insert("phase".to_owned(), json!(phase));
        let labels = self.labels(&POD_KEYS);
        let metadata = json!({ "name": format!("p{index}"), "namespace": namespace, "labels": labels });
        json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status })
    }

    /// Another replica of a pod; both have the same owner, as have all pods of the namespace that have one.
    fn twin(&mut self, pod: &mut Value) -> Value {
        pod["metadata"]["ownerReferences"] = json!([{ "kind": "ReplicaSet", "name": "twins", "controller": true }]);
        let mut twin = pod.clone();
        twin["metadata"]["name"] =
            json!(format!("{}-twin", pod["metadata"]["name"].as_str().expect("pods have names")));
        if let (None, Some(status)) = (pod["spec"].get("hostNetwork"), twin["status"].as_object_mut()) {
            self.set_addresses(status);
        }
        twin
    }

    fn set_addresses(&mut self, status: &mut Map<String, Value>) {
        let ips = self.pod_addresses();
        status.remove("podIPs");
        status.insert("podIP".to_owned(), json!(ips.first().map(IpAddr::to_string)));
        if ips.len() > 1 || self.random.percent(50) {
            status.insert("podIPs".to_owned(), ips_field(&ips));
        }
    }

    fn pod_addresses(&mut self) -> Vec<IpAddr> {
        let last = self.next_address;
        // S42: seldom, two pods have one address.
        if self.random.percent(95) {
            self.next_address += 1;
        }
        let (v4, v6) = (ipv4(last), ipv6(last));
        let addresses = self.random.pick(&[vec![], vec![v4], vec![v4], vec![v6], vec![v4, v6], vec![v6, v4]]);
        self.addresses.extend(&addresses);
        addresses
    }

    fn workload(&mut self, index: usize) -> Value {
        let (api_version, kind) = self.random.pick(&WORKLOADS);
        let namespace = self.random.pick(&self.namespaces);
        let labels = self.labels(&POD_KEYS);
        let template = json!({ "metadata": { "labels": labels }, "spec": self.pod_spec() });
        let spec = match kind {
            "CronJob" => json!({ "jobTemplate": { "spec": { "template": template } } }),
            _ => json!({ "template": template }),
        };
        let metadata = json!({ "name": format!("w{index}"), "namespace": namespace });
        json!({ "apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec })
    }

    fn pod_spec(&mut self) -> Value {
        let mut spec = Map::new();
        if self.random.percent(15) {
            spec.insert("hostNetwork".to_owned(), json!(true));
        }
        let containers: Vec<Value> = (0..1 + self.random.below(2)).map(|_| self.container(None)).collect();
        spec.insert("containers".to_owned(), json!(containers));
        if self.random.percent(25) {
            // D10: a sidecar's ports have names, those of other init containers do not.
            let policy = self.random.pick(&[None, Some("Always")]);
            spec.insert("initContainers".to_owned(), json!([self.container(policy)]));
        }
        Value::Object(spec)
    }

    fn container(&mut self, restart_policy: Option<&str>) -> Value {
        let mut ports = Vec::new();
        for name in PORT_NAMES {
            if self.random.percent(30) {
                let number = self.random.pick(&PORTS[2..7]);
                self.mention_port(number);
                let mut port = json!({ "name": name, "containerPort": number });
                if let Some(protocol) = self.protocol() {
                    port["protocol"] = json!(protocol);
                }
                ports.push(port);
            }
        }
        let mut container = json!({ "name": "c", "image": "none", "ports": ports });
        if let Some(policy) = restart_policy {
            container["restartPolicy"] = json!(policy);
        }
        container
    }

    /// TCP, written or not, more often than the others.
    fn protocol(&mut self) -> Option<&'static str> {
        self.random.pick(&[None, None, None, Some("TCP"), Some("UDP"), Some("SCTP")])
    }

    fn labels(&mut self, keys: &[&'static str]) -> Map<String, Value> {
        let keys = self.random.some(keys, 60);
        keys.into_iter().map(|key| (key.to_owned(), json!(self.random.pick(&LABEL_VALUES)))).collect()
    }

    fn mention_port(&mut self, number: u16) {
        self.ports.extend([number.saturating_sub(1).max(1), number, number.saturating_add(1)]);
    }
}

fn ips_field(ips: &[IpAddr]) -> Value {
    ips.iter().map(|ip| json!({ "ip": ip.to_string() })).collect()
}
