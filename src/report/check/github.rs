//! Workflow commands, which GitHub Actions shows beside the lines. It shows ten of each severity: the worst come first.

use std::fmt::Write;

use netpol::diagnostic::Severity;

use super::{Finding, Findings};

pub(super) fn text(findings: &Findings<'_>) -> String {
    let mut sorted: Vec<&Finding<'_>> = findings.findings.iter().collect();
    sorted.sort_by_key(|finding| finding.diagnostic.severity);
    let mut text = String::new();
    for finding in sorted {
        let command = match finding.diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let mut properties = format!("title={}", property(finding.diagnostic.slug));
        if let Some(place) = &finding.place {
            let (start, end) = (place.region.start, place.region.end);
            let _ = write!(properties, ",file={},line={},endLine={}", property(place.path), start.line, end.line);
            if start.line == end.line {
                let _ = write!(properties, ",col={},endColumn={}", start.column, end.column);
            }
        }
        let _ = writeln!(text, "::{command} {properties}::{}", data(&finding.message_and_help()));
    }
    text
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
