//! Every rule that a verdict can show has a case, and every option has one in each of its settings.

use std::collections::BTreeSet;

use netpol::options::{Cidrs, Enforcement, EngineOptions, HostNetwork, IpBlocks};
use netpol_tests::case::{self, Case};

/// The number of the last rule of each kind: S1 to S42, and so on.
const RULES: [(&str, u32); 2] = [("S", 42), ("L", 5)];

/// Ids that cases may name beside those: decisions and validation.
const OTHER_RULES: [(&str, u32); 3] = [("D", 15), ("V", 27), ("W", 3)];

/// Rules that no case of ours shows, and why.
const EXEMPT: [(&str, &str); 4] = [
    ("S36", "a host port's address translation comes before the flow"),
    ("S37", "a verdict is about a new connection, never about an established one"),
    ("S38", "a flow can only have one of the three protocols"),
    ("S39", "a cluster has no clock: every policy of it is in effect"),
];

/// A decision, one of its settings, and whether options have it.
type Setting = (&'static str, &'static str, fn(&EngineOptions) -> bool);

#[test]
fn every_rule_that_a_verdict_can_show_has_a_case() {
    let shown: BTreeSet<String> = case::all().into_iter().flat_map(|case| case.rules).collect();
    for (exempt, reason) in EXEMPT {
        assert!(!shown.contains(exempt), "a case shows {exempt}, which is exempt: {reason}");
    }
    let missing: Vec<String> = ids(&RULES)
        .into_iter()
        .filter(|id| !shown.contains(id) && !EXEMPT.iter().any(|(exempt, _)| exempt == id))
        .collect();
    assert!(missing.is_empty(), "no case shows {}", missing.join(", "));
}

#[test]
fn every_case_names_rules_that_exist() {
    let known: BTreeSet<String> = ids(&RULES)
        .into_iter()
        .chain(ids(&OTHER_RULES))
        .chain(["V19s", "V19x", "V-decoding"].map(str::to_owned))
        .collect();
    for case in case::all() {
        for rule in &case.rules {
            assert!(known.contains(rule), "{}: {}: there is no rule `{rule}`", case.file, case.name);
        }
    }
}

#[test]
fn every_option_has_a_case_in_each_of_its_settings() {
    let cases = case::all();
    let settings: [Setting; 10] = [
        ("D1", "ip-blocks: any", |options| options.ip_blocks == IpBlocks::Any),
        ("D1", "ip-blocks: external", |options| options.ip_blocks == IpBlocks::External),
        ("D2", "host-network: node", |options| options.host_network == HostNetwork::Node),
        ("D2", "host-network: pod", |options| options.host_network == HostNetwork::Pod),
        ("D3", "own-node-egress: police", |options| options.own_node_egress == Enforcement::Police),
        ("D3", "own-node-egress: allow", |options| options.own_node_egress == Enforcement::Allow),
        ("D4", "service-hairpin: police", |options| options.service_hairpin == Enforcement::Police),
        ("D4", "service-hairpin: allow", |options| options.service_hairpin == Enforcement::Allow),
        ("D8", "cidrs: strict", |options| options.cidrs == Cidrs::Strict),
        ("D8", "cidrs: legacy", |options| options.cidrs == Cidrs::Legacy),
    ];
    let names = |case: &Case, decision: &str| case.rules.iter().any(|rule| rule == decision);
    for (decision, setting, is_set) in settings {
        let shown = cases.iter().any(|case| names(case, decision) && is_set(&case.options));
        assert!(shown, "no case names {decision} with `{setting}`");
    }
}

fn ids(kinds: &[(&str, u32)]) -> Vec<String> {
    kinds.iter().flat_map(|(kind, last)| (1..=*last).map(move |number| format!("{kind}{number}"))).collect()
}
