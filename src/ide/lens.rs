//! A line above each policy: what it selects, what it isolates, how many rules it has.

use netpol::Workspace;
use netpol::cluster::{Direction, EndpointId, PolicyId};
use netpol::model::governs;
use netpol::source::{Place, SourceId};
use serde::Serialize;

use crate::place::{Range, range};
use crate::words;

/// A line about a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lens {
    /// The policy's name, or what shows that it has none.
    pub range: Range,
    /// What there is to say: `selects 3 pods · ingress isolated · 2 rules`.
    pub title: String,
    /// The policy: `namespace/name`.
    pub policy: String,
}

/// The lines about the policies of a text, in the order of the text.
pub fn lenses(workspace: &Workspace, source: SourceId) -> Vec<Lens> {
    let engine = workspace.engine();
    let cluster = engine.cluster();
    let mut here: Vec<(PolicyId, &netpol::cluster::Policy, Vec<EndpointId>)> = cluster
        .policy_ids()
        .filter(|(_, policy)| policy.origin.source == source)
        .map(|(id, policy)| (id, policy, Vec::new()))
        .collect();
    for (endpoint, _) in cluster.endpoint_ids() {
        for (id, _, selected) in &mut here {
            if Direction::BOTH.into_iter().any(|direction| engine.isolating(endpoint, direction).any(|it| it == *id)) {
                selected.push(endpoint);
            }
        }
    }
    let lens = |(id, policy, selected): &(PolicyId, &netpol::cluster::Policy, Vec<EndpointId>)| {
        let rules: usize = Direction::BOTH
            .into_iter()
            .filter(|it| governs(&policy.spec, *it))
            .map(|it| policy.spec.rules(it).len())
            .sum();
        let rules = if rules == 0 { "no rules".to_owned() } else { words::count(rules, "rule") };
        let place = Place::Field { origin: policy.origin.clone(), path: "metadata.name".to_owned() };
        let bytes = workspace.sources().region(&place).bytes;
        Lens {
            range: range(workspace.sources(), source, bytes.start as usize..bytes.end as usize),
            title: format!(
                "selects {} · {} isolated · {rules}",
                words::endpoint_count(cluster, selected),
                words::directions(cluster, *id),
            ),
            policy: cluster.policy_label(*id),
        }
    };
    let mut lenses: Vec<Lens> = here.iter().map(lens).collect();
    lenses.sort_by_key(|lens| (lens.range.start.line, lens.range.start.character));
    lenses
}
