//! The answer about a flow as one JSON object: `docs/json.md` has the schema.

use netpol::cluster::{Cluster, Direction};
use netpol::explain::{Explanation, Miss, Reason, RuleMatch, RuleMiss, Side};
use netpol::flow::FlowError;
use netpol::protocol::{Family, Protocol};
use netpol::source::Location;
use netpol::{Engine, Verdict, model};
use serde::Serialize;

use super::caveats::JsonCaveat;
use super::{Answer, Places, words};
use crate::describe;
use crate::reach::{AllowedPorts, allowed_ports};

/// The answer as one line, without a newline.
///
/// # Errors
///
/// Serialisation does not fail for these types; the error is passed on all the same.
pub fn json(answer: &Answer, engine: &Engine, places: &Places<'_>) -> serde_json::Result<String> {
    let writer = Writer { cluster: engine.cluster(), places };
    match answer.explanations.as_slice() {
        [explanation] => serde_json::to_string(&writer.answer(answer.asked.clone(), explanation)),
        several => {
            let flow = |explanation: &Explanation| {
                writer.answer(describe::flow(engine.cluster(), &explanation.flow), explanation)
            };
            serde_json::to_string(&JsonAnswers {
                flow: &answer.asked,
                verdict: answer.summary().name(),
                flows: several.iter().map(flow).collect(),
            })
        }
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
struct JsonAnswer {
    flow: String,
    verdict: Verdict,
    family: Option<Family>,
    egress: JsonSide,
    ingress: JsonSide,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    caveats: Vec<JsonCaveat>,
}

#[derive(Serialize)]
struct JsonAnswers<'a> {
    flow: &'a str,
    verdict: &'static str,
    flows: Vec<JsonAnswer>,
}

#[derive(Serialize)]
struct JsonError<'a> {
    flow: &'a str,
    error: String,
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
    rules: usize,
    is_peer_matched: bool,
    is_port_matched: bool,
    peer_misses: Vec<String>,
    port_misses: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed: Option<Vec<AllowedPorts>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unresolved: Vec<JsonPortName>,
}

#[derive(Serialize)]
struct JsonPortName {
    name: String,
    protocol: Protocol,
}

struct Writer<'a> {
    cluster: &'a Cluster,
    places: &'a Places<'a>,
}

impl Writer<'_> {
    fn answer(&self, flow: String, explanation: &Explanation) -> JsonAnswer {
        let caveats = explanation.caveats.iter();
        JsonAnswer {
            flow,
            verdict: explanation.verdict,
            family: explanation.family,
            egress: self.side(explanation, &explanation.egress),
            ingress: self.side(explanation, &explanation.ingress),
            caveats: caveats
                .map(|caveat| JsonCaveat::new(self.cluster, caveat, explanation.verdict, "this flow"))
                .collect(),
        }
    }

    fn side(&self, explanation: &Explanation, side: &Side) -> JsonSide {
        let direction = side.direction;
        let (decider, rule, misses) = match &side.reason {
            Reason::Rule(found) => {
                let decider = format!("{}/{direction}[{}]", self.cluster.policy_label(found.policy), found.rule);
                (decider, Some(self.rule(direction, found)), Vec::new())
            }
            Reason::NoRule(misses) => {
                let misses = misses.iter().map(|miss| self.miss(explanation, direction, miss)).collect();
                (side.decider().to_owned(), None, misses)
            }
            Reason::Exempt(_) | Reason::NotIsolated => (side.decider().to_owned(), None, Vec::new()),
        };
        let policies = side.policies.iter().map(|policy| self.cluster.policy_label(*policy)).collect();
        JsonSide { verdict: side.verdict, decider, policies, rule, misses }
    }

    fn rule(&self, direction: Direction, found: &RuleMatch) -> JsonRule {
        let path = self.places.path(found.policy, direction, Some(found.rule));
        let entry = |field: &str, index: Option<usize>| {
            index.map(|index| {
                let path = format!("{path}.{field}[{index}]");
                JsonPlace { location: self.places.locate(found.policy, &path), path }
            })
        };
        JsonRule {
            policy: self.cluster.policy_label(found.policy),
            location: self.places.locate(found.policy, &path),
            peer: entry(direction.peers_field(), found.peer),
            port: entry("ports", found.port),
            path: path.clone(),
        }
    }

    fn miss(&self, explanation: &Explanation, direction: Direction, miss: &Miss) -> JsonMiss {
        let nearest = miss.nearest.as_ref();
        let path = self.places.path(miss.policy, direction, nearest.map(|rule| rule.rule));
        let unresolved = nearest.iter().flat_map(|rule| &rule.port_names).filter(|name| name.why.is_unresolved());
        JsonMiss {
            policy: self.cluster.policy_label(miss.policy),
            location: self.places.locate(miss.policy, &path),
            path,
            rules: miss.rules,
            is_peer_matched: nearest.is_some_and(|rule| rule.peer_misses.is_empty()),
            is_port_matched: nearest.is_some_and(|rule| rule.allowed.is_none()),
            peer_misses: nearest.map(|rule| self.peer_misses(direction, miss, rule)).unwrap_or_default(),
            port_misses: nearest.map(|rule| words::port_misses(&explanation.flow, rule)).unwrap_or_default(),
            allowed: nearest.and_then(|rule| rule.allowed.as_ref()).map(allowed_ports),
            unresolved: unresolved
                .map(|unmet| JsonPortName { name: unmet.name.to_string(), protocol: unmet.protocol })
                .collect(),
        }
    }

    fn peer_misses(&self, direction: Direction, miss: &Miss, nearest: &RuleMiss) -> Vec<String> {
        let rule = model::rule(self.cluster, miss.policy, direction, nearest.rule);
        let peers = rule.as_ref().and_then(|rule| rule.peers.as_deref()).unwrap_or_default();
        let misses = nearest.peer_misses.iter().enumerate();
        misses.map(|(index, miss)| words::peer_miss(self.cluster, peers.get(index), miss)).collect()
    }
}
