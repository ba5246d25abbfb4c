//! Reads texts into objects: YAML with any number of documents, JSON with any number of values, and lists of objects in both.
//!
//! Nothing in a text stops the run: what cannot be read becomes a diagnostic and its neighbours are read all the same. Time and
//! memory are bounded by the size of the text, which is cut into [`Piece`]s that can be read one by one or in parallel.

mod aliases;
mod nesting;
mod read;
mod split;

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Severity};
use crate::object::Object;
use crate::source::{Place, SourceId, Sources};

pub use read::Reading;

/// The largest YAML document that is read as one, in bytes. A list is cut into its items first.
const MAX_DOCUMENT: usize = 32 << 20;

/// The largest text, in bytes: offsets are 32 bits wide.
pub const MAX_TEXT: usize = 1 << 30;

/// The most findings that are kept of one text.
const MAX_FINDINGS: usize = 50;

/// What the texts hold.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The objects that netpol reads, in the order of the input.
    pub objects: Vec<Object>,
    /// What could not be read, and what was passed over.
    pub diagnostics: Vec<Diagnostic>,
}

/// A part of a text that is read by itself.
#[derive(Debug)]
pub struct Piece {
    source: SourceId,
    form: Form,
}

#[derive(Debug)]
enum Form {
    Yaml(split::Document),
    Json,
    /// Not read: too large.
    TooLarge,
}

/// Reads texts into objects.
pub fn load(sources: &Sources) -> Loaded {
    gather(sources, pieces(sources).iter().map(|piece| piece.read(sources)))
}

/// Cuts the texts into pieces, for callers that read in parallel: `gather` wants the readings in the same order.
pub fn pieces(sources: &Sources) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (id, source) in sources.iter() {
        if source.text.len() > MAX_TEXT {
            pieces.push(Piece { source: id, form: Form::TooLarge });
        } else if read::is_json(&source.path, &source.text) {
            pieces.push(Piece { source: id, form: Form::Json });
        } else {
            for document in split::split(&source.text) {
                pieces.push(Piece { source: id, form: Form::Yaml(document) });
            }
        }
    }
    pieces
}

impl Piece {
    /// The size of the piece, in bytes.
    pub fn len(&self, sources: &Sources) -> usize {
        match &self.form {
            Form::Yaml(document) => document.range.len(),
            Form::Json => sources.get(self.source).map_or(0, |source| source.text.len()),
            Form::TooLarge => 0,
        }
    }

    /// Cuts a long list into pieces of some `size` items each; anything else stays one piece.
    pub fn split_list(self, size: usize) -> Vec<Piece> {
        match self.form {
            Form::Yaml(document) if document.items.len() > size => document
                .items
                .chunks(size.max(1))
                .map(|items| {
                    let document = split::Document { range: document.range.clone(), items: items.to_vec() };
                    Piece { source: self.source, form: Form::Yaml(document) }
                })
                .collect(),
            _ => vec![self],
        }
    }

    /// Reads the piece.
    pub fn read(&self, sources: &Sources) -> Reading {
        let text = sources.get(self.source).map_or("", |source| &source.text);
        match &self.form {
            Form::Yaml(document) => read::yaml(self.source, text, document),
            Form::Json => read::json(self.source, text),
            Form::TooLarge => read::refused(self.source, format!("text is larger than {} MiB", MAX_TEXT >> 20)),
        }
    }
}

/// Puts the readings of all pieces together.
pub fn gather(sources: &Sources, readings: impl IntoIterator<Item = Reading>) -> Loaded {
    let mut loaded = Loaded::default();
    let mut passed_over = BTreeMap::new();
    let mut not_objects = BTreeMap::new();
    let mut finding_counts: BTreeMap<SourceId, usize> = BTreeMap::new();
    for reading in readings {
        loaded.objects.extend(reading.objects);
        for kind in reading.passed_over {
            *passed_over.entry(kind).or_insert(0usize) += 1;
        }
        for source in reading.not_objects {
            *not_objects.entry(source).or_insert(0usize) += 1;
        }
        for (source, finding) in reading.findings {
            let count = finding_counts.entry(source).or_default();
            *count += 1;
            if *count <= MAX_FINDINGS {
                loaded.diagnostics.push(finding);
            }
        }
    }
    for (source, count) in finding_counts {
        if let Some(more) = count.checked_sub(MAX_FINDINGS).filter(|more| *more > 0) {
            let message = format!("{more} more documents of this file could not be read");
            loaded.diagnostics.push(Diagnostic::error("invalid-document", message).at(Place::Source(source)));
        }
    }
    loaded.diagnostics.extend(summarise_passed_over(&passed_over));
    loaded.diagnostics.extend(summarise_not_objects(sources, &not_objects));
    loaded
}

/// One note for the kinds that decide nothing, one warning for policies that do and are not evaluated.
fn summarise_passed_over(kinds: &BTreeMap<(String, String), usize>) -> Vec<Diagnostic> {
    let is_policy = |kind: &str| kind.ends_with("NetworkPolicy") || kind.ends_with("NetworkPolicies");
    let describe = |wanted: bool| {
        let described: Vec<String> = kinds
            .iter()
            .filter(|((_, kind), _)| is_policy(kind) == wanted)
            .map(|((api_version, kind), count)| {
                let version = if api_version.is_empty() { "no apiVersion" } else { api_version };
                format!("{count} {kind} ({version})")
            })
            .collect();
        (!described.is_empty()).then(|| described.join(", "))
    };
    let policies = describe(true).map(|described| {
        let message = format!("policies of these kinds are not evaluated, and verdicts leave them out: {described}");
        Diagnostic::new(Severity::Warning, "unsupported-policy", message)
    });
    let others = describe(false).map(|described| {
        Diagnostic::new(
            Severity::Note,
            "passed-over",
            format!("objects that decide nothing were passed over: {described}"),
        )
    });
    policies.into_iter().chain(others).collect()
}

fn summarise_not_objects(sources: &Sources, counts: &BTreeMap<SourceId, usize>) -> Option<Diagnostic> {
    let total: usize = counts.values().sum();
    let (first, _) = counts.first_key_value()?;
    let path = sources.get(*first).map_or("", |source| &source.path);
    let also = if counts.len() > 1 { format!(" and {} more files", counts.len() - 1) } else { String::new() };
    let documents =
        if total == 1 { "1 document is not a Kubernetes object" } else { "documents are not Kubernetes objects" };
    let count = if total == 1 { String::new() } else { format!("{total} ") };
    let message = format!("{count}{documents} (no `kind`) and passed over: `{path}`{also}");
    Some(Diagnostic::note("not-an-object", message))
}

/// The text in a file's bytes. A byte order mark stays, so that offsets are the file's.
///
/// # Errors
///
/// Says why the bytes are not text: binary data, another encoding, or too much of it.
pub fn text_of(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.len() > MAX_TEXT {
        return Err(format!("the file is larger than {} MiB", MAX_TEXT >> 20));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("the file is UTF-16: save it as UTF-8".to_owned());
    }
    if bytes.contains(&0) {
        return Err("the file is binary".to_owned());
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(valid).filter(|byte| **byte == b'\n').count() + 1;
        format!("the file is not UTF-8: byte {valid}, in line {line}, does not belong there")
    })
}
