//! `netpol diff`: what a change opens and closes.

use serde_json::{Value, json};

use crate::manifests::{SHOP, WEB};
use crate::program::{Call, Run, Scratch, netpol};

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
    assert_eq!(
        diff(WEB, &new, &[]).ends_with(1).out,
        "- endpoint removed: shop/stranger[Pod]\n    \
         could reach shop/client[Pod], every address outside\n    \
         could be reached by everything\n\
         + endpoint added: shop/newcomer[Pod]\n    \
         may reach shop/client[Pod], every address outside\n    \
         may be reached by everything\n"
    );
    assert_eq!(
        diff(WEB, &new, &["-o", "md"]).ends_with(1).out,
        "- Removed endpoint `shop/stranger[Pod]`\n  \
         - could reach `shop/client[Pod]`, every address outside\n  \
         - could be reached by everything\n\
         - Added endpoint `shop/newcomer[Pod]`\n  \
         - may reach `shop/client[Pod]`, every address outside\n  \
         - may be reached by everything\n"
    );
    let answer: Value = serde_json::from_str(&diff(WEB, &new, &["-o", "json"]).ends_with(1).out).unwrap();
    assert_eq!(answer["added"], json!(["shop/newcomer[Pod]"]));
    assert_eq!(answer["removed"], json!(["shop/stranger[Pod]"]));
    let pair = json!(["shop/newcomer[Pod]", "shop/client[Pod]", "gained"]);
    let pairs = answer["changes"].as_array().unwrap().iter();
    assert!(
        pairs.map(|change| json!([change["source"], change["destination"], change["change"]])).any(|one| one == pair)
    );
}

#[test]
fn filters_say_which_part_is_compared() {
    let new = changed("ports: [{ port: 80 }]", "ports: [{ port: 81 }]");
    diff(WEB, &new, &["--to", "shop/web"]).ends_with(1);
    diff(WEB, &new, &["--port", "81"]).ends_with(1).prints(&["+ TCP 81"]);
    diff(WEB, &new, &["--port", "443"]).ends_with(0);
    diff(WEB, &new, &["--from", "shop/stranger"]).ends_with(0);
    let renamed = changed("name: stranger", "name: newcomer");
    diff(WEB, &renamed, &["--from", "shop/client", "--to", "shop/web"]).ends_with(0);
    diff(WEB, &renamed, &["-n", "elsewhere"]).ends_with(2);
    assert_eq!(
        diff(WEB, &renamed, &["--from", "shop/client"]).ends_with(1).out,
        "- endpoint removed: shop/stranger[Pod]\n    could be reached by shop/client[Pod]\n\
         + endpoint added: shop/newcomer[Pod]\n    may be reached by shop/client[Pod]\n"
    );
}

#[test]
fn an_endpoint_with_everything_or_nothing_is_one_line() {
    let pod = |name: &str| format!("apiVersion: v1\nkind: Pod\nmetadata: {{ name: {name} }}\n---\n");
    let pods: String = ["a", "b", "c", "d", "e", "f"].map(pod).concat();
    let closed = format!(
        "{pods}apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{ name: closed }}\n\
         spec: {{ podSelector: {{}}, policyTypes: [Ingress, Egress] }}\n"
    );
    let without_a = |text: &str| text.replace(&pod("a"), "");
    assert_eq!(
        diff(&without_a(&pods), &pods, &[]).ends_with(1).out,
        "+ endpoint added: default/a[Pod]: may reach everything, may be reached by everything\n"
    );
    assert_eq!(
        diff(&closed, &without_a(&closed), &[]).ends_with(1).out,
        "- endpoint removed: default/a[Pod]: could reach nothing, could be reached by nothing\n"
    );
    let inside = format!("{}  egress: [{{ to: [{{ podSelector: {{}} }}], ports: [{{ port: 80 }}] }}]\n", closed)
        .replace("spec: { podSelector: {}, policyTypes: [Ingress, Egress] }", "spec:\n  policyTypes: [Egress]");
    assert_eq!(
        diff(&without_a(&inside), &inside, &[]).ends_with(1).out,
        "+ endpoint added: default/a[Pod]\n    may reach every endpoint over TCP 80\n    \
         may be reached by every endpoint over TCP 80\n    may be reached by every address outside\n"
    );
}

#[test]
fn filters_find_the_range_of_an_address_and_show_all_of_it() {
    let from = |blocks: &str| changed("{ podSelector: { matchLabels: { app: client } } }", blocks);
    let old = from("{ ipBlock: { cidr: 10.0.0.0/8 } }");
    let new = from("{ ipBlock: { cidr: 11.0.0.0/8 } }");
    for address in ["10.0.0.0", "10.0.0.1", "10.255.255.255"] {
        assert_eq!(
            diff(&old, &new, &["--from", address]).ends_with(1).out,
            "10.0.0.0-10.255.255.255 -> shop/web[Pod]\n  - TCP 80\n",
            "{address}"
        );
    }
}

#[test]
fn addresses_of_nodes_are_ranges_of_their_own_and_no_boundaries() {
    let node = |address: &str| {
        let node = "apiVersion: v1\nkind: Node\nmetadata: { name: one }\n";
        let from = "{ ipBlock: { cidr: 10.0.0.0/8 } }";
        let web = changed("{ podSelector: { matchLabels: { app: client } } }", from);
        format!("{web}---\n{node}status: {{ addresses: [{{ type: InternalIP, address: {address} }}] }}\n")
    };
    let (old, new) = (node("10.0.0.7"), node("10.0.0.8").replace("{ port: 80 }", "{ port: 81 }"));
    let whole = "10.0.0.0-10.255.255.255 -> shop/web[Pod]\n  - TCP 80\n  + TCP 81\n";
    assert_eq!(diff(&old, &new, &[]).ends_with(1).out, whole);
    assert_eq!(diff(&old, &new, &["--include-nodes"]).ends_with(1).out, whole);
    assert_eq!(
        diff(&old, &new, &["--include-nodes", "--from", "10.0.0.9"]).ends_with(1).out,
        whole.replace("10.0.0.0-", "10.0.0.9-")
    );
}

#[test]
fn names_do_no_harm_in_any_format() {
    let odd = format!("{WEB}---\napiVersion: v1\nkind: Pod\nmetadata: {{ name: \"a|b\\e[31m\", namespace: shop }}\n");
    for format in ["text", "md", "json"] {
        assert!(!diff(WEB, &odd, &["-o", format]).ends_with(1).out.contains('\x1b'));
    }
    diff(WEB, &odd, &[]).prints(&["+ endpoint added: shop/a|b\\u{1b}[31m[Pod]"]);
    let closed = changed("ports: [{ port: 80 }]", "ports: [{ port: 81 }]").replace("name: client,", "name: \"c|\\n\",");
    let open = closed.replace("81", "82");
    diff(&closed, &open, &["-o", "md"])
        .ends_with(1)
        .prints(&["| `shop/c\\|\\n[Pod]` | `shop/web[Pod]` | TCP 81 | TCP 82 |"]);
}

#[test]
fn objects_whose_names_the_cluster_makes_are_told_apart_in_any_order() {
    let job = |labels: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{ generateName: job-, namespace: shop, labels: {{ {labels} }} }}\n"
        )
    };
    let (client, stranger) = (job("app: client"), job("app: other"));
    let old = format!("{WEB}---\n{client}---\n{stranger}---\n{stranger}");
    let reordered = format!("{stranger}---\n{stranger}---\n{client}---\n{WEB}");
    diff(&old, &reordered, &[]).ends_with(0);
    let answer = diff(WEB, &old, &["-o", "json"]).ends_with(1).out;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["added"], json!(["shop/job-[Pod]", "shop/job-#2[Pod]", "shop/job-#3[Pod]"]));
    let scratch = Scratch::new();
    scratch.write("input.yaml", &reordered);
    let reaches = |end: &str, status: i32| {
        let question = ["eval", "input.yaml", "--from", end, "--to", "shop/web", "--port", "80"];
        scratch.netpol(&question).ends_with(status).prints(&[&format!("{end}[Pod] -> shop/web[Pod]:80/TCP")]);
    };
    reaches("shop/job-", 0);
    reaches("shop/job-#2", 1);
    reaches("shop/job-#3", 1);
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
