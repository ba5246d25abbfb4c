//! Finds its way around what is broken: what is sound in a document that the decoder refused is read all the same, and what is not
//! is named in the words of Kubernetes, each flaw where it is written.

use std::ops::Range;

use super::read::{Cause, Failure, Piece, Reading, item_origin};
use super::split::Syntax;
use crate::diagnostic::{Diagnostic, Edit};
use crate::object::ObjectDecoder;
use crate::source::{Origin, Place, SourceId};
use crate::structure;
use crate::tree::{NodeId, Scalars, Tree};

/// Reads what can be read of a piece that could not be decoded as a whole, and says what is wrong with the rest.
pub(super) fn recover(reading: &mut Reading, piece: &Piece<'_>, decoder: &ObjectDecoder, failure: Failure) {
    if failure.cause != Cause::Unknown {
        return reading.fail(piece, failure);
    }
    if let Some(failure) = piece.refuse_excess().err().or_else(|| piece.check_syntax()) {
        return reading.fail(piece, failure);
    }
    let tree = match piece.syntax {
        Syntax::Json => Tree::parse_json(piece.content()),
        Syntax::Yaml => Tree::parse(piece.content()),
    };
    match tree.root() {
        Some(root) if tree.is_whole() => {
            Recovery { reading, tree: &tree, piece }.read(root, decoder, &piece.origin());
        }
        _ => reading.fail(piece, failure),
    }
}

struct Recovery<'a> {
    reading: &'a mut Reading,
    tree: &'a Tree,
    piece: &'a Piece<'a>,
}

/// Why the decoder refuses an object.
struct Refusal {
    message: String,
    /// Where the value is that it refuses.
    start: Option<u32>,
}

impl Recovery<'_> {
    fn read(&mut self, node: NodeId, decoder: &ObjectDecoder, origin: &Origin) {
        let values = self.tree.values(node, Scalars::OfManifests);
        let refusal = match decoder.decode(values.root()) {
            Ok(decoded) => return self.reading.add(decoded, origin),
            Err(error) => Refusal { start: values.start(error.at()), message: error.to_string() },
        };
        // One bad item must not take the rest of its list with it.
        let kind = self.tree.text(node, "kind").unwrap_or("List");
        let api_version = self.tree.text(node, "apiVersion").unwrap_or_default();
        if let Some(items) = self.tree.items(node) {
            for (index, item) in items.iter().enumerate() {
                self.read(*item, decoder, &item_origin(origin, "", index));
            }
        } else if let Some(items) = self.tree.field(node, "items").filter(|_| kind.ends_with("List"))
            && let Some(items) = self.tree.items(items)
        {
            let decoder = ObjectDecoder::for_items_of(api_version, kind);
            for (index, item) in items.iter().enumerate() {
                self.read(*item, &decoder, &item_origin(origin, "items", index));
            }
        } else {
            self.refuse(node, decoder, &refusal);
        }
    }

    fn refuse(&mut self, node: NodeId, decoder: &ObjectDecoder, refusal: &Refusal) {
        let (api_version, kind) = decoder.item_type().unwrap_or_default();
        let api_version = self.tree.text(node, "apiVersion").unwrap_or(api_version);
        let kind = self.tree.text(node, "kind").unwrap_or(kind);
        let name = self.name(node, kind);
        let source = self.piece.source;
        let flaws = structure::check(self.tree, node, api_version, kind);
        if flaws.is_empty() {
            // Nothing in the table says why: the decoder's words are better than none.
            let span = self.tree.first_token(node);
            let start = refusal.start.filter(|_| self.tree.root() == Some(node)).unwrap_or(span.start);
            let place = beginning(source, self.piece.range.start + start as usize);
            self.reading.push(
                source,
                Diagnostic::error("invalid-object", left_out(&refusal.message)).at(place),
                name.as_deref(),
            );
        }
        for flaw in flaws {
            let span = flaw.span.start as usize..flaw.span.end as usize;
            let range = shifted(span, self.piece.range.start);
            let place = Place::Span { source, start: range.start, end: range.end };
            let mut finding = Diagnostic::error("invalid-object", left_out(&flaw.message)).at(place);
            finding.help = looks_like(self.piece.content()).or(flaw.help);
            if let Some(text) = flaw.replacement {
                finding = finding.fix(format!("replace it by `{text}`"), vec![Edit { source, range, text }]);
            }
            self.reading.push(source, finding, name.as_deref());
        }
    }

    /// `Kind namespace/name`, as far as the object says.
    fn name(&self, node: NodeId, kind: &str) -> Option<String> {
        let metadata = self.tree.field(node, "metadata")?;
        let name = self.tree.text(metadata, "name").or_else(|| self.tree.text(metadata, "generateName"))?;
        if kind.is_empty() {
            return None;
        }
        let is_namespaced = !matches!(kind, "Namespace" | "Node");
        let namespace = self.tree.text(metadata, "namespace").filter(|namespace| !namespace.is_empty());
        Some(if is_namespaced {
            format!("{kind} {}/{name}", namespace.unwrap_or("default"))
        } else {
            format!("{kind} {name}")
        })
    }
}

/// The span of a piece that begins at `base`, as bytes of the text.
fn shifted(span: Range<usize>, base: usize) -> Range<u32> {
    let clamp = |offset: usize| u32::try_from(base + offset).unwrap_or(u32::MAX);
    clamp(span.start)..clamp(span.end)
}

/// A place of which only the beginning is known.
fn beginning(source: SourceId, offset: usize) -> Place {
    let Range { start, end } = shifted(0..0, offset);
    Place::Span { source, start, end }
}

fn left_out(message: &str) -> String {
    format!("{message}; the API server refuses this object, and it is left out")
}

impl Reading {
    fn push(&mut self, source: SourceId, finding: Diagnostic, object: Option<&str>) {
        self.findings.push((source, if let Some(object) = object { finding.about(object) } else { finding }));
    }

    /// A piece of which nothing is read. It has no name then, but what it looks like can be said.
    fn fail(&mut self, piece: &Piece<'_>, failure: Failure) {
        let at = beginning(piece.source, piece.range.start + failure.offset.unwrap_or(0));
        let message = format!("{}; this document is left out", failure.message);
        let mut finding = Diagnostic::error("invalid-document", message).at(at);
        finding.help = looks_like(piece.content());
        self.push(piece.source, finding, None);
    }
}

/// What a text that is no manifest probably is, and what to do.
fn looks_like(content: &str) -> Option<String> {
    let has_line = |start: &str| content.lines().any(|line| line.starts_with(start));
    let help = if content.contains("{{") && content.contains("}}") {
        "this is a template: give netpol what it renders to, as in `helm template CHART | netpol reach -`"
    } else if has_line("<<<<<<<") || has_line(">>>>>>>") {
        "this is a merge conflict: resolve it first"
    } else if content.lines().any(|line| line.trim_start_matches(' ').starts_with('\t') && !line.trim().is_empty()) {
        "YAML does not allow tabs for indentation: use spaces"
    } else {
        return None;
    };
    Some(help.to_owned())
}
