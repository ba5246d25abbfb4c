//! Pods as ports of a bridge: their packets pass the rules only while the kernel is told to show bridged packets to them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

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
pub fn bridged_packets_are_judged_if_the_kernel_shows_them() {
    if let Some(obstacle) = obstacle() {
        return println!("{obstacle}");
    }
    let engine = cluster();
    let judged = expected(&engine);
    assert!(judged.values().any(|is_allowed| *is_allowed) && judged.values().any(|is_allowed| !is_allowed));
    for (setting, expected) in [("1", judged.clone()), ("0", judged.keys().map(|probe| (*probe, true)).collect())] {
        let differences = differences(&net(&engine, setting), &expected);
        assert!(differences.is_empty(), "with the setting {setting}: {differences:#?}");
    }
}

/// Pods without IPv4 find each other though they are isolated: what discovers neighbours passes the rules as well.
pub fn isolated_pods_discover_their_neighbours() {
    if let Some(obstacle) = obstacle() {
        return println!("{obstacle}");
    }
    let engine = cluster();
    // One at a time: who is asked for learns who asks, and needs no discovery of its own.
    for (from, to) in [(NEWER[0], SERVER[1]), (CLIENT[1], NEWER[0])] {
        let probe = Probe { source: address(from), destination: address(to), protocol: Protocol::Tcp, port: 80 };
        let differences = differences(&net(&engine, "1"), &BTreeMap::from([(probe, true)]));
        assert!(differences.is_empty(), "{differences:#?}");
    }
}

/// Why no bridged packet can be judged here, if so. To load the module changes what the machine's own bridges do, which only CI may.
fn obstacle() -> Option<&'static str> {
    let has_module = || Path::new("/proc/sys/net/bridge").exists();
    if has_module() {
        return None;
    }
    if std::env::var_os("CI").is_some() {
        let loaded = Command::new("modprobe").arg("br_netfilter").output();
        let said =
            loaded.map_or_else(|error| error.to_string(), |output| String::from_utf8_lossy(&output.stderr).into());
        assert!(has_module() || said.contains("not found in"), "the module `br_netfilter` is not loaded: {said}");
    }
    (!has_module()).then_some("skipped: no bridged packets are judged, for want of the kernel's module `br_netfilter`")
}

fn net(engine: &Engine, setting: &str) -> Net {
    let net = Net::bridged(&[addresses(&SERVER), addresses(&CLIENT), addresses(&OTHER), addresses(&NEWER)]);
    for name in ["net.bridge.bridge-nf-call-iptables", "net.bridge.bridge-nf-call-ip6tables"] {
        net.run_on(0, &["sysctl", "-qw", &format!("{name}={setting}")], "");
    }
    net.apply(&lower(engine, "worker", &LowerOptions::default()).ruleset.to_text());
    net
}
