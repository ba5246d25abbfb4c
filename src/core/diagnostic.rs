//! What is said about the input: data, rendered elsewhere.

use serde::Serialize;

use crate::source::Place;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Input was left out: answers may be wrong without it.
    Error,
    /// Answers stand, but perhaps not as the author meant.
    Warning,
    /// Worth knowing.
    Note,
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
}

impl Diagnostic {
    /// A finding without place, object and help.
    pub fn new(severity: Severity, slug: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity, slug, message: message.into(), object: None, place: None, help: None }
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
}
