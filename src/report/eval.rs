//! Answers about single flows: verdict and explanation, for people and for programs.

mod caveats;
mod json;
mod open_ports;
mod places;
mod text;
mod words;

use netpol::explain::Explanation;
use netpol::flow::{FlowError, FlowText, Resolution};
use netpol::{Engine, Verdict};

use crate::Style;

pub use json::error_json;
use json::json;
use open_ports::OpenPorts;
pub use places::Places;
use text::text;

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// The schema of docs/json.md, on one line.
    Json,
}

/// Answers a question as text, and says what the answer comes to. Serialisation does not fail for these types.
///
/// # Errors
///
/// The question means nothing in this cluster.
pub fn answer(
    engine: &Engine,
    places: &Places<'_>,
    question: &FlowText,
    format: Format,
    style: &Style,
) -> Result<(serde_json::Result<String>, Summary), FlowError> {
    let asked = question.to_string();
    match question.resolve(engine.cluster())? {
        Resolution::Flows(flows) if flows.is_empty() => {
            Err(FlowError { message: format!("`{asked}` stands for no flow at all"), help: None })
        }
        Resolution::Flows(flows) => {
            let answer = Answer::new(engine, asked, &flows);
            let text = match format {
                Format::Text => Ok(text(&answer, engine, places, style)),
                Format::Json => json(&answer, engine, places).map(|line| line + "\n"),
            };
            Ok((text, answer.summary()))
        }
        Resolution::AnyPort(flows) => {
            let open = OpenPorts::new(engine, asked, &flows, question.protocol);
            let text = match format {
                Format::Text => Ok(open.text(style)),
                Format::Json => open.json().map(|line| line + "\n"),
            };
            Ok((text, open.summary()))
        }
    }
}

/// The answer to one question: a flow as it was asked, and the explanation of each flow that it stands for.
#[derive(Debug)]
pub struct Answer {
    /// The flow, as it was asked.
    pub asked: String,
    /// One per flow; several when an end is a Service or a workload with several pods.
    pub explanations: Vec<Explanation>,
}

/// The summary of several verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Summary {
    /// All the same.
    Same(Verdict),
    /// Some allow, some deny.
    Mixed,
}

impl Answer {
    /// Asks the engine why, for each of the flows.
    pub fn new(engine: &Engine, asked: impl Into<String>, flows: &[netpol::Flow]) -> Answer {
        Answer { asked: asked.into(), explanations: flows.iter().map(|flow| engine.explain(flow)).collect() }
    }

    /// What the explanations come to.
    pub fn summary(&self) -> Summary {
        Summary::of(self.explanations.iter().map(|explanation| explanation.verdict == Verdict::Allow))
    }
}

impl Summary {
    /// What some verdicts come to; none at all deny.
    pub(crate) fn of(allowed: impl Iterator<Item = bool>) -> Summary {
        let (mut some, mut none) = (false, false);
        allowed.for_each(|is_allowed| if is_allowed { some = true } else { none = true });
        match (some, none) {
            (true, true) => Summary::Mixed,
            (is_allowed, _) => Summary::Same(Verdict::allow_if(is_allowed)),
        }
    }

    /// `allow`, `deny` or `mixed`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Summary::Same(verdict) => verdict.name(),
            Summary::Mixed => "mixed",
        }
    }
}
