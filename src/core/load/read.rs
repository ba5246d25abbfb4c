//! Reads one piece of text: decodes it, and keeps where each object is. What the decoder refuses goes to `recover`.

use std::ops::Range;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::MAX_DOCUMENT;
use super::aliases::multiply_too_much;
use super::dialect::is_of_yaml_1_1;
use super::misnamed::is_misnamed;
use super::nesting::is_too_deep;
use super::recover::recover;
use super::split::{Document, Syntax};
use crate::diagnostic::Diagnostic;
use crate::object::{Decoded, Object, ObjectDecoder};
use crate::source::{Origin, Place, SourceId};
use crate::value::{self, Error, Values};

/// What one piece holds.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    pub(super) objects: Vec<Object>,
    /// `apiVersion` and `kind` of objects that netpol does not read.
    pub(super) passed_over: Vec<(String, String)>,
    /// Objects that nobody can have meant as they are named: where, `apiVersion` and `kind`.
    pub(super) misnamed: Vec<(Origin, String, String)>,
    /// The text of each document that is no object.
    pub(super) not_objects: Vec<SourceId>,
    pub(super) findings: Vec<(SourceId, Diagnostic)>,
    /// Findings that are only counted.
    pub(super) unlisted: usize,
}

impl Reading {
    /// The objects that netpol reads.
    pub(crate) fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// Whether there is nothing else.
    pub(crate) fn is_all_objects(&self) -> bool {
        let Reading { objects: _, passed_over, misnamed, not_objects, findings, unlisted } = self;
        passed_over.is_empty() && misnamed.is_empty() && not_objects.is_empty() && findings.is_empty() && *unlisted == 0
    }

    /// Adds what another piece of the same text holds, and keeps so many of its findings.
    pub(super) fn append(&mut self, other: Reading, most: usize) {
        self.objects.extend(other.objects);
        self.passed_over.extend(other.passed_over);
        self.misnamed.extend(other.misnamed);
        self.not_objects.extend(other.not_objects);
        self.findings.extend(other.findings);
        self.unlisted += other.unlisted + self.findings.len().saturating_sub(most);
        self.findings.truncate(most);
    }
}

/// A text that is not read at all.
pub(super) fn refused(source: SourceId, reason: String) -> Reading {
    let mut reading = Reading::default();
    reading.findings.push((source, Diagnostic::error("unreadable-file", reason).at(Place::Source(source))));
    reading
}

/// Reads a document.
pub(super) fn document(source: SourceId, text: &str, document: &Document) -> Reading {
    let mut reading = Reading::default();
    let whole = Piece { source, text, range: document.range.clone(), syntax: document.syntax };
    if document.items.is_empty() {
        whole.read_into(&mut reading, &document.decoder);
        return reading;
    }
    let mut broken = Vec::new();
    for item in &document.items {
        let item = Piece { range: item.clone(), ..whole.clone() };
        match item.decode(&document.decoder) {
            Ok(decoded) => reading.add(decoded, &item.origin()),
            Err(failure) => broken.push((item, failure)),
        }
    }
    // An item by itself can be broken where the list is not: an alias whose anchor is in another item.
    if broken.iter().any(|(_, failure)| failure.message.contains(UNKNOWN_ANCHOR)) && whole.check_syntax().is_none() {
        let mut reading = Reading::default();
        whole.read_into(&mut reading, &document.decoder);
        return reading;
    }
    for (item, failure) in broken {
        recover(&mut reading, &item, &document.decoder, failure);
    }
    reading
}

const UNKNOWN_ANCHOR: &str = "unknown anchor";

/// A piece of a text that is decoded by itself.
#[derive(Clone)]
pub(super) struct Piece<'a> {
    pub source: SourceId,
    text: &'a str,
    pub range: Range<usize>,
    pub(super) syntax: Syntax,
}

/// Why a piece could not be decoded.
pub(super) struct Failure {
    pub message: String,
    /// Where, in bytes of the piece, when that is known.
    pub offset: Option<usize>,
    pub cause: Cause,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// Nothing in the piece is to be read.
    Refused,
    /// It is no YAML, or no JSON.
    Syntax,
    /// It may be that, or its meaning.
    Unknown,
}

impl Failure {
    fn refused(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), offset: None, cause: Cause::Refused }
    }

    fn unknown(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), offset: None, cause: Cause::Unknown }
    }

    fn json(error: &serde_json::Error, text: &str) -> Failure {
        let line_start = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
        let offset = (line_start + error.column().saturating_sub(1)).min(text.trim_end().len());
        Failure { message: without_positions(&error.to_string()), offset: Some(offset), cause: Cause::Syntax }
    }

    fn yaml(error: &serde_yaml::Error, mark: usize) -> Failure {
        let offset = error.location().map(|location| mark + location.index());
        Failure { message: without_positions(&error.to_string()), offset, cause: Cause::Unknown }
    }
}

impl Piece<'_> {
    pub(super) fn content(&self) -> &str {
        self.text.get(self.range.clone()).unwrap_or_default()
    }

    pub(super) fn origin(&self) -> Origin {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Origin { source: self.source, start: clamp(self.range.start), end: clamp(self.range.end), prefix: "".into() }
    }

    fn read_into(&self, reading: &mut Reading, decoder: &ObjectDecoder) {
        match self.decode(decoder) {
            Ok(decoded) => reading.add(decoded, &self.origin()),
            Err(failure) => recover(reading, self, decoder, failure),
        }
    }

    fn decode(&self, decoder: &ObjectDecoder) -> Result<Decoded, Failure> {
        let content = self.content();
        let values = match self.syntax {
            Syntax::Json => value::of_json(content).map_err(|error| self.json_failure(&error))?,
            Syntax::Yaml => {
                self.refuse_excess()?;
                if is_of_yaml_1_1(content) {
                    return Err(Failure::unknown("YAML 1.1"));
                }
                let (mark, yaml) = without_mark(content);
                value::of_yaml(yaml).map_err(|error| Failure::yaml(&error, mark))?
            }
        };
        decoder.decode(values.root()).map_err(|error| self.misfit(&values, &error))
    }

    /// Why the types refuse what the parser took.
    fn misfit(&self, values: &Values<'_>, error: &Error) -> Failure {
        match self.syntax {
            // The API server's decoder reads no more than ours.
            Syntax::Json if error.is_of_depth() => {
                Failure { cause: Cause::Syntax, ..Failure::unknown(error.to_string()) }
            }
            Syntax::Json => Failure::unknown(error.to_string()),
            Syntax::Yaml => {
                let path = values.path(error.at());
                Failure::unknown(if path.is_empty() { error.to_string() } else { format!("{path}: {error}") })
            }
        }
    }

    /// What is no JSON to a decoder can be sound: it can skip a number that is out of every range.
    fn json_failure(&self, error: &serde_json::Error) -> Failure {
        let failure = Failure::json(error, self.content());
        if self.check_syntax().is_some() { failure } else { Failure { cause: Cause::Unknown, ..failure } }
    }

    /// What is wrong with the syntax, whatever the piece means.
    pub(super) fn check_syntax(&self) -> Option<Failure> {
        let content = self.content();
        match self.syntax {
            Syntax::Json => {
                serde_json::from_str::<IgnoredAny>(content).err().map(|error| Failure::json(&error, content))
            }
            Syntax::Yaml => {
                let (mark, yaml) = without_mark(content);
                let checked = IgnoredAny::deserialize(serde_yaml::Deserializer::from_str(yaml));
                checked.err().map(|error| Failure::yaml(&error, mark))
            }
        }
    }

    /// Refuses what would take far more time or memory than the text has bytes.
    pub(super) fn refuse_excess(&self) -> Result<(), Failure> {
        let content = self.content();
        if content.len() > MAX_DOCUMENT {
            let (size, limit) = (content.len() >> 20, MAX_DOCUMENT >> 20);
            return Err(Failure::refused(format!(
                "{size} MiB are too much for one document that is no list of objects: split it into some of at most {limit} MiB"
            )));
        }
        if is_too_deep(content) {
            return Err(Failure::refused("it is nested too deeply"));
        }
        if multiply_too_much(content) {
            return Err(Failure::refused("its aliases stand for far more than is written"));
        }
        Ok(())
    }
}

/// A parser that meets a byte order mark takes the first line for a document of its own: the text without it, and its length.
fn without_mark(document: &str) -> (usize, &str) {
    let content = document.trim_start_matches('\u{feff}');
    (document.len() - content.len(), content)
}

/// Libraries tell positions in the piece that they saw, which is not what the user has before them.
pub(crate) fn without_positions(message: &str) -> String {
    let mut rest = message;
    let mut text = String::new();
    while let Some((before, after)) = rest.split_once(" at line ") {
        text.push_str(before);
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
        rest = rest.strip_prefix(" column ").unwrap_or(rest).trim_start_matches(|c: char| c.is_ascii_digit());
    }
    text + rest
}

impl Reading {
    pub(super) fn add(&mut self, decoded: Decoded, origin: &Origin) {
        match decoded {
            Decoded::Object(body) => self.objects.push(Object { origin: origin.clone(), body }),
            Decoded::Foreign { api_version, kind } if is_misnamed(&api_version, &kind) => {
                self.misnamed.push((origin.clone(), api_version, kind));
            }
            Decoded::Foreign { api_version, kind } => self.passed_over.push((api_version, kind)),
            Decoded::NotAnObject => self.not_objects.push(origin.source),
            Decoded::List { items, is_bare } => {
                for (index, item) in items.into_iter().enumerate() {
                    self.add(item, &item_origin(origin, if is_bare { "" } else { "items" }, index));
                }
            }
        }
    }
}

/// The origin of an item of the list at an origin.
pub(super) fn item_origin(origin: &Origin, field: &str, index: usize) -> Origin {
    let step = format!("{field}[{index}]");
    let is_first = origin.prefix.is_empty() || field.is_empty();
    let prefix = if is_first { format!("{}{step}", origin.prefix) } else { format!("{}.{step}", origin.prefix) };
    Origin { prefix: prefix.into(), ..origin.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_taken_out_of_messages() {
        let message =
            "did not find expected ',' or ']' at line 4 column 1, while parsing a flow sequence at line 3 column 4";
        assert_eq!(without_positions(message), "did not find expected ',' or ']', while parsing a flow sequence");
        assert_eq!(without_positions("expected value at line 1 column 2"), "expected value");
    }
}
