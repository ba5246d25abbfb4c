//! On random clusters, the difference of two sets of policies holds exactly the flows on which their verdicts differ.

use netpol::connections::ConnectionSet;
use netpol::diff::{Change, DiffEnd, Difference};
use netpol::flow::{End, Flow, Route};
use netpol::{Cluster, Engine, ReachQuery, Verdict};
use netpol_tests::generate::{flows, generate};
use netpol_tests::random::Random;
use netpol_tests::scenario::Scenario;

#[test]
fn a_difference_holds_the_flows_whose_verdicts_differ_and_no_others() {
    let (mut asked, mut changed) = (0, 0);
    for seed in 0..clusters() {
        let mut random = Random::new(seed);
        let generated = generate(&mut random);
        let old = some_policies(&generated.scenario, &mut random).prepare().engine;
        let new = some_policies(&generated.scenario, &mut random).prepare().engine;
        let difference = netpol::diff(&old, &new, &ReachQuery::default());
        for flow in flows(&generated, old.cluster(), &mut random) {
            if !is_listed(&flow, &old) || !is_listed(&flow, &new) {
                continue;
            }
            let (before, after) = (old.evaluate(&flow) == Verdict::Allow, new.evaluate(&flow) == Verdict::Allow);
            let change = find(&difference, old.cluster(), &flow);
            let holds = |set: for<'a> fn(&Change<'a>) -> &'a ConnectionSet| {
                change.as_ref().is_some_and(|change| set(change).ports(flow.protocol).contains(flow.port))
            };
            let context = format!("seed {seed}: {flow:?} was {before}, is {after}, and the difference has {change:?}");
            assert_eq!(holds(|change| change.gained), !before && after, "{context}");
            assert_eq!(holds(|change| change.lost), before && !after, "{context}");
            assert_eq!(holds(|change| change.kept), before && after && change.is_some(), "{context}");
            asked += 1;
            changed += usize::from(before != after);
        }
    }
    assert!(asked > 10_000 && changed > 500, "only {asked} flows were asked, {changed} of them changed");
}

/// How many random clusters to make: `NETPOL_CLUSTERS` of them.
fn clusters() -> u64 {
    std::env::var("NETPOL_CLUSTERS").ok().and_then(|count| count.parse().ok()).unwrap_or(400)
}

/// The scenario with each of its policies left out or not.
fn some_policies(scenario: &Scenario, random: &mut Random) -> Scenario {
    let mut some = scenario.clone();
    some.documents.retain(|document| document["kind"] != "NetworkPolicy" || random.below(2) == 0);
    some
}

/// Whether a difference lists what is asked: not what always holds, and nothing between two addresses.
fn is_listed(flow: &Flow, engine: &Engine) -> bool {
    let explanation = engine.explain(flow);
    let deciders = [explanation.egress.decider(), explanation.ingress.decider()];
    let is_between_addresses = matches!((flow.source, flow.destination), (End::Address(_), End::Address(_)));
    let is_pod_address = |end| matches!(end, End::Address(address) if engine.pod_at(address).is_some());
    flow.route == Route::Direct
        && flow.family.is_none()
        && !is_pod_address(flow.source)
        && !is_pod_address(flow.destination)
        && !is_between_addresses
        && flow.source != flow.destination
        && !deciders.iter().any(|decider| ["self", "own-node"].contains(decider))
}

fn find<'a>(difference: &'a Difference, cluster: &Cluster, flow: &Flow) -> Option<Change<'a>> {
    difference.changes().find(|change| {
        is_end(change.source, cluster, flow.source) && is_end(change.destination, cluster, flow.destination)
    })
}

/// Whether an end of a flow is the end of a change, or one of the pods that it stands for.
fn is_end(end: &DiffEnd, cluster: &Cluster, of: End) -> bool {
    match (end, of) {
        (DiffEnd::Range(range), End::Address(address)) => range.contains(address),
        (DiffEnd::Endpoint { namespace, name, kind }, End::Endpoint(id)) => {
            let endpoint = cluster.endpoint(id).unwrap();
            let is_itself = *name == *endpoint.name && kind == endpoint.kind.name();
            let owner = endpoint.owner.as_ref();
            let is_owner = owner.is_some_and(|owner| *name == *owner.name && *kind == *owner.kind);
            cluster.namespace_name(endpoint.namespace) == namespace && (is_itself || is_owner)
        }
        _ => false,
    }
}
