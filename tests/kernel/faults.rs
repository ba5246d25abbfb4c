//! What single nodes get wrong elsewhere: addresses that pass from pod to pod, sets without a pod, blocks that overlap or hold all.

use std::collections::BTreeMap;

use netpol::options::EngineOptions;
use netpol::protocol::Protocol;
use netpol::{Engine, Verdict};
use netpol_nft::{Batch, Established, LowerOptions, Ruleset, lower};
use netpol_tests::ask::Prepared;
use netpol_tests::case::Case;

use crate::manifests::{address, addresses, engine, flow, from_application, pod, policy};
use crate::net::Net;
use crate::probe::{Probe, differences};

const PODS: [(&str, [&str; 2]); 4] = [
    ("a", ["10.0.0.1", "fd00::1"]),
    ("b", ["10.0.0.2", "fd00::2"]),
    ("c", ["10.0.0.255", "fd00::ffff"]),
    ("d", ["10.0.1.0", "fd00::1:0"]),
];

const OUTSIDE: [&str; 2] = ["203.0.113.5", "2001:db8::5"];

fn pods() -> String {
    PODS.map(|(name, addresses)| pod(name, name, "worker", &addresses)).concat()
}

fn net() -> Net {
    Net::new(&PODS.map(|(_, own)| addresses(&own)), &addresses(&OUTSIDE))
}

/// Everyone to everyone, and what the engine says.
fn mesh(engine: &Engine) -> BTreeMap<Probe, bool> {
    let ends = addresses(&[PODS.map(|(_, own)| own).concat(), OUTSIDE.to_vec()].concat());
    let mut expected = BTreeMap::new();
    for source in &ends {
        for destination in
            ends.iter().filter(|destination| *destination != source && destination.is_ipv4() == source.is_ipv4())
        {
            for (protocol, port) in [(Protocol::Tcp, 80), (Protocol::Udp, 53)] {
                let probe = Probe { source: *source, destination: *destination, protocol, port };
                let is_inside = |end| engine.pod_at(end).is_some();
                if is_inside(*source) || is_inside(*destination) {
                    expected.insert(probe, engine.evaluate(&flow(&probe)) == Verdict::Allow);
                }
            }
        }
    }
    expected
}

fn ruleset(engine: &Engine, generation: u32) -> Ruleset {
    let established = match Established::default() {
        Established::Cut { mask, .. } => Established::Cut { mask, generation },
        Established::Keep => Established::Keep,
    };
    lower(engine, "worker", &LowerOptions { established, ..LowerOptions::default() }).ruleset
}

fn is_enforced(net: &Net, engine: &Engine) {
    let expected = mesh(engine);
    assert!(expected.values().any(|is_allowed| *is_allowed) && expected.values().any(|is_allowed| !is_allowed));
    assert_eq!(differences(net, &expected), [""; 0]);
}

/// Who has the address of a pod that has ended is not taken for it; a pod that is about to end is still itself.
pub fn an_address_means_who_has_it_now() {
    let ended = |name: &str, phase: &str, own: &[&str]| {
        pod(name, "old", "worker", own).replace("status: {", &format!("status: {{ phase: {phase},"))
    };
    let ending = pod("ending", "old", "worker", &PODS[3].1)
        .replace("namespace: shop,", "namespace: shop, deletionTimestamp: '2026-01-01T00:00:00Z',");
    // Before and behind the pods of now, by name.
    let olds = [ended("0-done", "Succeeded", &PODS[0].1), ended("z-failed", "Failed", &PODS[1].1), ending].concat();
    let news =
        PODS.map(|(name, own)| if name == "d" { String::new() } else { pod(name, name, "worker", &own) }).concat();
    let policies = [
        policy("old", "policyTypes: [Ingress]"),
        policy("c", &format!("ingress: [{{ from: [{}] }}]", from_application("old"))),
    ];
    let text = [olds, news, policies.concat()].concat();
    let engine = Prepared::new(&Case::sources([text.as_str()]), EngineOptions::default()).engine;
    let (to_a, to_d, from_a, from_d) = (("b", "a"), ("b", "d"), ("a", "c"), ("d", "c"));
    let own = |name: &str| address(PODS.iter().find(|(known, _)| *known == name).expect("it is a pod").1[0]);
    let is_allowed = |(source, destination)| {
        let probe = Probe { source: own(source), destination: own(destination), protocol: Protocol::Tcp, port: 80 };
        engine.evaluate(&flow(&probe)) == Verdict::Allow
    };
    assert_eq!([to_a, to_d, from_a, from_d].map(is_allowed), [true, false, false, true]);
    let net = net();
    net.apply(&ruleset(&engine, 1).to_text());
    is_enforced(&net, &engine);
}

/// A peer that selects nobody lets nobody in, and lets in who comes.
pub fn a_set_without_a_pod_matches_nobody_until_one_comes() {
    let rule = format!("ingress: [{{ from: [{}] }}]", from_application("later"));
    let before = engine_of(&[pods(), policy("a", &rule)]);
    let after = engine_of(&[pods().replacen("app: b", "app: later", 1), policy("a", &rule)]);
    let (net, old, new) = (net(), ruleset(&before, 1), ruleset(&after, 2));
    net.apply(&old.to_text());
    is_enforced(&net, &before);
    let batch = Batch::between(&old, &new).expect("elements come");
    net.change_on(0, &batch).unwrap_or_else(|refusal| panic!("{refusal}"));
    is_enforced(&net, &after);
    let batch = Batch::between(&new, &ruleset(&before, 3)).expect("elements go");
    net.change_on(0, &batch).unwrap_or_else(|refusal| panic!("{refusal}"));
    is_enforced(&net, &before);
}

/// With the findings that it may have: nobody is selected.
fn engine_of(documents: &[String]) -> Engine {
    Prepared::new(&Case::sources([documents.concat().as_str()]), EngineOptions::default()).engine
}

/// Blocks inside others, beside others and around everything, in one policy and in several; half of them come by netlink.
pub fn blocks_overlap_and_hold_everything() {
    let block = |cidr: &str, except: &[&str]| {
        let except: Vec<String> = except.iter().map(|cidr| format!("'{cidr}'")).collect();
        format!("{{ ipBlock: {{ cidr: '{cidr}', except: [{}] }} }}", except.join(", "))
    };
    let from = |peers: &[String]| format!("ingress: [{{ from: [{}] }}]", peers.join(", "));
    let everything = [block("0.0.0.0/0", &[]), block("::/0", &[])];
    let but_some = [block("0.0.0.0/0", &["10.0.0.2/32", "203.0.113.0/24"]), block("::/0", &["fd00::/112"])];
    let nested = [
        block("10.0.0.0/8", &["10.0.0.0/24"]),
        block("10.0.0.0/24", &["10.0.0.2/32"]),
        block("10.0.0.255/32", &[]),
        block("128.0.0.0/1", &[]),
        block("fd00::ffff/128", &[]),
        block("fd00::/64", &["fd00::/112"]),
        block("8000::/1", &["fd00::1:0/128"]),
    ];
    let nothing = [block("10.0.0.0/24", &["10.0.0.0/25", "10.0.0.128/25"])];
    let versions = [
        [from(&everything), from(&nested), from(&nothing), from(&but_some)],
        [from(&but_some), from(&everything), from(&nested), from(&nothing)],
        [from(&nested), from(&nothing), from(&everything), from(&[but_some.to_vec(), nested.to_vec()].concat())],
    ];
    let net = net();
    let mut given: Option<Ruleset> = None;
    for (generation, version) in (1..).zip(versions) {
        let policies = PODS.iter().zip(&version).map(|((name, _), spec)| policy(name, spec)).collect::<String>();
        let second = policy("a", &from(&[block("10.0.1.0/32", &[])])).replace("name: a,", "name: a2,");
        let engine = engine(&[pods(), policies, second], EngineOptions::default());
        let wanted = ruleset(&engine, generation);
        match &given {
            None => net.apply(&wanted.to_text()),
            Some(given) => {
                let batch = Batch::between(given, &wanted).expect("nothing changes its kind");
                net.change_on(0, &batch).unwrap_or_else(|refusal| panic!("{refusal}"));
            }
        }
        is_enforced(&net, &engine);
        given = Some(wanted);
    }
}

/// Where there is no IPv4 at all.
pub fn pods_of_ipv6_alone_are_judged_as_others() {
    let own = PODS.map(|(name, [_, own])| (name, own));
    let pods = own.map(|(name, own)| pod(name, name, "worker", &[own])).concat();
    let from = format!(
        "ingress: [{{ from: [{}, {{ ipBlock: {{ cidr: '2001:db8::/64' }} }}], ports: [{{ port: 80 }}] }}]",
        from_application("b")
    );
    let to = format!("policyTypes: [Egress], egress: [{{ to: [{}] }}]", from_application("a"));
    let engine = engine(&[pods, policy("a", &from), policy("c", &to)], EngineOptions::default());
    let net = Net::new(&own.map(|(_, own)| addresses(&[own])), &addresses(&OUTSIDE[1..]));
    net.apply(&ruleset(&engine, 1).to_text());
    let ipv6: BTreeMap<Probe, bool> = mesh(&engine).into_iter().filter(|(probe, _)| probe.source.is_ipv6()).collect();
    assert!(ipv6.values().any(|is_allowed| *is_allowed) && ipv6.values().any(|is_allowed| !is_allowed));
    assert_eq!(differences(&net, &ipv6), [""; 0]);
}
