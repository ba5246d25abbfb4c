//! Services: policies see the address and the port that a Service's rules put in place of its own, and the client's own address.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use netpol::flow::{Flow, Route};
use netpol::options::{Enforcement, EngineOptions};
use netpol::protocol::Protocol;
use netpol::{Engine, Verdict};
use netpol_nft::{LowerOptions, lower};

use crate::manifests::{address, addresses, engine, flow, from_application, node, pod, policy};
use crate::net::{Net, Node};
use crate::probe::{Probe, differences_at};

const NODE: [&str; 2] = ["192.0.2.1", "2001:db8:0:1::1"];
const CLUSTER_IP: [&str; 2] = ["10.96.0.10", "fd00:0:0:96::10"];
const CUSTOMER: [&str; 2] = ["203.0.113.5", "2001:db8:0:2::5"];
const NEIGHBOUR: [&str; 2] = ["203.0.113.6", "2001:db8:0:2::6"];

const SERVER: [&str; 2] = ["10.0.0.1", "fd00::1"];
const CLIENT: [&str; 2] = ["10.0.0.2", "fd00::2"];
const OTHER: [&str; 2] = ["10.0.0.3", "fd00::3"];
/// May reach the server's pod and port.
const CAGED: [&str; 2] = ["10.0.0.4", "fd00::4"];
/// May reach the Service's address and port, which no packet has by the time that policies see it.
const MISLED: [&str; 2] = ["10.0.0.5", "fd00::5"];

const PORT: u16 = 80;
const NODE_PORT: u16 = 30_080;
const TARGET_PORT: u16 = 8080;

const PROTOCOLS: [Protocol; 3] = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];

fn cluster(service_hairpin: Enforcement) -> Engine {
    let on = |port| PROTOCOLS.map(|protocol| format!("{{ port: {port}, protocol: {protocol} }}")).join(", ");
    let (own, target) = (on(PORT), on(TARGET_PORT));
    let names = [("server", SERVER), ("client", CLIENT), ("other", OTHER), ("caged", CAGED), ("misled", MISLED)];
    let pods = names.map(|(name, addresses)| pod(name, name, "worker", &addresses));
    let peers = ["client", "caged", "misled"].map(from_application).join(", ");
    let policies = [
        policy(
            "server",
            &format!(
                "ingress: [{{ from: [{peers}, {{ ipBlock: {{ cidr: {}/32 }} }}, {{ ipBlock: {{ cidr: '{}/128' }} }}], \
                 ports: [{target}] }}]",
                CUSTOMER[0], CUSTOMER[1]
            ),
        ),
        policy(
            "caged",
            &format!("policyTypes: [Egress], egress: [{{ to: [{}], ports: [{target}] }}]", from_application("server")),
        ),
        policy(
            "misled",
            &format!(
                "policyTypes: [Egress], egress: [{{ to: [{{ ipBlock: {{ cidr: {}/32 }} }}, {{ ipBlock: {{ cidr: '{}/128' }} }}], \
                 ports: [{own}] }}]",
                CLUSTER_IP[0], CLUSTER_IP[1]
            ),
        ),
    ];
    let options = EngineOptions { service_hairpin, ..EngineOptions::default() };
    engine(&[node("worker", &NODE), pods.concat(), policies.concat()], options)
}

/// What makes the Service: the like of kube-proxy's rules, in a table of their own.
fn proxy() -> String {
    let rules: String = [("ip", 0), ("ip6", 1)]
        .into_iter()
        .flat_map(|of_family| PROTOCOLS.map(|protocol| (of_family, protocol.to_string().to_lowercase())))
        .map(|((header, family), protocol)| {
            let (cluster_ip, node, server) = (CLUSTER_IP[family], NODE[family], address(SERVER[family]));
            let target = SocketAddr::new(server, TARGET_PORT);
            format!(
                "  {header} daddr {cluster_ip} {protocol} dport {PORT} dnat {header} to {target}\n  \
                 {header} daddr {node} {protocol} dport {NODE_PORT} meta mark set meta mark or 0x4000 dnat {header} to {target}\n"
            )
        })
        .collect();
    format!(
        "table inet proxy {{\n\
         counter masqueraded4 {{ }}\n counter masqueraded6 {{ }}\n\
         chain services {{\n{rules} }}\n\
         chain prerouting {{ type nat hook prerouting priority dstnat; goto services; }}\n\
         chain output {{ type nat hook output priority -100; goto services; }}\n\
         chain postrouting {{ type nat hook postrouting priority srcnat;\n  \
           meta mark and 0x4000 == 0x4000 meta nfproto ipv4 counter name masqueraded4 masquerade\n  \
           meta mark and 0x4000 == 0x4000 meta nfproto ipv6 counter name masqueraded6 masquerade\n  \
           ip saddr {0} ip daddr {0} masquerade\n  ip6 saddr {1} ip6 daddr {1} masquerade\n }}\n}}\n",
        SERVER[0], SERVER[1]
    )
}

/// By its ClusterIP, by its NodePort, and by a pod that is behind it itself.
pub fn services_are_judged_by_what_is_behind_them() {
    for service_hairpin in [Enforcement::Police, Enforcement::Allow] {
        let engine = cluster(service_hairpin);
        let pods = [SERVER, CLIENT, OTHER, CAGED, MISLED].map(|pod| addresses(&pod)).to_vec();
        let outside = addresses(&[CUSTOMER, NEIGHBOUR].concat());
        let net = Net::with_nodes(&[Node { addresses: addresses(&NODE), pods }], &outside);
        net.apply(&proxy());
        net.apply(&lower(&engine, "worker", &LowerOptions::default()).ruleset.to_text());
        let by_itself = service_hairpin == Enforcement::Allow;
        let mut expected = BTreeMap::new();
        let mut places = BTreeSet::new();
        for (family, protocol) in (0..2).flat_map(|family| PROTOCOLS.map(|protocol| (family, protocol))) {
            let server = address(SERVER[family]);
            places.insert((server, protocol, TARGET_PORT));
            let mut expect = |source: &str, destination: &str, port: u16, is_allowed: bool| {
                let source = address(source);
                let probe = Probe { source, destination: address(destination), protocol, port };
                assert_eq!(is_allowed, is_allowed_behind(&engine, source, server, protocol), "{probe:?}");
                expected.insert(probe, is_allowed);
            };
            expect(CLIENT[family], CLUSTER_IP[family], PORT, true);
            expect(OTHER[family], CLUSTER_IP[family], PORT, false);
            expect(CAGED[family], CLUSTER_IP[family], PORT, true);
            expect(MISLED[family], CLUSTER_IP[family], PORT, false);
            expect(SERVER[family], CLUSTER_IP[family], PORT, by_itself);
            expect(NODE[family], CLUSTER_IP[family], PORT, true);
            expect(CUSTOMER[family], NODE[family], NODE_PORT, true);
            expect(NEIGHBOUR[family], NODE[family], NODE_PORT, false);
        }
        let differences = differences_at(&net, &places, &expected);
        assert!(differences.is_empty(), "{service_hairpin:?}: {differences:#?}");
        for counter in ["masqueraded4", "masqueraded6"] {
            let listed = net.run_on(0, &["nft", "list", "counter", "inet", "proxy", counter], "");
            assert!(listed.contains("packets") && !listed.contains("packets 0 "), "nothing is masqueraded: {listed}");
        }
    }
}

/// What the engine says of the Service's pod.
fn is_allowed_behind(engine: &Engine, source: IpAddr, server: IpAddr, protocol: Protocol) -> bool {
    let probe = Probe { source, destination: server, protocol, port: TARGET_PORT };
    engine.evaluate(&Flow { route: Route::Service, ..flow(&probe) }) == Verdict::Allow
}
