//! Findings as one JSON object.

use netpol::diagnostic::Fix;
use netpol::lint::Rule;
use netpol::source::{Place, Position, Sources};
use serde::Serialize;

use super::{Finding, Findings, Placed, page, placed};

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
            server: finding.diagnostic.server.as_deref(),
            object: finding.diagnostic.object.as_deref(),
            field: match &finding.diagnostic.place {
                Some(Place::Field { path, .. }) => Some(path),
                _ => None,
            },
            place: finding.place.as_ref().map(place),
            related: related(finding),
            fix: finding.diagnostic.fix.as_ref().map(|found| fix(findings.sources, found)),
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
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<&'a str>,
    object: Option<&'a str>,
    field: Option<&'a str>,
    place: Option<JsonPlace>,
    related: Vec<JsonRelated>,
    fix: Option<JsonFix<'a>>,
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

#[derive(Serialize)]
struct JsonFix<'a> {
    title: &'a str,
    edits: Vec<JsonEdit<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonEdit<'a> {
    #[serde(flatten)]
    place: JsonPlace,
    start_byte: u32,
    end_byte: u32,
    text: &'a str,
}

fn fix<'a>(sources: &Sources, fix: &'a Fix) -> JsonFix<'a> {
    let edits = fix.edits.iter().map(|edit| JsonEdit {
        place: place(&placed(sources, &edit.place())),
        start_byte: edit.range.start,
        end_byte: edit.range.end,
        text: &edit.text,
    });
    JsonFix { title: &fix.title, edits: edits.collect() }
}

fn place(placed: &Placed<'_>) -> JsonPlace {
    JsonPlace { path: placed.path.to_owned(), start: placed.region.start, end: placed.region.end }
}
