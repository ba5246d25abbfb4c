//! What a policy allows, a sentence for each rule.

use netpol::Engine;
use netpol::cluster::{Direction, PolicyId};
use netpol::model::{self, governs};
use serde::Serialize;

use crate::words;

/// What a rule allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sentence {
    /// `ingress` or `egress`.
    pub direction: &'static str,
    /// `Allows ingress from pods with app=web in namespace shop, on TCP 80.`, with markdown's backticks around names.
    pub text: String,
}

/// What the rules of a policy allow, in their order, in the directions that it governs: the others allow nothing of their own.
pub fn sentences(engine: &Engine, id: PolicyId) -> Vec<Sentence> {
    let cluster = engine.cluster();
    let Some(policy) = cluster.policy(id) else { return Vec::new() };
    let governed = Direction::BOTH.into_iter().filter(|direction| governs(&policy.spec, *direction));
    governed
        .flat_map(|direction| (0..policy.spec.rules(direction).len()).map(move |index| (direction, index)))
        .filter_map(|(direction, index)| {
            let rule = model::rule(cluster, id, direction, index)?;
            Some(Sentence { direction: direction.name(), text: words::rule(engine, direction, &rule) })
        })
        .collect()
}
