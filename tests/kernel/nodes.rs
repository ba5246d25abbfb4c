//! Two nodes, each with its own rules: pods on the same node and on the other, the nodes themselves, and the world outside.

use std::collections::BTreeMap;
use std::net::IpAddr;

use netpol::options::{Enforcement, EngineOptions};
use netpol::protocol::{Family, Protocol};
use netpol::{Engine, Verdict};
use netpol_nft::{LowerOptions, lower};

use crate::manifests::{address, addresses, engine, flow, from_application, node, pod, policy};
use crate::net::{Net, Node};
use crate::probe::{Probe, differences};

const NODES: [(&str, [&str; 2]); 2] =
    [("one", ["192.0.2.1", "2001:db8:0:1::1"]), ("two", ["192.0.2.2", "2001:db8:0:1::2"])];

/// Per pod its application, its node and its addresses. Nothing isolates a client.
const PODS: [(&str, &str, [&str; 2]); 6] = [
    ("client", "one", ["10.0.1.1", "fd00:0:0:1::1"]),
    ("server", "one", ["10.0.1.2", "fd00:0:0:1::2"]),
    ("caged", "one", ["10.0.1.3", "fd00:0:0:1::3"]),
    ("client", "two", ["10.0.2.1", "fd00:0:0:2::1"]),
    ("server", "two", ["10.0.2.2", "fd00:0:0:2::2"]),
    ("caged", "two", ["10.0.2.3", "fd00:0:0:2::3"]),
];

/// A customer is let in, and its neighbour is not.
const CUSTOMER: [&str; 2] = ["203.0.113.5", "2001:db8:0:2::5"];
const NEIGHBOUR: [&str; 2] = ["203.0.113.6", "2001:db8:0:2::6"];

const SERVICES: [(Protocol, u16); 4] =
    [(Protocol::Tcp, 80), (Protocol::Tcp, 81), (Protocol::Udp, 53), (Protocol::Sctp, 80)];

fn cluster(options: EngineOptions) -> Engine {
    let nodes = NODES.map(|(name, addresses)| node(name, &addresses));
    let pods = PODS.map(|(application, node_name, addresses)| {
        pod(&format!("{application}-{node_name}"), application, node_name, &addresses)
    });
    let client = from_application("client");
    let server = from_application("server");
    let policies = [
        policy(
            "server",
            &format!(
                "ingress: [{{ from: [{client}, {{ ipBlock: {{ cidr: 203.0.113.0/24, except: [203.0.113.6/32] }} }}, \
                 {{ ipBlock: {{ cidr: '2001:db8:0:2::/64', except: ['2001:db8:0:2::6/128'] }} }}], \
                 ports: [{{ port: 80 }}, {{ protocol: SCTP, port: 80 }}] }}, {{ ports: [{{ protocol: UDP, port: 53 }}] }}]"
            ),
        ),
        policy(
            "caged",
            &format!(
                "policyTypes: [Ingress, Egress], egress: [{{ to: [{server}] }}, \
                 {{ to: [{{ ipBlock: {{ cidr: 203.0.113.6/32 }} }}, {{ ipBlock: {{ cidr: 192.0.2.2/32 }} }}], ports: [{{ port: 81 }}] }}]"
            ),
        ),
    ];
    engine(&[nodes.concat(), pods.concat(), policies.concat()], options)
}

fn net(engine: &Engine) -> Net {
    let nodes = NODES.map(|(name, own)| Node {
        addresses: addresses(&own),
        pods: PODS.iter().filter(|(_, node, _)| *node == name).map(|(.., own)| addresses(own)).collect(),
    });
    let net = Net::with_nodes(&nodes, &addresses(&[CUSTOMER, NEIGHBOUR].concat()));
    for (index, (name, _)) in NODES.iter().enumerate() {
        let lowered = lower(engine, name, &LowerOptions::default());
        assert!(lowered.unenforced.is_empty(), "{:?}", lowered.unenforced);
        net.apply_on(index, &lowered.ruleset.to_text());
    }
    net
}

/// Every pod, node and host outside tries every other, where at least one of the two is a pod.
pub fn verdicts_hold_between_nodes() {
    for own_node_egress in [Enforcement::Police, Enforcement::Allow] {
        let engine = cluster(EngineOptions { own_node_egress, ..EngineOptions::default() });
        let net = net(&engine);
        let nodes = NODES.iter().flat_map(|(_, addresses)| addresses);
        let ends: Vec<IpAddr> = PODS
            .iter()
            .flat_map(|(.., addresses)| addresses)
            .chain(nodes)
            .chain(CUSTOMER.iter().chain(&NEIGHBOUR))
            .map(|text| address(text))
            .collect();
        let is_pod = |end: IpAddr| engine.pod_at(end).is_some();
        let mut expected = BTreeMap::new();
        for source in &ends {
            for destination in ends.iter().filter(|destination| *destination != source) {
                let is_possible =
                    Family::of(*source) == Family::of(*destination) && (is_pod(*source) || is_pod(*destination));
                for (protocol, port) in SERVICES.into_iter().filter(|_| is_possible) {
                    let probe = Probe { source: *source, destination: *destination, protocol, port };
                    expected.insert(probe, engine.evaluate(&flow(&probe)) == Verdict::Allow);
                }
            }
        }
        let allowed = expected.values().filter(|is_allowed| **is_allowed).count();
        assert!(allowed > 100 && expected.len() - allowed > 100, "{allowed} of {} are allowed", expected.len());
        let differences = differences(&net, &expected);
        assert!(differences.is_empty(), "{own_node_egress:?}: {differences:#?}");
    }
}

/// A node reaches its own pods whatever isolates them, as its probes must; the other node does not.
/// A pod reaches its own node only if that is asked for.
pub fn a_node_reaches_its_own_pods() {
    for own_node_egress in [Enforcement::Police, Enforcement::Allow] {
        let engine = cluster(EngineOptions { own_node_egress, ..EngineOptions::default() });
        let net = net(&engine);
        let [(_, one), (_, two)] = NODES;
        let caged = PODS[2].2;
        let is_open = own_node_egress == Enforcement::Allow;
        let expected = (0..2).flat_map(|family| {
            let probe = |source: &str, destination: &str| {
                let (source, destination) = (address(source), address(destination));
                Probe { source, destination, protocol: Protocol::Tcp, port: 80 }
            };
            [
                (probe(one[family], caged[family]), true),
                (probe(two[family], caged[family]), false),
                (probe(caged[family], one[family]), is_open),
                (probe(caged[family], two[family]), false),
            ]
        });
        let differences = differences(&net, &expected.collect());
        assert!(differences.is_empty(), "{own_node_egress:?}: {differences:#?}");
    }
}
