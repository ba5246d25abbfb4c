//! SARIF 2.1.0, as code hosts read it: `results` also when there are none, columns in UTF-16 code units, paths relative to the
//! repository's root, fingerprints without lines.

use netpol::diagnostic::{Edit, Fix};
use netpol::lint::{RULES, Rule};
use netpol::source::Sources;
use serde_json::{Value, json};

use super::{Finding, Findings, Placed, Suppression, page, placed};

pub(super) fn text(findings: &Findings<'_>) -> serde_json::Result<String> {
    let all = findings.findings.iter().chain(&findings.suppressed);
    let results: Vec<Value> = all.map(|finding| result(findings, finding)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "netpol",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": RULES.iter().map(|one| rule(one)).collect::<Vec<_>>(),
            } },
            "columnKind": "utf16CodeUnits",
            "originalUriBaseIds": { "%SRCROOT%": { "description": { "text": "the root of the repository" } } },
            "invocations": [{ "executionSuccessful": findings.is_complete() }],
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&log).map(|text| text + "\n")
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.slug,
        "shortDescription": { "text": rule.summary },
        "fullDescription": { "text": rule.summary },
        "help": {
            "text": format!("{}\n{}", rule.summary, page(rule)),
            "markdown": crate::pages::of(rule.slug).unwrap_or(rule.summary),
        },
        "helpUri": page(rule),
        "defaultConfiguration": { "level": rule.severity.name() },
    })
}

fn result(findings: &Findings<'_>, finding: &Finding<'_>) -> Value {
    let mut result = json!({
        "ruleId": finding.diagnostic.slug,
        "level": finding.diagnostic.severity.name(),
        "message": { "text": finding.message_and_help() },
        "partialFingerprints": { "netpol/v1": finding.fingerprint },
    });
    let Value::Object(fields) = &mut result else { return result };
    if let Some(index) = RULES.iter().position(|rule| rule.slug == finding.diagnostic.slug) {
        fields.insert("ruleIndex".to_owned(), index.into());
    }
    let logical = finding.diagnostic.object.as_ref().map(|object| json!([{ "fullyQualifiedName": object }]));
    if let Some(place) = &finding.place {
        let mut location = json!({ "physicalLocation": physical(place) });
        if let (Value::Object(fields), Some(logical)) = (&mut location, logical) {
            fields.insert("logicalLocations".to_owned(), logical);
        }
        fields.insert("locations".to_owned(), json!([location]));
    } else if let Some(logical) = logical {
        fields.insert("locations".to_owned(), json!([{ "logicalLocations": logical }]));
    }
    if !finding.diagnostic.related.is_empty() {
        let related = finding.diagnostic.related.iter().map(|related| {
            let place = placed(findings.sources, &related.place);
            json!({ "physicalLocation": physical(&place), "message": { "text": related.message } })
        });
        fields.insert("relatedLocations".to_owned(), related.collect());
    }
    if let Some(fixed) = &finding.diagnostic.fix {
        fields.insert("fixes".to_owned(), json!([fix(findings.sources, fixed)]));
    }
    if let Some(suppression) = &finding.suppression {
        let suppression = match suppression {
            Suppression::Ignored(reason) => json!({ "kind": "inSource", "justification": reason }),
            Suppression::Known => json!({ "kind": "external", "justification": "the baseline has it" }),
        };
        fields.insert("suppressions".to_owned(), json!([suppression]));
    }
    result
}

fn fix(sources: &Sources, fix: &Fix) -> Value {
    // All edits of a fix are in the file of the object that they mend.
    let places: Vec<(Placed<'_>, &Edit)> =
        fix.edits.iter().map(|edit| (placed(sources, &edit.place()), edit)).collect();
    let replacements: Vec<Value> = places
        .iter()
        .map(|(place, edit)| json!({ "deletedRegion": region(place), "insertedContent": { "text": edit.text } }))
        .collect();
    let changes: Vec<Value> = places
        .first()
        .map(|(place, _)| json!({ "artifactLocation": artifact(place), "replacements": replacements }))
        .into_iter()
        .collect();
    json!({ "description": { "text": fix.title }, "artifactChanges": changes })
}

fn physical(place: &Placed<'_>) -> Value {
    json!({ "artifactLocation": artifact(place), "region": region(place) })
}

fn artifact(place: &Placed<'_>) -> Value {
    // An absolute path is under no root.
    match place.path.strip_prefix('/') {
        Some(path) => json!({ "uri": format!("file:///{}", uri(path)) }),
        None => json!({ "uri": uri(place.path), "uriBaseId": "%SRCROOT%" }),
    }
}

fn region(place: &Placed<'_>) -> Value {
    let (start, end) = (place.region.start, place.region.end);
    json!({
        "startLine": start.line,
        "startColumn": start.column_utf16,
        "endLine": end.line,
        "endColumn": end.column_utf16,
    })
}

/// A path as a relative URI reference.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    #[test]
    fn paths_become_uris() {
        assert_eq!(super::uri("k8s/größe 1.yaml"), "k8s/gr%C3%B6%C3%9Fe%201.yaml");
    }
}
