//! Words for what an answer hangs on beside the policies.

use netpol::Verdict;
use netpol::cluster::Cluster;
use netpol::explain::{Caveat, Explanation};
use netpol::flow::Route;
use netpol::options::Enforcement;
use serde::Serialize;

/// A caveat as JSON output has it.
#[derive(Debug, Serialize)]
pub(super) struct JsonCaveat {
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<&'static str>,
    message: String,
}

impl JsonCaveat {
    /// About a verdict on `what`, such as `this flow`.
    pub fn new(cluster: &Cluster, caveat: &Caveat, verdict: Verdict, what: &str) -> JsonCaveat {
        JsonCaveat { decision: caveat.decision(), message: text(cluster, caveat, verdict, what) }
    }
}

/// A caveat about a verdict on `what`, such as `this flow`.
pub(super) fn text(cluster: &Cluster, caveat: &Caveat, verdict: Verdict, what: &str) -> String {
    let (turn, turns) = match verdict {
        Verdict::Allow => ("deny", "denies"),
        Verdict::Deny => ("allow", "allows"),
    };
    match caveat {
        Caveat::Decision { id: "D8", option, other } => {
            format!("API servers differ here (D8): --{option} {other} {turns} {what}")
        }
        Caveat::Decision { id, option, other } => {
            format!("implementations differ here ({id}): --{option} {other} {turns} {what}")
        }
        Caveat::UnknownAddress { source: true, destination: true } => {
            format!("the addresses of both ends are not in the manifests (D9): some addresses would {turn} {what}")
        }
        Caveat::UnknownAddress { source, .. } => {
            let end = if *source { "source" } else { "destination" };
            format!("the address of the {end} is not in the manifests (D9): some address would {turn} {what}")
        }
        Caveat::SharedPortName(name) => {
            format!(
                "several ports of the destination are named `{name}` (D10): implementations that know one of them may {turn} {what}"
            )
        }
        Caveat::NamespaceLabels(namespaces) => {
            let names: Vec<String> = namespaces.iter().map(|id| format!("`{}`", cluster.namespace_name(*id))).collect();
            format!(
                "no Namespace object for {} is in the manifests (D11): other labels there could {turn} {what}",
                names.join(" and ")
            )
        }
        Caveat::AssumedNamespace => {
            format!(
                "objects that name no namespace are taken to be in `default` (D12): another namespace would {turn} {what}"
            )
        }
        Caveat::OtherFamily(family) => format!("policies {turn} {what} over {}", family.name()),
        Caveat::SameWorkload(Route::Direct, _) => {
            "both ends are the same workload: this is about two of its pods, since a pod always reaches itself"
                .to_owned()
        }
        Caveat::SameWorkload(Route::Service, hairpin) => {
            let answer = match hairpin {
                Enforcement::Police => "--service-hairpin allow would let it pass",
                Enforcement::Allow => "--service-hairpin allow lets it pass",
            };
            format!(
                "both ends are the same workload: where the Service picks the very pod that connects, implementations differ (D4), and {answer}"
            )
        }
        Caveat::NoCommonFamily { source, destination } => format!(
            "the source has {} addresses only and the destination {} ones only: no such connection can be made",
            source.name(),
            destination.name()
        ),
        Caveat::NoAddress { is_source, family } => {
            let end = if *is_source { "source" } else { "destination" };
            format!("the {end} has no {} address: no such connection can be made", family.name())
        }
    }
}

/// The caveats of several explanations, each once, in the order in which they come up, with how many flows have it.
pub(super) fn union(cluster: &Cluster, explanations: &[Explanation]) -> Vec<(String, usize)> {
    let mut union: Vec<(String, usize)> = Vec::new();
    for explanation in explanations {
        for caveat in &explanation.caveats {
            let text = text(cluster, caveat, explanation.verdict, "this flow");
            match union.iter_mut().find(|(known, _)| *known == text) {
                Some((_, count)) => *count += 1,
                None => union.push((text, 1)),
            }
        }
    }
    union
}
