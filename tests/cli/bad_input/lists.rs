//! `kind: List` in YAML: cut into items where that is easy, read as one where it is not.

use serde_json::Value;

use crate::manifests::WEB;
use crate::{is_left_out, is_no_error};

const HEADER: &str = "apiVersion: v1\nkind: List\nitems:\n";

const BAD: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: bad, namespace: shop }\nspec:\n  ingress: {}\n";

/// The good documents, and the bad one as the third.
fn with_bad(bad: &str) -> Vec<String> {
    let mut documents = netpol_tests::case::split(WEB);
    documents.insert(2, bad.to_owned());
    documents
}

/// Documents as the items of a block list.
fn items(documents: &[String]) -> String {
    documents.iter().map(|text| format!("- {}\n", text.trim_end().replace('\n', "\n  "))).collect()
}

fn flow_items(documents: &[String]) -> String {
    let items: Vec<String> =
        documents.iter().map(|text| serde_yaml::from_str::<Value>(text).expect("a manifest").to_string()).collect();
    items.join(",\n ")
}

#[test]
fn a_broken_item_is_left_out_and_the_others_are_read() {
    for header in [
        HEADER,
        "items:\n",
        "kind: List\napiVersion: v1\nmetadata:\n  resourceVersion: \"\"\n  selfLink: \"\"\nitems:\n",
        "apiVersion: v1\nkind: List\nmetadata: {}\n# and now\n\nitems:\n",
    ] {
        let footer =
            if header == "items:\n" { "kind: List\nmetadata:\n  resourceVersion: \"\"\napiVersion: v1\n" } else { "" };
        let text = format!("{header}{}{footer}", items(&with_bad(BAD)));
        let line = text.lines().position(|line| line.trim() == "ingress: {}").unwrap() + 1;
        let place = format!("input.yaml:{line}:14: error[invalid-object]: ");
        is_left_out("input.yaml", &text, &[&place, "spec.ingress: ", "left out"]);
        is_left_out("input.yaml", text.replace('\n', "\r\n"), &[&place]);
    }
}

#[test]
fn an_item_with_a_syntax_error_is_left_out_and_the_others_are_read() {
    for (old, new) in [("ingress: {}", "ingress: ["), ("  ingress", "\tingress"), ("kind: ", "kind: a: ")] {
        let text = format!("{HEADER}{}", items(&with_bad(&BAD.replace(old, new))));
        println!("{text}");
        is_left_out("input.yaml", text, &["input.yaml:", "error[invalid-document]"]);
    }
}

#[test]
fn an_item_with_an_alias_of_nothing_is_left_out_and_the_others_are_read() {
    let text = format!("{HEADER}{}", items(&with_bad(&BAD.replace("name: bad", "name: *bad"))));
    is_left_out("input.yaml", text, &["input.yaml:13:21: error[invalid-document]: unknown anchor"]);
}

#[test]
fn a_message_about_an_item_has_the_path_that_the_object_has() {
    let lenient = is_left_out("input.yaml", format!("{HEADER}{}", items(&with_bad(BAD))), &["error[invalid-object]"]);
    assert!(!lenient.err.contains(".[0]"), "{}", lenient.err);
}

#[test]
fn a_broken_item_of_a_list_in_flow_style_is_left_out_and_the_others_are_read() {
    let items = flow_items(&with_bad(BAD));
    for text in [
        format!("apiVersion: v1\nkind: List\nitems: [{items}]\n"),
        format!("{{apiVersion: v1, kind: List, items: [\n {items}]}}\n"),
    ] {
        let line = text.lines().position(|line| line.contains("\"bad\"")).unwrap() + 1;
        let place = format!("input.yaml:{line}:");
        is_left_out("input.yaml", text, &[&place, "error[invalid-object]: NetworkPolicy shop/bad: ", "left out"]);
    }
}

#[test]
fn a_list_that_is_written_with_quotes_and_comments_is_a_list_too() {
    for header in [
        HEADER.replace("List", "\"List\""),
        HEADER.replace("items:", "\"items\":"),
        HEADER.replace("List", "List # of everything").replace("items:", "items: # all of them"),
        HEADER.replace("items:", "items: !!seq"),
    ] {
        println!("{header}");
        is_no_error("input.yaml", format!("{header}{}", items(&netpol_tests::case::split(WEB))));
        let broken = format!("{header}{}", items(&with_bad(BAD)));
        is_left_out("input.yaml", broken, &["error[invalid-object]: NetworkPolicy shop/bad: ", "left out"]);
    }
}

#[test]
fn a_broken_item_of_a_list_in_a_list_or_of_a_bare_list_is_left_out_and_the_others_are_read() {
    let all = items(&with_bad(BAD));
    for text in [format!("{HEADER}{}", items(&[format!("{HEADER}{all}")])), all] {
        is_left_out("input.yaml", text, &["error[invalid-object]"]);
    }
}

#[test]
fn lists_may_be_in_lists_and_documents_may_be_lists() {
    let documents = netpol_tests::case::split(WEB);
    let inner = format!("{HEADER}{}", items(&documents[2..]));
    let outer = [&documents[..2], &[inner]].concat();
    is_no_error("input.yaml", format!("{HEADER}{}", items(&outer)));
    is_no_error("input.yaml", items(&outer));
    is_no_error(
        "input.yaml",
        format!("{HEADER}- {{apiVersion: v1, kind: List, items: [{}]}}\n", flow_items(&documents)),
    );
}

#[test]
fn aliases_may_cross_the_items_of_a_list() {
    let documents: Vec<String> = netpol_tests::case::split(WEB)
        .iter()
        .map(|text| {
            // The policy's selector takes the labels of the web server, and its peer those of the client.
            text.replace("labels: { app: web }", "labels: &web { app: web }")
                .replace("labels: { app: client }", "labels: &client { app: client }")
                .replace("matchLabels: { app: web }", "matchLabels: *web")
                .replace("matchLabels: { app: client }", "matchLabels: *client")
        })
        .collect();
    assert!(documents.concat().contains("*web"));
    is_no_error("input.yaml", format!("{HEADER}{}", items(&documents)));
    // With a broken item among them as well.
    let broken = [documents.as_slice(), &[BAD.to_owned()]].concat();
    is_left_out("input.yaml", format!("{HEADER}{}", items(&broken)), &["NetworkPolicy shop/bad: ", "left out"]);
}

#[test]
fn an_alias_takes_the_last_anchor_of_its_name_before_it() {
    let pod = |name: &str, labels: &str| {
        format!("apiVersion: v1\nkind: Pod\nmetadata: {{ name: {name}, namespace: shop, labels: {labels} }}\n")
    };
    let mut documents = netpol_tests::case::split(WEB);
    documents.extend([pod("a", "&l { app: stranger }"), pod("b", "&l { app: client }"), pod("c", "*l")]);
    let run = is_no_error("input.yaml", format!("{HEADER}{}", items(&documents)));
    assert!(run.out.contains("shop/c[Pod],shop/web[Pod],TCP,80\n"), "{}", run.out);
    assert!(!run.out.contains("shop/a[Pod],shop/web[Pod]"), "{}", run.out);
}

#[test]
fn what_is_no_item_is_passed_over_and_what_is_no_list_refused() {
    let all = items(&netpol_tests::case::split(WEB));
    is_no_error("input.yaml", format!("{HEADER}- 5\n-\n- text\n- []\n{all}- ~\n"));
    let block = "- apiVersion: v1\n  kind: ConfigMap\n  data:\n    a: |\n      - kind: Pod\n      ---\n      - b: [\n";
    is_no_error("input.yaml", format!("{HEADER}{block}{all}"));
    for (odd, column) in [("{}", 8), ("text", 8), ("5", 8)] {
        let text = format!("apiVersion: v1\nkind: List\nitems: {odd}\n---\n{WEB}");
        is_left_out(
            "input.yaml",
            text,
            &[&format!("input.yaml:3:{column}: error[invalid-object]: items: "), "must be a list of objects"],
        );
    }
    is_no_error("input.yaml", format!("apiVersion: v1\nkind: List\nitems:\n---\n{WEB}"));
}
