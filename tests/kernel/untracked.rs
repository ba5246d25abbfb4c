//! Packets that conntrack does not follow, by a rule of somebody else: they have no mark, and are judged all the same.

use std::collections::BTreeMap;

use netpol::options::EngineOptions;
use netpol::protocol::Protocol;
use netpol_nft::{Deny, Established, LowerOptions, lower};

use crate::manifests::{address, addresses, engine, from_application, pod, policy};
use crate::net::Net;
use crate::probe::{Probe, differences};

const SERVER: [&str; 2] = ["10.0.0.1", "fd00::1"];
const CLIENT: [&str; 2] = ["10.0.0.2", "fd00::2"];
const OTHER: [&str; 2] = ["10.0.0.3", "fd00::3"];

/// A rule of somebody else, as a cache of names on the node has one.
const UNTRACKED: &str = "table inet untracked {\n\
     chain prerouting { type filter hook prerouting priority -300; meta l4proto { tcp, udp, sctp } notrack; }\n}\n";

pub fn untracked_packets_are_judged() {
    let pods = [("server", SERVER), ("client", CLIENT), ("other", OTHER)];
    let documents = [
        pods.map(|(name, addresses)| pod(name, name, "worker", &addresses)).concat(),
        policy("server", &format!("ingress: [{{ from: [{}] }}]", from_application("client"))),
    ];
    let engine = engine(&documents, EngineOptions::default());
    let mut expected = BTreeMap::new();
    for (family, protocol) in (0..2).flat_map(|family| Protocol::ALL.map(|protocol| (family, protocol))) {
        for (source, is_allowed) in [(CLIENT, true), (OTHER, false)] {
            let (source, destination) = (address(source[family]), address(SERVER[family]));
            expected.insert(Probe { source, destination, protocol, port: 80 }, is_allowed);
        }
    }
    let established = [Established::Keep, Established::default()];
    for (established, deny) in established.into_iter().flat_map(|how| [(how, Deny::Drop), (how, Deny::Reject)]) {
        let net = Net::new(&pods.map(|(_, own)| addresses(&own)), &[]);
        let options = LowerOptions { established, deny, ..LowerOptions::default() };
        net.apply(&lower(&engine, "worker", &options).ruleset.to_text());
        net.apply(UNTRACKED);
        let differences = differences(&net, &expected);
        assert!(differences.is_empty(), "{established:?} {deny:?}: {differences:#?}");
    }
}
