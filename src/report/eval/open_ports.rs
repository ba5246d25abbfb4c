//! The answer to a question without a port: every connection that may pass between two ends, what each side allows, and on which
//! ports that hangs on more than the policies.

use std::fmt::Write;

use netpol::connections::ConnectionSet;
use netpol::explain::{PortsExplanation, PortsSide};
use netpol::protocol::{Family, Protocol};
use netpol::{Engine, Flow};
use serde::Serialize;

use super::caveats::{self, JsonCaveat};
use super::{Summary, text};
use crate::plain::painted;
use crate::reach::{AllowedPorts, allowed_ports};
use crate::{Style, describe};

/// How many pairs are told with what each side says.
const EXPLAINED: usize = 3;

/// What may pass between pairs of ends.
pub struct OpenPorts<'a> {
    engine: &'a Engine,
    asked: String,
    /// The protocols that the question is about.
    protocols: Vec<Protocol>,
    pairs: Vec<PortsExplanation>,
}

impl OpenPorts<'_> {
    /// Asks the engine, for each pair of ends in `flows` and for one protocol or all.
    pub fn new<'a>(
        engine: &'a Engine,
        asked: impl Into<String>,
        flows: &[Flow],
        protocol: Option<Protocol>,
    ) -> OpenPorts<'a> {
        let pairs = flows.iter().map(|flow| engine.explain_ports(flow, protocol)).collect();
        let protocols = protocol.map_or(Protocol::ALL.to_vec(), |protocol| vec![protocol]);
        OpenPorts { engine, asked: asked.into(), protocols, pairs }
    }

    /// Whether something may pass between all, some or none of the pairs.
    pub fn summary(&self) -> Summary {
        Summary::of(self.pairs.iter().map(|pair| !pair.allowed.is_empty()))
    }

    /// For a person: a line per pair, and what each side of the first ones allows.
    pub fn text(&self, style: &Style) -> String {
        let mut text = String::new();
        for pair in &self.pairs {
            let word = if pair.allowed.is_empty() { style.bad("DENIED ") } else { style.good("ALLOWED") };
            let ends = style.bold(&self.ends(pair));
            let family = pair.family.map(|family| format!(" over {}", family.name())).unwrap_or_default();
            let _ = writeln!(text, "{word}  {ends}{family}: {}", pair.allowed);
        }
        let protocols: Vec<&str> = self.protocols.iter().map(|protocol| protocol.name()).collect();
        let _ = writeln!(text, "\n  {} every port of {}", style.bold("asked   "), protocols.join(", "));
        for pair in self.pairs.iter().take(EXPLAINED) {
            if self.pairs.len() > 1 {
                let _ = writeln!(text, "\n{}", style.bold(&self.ends(pair)));
            }
            self.side(&mut text, pair, &pair.egress, style);
            self.side(&mut text, pair, &pair.ingress, style);
        }
        for pair in &self.pairs {
            let whose =
                if self.pairs.len() == 1 { "note:".to_owned() } else { format!("note on {}:", self.ends(pair)) };
            for note in &pair.caveats {
                let what = self.what(&note.ports);
                let note = caveats::text(self.engine.cluster(), &note.caveat, note.verdict, &what);
                let _ = writeln!(text, "\n  {} {note}", style.info(&whose));
            }
        }
        painted(&text, style)
    }

    fn side(&self, text: &mut String, pair: &PortsExplanation, side: &PortsSide, style: &Style) {
        let cluster = self.engine.cluster();
        let direction = side.direction;
        let subject = match direction {
            netpol::cluster::Direction::Egress => pair.flow.source,
            netpol::cluster::Direction::Ingress => pair.flow.destination,
        };
        let subject = describe::end(cluster, subject);
        let policies: Vec<String> = side.policies.iter().map(|policy| cluster.policy_label(*policy)).collect();
        let (allowed, why) = match side.exemption {
            Some(exemption) => ("allowed".to_owned(), text::exempt(&subject, direction, exemption)),
            None if policies.is_empty() => {
                ("allowed".to_owned(), format!("because no policy isolates {subject} for {direction}"))
            }
            None if side.allowed.is_empty() => ("denied".to_owned(), format!("by {}", policies.join(", "))),
            None => ("allowed".to_owned(), format!("on {} by {}", side.allowed, policies.join(", "))),
        };
        let name = style.bold(&format!("{:<8}", direction.name()));
        let _ = writeln!(text, "  {name} {allowed} {why}");
    }

    /// The ports that a caveat is about.
    fn what(&self, ports: &ConnectionSet) -> String {
        let is_all = |protocol: &Protocol| ports.ports(*protocol).is_all();
        if self.protocols.iter().all(is_all) { "every port".to_owned() } else { ports.to_string() }
    }

    fn ends(&self, pair: &PortsExplanation) -> String {
        describe::pair(self.engine.cluster(), &pair.flow)
    }

    /// For programs: one object.
    ///
    /// # Errors
    ///
    /// Serialisation does not fail for these types; the error is passed on all the same.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string(&JsonOpenPorts {
            flow: &self.asked,
            verdict: self.summary().name(),
            protocols: &self.protocols,
            pairs: self.pairs.iter().map(|pair| self.json_pair(pair)).collect(),
        })
    }

    fn json_pair(&self, pair: &PortsExplanation) -> JsonPair {
        let cluster = self.engine.cluster();
        let side = |side: &PortsSide| JsonSide {
            allowed: allowed_ports(&side.allowed),
            exempt: side.exemption.map(netpol::Exemption::name),
            policies: side.policies.iter().map(|policy| cluster.policy_label(*policy)).collect(),
        };
        let caveats = pair.caveats.iter();
        JsonPair {
            flow: self.ends(pair),
            family: pair.family,
            allowed: allowed_ports(&pair.allowed),
            egress: side(&pair.egress),
            ingress: side(&pair.ingress),
            caveats: caveats
                .map(|note| JsonCaveat::new(cluster, &note.caveat, note.verdict, &self.what(&note.ports)))
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct JsonOpenPorts<'a> {
    flow: &'a str,
    verdict: &'static str,
    protocols: &'a [Protocol],
    pairs: Vec<JsonPair>,
}

#[derive(Serialize)]
struct JsonPair {
    flow: String,
    family: Option<Family>,
    allowed: Vec<AllowedPorts>,
    egress: JsonSide,
    ingress: JsonSide,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    caveats: Vec<JsonCaveat>,
}

#[derive(Serialize)]
struct JsonSide {
    allowed: Vec<AllowedPorts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exempt: Option<&'static str>,
    policies: Vec<String>,
}
