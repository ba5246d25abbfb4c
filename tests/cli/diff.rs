//! `netpol diff`: what a change opens and closes.

use serde_json::{Value, json};

use crate::manifests::{SHOP, WEB};
use crate::program::{Call, Run, Scratch, netpol, not_yet};

/// Compares two texts.
fn diff(old: &str, new: &str, arguments: &[&str]) -> Run {
    let scratch = Scratch::new();
    scratch.write("old.yaml", old);
    scratch.write("new.yaml", new);
    scratch.netpol(&[&["diff", "old.yaml", "new.yaml", "-q"], arguments].concat())
}

/// `WEB` with one part replaced.
fn changed(old: &str, new: &str) -> String {
    assert!(WEB.contains(old), "`{old}` is not in the manifest");
    WEB.replace(old, new)
}

#[test]
fn no_difference_is_status_0_in_every_format() {
    let reordered: String = netpol_tests::case::split(WEB).iter().rev().map(|text| format!("---\n{text}")).collect();
    for new in [WEB, &reordered] {
        assert_eq!(diff(WEB, new, &[]).ends_with(0).out, "no difference\n");
        assert_eq!(diff(WEB, new, &["-o", "md"]).ends_with(0).out, "No difference in who can reach whom.\n");
        let answer: Value = serde_json::from_str(&diff(WEB, new, &["-o", "json"]).ends_with(0).out).unwrap();
        assert_eq!(answer, json!({ "added": [], "removed": [], "changes": [] }));
    }
    netpol(&["diff", SHOP, SHOP]).ends_with(0);
}

#[test]
fn what_is_gained_lost_and_kept_is_told_pair_by_pair() {
    let new = changed("ports: [{ port: 80 }]", "ports: [{ port: 81 }, { port: 443 }]");
    let both = changed("ports: [{ port: 80 }]", "ports: [{ port: 80 }, { port: 443 }]");
    assert_eq!(
        diff(WEB, &new, &[]).ends_with(1).out,
        "shop/client[Pod] -> shop/web[Pod]\n  - TCP 80\n  + TCP 81,443\n"
    );
    assert_eq!(
        diff(WEB, &both, &[]).ends_with(1).out,
        "shop/client[Pod] -> shop/web[Pod]\n  + TCP 443\n    TCP 80 as before\n"
    );
    assert_eq!(
        diff(&both, WEB, &[]).ends_with(1).out,
        "shop/client[Pod] -> shop/web[Pod]\n  - TCP 443\n    TCP 80 as before\n"
    );
}

#[test]
fn json_calls_a_change_gained_lost_or_changed() {
    let nobody = changed(
        "{ podSelector: { matchLabels: { app: client } } }",
        "{ podSelector: { matchLabels: { app: nobody } } }",
    );
    let both = changed("ports: [{ port: 80 }]", "ports: [{ port: 80 }, { port: 443 }]");
    let change = |old: &str, new: &str| -> Value {
        let answer: Value = serde_json::from_str(&diff(old, new, &["-o", "json"]).ends_with(1).out).unwrap();
        assert_eq!((&answer["added"], &answer["removed"]), (&json!([]), &json!([])));
        let changes = answer["changes"].as_array().unwrap();
        assert_eq!(changes.len(), 1, "{answer}");
        changes[0].clone()
    };
    let tcp = |port: &str| json!([{ "protocol": "TCP", "ports": [port] }]);
    let expected = |change: &str, gained: Value, lost: Value, kept: Value| {
        json!({
            "source": "shop/client[Pod]",
            "destination": "shop/web[Pod]",
            "change": change,
            "gained": gained,
            "lost": lost,
            "kept": kept,
        })
    };
    assert_eq!(change(&nobody, WEB), expected("gained", tcp("80"), json!([]), json!([])));
    assert_eq!(change(WEB, &nobody), expected("lost", json!([]), tcp("80"), json!([])));
    assert_eq!(change(WEB, &both), expected("changed", tcp("443"), json!([]), tcp("80")));
    assert_eq!(change(&both, WEB), expected("changed", json!([]), tcp("443"), tcp("80")));
}

#[test]
fn external_ranges_are_cut_as_finely_as_the_change_needs() {
    let from = |blocks: &str| changed("{ podSelector: { matchLabels: { app: client } } }", blocks);
    let wide = from("{ ipBlock: { cidr: 10.0.0.0/8 } }");
    let holed = from("{ ipBlock: { cidr: 10.0.0.0/8, except: [10.1.0.0/16] } }");
    assert_eq!(diff(&wide, &holed, &[]).ends_with(1).out, "10.1.0.0-10.1.255.255 -> shop/web[Pod]\n  - TCP 80\n");
    let split = from("{ ipBlock: { cidr: 10.0.0.0/9 } }, { ipBlock: { cidr: 10.128.0.0/9 } }");
    assert_eq!(diff(&wide, &split, &[]).ends_with(0).out, "no difference\n");
    let everyone = from("{ ipBlock: { cidr: 0.0.0.0/0 } }");
    assert_eq!(
        diff(&wide, &everyone, &[]).ends_with(1).out,
        "0.0.0.0-9.255.255.255 -> shop/web[Pod]\n  + TCP 80\n11.0.0.0-255.255.255.255 -> shop/web[Pod]\n  + TCP 80\n"
    );
}

#[test]
fn endpoints_that_come_and_go_are_named() {
    let new = changed("name: stranger", "name: newcomer");
    diff(WEB, &new, &[]).ends_with(1).prints(&[
        "- endpoint shop/stranger[Pod]\n+ endpoint shop/newcomer[Pod]\n",
        "shop/newcomer[Pod] -> shop/client[Pod]\n  + all connections\n",
        "shop/stranger[Pod] -> shop/client[Pod]\n  - all connections\n",
    ]);
    diff(WEB, &new, &["-o", "md"])
        .ends_with(1)
        .prints(&["Removed endpoints: `shop/stranger[Pod]`", "Added endpoints: `shop/newcomer[Pod]`"]);
    let answer: Value = serde_json::from_str(&diff(WEB, &new, &["-o", "json"]).ends_with(1).out).unwrap();
    assert_eq!(answer["added"], json!(["shop/newcomer[Pod]"]));
    assert_eq!(answer["removed"], json!(["shop/stranger[Pod]"]));
}

#[test]
fn filters_say_which_part_is_compared() {
    let new = changed("ports: [{ port: 80 }]", "ports: [{ port: 81 }]");
    diff(WEB, &new, &["--to", "shop/web"]).ends_with(1);
    diff(WEB, &new, &["--port", "81"]).ends_with(1).prints(&["+ TCP 81"]);
    diff(WEB, &new, &["--port", "443"]).ends_with(0);
    diff(WEB, &new, &["--from", "shop/stranger"]).ends_with(0);
    let renamed = changed("name: stranger", "name: newcomer");
    not_yet("endpoints that nobody asked about are differences", move || {
        diff(WEB, &renamed, &["--from", "shop/client", "--to", "shop/web"]).ends_with(0);
    });
}

#[test]
fn one_side_may_be_standard_input() {
    let scratch = Scratch::new();
    scratch.write("web.yaml", WEB);
    Call::new(&["diff", "web.yaml", "-"]).within(scratch.path()).reading(WEB).run().ends_with(0);
    let new = changed("ports: [{ port: 80 }]", "ports: [{ port: 81 }]");
    Call::new(&["diff", "-", "web.yaml"]).within(scratch.path()).reading(new).run().ends_with(1).prints(&["- TCP 81"]);
}

#[test]
fn a_side_that_is_not_there_is_status_2() {
    let scratch = Scratch::new();
    scratch.write("web.yaml", WEB);
    for sides in [["web.yaml", "nowhere"], ["nowhere", "web.yaml"]] {
        let run = scratch.netpol(&["diff", sides[0], sides[1]]).ends_with(2).says(&["cannot read `nowhere`"]);
        assert_eq!(run.out, "");
    }
}

#[test]
fn markdown_is_a_table_of_four_columns() {
    let new = changed("ports: [{ port: 80 }]", "ports: [{ port: 81 }]");
    assert_eq!(
        diff(WEB, &new, &["-o", "md"]).ends_with(1).out,
        "| Source | Destination | Lost | Gained |\n|---|---|---|---|\n\
         | `shop/client[Pod]` | `shop/web[Pod]` | TCP 80 | TCP 81 |\n"
    );
}
