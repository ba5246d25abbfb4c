//! Findings as one JSON object.

use netpol::source::{Place, Position};
use serde::Serialize;

use super::{Finding, Findings, Placed, page, placed};
use netpol::lint::Rule;

pub(super) fn text(findings: &Findings<'_>) -> serde_json::Result<String> {
    let related = |finding: &Finding<'_>| {
        let related = finding.diagnostic.related.iter();
        related
            .map(|related| JsonRelated {
                message: related.message.clone(),
                place: place(&placed(findings.sources, &related.place)),
            })
            .collect()
    };
    let all: Vec<JsonFinding> = findings
        .findings
        .iter()
        .map(|finding| JsonFinding {
            slug: finding.diagnostic.slug,
            severity: finding.diagnostic.severity.name(),
            message: &finding.diagnostic.message,
            help: finding.diagnostic.help.as_deref(),
            object: finding.diagnostic.object.as_deref(),
            field: match &finding.diagnostic.place {
                Some(Place::Field { path, .. }) => Some(path),
                _ => None,
            },
            place: finding.place.as_ref().map(place),
            related: related(finding),
            fingerprint: &finding.fingerprint,
            page: Rule::find(finding.diagnostic.slug).map(page),
        })
        .collect();
    serde_json::to_string_pretty(&JsonFindings { findings: all }).map(|text| text + "\n")
}

#[derive(Serialize)]
struct JsonFindings<'a> {
    findings: Vec<JsonFinding<'a>>,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    slug: &'static str,
    severity: &'static str,
    message: &'a str,
    help: Option<&'a str>,
    object: Option<&'a str>,
    field: Option<&'a str>,
    place: Option<JsonPlace>,
    related: Vec<JsonRelated>,
    fingerprint: &'a str,
    page: Option<String>,
}

#[derive(Serialize)]
struct JsonRelated {
    message: String,
    place: JsonPlace,
}

#[derive(Serialize)]
struct JsonPlace {
    path: String,
    start: Position,
    end: Position,
}

fn place(placed: &Placed<'_>) -> JsonPlace {
    JsonPlace { path: placed.path.to_owned(), start: placed.region.start, end: placed.region.end }
}
