//! Findings about the input, as lines for a person.

use std::fmt::Write;

use netpol::diagnostic::{Diagnostic, Severity};
use netpol::source::{Location, Sources};

use crate::Style;

/// One finding: `path:line:column: error[slug]: message`, then what it is about and what to do.
pub fn text(diagnostic: &Diagnostic, location: Option<&Location>, style: &Style) -> String {
    let mut text = String::new();
    if let Some(location) = location {
        text.push_str(&style.bold(&format!("{}:{}:{}: ", location.path, location.line, location.column)));
    }
    let severity = match diagnostic.severity {
        Severity::Error => style.bad(&format!("error[{}]", diagnostic.slug)),
        Severity::Warning => style.warn(&format!("warning[{}]", diagnostic.slug)),
        Severity::Note => style.info("note"),
    };
    let about = diagnostic.object.as_ref().map(|object| format!("{object}: ")).unwrap_or_default();
    let _ = writeln!(text, "{severity}: {about}{}", diagnostic.message);
    if let Some(help) = &diagnostic.help {
        let _ = writeln!(text, "  {} {help}", style.info("help:"));
    }
    text
}

/// Findings with their places, in the order of the input: those with a place first, by path and position.
pub fn sorted<'a>(diagnostics: &'a [Diagnostic], sources: &Sources) -> Vec<(Option<Location>, &'a Diagnostic)> {
    let mut sorted: Vec<_> = diagnostics.iter().map(|diagnostic| (location(diagnostic, sources), diagnostic)).collect();
    sorted.sort_by(|(a, first), (b, second)| {
        (a.is_none(), a, &first.slug, &first.message).cmp(&(b.is_none(), b, &second.slug, &second.message))
    });
    sorted
}

fn location(diagnostic: &Diagnostic, sources: &Sources) -> Option<Location> {
    diagnostic.place.as_ref().map(|place| sources.resolve(place))
}
