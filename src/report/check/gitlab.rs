//! GitLab's code quality report: a list of issues, whose fingerprints have to differ.

use netpol::diagnostic::Severity;
use serde_json::{Value, json};

use super::{Finding, Findings};

pub(super) fn text(findings: &Findings<'_>) -> serde_json::Result<String> {
    let issues: Vec<Value> = findings.findings.iter().map(issue).collect();
    serde_json::to_string_pretty(&issues).map(|text| text + "\n")
}

fn issue(finding: &Finding<'_>) -> Value {
    let severity = match finding.diagnostic.severity {
        Severity::Error => "major",
        Severity::Warning => "minor",
        Severity::Note => "info",
    };
    let line = finding.place.as_ref().map_or(1, |place| place.region.start.line);
    json!({
        "description": finding.message(),
        "check_name": finding.diagnostic.slug,
        "fingerprint": finding.fingerprint,
        "severity": severity,
        "location": { "path": finding.path(), "lines": { "begin": line } },
    })
}
