//! The answer to a question without a port: every connection that may pass between two ends.

use std::fmt::Write;

use netpol::connections::ConnectionSet;
use netpol::protocol::Protocol;
use netpol::{Engine, Flow};
use serde::Serialize;

use super::Summary;
use crate::reach::{AllowedPorts, allowed_ports};
use crate::{Style, describe};

/// What may pass between pairs of ends.
#[derive(Debug)]
pub struct OpenPorts {
    asked: String,
    /// Per pair, its ends and what may pass.
    pairs: Vec<(String, ConnectionSet)>,
}

impl OpenPorts {
    /// Asks the engine, for each pair of ends in `flows` and for one protocol or all.
    pub fn new(engine: &Engine, asked: impl Into<String>, flows: &[Flow], protocol: Option<Protocol>) -> OpenPorts {
        let open = |flow: &Flow| {
            let all = engine.connections(flow);
            let Some(protocol) = protocol else { return all };
            let mut one = ConnectionSet::default();
            one.set_ports(protocol, all.ports(protocol).clone());
            one
        };
        let pairs = flows.iter().map(|flow| (describe::pair(engine.cluster(), flow), open(flow))).collect();
        OpenPorts { asked: asked.into(), pairs }
    }

    /// Whether something may pass between all, some or none of the pairs.
    pub fn summary(&self) -> Summary {
        Summary::of(self.pairs.iter().map(|(_, open)| !open.is_empty()))
    }

    /// For a person: a line per pair.
    pub fn text(&self, style: &Style) -> String {
        let mut text = String::new();
        for (pair, open) in &self.pairs {
            let word = if open.is_empty() { style.bad("DENIED ") } else { style.good("ALLOWED") };
            let _ = writeln!(text, "{word}  {}: {open}", style.bold(pair));
        }
        text
    }

    /// For programs: one object.
    ///
    /// # Errors
    ///
    /// Serialisation does not fail for these types; the error is passed on all the same.
    pub fn json(&self) -> serde_json::Result<String> {
        let pair =
            |(flow, open): &(String, ConnectionSet)| JsonPair { flow: flow.clone(), allowed: allowed_ports(open) };
        serde_json::to_string(&JsonOpenPorts {
            flow: &self.asked,
            verdict: self.summary().name(),
            pairs: self.pairs.iter().map(pair).collect(),
        })
    }
}

#[derive(Serialize)]
struct JsonOpenPorts<'a> {
    flow: &'a str,
    verdict: &'static str,
    pairs: Vec<JsonPair>,
}

#[derive(Serialize)]
struct JsonPair {
    flow: String,
    allowed: Vec<AllowedPorts>,
}
