//! Nesting that would exhaust a stack, and aliases that would exhaust a memory.

use crate::manifests::WEB;
use crate::program::Scratch;
use crate::{between_good, is_left_out, is_no_error, is_passed_over, survives};

const DEEP: usize = 100_000;

#[test]
fn deep_flow_nesting_and_runs_of_indicators_are_refused() {
    for deep in [
        "a: ".to_owned() + &"[".repeat(DEEP),
        "a: ".to_owned() + &"[".repeat(DEEP) + &"]".repeat(DEEP),
        "{a: ".repeat(DEEP),
        "[{a: ".repeat(DEEP),
        "[\"]\", ".repeat(DEEP),
        "- ".repeat(DEEP),
        "? ".repeat(DEEP),
        ": ".repeat(DEEP),
        "? - ".repeat(DEEP),
        "!a ".repeat(DEEP) + "b",
        "&a ".repeat(DEEP) + "b",
    ] {
        println!("{}", &deep[..20]);
        let (text, first) = between_good(&deep);
        // That the place is in the document, or at the marker before it, is enough here.
        let run = is_left_out("input.yaml", text, &["input.yaml:", "error[invalid-"]);
        let line: usize = run.err.split(':').nth(1).unwrap().parse().unwrap();
        assert!((first - 1..=first + 1).contains(&line), "{}", run.err);
    }
}

#[test]
fn deep_block_nesting_is_no_danger() {
    let nested = |item: &str, depth: usize| -> String {
        (0..depth).map(|level| format!("{}{item}\n", " ".repeat(level))).collect()
    };
    is_passed_over(&nested("a:", 2_000));
    is_left_out("input.yaml", between_good(&nested("-", 2_000)).0, &["input.yaml:", "error[invalid-document]"]);
    let map = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: x }}\ndata:\n{}", nested("  a:", 200));
    is_passed_over(&map);
    let spec = format!("apiVersion: v1\nkind: Pod\nmetadata: {{ name: x }}\nspec:\n{}", nested("  a:", 200));
    is_passed_over(&spec);
    let before = format!("spec:\n{}apiVersion: v1\nkind: Pod\nmetadata: {{ name: x }}\n", nested("  a:", 2_000));
    is_passed_over(&before);
}

#[test]
fn deep_nesting_in_json_is_no_danger() {
    let good =
        WEB.split("---\n").map(|text| serde_yaml::from_str::<serde_json::Value>(text).unwrap().to_string() + "\n");
    let good: String = good.collect();
    for (deep, is_refused) in [
        (format!("{}1{}", "[".repeat(DEEP), "]".repeat(DEEP)), true),
        (
            format!("{{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"a\":{}{}}}", "[".repeat(DEEP), "]".repeat(DEEP)),
            false,
        ),
        (format!("{{\"spec\":{}1{}}}", "{\"a\":".repeat(DEEP), "}".repeat(DEEP)), false),
        (format!("{{\"items\":{}1{}}}", "[".repeat(DEEP), "]".repeat(DEEP)), true),
        (format!("{{\"a\":{}1{}}}", "{\"a\":".repeat(DEEP), "}".repeat(DEEP)), false),
    ] {
        println!("{}", &deep[..50]);
        let text = format!("{deep}\n{good}");
        if is_refused {
            is_left_out("input.json", text, &["input.json:1:", "error[invalid-document]", "this document is left out"]);
        } else {
            is_no_error("input.json", text);
        }
    }
    // What is never closed has no neighbours, but it ends.
    let scratch = Scratch::new();
    for open in ["[", "{\"a\":", "{\"spec\":{\"a\":["] {
        scratch.write("open.json", format!("{{\"kind\": \"ConfigMap\"}}\n{}", open.repeat(DEEP)));
        scratch.write("good.yaml", WEB);
        scratch.netpol(&["reach", "."]).ends_with(2).says(&["open.json:2:", "error[invalid-document]"]);
        survives(&scratch, ".");
    }
}

/// Lists of lists, nine wide and ten deep, each level an alias of the one above.
fn laughs(indent: &str) -> String {
    let mut text = format!("{indent}a: &a [{}]\n", ["lol"; 9].join(","));
    for (upper, level) in "abcdefghi".chars().zip("bcdefghij".chars()) {
        text += &format!("{indent}{level}: &{level} [{}]\n", [format!("*{upper}").as_str(); 9].join(","));
    }
    text
}

#[test]
fn a_billion_laughs_are_refused_in_fields_that_are_not_read() {
    for laughing in [
        laughs(""),
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: x }}\ndata:\n{}", laughs("  ")),
        format!("apiVersion: v1\nkind: Pod\nmetadata: {{ name: x }}\nspec:\n{}", laughs("  ")),
    ] {
        let run = is_left_out(
            "input.yaml",
            between_good(&laughing).0,
            &["input.yaml:", "error[invalid-document]", "aliases"],
        );
        assert!(run.memory < 100, "{} MiB", run.memory);
    }
}

#[test]
fn a_billion_laughs_are_refused_in_fields_that_are_read() {
    let laughing_spec = format!("kind: NetworkPolicy\nmetadata: {{ name: x }}\nspec:\n{}", laughs("  "));
    let items: String = laughs("").lines().map(|line| format!("- {}\n", &line["a: ".len()..])).collect();
    for laughing in [
        format!("apiVersion: networking.k8s.io/v1\n{laughing_spec}"),
        // Where the kind comes last, nobody knows yet what is not read.
        format!("spec:\n{}apiVersion: v1\nkind: Pod\nmetadata: {{ name: x }}\n", laughs("  ")),
        format!("apiVersion: v1\nkind: List\nitems:\n{items}"),
    ] {
        let run = is_left_out("input.yaml", between_good(&laughing).0, &["input.yaml:", "error[invalid-"]);
        assert!(run.memory < 200, "{} MiB", run.memory);
    }
    let items = "[&a {apiVersion: v1, kind: Pod, metadata: {name: q}}".to_owned()
        + &"abcdefgh"
            .chars()
            .zip("bcdefghi".chars())
            .map(|(upper, level)| format!(", &{level} [{}]", [format!("*{upper}").as_str(); 10].join(",")))
            .collect::<String>()
        + "]";
    let list = format!("apiVersion: v1\nkind: List\nitems: {items}\n");
    let run = is_left_out("input.yaml", between_good(&list).0, &["input.yaml:", "error[invalid-document]"]);
    assert!(run.memory < 200, "{} MiB", run.memory);
}

#[test]
fn aliases_do_not_multiply_what_is_read() {
    // A rule of a thousand peers, a thousand times: 17 kB that mean a million peers.
    let rules = format!(
        "  - from: &from [{}]\n{}",
        ["{ podSelector: { matchLabels: { app: nobody } } }"; 1_000].join(", "),
        "  - from: *from\n".repeat(1_000)
    );
    let policy = format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{ name: x, namespace: shop }}\nspec:\n  podSelector: {{}}\n  ingress:\n{rules}"
    );
    // A label of a hundred thousand letters, on a thousand pods.
    let pods: String = (0..1_000)
        .map(|i| format!("- apiVersion: v1\n  kind: Pod\n  metadata: {{ name: p{i}, labels: *labels }}\n"))
        .collect();
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {{ name: p, labels: &labels {{ a: {} }} }}\n{pods}",
        "x".repeat(100_000)
    );
    for text in [policy, list] {
        let scratch = Scratch::new();
        scratch.write("input.yaml", between_good(&text).0);
        let run = scratch.netpol(&["reach", "input.yaml", "--lenient", "-o", "csv", "--to", "shop/web"]).ends_with(0);
        assert!(run.memory < 64, "{} MiB", run.memory);
        run.says(&["error[invalid-document]", "aliases"]);
    }
}

#[test]
fn an_anchor_inside_itself_is_no_danger() {
    for odd in ["a: &a [*a]\n", "kind: Pod\napiVersion: v1\nmetadata: &m { name: x, labels: *m }\n", "&a [*a]\n"] {
        let scratch = Scratch::new();
        scratch.write("input.yaml", between_good(odd).0);
        survives(&scratch, "input.yaml");
    }
}
