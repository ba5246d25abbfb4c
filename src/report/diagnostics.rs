//! Findings about the input, as lines for a person.

use std::collections::BTreeMap;
use std::fmt::Write;

use netpol::diagnostic::{Diagnostic, Severity};
use netpol::source::{Location, Sources};

use crate::Style;
use crate::plain;

/// More findings of one slug than this are counted and not listed.
const MOST_OF_A_SLUG: usize = 20;

/// Findings in the order of the input, for those who ask something else: notes without their slugs, and only where they are wanted: of each slug the first ones, and how many more there are.
pub fn list(diagnostics: &[Diagnostic], sources: &Sources, with_notes: bool, style: &Style) -> String {
    let wanted: Vec<&Diagnostic> =
        diagnostics.iter().filter(|diagnostic| with_notes || diagnostic.severity != Severity::Note).collect();
    let kind = |diagnostic: &Diagnostic| (diagnostic.severity, diagnostic.slug);
    let mut totals: BTreeMap<(Severity, &str), usize> = BTreeMap::new();
    for diagnostic in &wanted {
        *totals.entry(kind(diagnostic)).or_default() += 1;
    }
    let mut lines = String::new();
    let mut counts: BTreeMap<(Severity, &str), usize> = BTreeMap::new();
    for (location, diagnostic) in sorted(wanted.into_iter(), sources) {
        let count = counts.entry(kind(diagnostic)).or_default();
        *count += 1;
        if *count <= MOST_OF_A_SLUG {
            let slug = if diagnostic.severity == Severity::Note { "" } else { diagnostic.slug };
            lines.push_str(&line(diagnostic, slug, location.as_ref(), style));
        }
        let more = totals.get(&kind(diagnostic)).map_or(0, |total| total.saturating_sub(MOST_OF_A_SLUG));
        if *count == MOST_OF_A_SLUG && more > 0 {
            let severity = label(diagnostic.severity, "", style);
            let _ = writeln!(lines, "{severity}: … and {} more of `{}`", grouped(more), diagnostic.slug);
        }
    }
    lines
}

/// Every finding on a line of its own, in the order given.
pub(crate) fn all<'a>(diagnostics: impl Iterator<Item = &'a Diagnostic>, sources: &Sources, style: &Style) -> String {
    diagnostics
        .map(|diagnostic| line(diagnostic, diagnostic.slug, location(diagnostic, sources).as_ref(), style))
        .collect()
}

/// One finding: `path:line:column: error[slug]: message`, then what it is about and what to do.
fn line(diagnostic: &Diagnostic, slug: &str, location: Option<&Location>, style: &Style) -> String {
    let mut text = String::new();
    if let Some(location) = location {
        text.push_str(&style.bold(&format!("{}:{}:{}: ", location.path, location.line, location.column)));
    }
    let severity = label(diagnostic.severity, slug, style);
    let about = diagnostic.object.as_ref().map(|object| format!("{}: ", plain::name(object))).unwrap_or_default();
    let _ = writeln!(text, "{severity}: {about}{}", plain::message(&diagnostic.message));
    if let Some(help) = &diagnostic.help {
        let _ = writeln!(text, "  {} {}", style.info("help:"), plain::message(help));
    }
    text
}

/// `error: message`, for what ends a run.
pub fn error(message: &str, style: &Style) -> String {
    format!("{}: {}\n", label(Severity::Error, "", style), plain::message(message))
}

/// `warning: message`, about the run and not about the input.
pub fn warning(message: &str, style: &Style) -> String {
    format!("{}: {}\n", label(Severity::Warning, "", style), plain::message(message))
}

/// `error[slug]`, or the severity alone where there is no slug.
fn label(severity: Severity, slug: &str, style: &Style) -> String {
    let slug = if slug.is_empty() { String::new() } else { format!("[{slug}]") };
    match severity {
        Severity::Error => style.bad(&format!("error{slug}")),
        Severity::Warning => style.warn(&format!("warning{slug}")),
        Severity::Note => style.info(&format!("note{slug}")),
    }
}

/// A number with its digits in groups of three.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Findings with their places, in the order of the input: those with a place first, by path and position.
fn sorted<'a>(
    diagnostics: impl Iterator<Item = &'a Diagnostic>,
    sources: &Sources,
) -> Vec<(Option<Location>, &'a Diagnostic)> {
    let mut sorted: Vec<_> = diagnostics.map(|diagnostic| (location(diagnostic, sources), diagnostic)).collect();
    sorted.sort_by(|(a, first), (b, second)| {
        (a.is_none(), a, &first.slug, &first.message).cmp(&(b.is_none(), b, &second.slug, &second.message))
    });
    sorted
}

fn location(diagnostic: &Diagnostic, sources: &Sources) -> Option<Location> {
    diagnostic.place.as_ref().map(|place| sources.resolve(place))
}
