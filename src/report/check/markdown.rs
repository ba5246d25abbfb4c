//! A Markdown table, for summaries of jobs and comments on changes.

use std::fmt::Write;

use super::{Findings, page};
use crate::plain::markdown_code;
use netpol::lint::Rule;

pub(super) fn text(findings: &Findings<'_>) -> String {
    let mut text = format!("**netpol check**: {}\n", findings.summary());
    if findings.findings.is_empty() {
        return text;
    }
    text.push_str("\n| place | finding | rule |\n|---|---|---|\n");
    let (shown, more) = findings.for_people();
    for finding in shown {
        let diagnostic = finding.diagnostic;
        let place = finding
            .place
            .as_ref()
            .map_or_else(String::new, |place| markdown_code(&format!("{}:{}", place.path, place.region.start.line)));
        let object =
            diagnostic.object.as_ref().map(|object| format!("{}: ", markdown_code(object))).unwrap_or_default();
        let help = diagnostic.help.as_ref().map(|help| format!("<br>{}", cell(help))).unwrap_or_default();
        let rule = link(diagnostic.slug);
        let _ = writeln!(
            text,
            "| {place} | {}: {object}{}{help} | {rule} |",
            diagnostic.severity.name(),
            cell(&diagnostic.message)
        );
    }
    for (slug, count) in more {
        let _ = writeln!(text, "| | note: … and {count} more | {} |", link(slug));
    }
    text
}

/// A rule, with a link to its page.
fn link(slug: &str) -> String {
    Rule::find(slug).map_or_else(|| slug.to_owned(), |rule| format!("[{slug}]({})", page(rule)))
}

/// Text in a cell.
fn cell(text: &str) -> String {
    crate::plain::message(text).replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;")
}
