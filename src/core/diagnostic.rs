//! What is said about the input: data, rendered elsewhere.

use std::ops::Range;

use serde::Serialize;

use crate::edit;
use crate::source::{Place, SourceId, Sources};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Input was left out, or what is written cannot be meant: answers may be wrong without it.
    Error,
    /// Answers stand, but perhaps not as the author meant.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// `error`, `warning` or `note`.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Its kebab-case code.
    pub slug: &'static str,
    /// What is wrong and what follows from it: lower case, no full stop, user text in backticks.
    pub message: String,
    /// The object that it is about, as `Kind namespace/name`, if it is about one.
    pub object: Option<String>,
    /// Where it is.
    pub place: Option<Place>,
    /// What to do about it.
    pub help: Option<String>,
    /// What the API server says of it, where it says something.
    pub server: Option<String>,
    /// Other places that it is about: the other policy, the pod, the Service.
    pub related: Vec<Related>,
    /// The edit that mends it, where that is certain.
    pub fix: Option<Fix>,
    /// What to write in the field that it is about, where that mends it: [`add_fixes`] makes the edit.
    pub replacement: Option<String>,
}

/// Another place that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// Where it is.
    pub place: Place,
    /// What is there.
    pub message: String,
}

/// What mends a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an imperative: `put the port in a number`.
    pub title: String,
    /// Its edits, which do not overlap.
    pub edits: Vec<Edit>,
}

/// A piece of text in place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The text that is edited.
    pub source: SourceId,
    /// The bytes that go.
    pub range: Range<u32>,
    /// What comes in their place.
    pub text: String,
}

impl Edit {
    /// What goes, as a place.
    pub fn place(&self) -> Place {
        Place::Span { source: self.source, start: self.range.start, end: self.range.end }
    }
}

/// Makes edits of the replacements that were proposed before positions were known.
pub fn add_fixes(diagnostics: &mut [Diagnostic], sources: &Sources) {
    for diagnostic in diagnostics.iter_mut().filter(|diagnostic| diagnostic.fix.is_none()) {
        if let (Some(text), Some(Place::Field { origin, path })) = (&diagnostic.replacement, &diagnostic.place)
            && let Some(edit) = edit::replace(sources, origin, path, text)
        {
            diagnostic.fix = Some(Fix { title: format!("write `{text}`"), edits: vec![edit] });
        }
    }
}

impl Diagnostic {
    /// A finding without place, object and help.
    pub fn new(severity: Severity, slug: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity,
            slug,
            message: message.into(),
            object: None,
            place: None,
            help: None,
            server: None,
            related: Vec::new(),
            fix: None,
            replacement: None,
        }
    }

    /// Something that was left out.
    pub fn error(slug: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Error, slug, message)
    }

    /// Something that is probably not meant so.
    pub fn warning(slug: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Warning, slug, message)
    }

    /// Something worth knowing.
    pub fn note(slug: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Note, slug, message)
    }

    /// Adds where it is.
    pub fn at(mut self, place: Place) -> Diagnostic {
        self.place = Some(place);
        self
    }

    /// Adds what it is about.
    pub fn about(mut self, object: impl Into<String>) -> Diagnostic {
        self.object = Some(object.into());
        self
    }

    /// Adds what to do.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// Adds another place.
    pub fn related(mut self, place: Place, message: impl Into<String>) -> Diagnostic {
        self.related.push(Related { place, message: message.into() });
        self
    }

    /// Adds the edit that mends it.
    pub fn fix(mut self, title: impl Into<String>, edits: Vec<Edit>) -> Diagnostic {
        self.fix = Some(Fix { title: title.into(), edits });
        self
    }
}
