//! JSON: one value, many, one a line, broken and sound ones mixed.

use serde_json::{Value, json};

use crate::manifests::WEB;
use crate::program::Scratch;
use crate::{is_left_out, is_no_error, survives};

/// The good objects.
fn objects() -> Vec<Value> {
    netpol_tests::case::split(WEB).iter().map(|text| serde_yaml::from_str(text).expect("a manifest")).collect()
}

/// A line per good object, with a bad line in the middle; it is the third.
fn lines_around(bad: &str) -> String {
    let mut lines: Vec<String> = objects().iter().map(Value::to_string).collect();
    lines.insert(2, bad.to_owned());
    lines.join("\n") + "\n"
}

/// A policy that the API server refuses.
fn refused() -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": { "name": "bad", "namespace": "shop" },
        "spec": { "podSelector": {}, "ingress": {} },
    })
}

#[test]
fn every_way_to_put_values_into_a_text_is_read() {
    let values: Vec<String> = objects().iter().map(Value::to_string).collect();
    let pretty: Vec<String> = objects().iter().map(|value| serde_json::to_string_pretty(value).unwrap()).collect();
    let list = json!({ "apiVersion": "v1", "items": objects(), "kind": "List", "metadata": { "resourceVersion": "" } });
    for text in [
        values.join("\n"),
        values.concat(),
        values.join(" \t\r\n\n"),
        pretty.join("\n"),
        format!("[{}]", values.join(",")),
        list.to_string(),
        serde_json::to_string_pretty(&list).unwrap(),
        format!("\u{feff}{list}\r\n"),
    ] {
        for name in ["input.json", "input.yaml", "input"] {
            println!("{name}: {text}");
            is_no_error(name, &text);
        }
    }
}

#[test]
fn a_broken_line_is_left_out_and_the_others_are_read() {
    for (bad, column, says) in [
        ("hello", 1, "expected value"),
        ("{\"a\": nope}", 8, "expected"),
        ("{\"a\": 1,}", 9, "trailing comma"),
        ("{\"a\": \"b}", 9, "string"),
        ("// comment", 1, "expected value"),
        ("{\"kind\": \"Pod\", \"spec\": NaN}", 25, "expected value"),
        ("{\"kind\": \"Pod\", \"apiVersion\": \"\\ud800\"}", 38, "hex escape"),
    ] {
        println!("{bad}");
        let place = format!("input.json:3:{column}: error[invalid-document]: ");
        is_left_out("input.json", lines_around(bad), &[&place, says]);
    }
}

#[test]
fn a_line_that_is_cut_off_does_not_take_the_next_one_along() {
    for bad in ["{\"a\": {\"b\": 1}", "{\"kind\": \"Pod\", \"metadata\": {\"na", "{\"a\": ", "{"] {
        is_left_out("input.json", lines_around(bad), &["input.json:", "error[invalid-document]"]);
    }
}

#[test]
fn however_many_lines_are_broken_the_sound_ones_are_read() {
    for bad in ["{\"a\": nope}".to_owned(), refused().to_string()] {
        let text = lines_around(&vec![bad; 200].join("\n"));
        is_left_out("input.json", text, &["input.json:"]);
    }
}

#[test]
fn an_object_that_the_api_server_refuses_is_left_out_and_the_others_are_read() {
    is_left_out(
        "input.json",
        lines_around(&refused().to_string()),
        &["input.json:3:", "error[invalid-object]", "left out"],
    );
}

#[test]
fn a_broken_item_of_a_list_is_left_out_and_the_others_are_read() {
    let mut items = objects();
    items.insert(2, refused());
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    let text = serde_json::to_string_pretty(&list).unwrap();
    let field = text.find("\"ingress\": {}").unwrap();
    let line = text[..field].matches('\n').count() + 1;
    let place = format!("input.json:{line}:20: error[invalid-object]: NetworkPolicy shop/bad: spec.ingress: ");
    is_left_out("input.json", text, &[&place, "left out"]);
    is_left_out("input.json", list.to_string(), &["input.json:1:", "NetworkPolicy shop/bad: "]);
}

#[test]
fn a_broken_item_of_a_bare_list_or_of_a_list_in_a_list_is_left_out_and_the_others_are_read() {
    let mut items = objects();
    items.insert(2, refused());
    let bare = Value::from(items.clone());
    let nested = json!({
        "apiVersion": "v1",
        "kind": "List",
        "items": [{ "apiVersion": "v1", "kind": "List", "items": items }],
    });
    for list in [bare, nested] {
        is_left_out("input.json", list.to_string(), &["error[invalid-object]"]);
    }
}

/// Lists of one kind, whose items do not say what they are.
fn typed_lists() -> Vec<(&'static str, &'static str, Vec<Value>)> {
    let mut lists = vec![
        ("v1", "NamespaceList", Vec::new()),
        ("v1", "PodList", Vec::new()),
        ("networking.k8s.io/v1", "NetworkPolicyList", Vec::new()),
    ];
    for mut object in objects() {
        let fields = object.as_object_mut().unwrap();
        fields.remove("apiVersion");
        let kind = fields.remove("kind").unwrap();
        let list = lists.iter_mut().find(|(_, list, _)| *list == format!("{}List", kind.as_str().unwrap())).unwrap();
        list.2.push(object);
    }
    lists
}

#[test]
fn items_of_a_typed_list_need_not_say_what_they_are() {
    let lists: Vec<String> = typed_lists()
        .into_iter()
        .map(|(version, kind, items)| {
            format!("{{\"apiVersion\":\"{version}\",\"kind\":\"{kind}\",\"items\":{}}}\n", Value::from(items))
        })
        .collect();
    is_no_error("input.json", lists.concat());
    is_no_error("input.yaml", format!("# a comment\n{}", lists.join("---\n")));
}

#[test]
fn a_typed_list_may_say_at_its_end_what_it_is() {
    // As `jq -S` sorts it.
    let lists: String = typed_lists()
        .into_iter()
        .map(|(version, kind, items)| {
            format!("{{\"apiVersion\":\"{version}\",\"items\":{},\"kind\":\"{kind}\"}}\n", Value::from(items))
        })
        .collect();
    is_no_error("input.json", lists);
}

#[test]
fn json_documents_may_be_separated_as_yaml_documents_are() {
    let values: Vec<String> = objects().iter().map(Value::to_string).collect();
    let (first, rest) = WEB.split_once("---\n").unwrap();
    let namespace: Value = serde_yaml::from_str(first).unwrap();
    for text in [
        values.join("\n---\n"),
        format!("{} # a comment\n---\n{}", values[0], values[1..].join("\n---\n")),
        format!("{namespace}\n---\n{rest}"),
    ] {
        is_no_error("input.yaml", text);
    }
    // A comment in front, and it is YAML.
    is_no_error("input.yaml", format!("# a comment\n{}", values.join("\n---\n")));
}

#[test]
fn a_list_in_place_of_an_object_is_refused() {
    let metadata = json!({ "name": "bad", "namespace": "shop" });
    for (metadata, spec) in [
        (metadata.clone(), json!([])),
        (metadata.clone(), json!([{ "matchLabels": { "app": "web" } }])),
        (metadata.clone(), json!({ "podSelector": [] })),
        (metadata, json!({ "ingress": [{ "from": [[null, null, ["10.0.0.0/8"]]] }] })),
        (json!(["bad", null, "shop"]), json!({})),
    ] {
        let policy = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec });
        is_left_out("input.json", lines_around(&policy.to_string()), &["input.json:3:", "error[invalid-object]"]);
    }
}

#[test]
fn what_is_no_object_is_passed_over_with_a_note() {
    for odd in [
        "null",
        "1 2.5 \"x\"",
        "true",
        "{}",
        "{\"kind\": null}",
        "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": null}",
    ] {
        println!("{odd}");
        is_no_error("input.json", lines_around(odd));
    }
    let mut items = objects();
    items.extend([json!(5), Value::Null, json!("x"), json!([]), json!(true)]);
    let run = is_no_error("input.json", json!({ "apiVersion": "v1", "kind": "List", "items": items }).to_string());
    assert!(run.err.contains("4 documents are not Kubernetes objects"), "{}", run.err);
    for odd in ["{}", "\"x\"", "5"] {
        let list = format!("{{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": {odd}}}");
        is_left_out("input.json", lines_around(&list), &["input.json:3:", "must be a list of objects", "left out"]);
    }
}

#[test]
fn numbers_of_any_length_do_no_harm() {
    let digits = "9".repeat(10_000);
    is_no_error(
        "input.json",
        lines_around(&format!(
            "{{\"kind\": \"Pod\", \"apiVersion\": \"v1\", \"metadata\": {{\"name\": \"x\", \"namespace\": \"shop\"}}, \"x\": {digits}}}"
        )),
    );
    is_left_out(
        "input.json",
        lines_around(&format!("{{\"spec\": {digits}, \"apiVersion\": \"v1\", \"kind\": \"Pod\"}}")),
        &["input.json:3:", "spec: must be a mapping"],
    );
}

#[test]
fn a_file_that_is_called_json_and_is_not_is_refused() {
    let scratch = Scratch::new();
    scratch.write("good.yaml", WEB);
    scratch.write("bad.json", WEB);
    scratch.netpol(&["reach", "."]).ends_with(2).says(&["bad.json:1:1: error[invalid-document]: expected value"]);
    survives(&scratch, ".");
}
