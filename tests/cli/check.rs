//! `netpol check`: formats, exit statuses, and where findings go.

use netpol_tests::case::workspace;
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
    // The second stays what it is when the first is ignored.
    let ignored = FOUND.replacen("egress: []", "egress: [] # netpol-ignore: open-egress it is a lab", 1);
    let left = fingerprints(&format!("{ignored}---\n{FOUND}"));
    assert!(left.len() + 1 == twice.len() && left.iter().all(|left| distinct.contains(left)), "{left:?}");
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
    let (annotations, frames) = run.out.split_once("::endgroup::\n").expect("annotations are folded away");
    let error = "::group::annotations\n::error title=open-egress,file=k8s/policies.yaml,line=6,endLine=6,";
    assert!(annotations.starts_with(error), "{}", run.out);
    assert!(
        frames.contains("--> k8s/policies.yaml:6:3") && !frames.contains("::error"),
        "people read the log: {frames}"
    );
    let summary = std::fs::read_to_string(summary).unwrap();
    assert!(summary.starts_with("before\n") && summary.contains("| `k8s/policies.yaml:6` |"), "{summary}");
}

#[test]
fn github_actions_get_the_formats_that_are_asked_for_and_no_empty_group() {
    let scratch = Scratch::new();
    scratch.write("k8s/policies.yaml", FOUND);
    let call = |arguments: &[&str]| {
        Call::new(&[&["check", "k8s"], arguments].concat()).within(scratch.path()).with("GITHUB_ACTIONS", "true").run()
    };
    let run = call(&["-o", "compact"]).ends_with(1);
    assert!(!run.out.contains("::"), "{}", run.out);
    let run = call(&["-o", "sarif=out.sarif"]).ends_with(1);
    assert!(run.out.contains("::error title=") && run.out.contains("--> k8s/policies.yaml"), "{}", run.out);
    scratch.write("k8s/policies.yaml", clean());
    assert_eq!(call(&[]).ends_with(0).out, "nothing found\n");
}

#[test]
fn a_summary_of_more_than_github_takes_is_cut() {
    let scratch = Scratch::new();
    let policy = FOUND.split("---\n").next().unwrap();
    let many: Vec<String> =
        (0..3000).map(|number| policy.replace("no-egress", &format!("no-egress-{number}"))).collect();
    scratch.write("k8s/policies.yaml", many.join("---\n"));
    let summary = scratch.path().join("summary.md");
    let call = Call::new(&["check", "k8s", "-o", "junit=out.xml"]).within(scratch.path());
    call.with("GITHUB_ACTIONS", "true").with("GITHUB_STEP_SUMMARY", &summary).run().ends_with(1);
    let summary = std::fs::read_to_string(summary).unwrap();
    assert!(
        summary.len() < 1 << 20 && summary.ends_with(" |\n\nMore are in the log of the step.\n"),
        "{}",
        summary.len()
    );
}

#[test]
fn reports_do_not_run_into_each_other() {
    let call = |arguments: &[&str]| check(FOUND, arguments);
    call(&["-o", "json", "-o", "sarif"]).ends_with(2).says(&["standard output takes one format", "-o sarif=FILE"]);
    call(&["-o", "json=out", "-o", "sarif=out"]).ends_with(2).says(&["two formats go into `out`"]);
    call(&["-o", "json="]).ends_with(2).says(&["name a file behind the `=`"]);
}

#[test]
fn many_notes_that_say_the_same_are_counted_in_frames_and_listed_elsewhere() {
    let policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: a0, namespace: shop }\n\
                  spec: { podSelector: { matchLabels: { app: a0 } }, ingress: [{ from: [{ podSelector: {} }] }] }\n---\n";
    let many: String = (0..9).map(|number| policy.replace("a0", &format!("a{number}"))).collect();
    let slug = "note[implicit-policy-types]";
    let run =
        check(&many, &[]).ends_with(0).prints(&["note[implicit-policy-types]: … and 6 more; -o compact lists all"]);
    assert_eq!(run.out.matches(slug).count(), 4, "{}", run.out);
    assert!(run.out.contains("10 notes"), "{}", run.out);
    assert_eq!(check(&many, &["-o", "compact"]).out.matches(slug).count(), 9);
    let run = check(&many, &["-o", "md"]).prints(&["| | note: … and 6 more | [implicit-policy-types](https://"]);
    assert_eq!(run.out.matches("| note: ").count(), 5, "{}", run.out);
    assert_eq!(check(&many, &["--quiet"]).out, "nothing found\n");
    check(&many, &["--quiet", "--fail-on", "note"]).ends_with(1);
}

#[test]
fn an_annotation_ignores_findings_in_its_object() {
    let object = |name: &str, ignore: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: {name}\n  namespace: shop\n  \
             annotations:\n    netpol.dev/ignore: |\n      {ignore}\nspec: {{ podSelector: {{}}, egress: [] }}\n---\n"
        )
    };
    let run = check(&object("a", "open-egress the lab needs it, until spring"), &["-o", "compact"]).ends_with(0);
    assert!(!run.out.contains("open-egress"), "{}", run.out);
    let flawed = object("a", "open-egress") + &object("b", "open-egres it is a lab");
    let run = check(&flawed, &["-o", "compact"]).ends_with(1);
    for part in [
        "policies.yaml:8:7: error[ignore-without-reason]",
        "policies.yaml:18:7: warning[unused-ignore]: there is no rule `open-egres`: did you mean `open-egress`?",
        "policies.yaml:9:26: error[open-egress]",
    ] {
        assert!(run.out.contains(part), "no {part} in {}", run.out);
    }
}

#[test]
fn the_documentation_of_json_shows_what_is_printed() {
    let page = std::fs::read_to_string(workspace().join("docs/json.md")).unwrap();
    let section = page.split("## `netpol check -o json`").nth(1).unwrap();
    let block = |language: &str| {
        let (_, after) = section.split_once(&format!("```{language}\n")).expect("there is an example");
        after.split_once("```").unwrap().0
    };
    let scratch = Scratch::new();
    scratch.write("policy.yaml", block("yaml"));
    let run = scratch.netpol(&["check", "policy.yaml", "--quiet", "-o", "json"]).ends_with(1);
    assert_eq!(run.out, block("json"));
    let found: Value = serde_json::from_str(&run.out).unwrap();
    let edit = &found["findings"][0]["fix"]["edits"][0];
    let byte = |name: &str| edit[name].as_u64().unwrap() as usize;
    let mut text = block("yaml").to_owned();
    text.replace_range(byte("startByte")..byte("endByte"), edit["text"].as_str().unwrap());
    scratch.netpol(&["check", "policy.yaml", "--fix", "--quiet"]).ends_with(0);
    assert_eq!(std::fs::read_to_string(scratch.path().join("policy.yaml")).unwrap(), text);
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
        .says(&["warning: stale entry in `known.json`: open-egress: NetworkPolicy shop/no-egress"]);
    // What is not shown is not gone.
    let run = call(&["--write-baseline", "known.json", "--quiet"]).ends_with(0);
    assert_eq!(run.err, "");
    let run = call(&["--baseline", "known.json", "--quiet"]).ends_with(0);
    assert_eq!(run.err, "");
    scratch.write("known.json", "[]");
    call(&["--baseline", "known.json"]).ends_with(2).says(&["`known.json` is no baseline", "--write-baseline"]);
}

#[test]
fn a_configuration_sets_severities_and_options_and_flags_go_before_it() {
    let scratch = Scratch::new();
    let call = |arguments: &[&str]| Call::new(arguments).within(scratch.path()).with("GITHUB_ACTIONS", "").run();
    scratch.write("k8s/policies.yaml", FOUND.split("---\n").next().unwrap());
    call(&["check", "k8s"]).ends_with(1);
    scratch.write("netpol.yaml", "rules: { open-egress: note }\n");
    call(&["check", "k8s"]).ends_with(0).prints(&["note[open-egress]"]);
    // It is no manifest.
    let run = call(&["check", "."]).ends_with(0);
    assert!(!run.out.contains("not-an-object"), "{}", run.out);
    scratch.write("other.yaml", "overrides: [{ paths: [\"k8s/*\"], rules: { open-egress: off } }]\n");
    let run = call(&["check", "k8s", "--config", "other.yaml"]).ends_with(0);
    assert!(!run.out.contains("open-egress"), "{}", run.out);
    call(&["check", "k8s", "--config", "nowhere.yaml"]).ends_with(2).says(&["cannot read `nowhere.yaml`"]);
    scratch.write("netpol.yaml", "rules:\n  open-egres: off\n");
    call(&["check", "k8s"])
        .ends_with(2)
        .says(&["`netpol.yaml`:2:3: there is no rule `open-egres`: did you mean `open-egress`?"]);
    scratch.write("netpol.yaml", "options:\n  ip-blocks: all\n");
    call(&["reach", "k8s"]).ends_with(2).says(&["`netpol.yaml`:2:", "unknown variant `all`"]);

    let legacy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: a, namespace: shop }\n\
                  spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: 10.0.0.1/8 } }] }] }\n";
    scratch.write("k8s/policies.yaml", format!("{legacy}---\n{WEB}"));
    scratch.write("netpol.yaml", "options: { cidrs: legacy }\n");
    call(&["reach", "k8s"]).ends_with(0);
    call(&["reach", "k8s", "--cidrs", "strict"]).ends_with(2);
}
