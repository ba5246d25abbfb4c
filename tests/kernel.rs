//! The kernel does what the engine says: real packets between network namespaces, through the rules that a node is given.
//!
//! Needs root and the programs `ip` and `nft`; without them, nothing is tried, and a line says so. `NETPOL_KERNEL_CLUSTERS` sets how
//! many random clusters there are.

#![cfg(target_os = "linux")]

#[path = "kernel/bridge.rs"]
mod bridge;
#[path = "kernel/changes.rs"]
mod changes;
#[path = "kernel/denied.rs"]
mod denied;
#[path = "kernel/faults.rs"]
mod faults;
#[path = "kernel/icmp.rs"]
mod icmp;
#[path = "kernel/manifests.rs"]
mod manifests;
#[path = "kernel/net.rs"]
mod net;
#[path = "kernel/nodes.rs"]
mod nodes;
#[path = "kernel/probe.rs"]
mod probe;
#[path = "kernel/sctp.rs"]
mod sctp;
#[path = "kernel/services.rs"]
mod services;
#[path = "kernel/shop.rs"]
mod shop;
#[path = "kernel/strict.rs"]
mod strict;
#[path = "kernel/untracked.rs"]
mod untracked;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use netpol::cluster::{Endpoint, EndpointId, EndpointKind};
use netpol::flow::{End, Flow, Route};
use netpol::protocol::Family;
use netpol::{Engine, Verdict};
use netpol_nft::{Batch, Deny, Established, Log, LowerOptions, Ruleset, lower_pods};
use netpol_tests::ask::Prepared;
use netpol_tests::case::{self, Case};
use netpol_tests::generate::{flows, generate};
use netpol_tests::random::Random;
use netpol_tests::run::Reading;

use net::{Net, Node};
use probe::{Probe, differences};

const SEED: u64 = 19_780_101;
const WORKERS: usize = 3;

/// Why no packet can be sent here, if so. In CI that is an error.
fn obstacle() -> Option<String> {
    let has = |program: &str| Command::new(program).arg("-V").output().is_ok();
    let missing = match () {
        () if !nix::unistd::geteuid().is_root() => "root",
        () if !has("ip") => "the program `ip`",
        () if !has("nft") => "the program `nft`",
        () => return None,
    };
    assert!(std::env::var_os("CI").is_none(), "{missing} is missing");
    Some(format!("skipped: no packets are sent, for want of {missing}"))
}

#[test]
fn every_case_with_a_packet_to_send_gets_its_verdicts() {
    if let Some(obstacle) = obstacle() {
        return println!("{obstacle}");
    }
    let cases: Vec<Case> = case::all().into_iter().filter(|case| case.runs_in("kernel")).collect();
    let tried = check_all(&cases, |case, failures| {
        let sources = Case::sources([case.documents.join("---\n").as_str()]);
        let prepared = Prepared::new(&sources, case.options);
        let Ok(reading) = Reading::of(case) else { return 0 };
        let cluster = prepared.engine.cluster();
        let flows: Vec<Flow> = reading.all_flows().iter().filter_map(|flow| flow.within(cluster)).collect();
        check(&format!("{} {}", case.file, case.name), &prepared.engine, &flows, 1, failures)
    });
    assert!(tried > 500, "only {tried} connections tried");
}

#[test]
fn random_clusters_get_their_verdicts() {
    if let Some(obstacle) = obstacle() {
        return println!("{obstacle}");
    }
    let clusters = std::env::var("NETPOL_KERNEL_CLUSTERS").map_or(50, |number| number.parse().expect("it is a number"));
    let seeds: Vec<u64> = (SEED..SEED + clusters).collect();
    let tried = check_all(&seeds, |seed, failures| {
        let mut random = Random::new(*seed);
        let generated = generate(&mut random);
        let prepared = generated.scenario.prepare();
        let flows = flows(&generated, prepared.engine.cluster(), &mut random);
        let nodes = if seed % 2 == 0 { 1 } else { 2 };
        check(&format!("random cluster {seed} on {nodes} nodes"), &prepared.engine, &flows, nodes, failures)
    });
    assert!(tried > 0);
}

/// Checks several at a time, since most of the time is waiting for answers that do not come. Gives how many connections were tried.
fn check_all<T: Sync>(items: &[T], check: impl Fn(&T, &mut String) -> usize + Sync) -> usize {
    let (next, tried, failed) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::new(String::new()));
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut failures = String::new();
                    tried.fetch_add(check(item, &mut failures), Ordering::Relaxed);
                    failed.lock().expect("nobody fails while holding it").push_str(&failures);
                }
            });
        }
    });
    let (tried, failed) = (tried.into_inner(), failed.into_inner().expect("nobody fails while holding it"));
    println!("{tried} connections tried");
    assert!(failed.is_empty(), "{failed}");
    tried
}

/// Runs a test that sends packets, where packets can be sent.
fn with_packets(test: fn()) {
    match obstacle() {
        Some(obstacle) => println!("{obstacle}"),
        None => test(),
    }
}

#[test]
fn the_shop_is_enforced_as_reach_says() {
    with_packets(shop::the_shop_is_enforced_as_reach_says);
}

#[test]
fn established_connections_follow_the_rules() {
    with_packets(changes::established_connections_follow_the_rules);
}

#[test]
fn nothing_slips_through_while_rules_change() {
    with_packets(changes::nothing_slips_through_while_rules_change);
}

#[test]
fn nothing_slips_through_while_a_thousand_policies_become_others() {
    with_packets(changes::nothing_slips_through_while_a_thousand_policies_become_others);
}

#[test]
fn verdicts_hold_between_nodes() {
    with_packets(nodes::verdicts_hold_between_nodes);
}

#[test]
fn a_node_reaches_its_own_pods() {
    with_packets(nodes::a_node_reaches_its_own_pods);
}

#[test]
fn untracked_packets_are_judged() {
    with_packets(untracked::untracked_packets_are_judged);
}

#[test]
fn services_are_judged_by_what_is_behind_them() {
    with_packets(services::services_are_judged_by_what_is_behind_them);
}

#[test]
fn an_echo_needs_a_rule_without_ports() {
    with_packets(icmp::an_echo_needs_a_rule_without_ports);
}

#[test]
fn errors_come_back_to_who_caused_them() {
    with_packets(icmp::errors_come_back_to_who_caused_them);
}

#[test]
fn bridged_packets_are_judged_if_the_kernel_shows_them() {
    with_packets(bridge::bridged_packets_are_judged_if_the_kernel_shows_them);
}

#[test]
fn isolated_pods_discover_their_neighbours() {
    with_packets(bridge::isolated_pods_discover_their_neighbours);
}

#[test]
fn an_address_means_who_has_it_now() {
    with_packets(faults::an_address_means_who_has_it_now);
}

#[test]
fn a_set_without_a_pod_matches_nobody_until_one_comes() {
    with_packets(faults::a_set_without_a_pod_matches_nobody_until_one_comes);
}

#[test]
fn blocks_overlap_and_hold_everything() {
    with_packets(faults::blocks_overlap_and_hold_everything);
}

#[test]
fn pods_of_ipv6_alone_are_judged_as_others() {
    with_packets(faults::pods_of_ipv6_alone_are_judged_as_others);
}

#[test]
fn the_kernel_in_memory_is_as_strict_as_the_real_one() {
    with_packets(strict::the_kernel_in_memory_is_as_strict_as_the_real_one);
}

#[test]
fn both_kernels_take_and_refuse_the_same_batches() {
    with_packets(strict::both_kernels_take_and_refuse_the_same_batches);
}

#[test]
fn a_rejected_connection_fails_at_once() {
    with_packets(denied::a_rejected_connection_fails_at_once);
}

#[test]
fn denied_packets_are_logged() {
    with_packets(denied::denied_packets_are_logged);
}

#[test]
fn the_log_is_limited() {
    with_packets(denied::the_log_is_limited);
}

/// Sends what can be sent, with the pods dealt out to the nodes, and says where the kernel and the engine differ. Gives how many were
/// sent.
fn check(title: &str, engine: &Engine, flows: &[Flow], node_count: usize, failures: &mut String) -> usize {
    let mut asked: BTreeMap<Probe, bool> = BTreeMap::new();
    for flow in flows {
        if let Some(probe) = probe_of(engine, flow) {
            asked.insert(probe, engine.evaluate(flow) == Verdict::Allow);
        }
    }
    if asked.is_empty() {
        return 0;
    }
    let used: BTreeSet<IpAddr> = asked.keys().flat_map(|probe| [probe.source, probe.destination]).collect();
    let mut pods: BTreeMap<EndpointId, Vec<IpAddr>> = BTreeMap::new();
    let mut outside = Vec::new();
    for address in used {
        match engine.pod_at(address) {
            Some(pod) => pods.entry(pod).or_default().push(address),
            None => outside.push(address),
        }
    }
    let mut nodes = vec![Node::default(); node_count];
    let mut ids = vec![Vec::new(); node_count];
    for (index, (pod, addresses)) in pods.into_iter().enumerate() {
        nodes[index % node_count].pods.push(addresses);
        ids[index % node_count].push(pod);
    }
    let net = Net::with_nodes(&nodes, &outside);
    for (node, pods) in ids.into_iter().enumerate() {
        let ruleset = lower_pods(engine, pods, &LowerOptions::default()).ruleset;
        net.apply_on(node, &ruleset.to_text());
        let listed = Ruleset::from_listing(&net.listing(node)).unwrap_or_else(|foreign| panic!("{title}: {foreign}"));
        assert_eq!(ruleset.differences(&listed), [""; 0], "{title}: what is listed is what was given");
        assert!(ruleset == listed, "{title}: the differences are not told");
        check_batches(title, &net, node, engine, &ruleset);
    }
    for difference in differences(&net, &asked) {
        failures.push_str(&format!("{title}: {difference}\n"));
    }
    asked.len()
}

/// Takes the kernel to another ruleset and back, by what differs between the two.
fn check_batches(title: &str, net: &Net, node: usize, engine: &Engine, ruleset: &Ruleset) {
    let pods = engine.cluster().endpoint_ids().map(|(id, _)| id).step_by(2);
    let established = Established::Cut { mask: 0xfff0_0000, generation: 2 };
    // Every chain that denies is another one with these.
    let (deny, log) = (Deny::Reject, Some(Log { group: 7, rate: 10 }));
    let options = LowerOptions { established, deny, log, ..LowerOptions::default() };
    let mut other = lower_pods(engine, pods, &options).ruleset;
    // As if a pod, a block or a port of each set had gone.
    for set in other.sets.values_mut() {
        set.elements.pop_first();
    }
    for (from, to, by_netlink) in
        [(ruleset, &other, false), (&other, ruleset, true), (ruleset, &other, true), (&other, ruleset, false)]
    {
        let batch = Batch::between(from, to).unwrap_or_else(|| panic!("{title}: the frame is the same"));
        assert!(!batch.is_empty(), "{title}: the generations differ");
        if by_netlink {
            net.change_on(node, &batch).unwrap_or_else(|refusal| panic!("{title}: {refusal}\n{batch}"));
        } else {
            net.apply_on(node, &batch.to_string());
        }
        let listed = Ruleset::from_listing(&net.listing(node)).unwrap_or_else(|foreign| panic!("{title}: {foreign}"));
        assert_eq!(to.differences(&listed), [""; 0], "{title}: {batch}");
    }
}

/// The connection to try for a flow; `None` where a node of this test has no such packet.
fn probe_of(engine: &Engine, flow: &Flow) -> Option<Probe> {
    let pod = |id: EndpointId| {
        let endpoint = engine.cluster().endpoint(id)?;
        (endpoint.kind == EndpointKind::Pod && !endpoint.host_network).then_some(endpoint)
    };
    let is_same = flow.source == flow.destination;
    if flow.route == Route::Service || is_same {
        return None;
    }
    let addresses = |end: End| -> Option<Vec<IpAddr>> {
        match end {
            End::Endpoint(id) => pod(id).map(own),
            End::Address(address) => match engine.pod_at(address) {
                Some(id) => pod(id).map(own).filter(|own| own.contains(&address)).map(|_| vec![address]),
                None => Some(vec![address]),
            },
        }
    };
    let (sources, destinations) = (addresses(flow.source)?, addresses(flow.destination)?);
    let is_wanted = |address: &IpAddr| flow.family.is_none_or(|family| Family::of(*address) == family);
    let (source, destination) = destinations.iter().filter(|address| is_wanted(address)).find_map(|destination| {
        let source = sources.iter().find(|source| Family::of(**source) == Family::of(*destination))?;
        Some((*source, *destination))
    })?;
    let is_pod = |address| engine.pod_at(address).is_some();
    let is_plain = |address: IpAddr| is_sendable(address) && !is_node(engine, address);
    // Of two pods with one address, packets mean one.
    let is_meant = |end: End, address| !matches!(end, End::Endpoint(id) if engine.pod_at(address) != Some(id));
    let is_possible = source != destination
        && (is_pod(source) || is_pod(destination))
        && is_plain(source)
        && is_plain(destination)
        && is_meant(flow.source, source)
        && is_meant(flow.destination, destination);
    is_possible.then_some(Probe { source, destination, protocol: flow.protocol, port: flow.port.get() })
}

/// The first address of each family.
fn own(endpoint: &Endpoint) -> Vec<IpAddr> {
    let first = |family| endpoint.addresses.iter().copied().find(|address| Family::of(*address) == family);
    // In their order, which says over which family a flow runs.
    endpoint.addresses.iter().copied().filter(|address| first(Family::of(*address)) == Some(*address)).collect()
}

/// The nodes' own addresses are not this node's.
fn is_node(engine: &Engine, address: IpAddr) -> bool {
    let cluster = engine.cluster();
    cluster.nodes.iter().any(|node| node.addresses.contains(&address))
        || cluster.endpoints.iter().any(|endpoint| {
            endpoint.node_addresses.contains(&address) || endpoint.host_network && endpoint.addresses.contains(&address)
        })
}

/// Whether an interface can have an address.
fn is_sendable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            !(v4.is_loopback()
                || v4.is_multicast()
                || v4.is_link_local()
                || v4.octets()[0] == 0
                || v4.octets()[0] >= 240)
        }
        IpAddr::V6(v6) => {
            !(v6.is_loopback()
                || v6.is_multicast()
                || v6.is_unspecified()
                || v6.is_unicast_link_local()
                || v6.to_ipv4_mapped().is_some())
        }
    }
}
