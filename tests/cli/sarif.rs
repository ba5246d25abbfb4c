//! SARIF as validators see it: every report obeys the schema of version 2.1.0, and each of them is shown to bite.
//!
//! The schema is the standard's. It is not in this repository: a package of cargo's registry, which is never built, carries it, and
//! cargo fetches it in the version that Cargo.lock pins. Without a network, and only outside of CI, the tests are left out.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs};

use netpol_tests::case::workspace;
use serde_json::{Value, json};

use crate::program::{Call, Scratch};
use crate::schema::flaws;

/// The package that carries the schema, and where.
const PACKAGE: (&str, &str) = ("serde-sarif", "src/schema.json");

/// A finding with related places and a repair, one in a line that is not ASCII, and one of each way to leave findings be.
const MANIFESTS: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: mendable, namespace: shop }
spec: { podSelector: {}, egress: [] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: related, namespace: shop }
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress:
    - from:
        - podSelector: { matchLabels: { app: web } }
    - ports:
        - { protocol: TCP, port: 8080 }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: twin, namespace: shop, labels: { \"größe🙂\": x } }
spec: { podSelector: {}, policyTypes: [Ingress], ingress: [{}] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: by-comment, namespace: shop }
spec:
  podSelector: {}
  egress: [] # netpol-ignore: open-egress it is a lab
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: by-annotation
  namespace: shop
  annotations:
    netpol.dev/ignore: |
      open-egress it is a lab, too
spec: { podSelector: {}, egress: [] }
";

/// The schema, if it can be had.
fn schema() -> Option<&'static Value> {
    static SCHEMA: OnceLock<Option<Value>> = OnceLock::new();
    let schema = SCHEMA.get_or_init(fetch).as_ref();
    if schema.is_none() {
        assert!(env::var_os("CI").is_none(), "the schema of SARIF cannot be fetched");
        eprintln!("left out: the schema of SARIF cannot be fetched without a network");
    }
    schema
}

fn fetch() -> Option<Value> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--locked", "--format-version=1"];
    let output = Command::new(cargo).args(arguments).current_dir(workspace()).output().expect("cargo runs");
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).ok()?;
    let package = metadata["packages"].as_array()?.iter().find(|package| package["name"] == PACKAGE.0)?;
    let path = Path::new(package["manifest_path"].as_str()?).with_file_name(PACKAGE.1);
    Some(serde_json::from_str(&fs::read_to_string(path).expect("the package has the schema")).expect("it is JSON"))
}

/// The report about manifests.
fn report(manifests: &str, arguments: &[&str]) -> Value {
    let scratch = Scratch::new();
    scratch.write("k8s/a policy.yaml", manifests);
    let run = Call::new(&[&["check", "k8s", "-o", "sarif", "--fail-on", "never"], arguments].concat());
    serde_json::from_str(&run.within(scratch.path()).run().ends_with(0).out).expect("SARIF is JSON")
}

fn results(report: &Value) -> &[Value] {
    report["runs"][0]["results"].as_array().expect("there are results")
}

#[test]
fn every_report_obeys_the_schema() {
    let Some(schema) = schema() else { return };
    let full = report(MANIFESTS, &["--with-ignored"]);
    for part in ["relatedLocations", "fixes", "suppressions"] {
        assert!(results(&full).iter().any(|result| result.get(part).is_some()), "nothing shows {part}");
    }
    let clean = report("apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n", &[]);
    assert_eq!(clean["runs"][0]["results"], json!([]));
    assert_eq!(clean["runs"][0]["invocations"], json!([{ "executionSuccessful": true }]));
    let broken = Call::new(&["check", "-", "-o", "sarif"]).reading("kind: [\n").run().ends_with(2);
    let broken: Value = serde_json::from_str(&broken.out).expect("SARIF is JSON");
    assert_eq!(broken["runs"][0]["invocations"], json!([{ "executionSuccessful": false }]));
    let mistakes = Call::new(&["check", "examples/mistakes", "-o", "sarif", "--fail-on", "never"]).run().ends_with(0);
    for report in [full, clean, broken, serde_json::from_str(&mistakes.out).expect("SARIF is JSON")] {
        assert_eq!(flaws(schema, &report), Vec::<String>::new());
    }
}

#[test]
fn the_schema_finds_what_is_wrong() {
    let Some(schema) = schema() else { return };
    let sound = report(MANIFESTS, &["--with-ignored"]);
    let run = "/runs/0";
    let result = "/runs/0/results/0";
    for (place, field, value) in [
        (run, "columnKind", json!("bytes")),
        (run, "tool", Value::Null),
        (run, "resutls", json!([])),
        (result, "message", json!("text")),
        (result, "level", json!("fatal")),
        (result, "partialFingerprints", json!({ "netpol/v1": 1 })),
        (result, "suppressions", json!([{ "justification": "no kind" }])),
        (result, "relatedLocations", json!([{ "id": -7 }])),
        ("/runs/0/results/0/locations/0/physicalLocation/region", "startLine", json!(0)),
        ("/runs/0/results/0/locations/0/physicalLocation/artifactLocation", "uri", json!("a policy.yaml")),
    ] {
        let mut wrong = sound.clone();
        let object = wrong.pointer_mut(place).and_then(Value::as_object_mut).expect("the report has such a place");
        match value {
            Value::Null => object.remove(field),
            value => object.insert(field.to_owned(), value),
        };
        assert!(!flaws(schema, &wrong).is_empty(), "nothing is wrong with {field} in {place}");
    }
}

#[test]
fn rules_have_their_pages_and_links() {
    let report = report(MANIFESTS, &[]);
    let driver = &report["runs"][0]["tool"]["driver"];
    for rule in driver["rules"].as_array().expect("there are rules") {
        let (slug, help) = (rule["id"].as_str().expect("a slug"), &rule["help"]);
        assert!(rule["helpUri"].as_str().is_some_and(|link| link.ends_with(&format!("/{slug}.md"))), "{rule}");
        assert!(help["markdown"].as_str().is_some_and(|page| page.starts_with(&format!("# {slug}\n"))), "{rule}");
        assert!(help["text"].as_str().is_some_and(|text| text.contains("https://")), "{rule}");
    }
}

#[test]
fn places_are_relative_to_the_root_or_absolute() {
    let artifact = |report: &Value| results(report)[0]["locations"][0]["physicalLocation"]["artifactLocation"].clone();
    let relative = json!({ "uri": "k8s/a%20policy.yaml", "uriBaseId": "%SRCROOT%" });
    assert_eq!(artifact(&report(MANIFESTS, &[])), relative);
    let scratch = Scratch::new();
    let file = scratch.write("a policy.yaml", MANIFESTS);
    let path = file.to_str().expect("the path is text");
    let run = Call::new(&["check", path, "-o", "sarif"]).run().ends_with(1);
    let absolute = json!({ "uri": format!("file://{}", path.replace(' ', "%20")) });
    assert_eq!(artifact(&serde_json::from_str(&run.out).expect("SARIF is JSON")), absolute);
}

#[test]
fn ignored_and_known_findings_are_suppressed_ones_if_they_are_asked_for() {
    let told = report(MANIFESTS, &[]);
    assert!(results(&told).iter().all(|result| result.get("suppressions").is_none()));
    let all = report(MANIFESTS, &["--with-ignored"]);
    let suppressions: Vec<&Value> = results(&all).iter().filter_map(|result| result.get("suppressions")).collect();
    let in_source = |reason: &str| json!([{ "kind": "inSource", "justification": reason }]);
    assert_eq!(suppressions, [&in_source("it is a lab"), &in_source("it is a lab, too")]);
    assert_eq!(results(&all).len(), results(&told).len() + 2);

    let scratch = Scratch::new();
    scratch.write("k8s/policies.yaml", MANIFESTS);
    scratch.netpol(&["check", "k8s", "--write-baseline", "known.json"]).ends_with(0);
    let run =
        scratch.netpol(&["check", "k8s", "--baseline", "known.json", "-o", "sarif", "--with-ignored"]).ends_with(0);
    let known: Value = serde_json::from_str(&run.out).expect("SARIF is JSON");
    let kinds: Vec<&Value> = results(&known).iter().map(|result| &result["suppressions"][0]["kind"]).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "external").count(), results(&told).len());
    assert_eq!(kinds.len(), results(&all).len());
}
