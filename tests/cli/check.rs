//! `netpol check`: formats, exit statuses, and where findings go.

use serde_json::Value;

use crate::golden::matches;
use crate::manifests::WEB;
use crate::program::{Call, Run, Scratch, netpol};

/// A finding of each severity, with non-ASCII text before one of them.
const FOUND: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: no-egress, namespace: shop }
spec:
  podSelector: {}
  egress: []
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: only-egress, namespace: shop }
spec: { podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: 10.0.0.0/8 } }] }] } # größe 🙂
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: bad, namespace: shop, labels: { \"größe🙂\": x, tier: 1 } }
spec: { podSelectr: {} }
";

/// Pods and no policy: there is nothing to say.
fn clean() -> &'static str {
    WEB.rsplit_once("---\n").expect("the policy comes last").0
}

fn check(content: &str, options: &[&str]) -> Run {
    let scratch = Scratch::new();
    scratch.write("k8s/policies.yaml", content);
    Call::new(&[&["check", "k8s"], options].concat()).within(scratch.path()).with("GITHUB_ACTIONS", "").run()
}

#[test]
fn findings_end_with_status_1_if_they_are_bad_enough() {
    check(clean(), &[]).ends_with(0).prints(&["nothing found"]);
    check(FOUND, &[]).ends_with(1);
    check(FOUND, &["--fail-on", "never"]).ends_with(0);
    let warning = FOUND.split("---\n").nth(1).unwrap();
    check(warning, &[]).ends_with(0).prints(&["1 warning"]);
    check(warning, &["--fail-on", "warning"]).ends_with(1);
}

#[test]
fn what_cannot_be_read_ends_with_status_2_and_the_rest_is_checked() {
    let run = check(&format!("{FOUND}---\nkind: [\n"), &["-o", "compact"]).ends_with(2);
    assert!(run.out.contains("error[invalid-document]") && run.out.contains("error[open-egress]"), "{}", run.out);
    netpol(&["check", "nowhere"]).ends_with(2).says(&["cannot read `nowhere`"]);
    netpol(&["check", "examples/shop", "-o", "xml"]).ends_with(2).says(&["the formats are pretty, compact"]);
}

#[test]
fn every_format_is_what_its_readers_expect() {
    for format in ["pretty", "compact", "json", "sarif", "junit", "github", "gitlab", "md"] {
        let mut out = check(FOUND, &["-o", format]).ends_with(1).out;
        if format == "sarif" {
            // The table of rules grows; what is said of them has a test of its own.
            let mut sarif: Value = serde_json::from_str(&out).unwrap();
            let driver = &mut sarif["runs"][0]["tool"]["driver"];
            assert!(driver["rules"].as_array().unwrap().len() > 20);
            driver["rules"] = Value::Null;
            for result in sarif["runs"][0]["results"].as_array_mut().unwrap() {
                assert!(result["ruleIndex"].take().is_u64());
            }
            out = serde_json::to_string_pretty(&sarif).unwrap() + "\n";
        }
        matches(&format!("check-{format}.txt"), &out);
    }
}

#[test]
fn a_clean_run_has_empty_reports() {
    let clean = |format| check(clean(), &["-o", format]).ends_with(0).out;
    assert_eq!(serde_json::from_str::<Value>(&clean("sarif")).unwrap()["runs"][0]["results"], Value::Array(Vec::new()));
    assert_eq!(clean("gitlab"), "[]\n");
    assert_eq!(clean("github"), "");
    assert!(clean("junit").contains("tests=\"0\" failures=\"0\""));
}

#[test]
fn fingerprints_stay_when_lines_move_and_are_never_the_same() {
    let fingerprints = |content: &str| -> Vec<String> {
        let report: Value = serde_json::from_str(&check(content, &["-o", "gitlab"]).out).unwrap();
        report.as_array().unwrap().iter().map(|issue| issue["fingerprint"].as_str().unwrap().to_owned()).collect()
    };
    let before = fingerprints(FOUND);
    assert_eq!(before, fingerprints(&format!("# a comment\n\n{FOUND}")));
    // The same policy twice in one input is two findings.
    let twice = fingerprints(&format!("{FOUND}---\n{FOUND}"));
    let distinct: std::collections::BTreeSet<&String> = twice.iter().collect();
    assert!(twice.len() > before.len() && distinct.len() == twice.len(), "{twice:?}");
}

#[test]
fn several_reports_may_be_written_at_once() {
    let scratch = Scratch::new();
    scratch.write("k8s/policies.yaml", FOUND);
    let run = Call::new(&["check", "k8s", "-o", "sarif=out.sarif", "-o", "junit=out.xml"])
        .within(scratch.path())
        .with("GITHUB_ACTIONS", "")
        .run()
        .ends_with(1);
    assert!(run.out.contains("--> k8s/policies.yaml:6:3"), "people read the findings too: {}", run.out);
    let written = |name: &str| std::fs::read_to_string(scratch.path().join(name)).unwrap();
    assert!(written("out.sarif").contains("\"2.1.0\"") && written("out.xml").starts_with("<?xml"));
    let into_nowhere = ["check", "k8s", "-o", "sarif=nowhere/out.sarif"];
    Call::new(&into_nowhere).within(scratch.path()).run().ends_with(2).says(&["cannot write `nowhere/out.sarif`"]);
}

#[test]
fn github_actions_get_annotations_and_a_summary_without_being_asked() {
    let scratch = Scratch::new();
    scratch.write("k8s/policies.yaml", FOUND);
    let summary = scratch.write("summary.md", "before\n");
    let run = Call::new(&["check", "k8s"])
        .within(scratch.path())
        .with("GITHUB_ACTIONS", "true")
        .with("GITHUB_STEP_SUMMARY", &summary)
        .run()
        .ends_with(1);
    assert!(run.out.starts_with("::error title=open-egress,file=k8s/policies.yaml,line=6,endLine=6,"), "{}", run.out);
    let summary = std::fs::read_to_string(summary).unwrap();
    assert!(summary.starts_with("before\n") && summary.contains("| `k8s/policies.yaml:6` |"), "{summary}");
}

#[test]
fn rules_are_listed_and_explained() {
    netpol(&["rules"]).ends_with(0).prints(&["open-egress", "error", "ignored-rules"]);
    netpol(&["rules", "open-egress"]).ends_with(0).prints(&["# open-egress", "## Bad", "## Good"]);
    netpol(&["rules", "open-egres"]).ends_with(2).says(&["there is no rule `open-egres`: did you mean `open-egress`?"]);
}

/// A policy with three flaws that can be mended for certain, in text that has to stay as it is.
const MENDABLE: &str = "\
# a comment
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: bad, namespace: shop, labels: { \"größe\": \"x\", tier: 1 } }
spec:
  podSelectr: {}   # kept
  policyTypes: [Ingress]
  ingress:
    - ports: [{ port: 80, endPort: \"90\" }]
";

#[test]
fn fixes_change_what_they_mend_and_nothing_else() {
    let scratch = Scratch::new();
    for (name, text) in [("a.yaml", MENDABLE.to_owned()), ("b.yaml", MENDABLE.replace('\n', "\r\n"))] {
        let text = text.replace("\"größe\": \"x\", ", "").replace("name: bad", &format!("name: {}", &name[..1]));
        let file = scratch.write(format!("k8s/{name}"), &text);
        let call =
            |option| Call::new(&["check", "k8s", option]).within(scratch.path()).with("GITHUB_ACTIONS", "").run();
        let shown = call("--diff").ends_with(1);
        assert!(shown.out.starts_with(&format!("--- a/k8s/{name}\n+++ b/k8s/{name}\n")), "{}", shown.out);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text, "--diff changes nothing");
        call("--fix").ends_with(0).says(&["applied 3 fixes"]);
        let fixed = text.replace("tier: 1", "tier: \"1\"").replace("podSelectr", "podSelector").replace("\"90\"", "90");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), fixed);
        call("--fix").ends_with(0).says(&["applied 0 fixes"]);
    }
}

#[test]
fn fixes_in_json_keep_it_json() {
    let policy = r#"{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "a", "labels": {"tier": 1}},
        "spec": {"podSelectr": {}, "policyTypes": ["Ingress"]}}"#;
    let scratch = Scratch::new();
    let file = scratch.write("a.json", policy);
    Call::new(&["check", "a.json", "--fix"]).within(scratch.path()).run().ends_with(0).says(&["applied 2 fixes"]);
    let fixed: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(
        (&fixed["metadata"]["labels"]["tier"], &fixed["spec"]["podSelector"]),
        (&"1".into(), &Value::Object(Default::default()))
    );
}

#[test]
fn standard_input_is_not_fixed_but_the_fixes_are_shown() {
    let call = |option: &'static str| Call::new(&["check", "-", option]).reading(MENDABLE).run();
    call("--fix").ends_with(2).says(&["standard input cannot be fixed"]);
    call("--diff").ends_with(1).prints(&["+  podSelector: {}   # kept"]);
}

#[test]
fn a_baseline_leaves_out_what_was_there_and_misses_what_is_gone() {
    let scratch = Scratch::new();
    let call = |arguments: &[&str]| {
        Call::new(&[&["check", "k8s"], arguments].concat()).within(scratch.path()).with("GITHUB_ACTIONS", "").run()
    };
    scratch.write("k8s/policies.yaml", FOUND);
    call(&["--baseline", "known.json"]).ends_with(2).says(&["cannot read `known.json`"]);
    call(&["--write-baseline", "known.json"]).ends_with(0).says(&["3 errors"]);
    call(&["--baseline", "known.json"]).ends_with(0).prints(&["nothing found"]);
    // A new one is told, wherever it stands, and no other.
    let open = FOUND.split("---\n").next().unwrap();
    scratch.write("k8s/policies.yaml", format!("{}---\n{FOUND}", open.replace("no-egress", "new")));
    let run = call(&["--baseline", "known.json", "-o", "compact"]).ends_with(1);
    assert!(run.out.contains("shop/new") && !run.out.contains("shop/no-egress"), "{}", run.out);
    scratch.write("k8s/policies.yaml", FOUND.replace("egress: []", "policyTypes: [Egress]"));
    call(&["--baseline", "known.json"])
        .ends_with(0)
        .says(&["warning: stale entry in `known.json`: ", "shop/no-egress"]);
    scratch.write("known.json", "[]");
    call(&["--baseline", "known.json"]).ends_with(2).says(&["`known.json` is no baseline", "--write-baseline"]);
}
