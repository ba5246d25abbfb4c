//! Tiers with every action, which NetworkPolicy alone does not make: verdict, trace and reachability agree with a literal walk.

use crate::cluster::{Direction, EndpointId, NamespaceId, PolicyId};
use crate::flow::{End, Flow, Route};
use crate::model::{
    Action, NamespaceScope, Peer, PodSelection, Policy, PortMatch, PortSelection, Rule, RulePath, Tier, TierDefault,
};
use crate::object::{LabelSelector, Labels};
use crate::options::EngineOptions;
use crate::protocol::{Port, Protocol};
use crate::reach::ReachQuery;
use crate::selector::Selector;
use crate::source::Sources;
use crate::{Cluster, Verdict};

const PODS: [&str; 3] = ["a", "b", "c"];
const PORTS: [u16; 3] = [80, 81, 90];

/// Three pods in one namespace, and a policy for ids to refer to.
fn cluster() -> Cluster {
    let mut text = String::new();
    for name in PODS {
        text += &format!("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, labels: {{pod: {name}}}}}\n");
    }
    text += "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: {}\n";
    let mut sources = Sources::default();
    sources.add("test.yaml", text);
    let loaded = crate::load(&sources);
    assert_eq!(loaded.diagnostics, []);
    crate::resolve(loaded.objects, &EngineOptions::default()).cluster
}

/// A small generator, so that a failure is the same failure every time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn pods(&mut self) -> PodSelection {
        let name = PODS[self.below(3)];
        let match_labels: Labels = [("pod", name)].into_iter().collect();
        let selector = LabelSelector { match_labels, match_expressions: Vec::new() };
        let pods = if self.below(3) == 0 { Selector::default() } else { Selector::new(&selector) };
        PodSelection { namespaces: NamespaceScope::One(NamespaceId(0)), pods }
    }

    fn rule(&mut self) -> Rule {
        let action = [Action::Allow, Action::Deny, Action::Pass][self.below(3)];
        let port = |number: u16| Port::new(number).unwrap();
        let ranges = [(80, 80), (81, 81), (80, 85), (1, 65535)];
        let (first, last) = ranges[self.below(ranges.len())];
        let range = PortMatch { protocol: Protocol::Tcp, ports: PortSelection::Range(port(first), port(last)) };
        Rule {
            path: RulePath { rules: "spec.rules", index: 0, peers: "peers" },
            action,
            peers: (self.below(4) > 0).then(|| (0..self.below(2) + 1).map(|_| Peer::Pods(self.pods())).collect()),
            ports: (self.below(3) > 0).then(|| vec![range]),
        }
    }

    fn rules(&mut self) -> Option<Vec<Rule>> {
        (self.below(3) > 0).then(|| (0..self.below(4)).map(|_| self.rule()).collect())
    }

    fn tiers(&mut self) -> Vec<Tier> {
        (0..self.below(3) + 1)
            .map(|_| Tier {
                name: "some",
                default: if self.below(2) == 0 { TierDefault::Deny } else { TierDefault::Pass },
                policies: (0..self.below(3) + 1)
                    .map(|_| Policy {
                        id: PolicyId(0),
                        subject: self.pods(),
                        ingress: self.rules(),
                        egress: self.rules(),
                    })
                    .collect(),
            })
            .collect()
    }
}

/// The walk as architecture and specification tell it, read aloud.
fn is_allowed(tiers: &[Tier], direction: Direction, subject: &str, peer: &str, port: Port) -> bool {
    let selects = |selection: &PodSelection, pod: &str| selection.pods.matches(&[("pod", pod)].into_iter().collect());
    'tiers: for tier in tiers {
        let governing: Vec<&Policy> = tier
            .policies
            .iter()
            .filter(|policy| selects(&policy.subject, subject) && policy.rules(direction).is_some())
            .collect();
        for rule in governing.iter().flat_map(|policy| policy.rules(direction).unwrap()) {
            let is_peer = rule.peers.as_ref().is_none_or(|peers| {
                peers.iter().any(|candidate| matches!(candidate, Peer::Pods(selection) if selects(selection, peer)))
            });
            let is_port = rule.ports.as_ref().is_none_or(|ports| {
                ports.iter().any(
                    |entry| matches!(entry.ports, PortSelection::Range(first, last) if first <= port && port <= last),
                )
            });
            match rule.action {
                _ if !(is_peer && is_port) => {}
                Action::Allow => return true,
                Action::Deny => return false,
                Action::Pass => continue 'tiers,
            }
        }
        if !governing.is_empty() && tier.default == TierDefault::Deny {
            return false;
        }
    }
    true
}

#[test]
fn tiers_are_walked_alike_by_verdict_trace_and_reachability() {
    let cluster = cluster();
    for seed in 0..400 {
        let tiers = Random(seed).tiers();
        let engine = super::compile_tiers(cluster.clone(), &tiers, EngineOptions::default());
        let reach = engine.reach(&ReachQuery::default());
        for (from, source) in (0u32..).zip(PODS) {
            for (to, destination) in (0u32..).zip(PODS).filter(|(to, _)| *to != from) {
                for port in PORTS.map(|number| Port::new(number).unwrap()) {
                    let flow = Flow {
                        source: End::Endpoint(EndpointId(from)),
                        destination: End::Endpoint(EndpointId(to)),
                        protocol: Protocol::Tcp,
                        port,
                        family: None,
                        route: Route::Direct,
                    };
                    let expected = is_allowed(&tiers, Direction::Egress, source, destination, port)
                        && is_allowed(&tiers, Direction::Ingress, destination, source, port);
                    let context = format!("seed {seed}, {source} -> {destination}:{port}, {tiers:#?}");
                    assert_eq!(engine.evaluate(&flow), Verdict::allow_if(expected), "{context}");
                    assert_eq!(engine.explain(&flow).verdict, Verdict::allow_if(expected), "{context}");
                    assert_eq!(reach.admits(&flow), expected, "{context}");
                    let ports = engine.explain_ports(&flow, None);
                    assert_eq!(ports.allowed, engine.connections(&flow), "{context}");
                    let mut is_listed = false;
                    reach.for_each(|listed_source, listed_destination, _, connections| {
                        let is_pair = (listed_source, listed_destination) == (from as usize, to as usize);
                        is_listed |= is_pair && connections.ports(Protocol::Tcp).contains(port);
                    });
                    assert_eq!(is_listed, expected, "{context}");
                }
            }
        }
    }
}
