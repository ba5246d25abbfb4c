//! The answer about a flow as one JSON object: `docs/json.md` has the schema.

use netpol::cluster::{Cluster, Direction, PolicyId};
use netpol::explain::{Caveat, Explanation, Miss, Reason, Side};
use netpol::flow::FlowError;
use netpol::source::{Location, Sources};
use netpol::{Engine, Verdict};
use serde::Serialize;

use super::Answer;
use super::text::{caveat_text, peer_miss};
use crate::describe;

/// The answer as one line, without a newline.
///
/// # Errors
///
/// Serialisation does not fail for these types; the error is passed on all the same.
pub fn json(answer: &Answer, engine: &Engine, sources: &Sources) -> serde_json::Result<String> {
    let explained = |explanation: &Explanation| JsonExplanation::new(explanation, engine.cluster(), sources);
    match answer.explanations.as_slice() {
        [explanation] => {
            serde_json::to_string(&JsonAnswer { flow: &answer.asked, explanation: explained(explanation) })
        }
        several => serde_json::to_string(&JsonAnswers {
            flow: &answer.asked,
            verdict: answer.summary().name(),
            flows: several
                .iter()
                .map(|explanation| JsonAnswer {
                    flow: describe::flow(engine.cluster(), &explanation.flow),
                    explanation: explained(explanation),
                })
                .collect(),
        }),
    }
}

/// What takes the place of an answer for a flow that could not be understood.
///
/// # Errors
///
/// Serialisation does not fail for these types; the error is passed on all the same.
pub fn error_json(asked: &str, error: &FlowError) -> serde_json::Result<String> {
    serde_json::to_string(&JsonError { flow: asked, error: error.to_string() })
}

#[derive(Serialize)]
struct JsonError<'a> {
    flow: &'a str,
    error: String,
}

#[derive(Serialize)]
struct JsonAnswer<F> {
    flow: F,
    #[serde(flatten)]
    explanation: JsonExplanation,
}

#[derive(Serialize)]
struct JsonAnswers<'a> {
    flow: &'a str,
    verdict: &'static str,
    flows: Vec<JsonAnswer<String>>,
}

#[derive(Serialize)]
struct JsonExplanation {
    verdict: Verdict,
    egress: JsonSide,
    ingress: JsonSide,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    caveats: Vec<JsonCaveat>,
}

#[derive(Serialize)]
struct JsonSide {
    verdict: Verdict,
    decider: String,
    policies: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<JsonRule>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    misses: Vec<JsonMiss>,
}

#[derive(Serialize)]
struct JsonRule {
    policy: String,
    path: String,
    location: Location,
    peer: Option<JsonPlace>,
    port: Option<JsonPlace>,
}

#[derive(Serialize)]
struct JsonPlace {
    path: String,
    location: Location,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonMiss {
    policy: String,
    path: String,
    location: Location,
    is_peer_matched: bool,
    is_port_matched: bool,
    peer_misses: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed: Option<String>,
}

#[derive(Serialize)]
struct JsonCaveat {
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<&'static str>,
    message: String,
}

impl JsonExplanation {
    fn new(explanation: &Explanation, cluster: &Cluster, sources: &Sources) -> JsonExplanation {
        let places = Places { cluster, sources };
        let caveat = |caveat: &Caveat| JsonCaveat {
            decision: if let Caveat::Decision { id, .. } = caveat { Some(id) } else { None },
            message: caveat_text(caveat, explanation.verdict),
        };
        JsonExplanation {
            verdict: explanation.verdict,
            egress: places.side(&explanation.egress),
            ingress: places.side(&explanation.ingress),
            caveats: explanation.caveats.iter().map(caveat).collect(),
        }
    }
}

struct Places<'a> {
    cluster: &'a Cluster,
    sources: &'a Sources,
}

impl Places<'_> {
    fn side(&self, side: &Side) -> JsonSide {
        let (rule, misses) = match &side.reason {
            Reason::Rule(found) => {
                let path = format!("spec.{}[{}]", side.direction, found.rule);
                let entry = |field: &str, index: Option<usize>| {
                    index.map(|index| {
                        let path = format!("{path}.{field}[{index}]");
                        JsonPlace { location: self.locate(found.policy, &path), path }
                    })
                };
                let rule = JsonRule {
                    policy: self.cluster.policy_label(found.policy),
                    location: self.locate(found.policy, &path),
                    peer: entry(side.direction.peers_field(), found.peer),
                    port: entry("ports", found.port),
                    path: path.clone(),
                };
                (Some(rule), Vec::new())
            }
            Reason::NoRule(misses) => (None, misses.iter().map(|miss| self.miss(side.direction, miss)).collect()),
            Reason::Exempt(_) | Reason::NotIsolated => (None, Vec::new()),
        };
        JsonSide {
            verdict: side.verdict,
            decider: side.decider().to_owned(),
            policies: side.policies.iter().map(|policy| self.cluster.policy_label(*policy)).collect(),
            rule,
            misses,
        }
    }

    fn miss(&self, direction: Direction, miss: &Miss) -> JsonMiss {
        let path = miss.rule.as_ref().map_or("spec".to_owned(), |rule| format!("spec.{direction}[{}]", rule.rule));
        let rule = miss.rule.as_ref();
        JsonMiss {
            policy: self.cluster.policy_label(miss.policy),
            location: self.locate(miss.policy, &path),
            path,
            is_peer_matched: rule.is_some_and(|rule| rule.peer_misses.is_empty()),
            is_port_matched: rule.is_some_and(|rule| rule.allowed.is_none()),
            peer_misses: rule.map(|rule| rule.peer_misses.iter().map(peer_miss).collect()).unwrap_or_default(),
            allowed: rule.and_then(|rule| rule.allowed.as_ref()).map(ToString::to_string),
        }
    }

    fn locate(&self, policy: PolicyId, path: &str) -> Location {
        match self.cluster.policy(policy) {
            Some(policy) => self.sources.locate(&policy.origin, path),
            None => Location { path: String::new(), line: 1, column: 1 },
        }
    }
}
