//! Pods as ports of a bridge: their packets pass the rules only while the kernel is told to show bridged packets to them.

use std::collections::BTreeMap;
use std::path::Path;

use netpol::options::EngineOptions;
use netpol::protocol::Protocol;
use netpol::{Engine, Verdict};
use netpol_nft::{LowerOptions, lower};

use crate::manifests::{address, addresses, engine, flow, from_application, pod, policy};
use crate::net::Net;
use crate::probe::{Probe, differences};

const SERVER: [&str; 2] = ["10.0.0.1", "fd00::1"];
const CLIENT: [&str; 2] = ["10.0.0.2", "fd00::2"];
const OTHER: [&str; 2] = ["10.0.0.3", "fd00::3"];
/// Has no IPv4, and lets nothing in or out but the server and the client.
const NEWER: [&str; 1] = ["fd00::4"];

const SERVICES: [(Protocol, u16); 4] =
    [(Protocol::Tcp, 80), (Protocol::Tcp, 81), (Protocol::Udp, 80), (Protocol::Sctp, 80)];

fn cluster() -> Engine {
    let pods = [
        pod("server", "server", "worker", &SERVER),
        pod("client", "client", "worker", &CLIENT),
        pod("other", "other", "worker", &OTHER),
        pod("newer", "newer", "worker", &NEWER),
    ];
    let (server, client, newer) = (from_application("server"), from_application("client"), from_application("newer"));
    let ports = "ports: [{ port: 80 }, { protocol: UDP, port: 80 }, { protocol: SCTP, port: 80 }]";
    let policies = [
        policy("server", &format!("ingress: [{{ from: [{client}, {newer}], {ports} }}]")),
        policy(
            "newer",
            &format!(
                "policyTypes: [Ingress, Egress], ingress: [{{ from: [{client}], {ports} }}], \
                 egress: [{{ to: [{server}], {ports} }}]"
            ),
        ),
    ];
    engine(&[pods.concat(), policies.concat()], EngineOptions::default())
}

/// What every pod tries with every other, and what the engine says.
fn expected(engine: &Engine) -> BTreeMap<Probe, bool> {
    let all = [&SERVER[..], &CLIENT, &OTHER, &NEWER].concat();
    let mut expected = BTreeMap::new();
    for (from, to) in all.iter().flat_map(|from| all.iter().map(move |to| (address(from), address(to)))) {
        let is_possible = from.is_ipv4() == to.is_ipv4() && from != to;
        for (protocol, port) in SERVICES.into_iter().filter(|_| is_possible) {
            let probe = Probe { source: from, destination: to, protocol, port };
            expected.insert(probe, engine.evaluate(&flow(&probe)) == Verdict::Allow);
        }
    }
    expected
}

/// With the kernel's setting, verdicts hold; without it, all packets pass: a limit that is documented.
/// The neighbours that IPv6 discovers are not known before, and what discovers them passes the rules too.
pub fn bridged_packets_are_judged_if_the_kernel_shows_them() {
    if !Path::new("/proc/sys/net/bridge").exists() {
        return println!("skipped: no packets are bridged, for want of the kernel's module `br_netfilter`");
    }
    let engine = cluster();
    let judged = expected(&engine);
    assert!(judged.values().any(|is_allowed| *is_allowed) && judged.values().any(|is_allowed| !is_allowed));
    for (setting, expected) in [("1", judged.clone()), ("0", judged.keys().map(|probe| (*probe, true)).collect())] {
        let net = Net::bridged(&[addresses(&SERVER), addresses(&CLIENT), addresses(&OTHER), addresses(&NEWER)]);
        let settings = ["net.bridge.bridge-nf-call-iptables", "net.bridge.bridge-nf-call-ip6tables"];
        for name in settings {
            net.run_on(0, &["sysctl", "-qw", &format!("{name}={setting}")], "");
        }
        net.apply(&lower(&engine, "worker", &LowerOptions::default()).ruleset.to_text());
        let differences = differences(&net, &expected);
        assert!(differences.is_empty(), "with the setting {setting}: {differences:#?}");
    }
}
