//! Reads one piece of text: decodes it, keeps where each object is, and finds its way around what is broken.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer};
use serde_json::Value;

use super::aliases::multiply_too_much;
use super::nesting::is_too_deep;
use super::split::Document;
use super::{MAX_DOCUMENT, MAX_FINDINGS};
use crate::diagnostic::Diagnostic;
use crate::object::{Decoded, Object, ObjectDecoder};
use crate::source::{Origin, Place, SourceId};

/// What one piece holds.
#[derive(Debug, Default)]
pub struct Reading {
    pub(super) objects: Vec<Object>,
    /// `apiVersion` and `kind` of objects that netpol does not read.
    pub(super) passed_over: Vec<(String, String)>,
    /// The text of each document that is no object.
    pub(super) not_objects: Vec<SourceId>,
    pub(super) findings: Vec<(SourceId, Diagnostic)>,
}

/// Whether a text is JSON: by its name, or because it starts as JSON does and its first value is JSON.
pub(super) fn is_json(path: &str, text: &str) -> bool {
    if path.ends_with(".json") {
        return true;
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    text.trim_start().starts_with('{') && matches!(values.next(), Some(Ok(_)))
}

/// A text that is not read at all.
pub(super) fn refused(source: SourceId, reason: String) -> Reading {
    let mut reading = Reading::default();
    reading.findings.push((source, Diagnostic::error("unreadable-file", reason).at(Place::Source(source))));
    reading
}

/// Reads a YAML document.
pub(super) fn yaml(source: SourceId, text: &str, document: &Document) -> Reading {
    if document.items.is_empty() {
        return yaml_whole(source, text, document.range.clone());
    }
    let mut reading = Reading::default();
    let mut broken = Vec::new();
    for item in &document.items {
        match decode_yaml(text, item.clone()) {
            // The piece starts at its dash, so it is a list of one.
            Ok(decoded) => reading.add(decoded, &origin(source, item.clone())),
            Err(failure) => broken.push((item.clone(), failure)),
        }
    }
    if broken.is_empty() {
        return reading;
    }
    // An item by itself can be broken where the list is not: an alias whose anchor is in another item.
    let is_alias = broken.iter().any(|(_, failure)| failure.message.contains("unknown anchor"));
    if is_alias {
        return yaml_whole(source, text, document.range.clone());
    }
    for (item, failure) in broken {
        reading.fail(source, item.start, failure);
    }
    reading
}

fn yaml_whole(source: SourceId, text: &str, range: std::ops::Range<usize>) -> Reading {
    let mut reading = Reading::default();
    let failure = match decode_yaml(text, range.clone()) {
        Ok(decoded) => {
            reading.add(decoded, &origin(source, range));
            return reading;
        }
        Err(failure) => failure,
    };
    // One bad item must not take the rest of its list with it.
    let document = text.get(range.clone()).unwrap_or_default();
    let value = if failure.is_final {
        None
    } else {
        serde_yaml::from_str::<Value>(document.trim_start_matches('\u{feff}')).ok()
    };
    match value.and_then(into_items) {
        Some(items) => reading.add_items(items, &origin(source, range)),
        None => reading.fail(source, range.start, failure),
    }
    reading
}

/// Reads a text of JSON values.
pub(super) fn json(source: SourceId, text: &str) -> Reading {
    let mut reading = Reading::default();
    let mut position = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while position < text.len() && reading.findings.len() <= MAX_FINDINGS {
        let rest = text.get(position..).unwrap_or_default();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Decoded>();
        let next = values.next();
        let end = position + values.byte_offset();
        match next {
            None => break,
            Some(Ok(decoded)) => {
                let start = position + (rest.len() - rest.trim_start().len());
                reading.add(decoded, &origin(source, start..end));
                position = end;
            }
            Some(Err(error)) => {
                let failure = Failure::json(&error, rest);
                let value = serde_json::Deserializer::from_str(rest).into_iter::<Value>().next();
                let skipped = match value {
                    // The JSON is sound, but not the object in it: read the items of a list one by one.
                    Some(Ok(value)) => {
                        let mut whole = serde_json::Deserializer::from_str(rest).into_iter::<serde::de::IgnoredAny>();
                        whole.next();
                        let end = position + whole.byte_offset();
                        match into_items(value) {
                            Some(items) => reading.add_items(items, &origin(source, position..end)),
                            None => reading.fail(source, position, failure),
                        }
                        whole.byte_offset()
                    }
                    // It is not: go on at the next line that starts a value.
                    _ => {
                        let offset = failure.offset.unwrap_or(0);
                        reading.fail(source, position, failure);
                        rest.get(offset..)
                            .and_then(|after| after.find("\n{"))
                            .map_or(rest.len(), |newline| offset + newline + 1)
                    }
                };
                position += skipped.max(1);
            }
        }
    }
    reading
}

impl<'de> Deserialize<'de> for Decoded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Decoded, D::Error> {
        ObjectDecoder::default().deserialize(deserializer)
    }
}

/// Why a document could not be decoded.
struct Failure {
    message: String,
    /// Where, in bytes of the document, when that is known.
    offset: Option<usize>,
    /// Whether the text is broken beyond reading any part of it.
    is_final: bool,
    slug: &'static str,
}

impl Failure {
    fn refused(message: String) -> Failure {
        Failure { message, offset: None, is_final: true, slug: "invalid-document" }
    }

    fn json(error: &serde_json::Error, text: &str) -> Failure {
        let line_start = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
        let is_data = error.is_data();
        Failure {
            message: without_position(&error.to_string()),
            offset: Some(line_start + error.column().saturating_sub(1)),
            is_final: !is_data,
            slug: if is_data { "invalid-object" } else { "invalid-document" },
        }
    }
}

fn decode_yaml(text: &str, range: std::ops::Range<usize>) -> Result<Decoded, Failure> {
    let document = text.get(range).unwrap_or_default();
    if document.len() > MAX_DOCUMENT {
        let (size, limit) = (document.len() >> 20, MAX_DOCUMENT >> 20);
        return Err(Failure::refused(format!(
            "this document of {size} MiB was not read: {limit} MiB is the limit for one YAML document; split it, or use JSON"
        )));
    }
    if is_too_deep(document) {
        return Err(Failure::refused("this document was not read: it is nested too deeply".to_owned()));
    }
    if multiply_too_much(document) {
        return Err(Failure::refused(
            "this document was not read: its aliases stand for far more than is written".to_owned(),
        ));
    }
    // A byte order mark is no part of a document, and a parser that meets one takes the first line for a document of its own.
    let content = document.trim_start_matches('\u{feff}');
    let mark = document.len() - content.len();
    Decoded::deserialize(serde_yaml::Deserializer::from_str(content)).map_err(|error| {
        let message = without_position(&error.to_string());
        let offset = error.location().map(|location| mark + location.index());
        // Decoding errors name the field or the type; everything else is the parser's.
        let is_data = [
            "invalid type",
            "invalid value",
            "unknown field",
            "duplicate",
            "missing field",
            "invalid length",
            "too large",
        ]
        .iter()
        .any(|words| message.contains(words));
        Failure {
            message,
            offset,
            is_final: !is_data,
            slug: if is_data { "invalid-object" } else { "invalid-document" },
        }
    })
}

/// Libraries end their messages with a position in the piece that they saw.
fn without_position(message: &str) -> String {
    message.rfind(" at line ").and_then(|at| message.get(..at)).unwrap_or(message).to_owned()
}

fn origin(source: SourceId, range: std::ops::Range<usize>) -> Origin {
    let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    Origin { source, start: clamp(range.start), end: clamp(range.end), prefix: "".into() }
}

/// The items of a list object, with what an item is that does not say so itself.
fn into_items(value: Value) -> Option<(Vec<Value>, ObjectDecoder)> {
    let Value::Object(mut fields) = value else { return None };
    let kind = fields.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    let api_version = fields.get("apiVersion").and_then(Value::as_str).unwrap_or_default().to_owned();
    match fields.remove("items") {
        Some(Value::Array(items)) => Some((items, ObjectDecoder::for_items_of(&api_version, &kind))),
        _ => None,
    }
}

impl Reading {
    fn add(&mut self, decoded: Decoded, origin: &Origin) {
        match decoded {
            Decoded::Object(body) => self.objects.push(Object { origin: origin.clone(), body }),
            Decoded::Foreign { api_version, kind } => self.passed_over.push((api_version, kind)),
            Decoded::NotAnObject => self.not_objects.push(origin.source),
            Decoded::List { items, is_bare } => {
                for (index, item) in items.into_iter().enumerate() {
                    self.add(item, &item_origin(origin, if is_bare { "" } else { "items" }, index));
                }
            }
        }
    }

    fn add_items(&mut self, (items, decoder): (Vec<Value>, ObjectDecoder), origin: &Origin) {
        for (index, item) in items.into_iter().enumerate() {
            let name = describe(&item);
            let origin = item_origin(origin, "items", index);
            match decoder.clone().deserialize(item) {
                Ok(decoded) => self.add(decoded, &origin),
                Err(error) => {
                    let source = origin.source;
                    let place = Place::Field { origin, path: String::new() };
                    let finding = Diagnostic::error("invalid-object", left_out(&error.to_string())).at(place);
                    self.findings.push((source, if let Some(name) = name { finding.about(name) } else { finding }));
                }
            }
        }
    }

    fn fail(&mut self, source: SourceId, start: usize, failure: Failure) {
        let offset = u32::try_from(start + failure.offset.unwrap_or(0)).unwrap_or(u32::MAX);
        let message = if failure.slug == "invalid-object" { left_out(&failure.message) } else { failure.message };
        let finding = Diagnostic::error(failure.slug, message).at(Place::Byte { source, offset });
        self.findings.push((source, finding));
    }
}

fn left_out(message: &str) -> String {
    format!("{message}: the API server refuses this object, and it is left out")
}

fn item_origin(origin: &Origin, field: &str, index: usize) -> Origin {
    let step = format!("{field}[{index}]");
    let prefix = if origin.prefix.is_empty() { step } else { format!("{}.{step}", origin.prefix) };
    Origin { prefix: prefix.into(), ..origin.clone() }
}

/// `Kind namespace/name` of an object that could not be decoded.
fn describe(value: &Value) -> Option<String> {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    let kind = text("/kind")?;
    let name = text("/metadata/name")?;
    Some(format!("{kind} {}/{name}", text("/metadata/namespace").unwrap_or("default")))
}
