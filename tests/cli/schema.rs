//! JSON Schema, as much of it as the schema of SARIF uses. A keyword that is not known here ends the test, so that none is passed
//! over.

use serde_json::Value;

/// Keywords that ask for nothing.
const SILENT: [&str; 6] = ["$schema", "$id", "title", "description", "default", "definitions"];

/// Everything in which a value does not obey a schema.
pub fn flaws(schema: &Value, value: &Value) -> Vec<String> {
    let mut flaws = Vec::new();
    check(schema, schema, value, "", &mut flaws);
    flaws
}

/// Checks a value against a part of the schema `root`.
fn check(root: &Value, schema: &Value, value: &Value, place: &str, flaws: &mut Vec<String>) {
    let obeys = |schema: &Value| {
        let mut flaws = Vec::new();
        check(root, schema, value, place, &mut flaws);
        flaws.is_empty()
    };
    for (keyword, wanted) in schema.as_object().expect("a schema is an object") {
        let is_met = match keyword.as_str() {
            "$ref" => {
                let pointer = wanted.as_str().and_then(|path| path.strip_prefix('#')).expect("references stay inside");
                check(root, root.pointer(pointer).expect("what is referred to is there"), value, place, flaws);
                true
            }
            "type" => is_a(value, wanted.as_str().expect("one type is named")),
            "enum" => alternatives(wanted).contains(value),
            "anyOf" => alternatives(wanted).iter().any(obeys),
            "oneOf" => alternatives(wanted).iter().filter(|schema| obeys(schema)).count() == 1,
            "required" => alternatives(wanted).iter().all(|name| value.get(name.as_str().expect("a name")).is_some()),
            "minimum" => value.as_f64().is_none_or(|number| number >= wanted.as_f64().expect("a number")),
            "maximum" => value.as_f64().is_none_or(|number| number <= wanted.as_f64().expect("a number")),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= wanted.as_u64().expect("a number")),
            "uniqueItems" => {
                let all = value.as_array().map_or(&[][..], Vec::as_slice);
                all.iter().enumerate().all(|(index, item)| !all[..index].contains(item))
            }
            "format" => value.as_str().is_none_or(|text| has_format(text, wanted.as_str().expect("a name"))),
            "pattern" if value.is_string() => panic!("{place} has the pattern {wanted}, which is not known here"),
            "pattern" => true,
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, wanted, item, &format!("{place}/{index}"), flaws);
                }
                true
            }
            "properties" | "additionalProperties" => {
                check_fields(root, schema, keyword, value, place, flaws);
                true
            }
            silent if SILENT.contains(&silent) => true,
            unknown => panic!("the keyword {unknown} is not known here"),
        };
        if !is_met {
            flaws.push(format!("{place}: {value} does not obey {keyword} {wanted}"));
        }
    }
}

fn check_fields(root: &Value, schema: &Value, keyword: &str, value: &Value, place: &str, flaws: &mut Vec<String>) {
    for (name, field) in value.as_object().into_iter().flatten() {
        let place = format!("{place}/{name}");
        match (schema["properties"].get(name), keyword, &schema["additionalProperties"]) {
            (Some(known), "properties", _) => check(root, known, field, &place, flaws),
            (None, "additionalProperties", Value::Bool(true)) => {}
            (None, "additionalProperties", Value::Bool(false)) => flaws.push(format!("{place} is not known")),
            (None, "additionalProperties", wanted) => check(root, wanted, field, &place, flaws),
            _ => {}
        }
    }
}

fn alternatives(wanted: &Value) -> &[Value] {
    wanted.as_array().expect("a list is wanted")
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        kind => panic!("the type {kind} is not known here"),
    }
}

fn has_format(text: &str, format: &str) -> bool {
    let is_reference =
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte));
    match format {
        "uri" => {
            is_reference
                && text
                    .split_once(':')
                    .is_some_and(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        }
        "uri-reference" => is_reference,
        format => panic!("the format {format} is not known here"),
    }
}
