//! The linter's cases: manifests whose comments say what is found in which line, and the examples in the pages of `docs/diagnostics`.
//!
//! `tests/lint/SLUG.yaml` holds the cases of a rule, each under a line `### What it shows`. A line that ends in `#! SLUG` is one in
//! which that rule finds something; everywhere else it must not. Findings of other rules are those rules' business.

use std::collections::BTreeSet;
use std::fs;

use netpol::EngineOptions;
use netpol::diagnostic::Diagnostic;
use netpol::lint::RULES;
use netpol::source::Sources;
use netpol_tests::case::workspace;

/// Everything that is said about a text.
fn findings(sources: &Sources) -> Vec<Diagnostic> {
    let options = EngineOptions::default();
    let loaded = netpol::load(sources);
    let resolved = netpol::resolve(loaded.objects, &options);
    let mut findings = [loaded.diagnostics, resolved.diagnostics].concat();
    findings.extend(netpol::lint(&netpol::compile(resolved.cluster, options), sources));
    netpol::ignore::apply(sources, findings)
}

/// The lines in which a rule finds something in a text; 0 is the text as a whole.
fn lines(text: &str, slug: &str) -> BTreeSet<usize> {
    let mut sources = Sources::default();
    sources.add("case.yaml", text);
    let line =
        |finding: &Diagnostic| finding.place.as_ref().map_or(0, |place| sources.region(place).start.line as usize);
    findings(&sources).iter().filter(|finding| finding.slug == slug).map(line).collect()
}

/// The cases of a file, by name.
fn cases(text: &str) -> Vec<(&str, &str)> {
    let mut cases = text.split("### ").skip(1).filter_map(|case| case.split_once('\n')).collect::<Vec<_>>();
    cases.retain(|(_, manifests)| !manifests.trim().is_empty());
    cases
}

#[test]
fn every_case_gets_its_findings_where_its_comments_say() {
    let mut failures = Vec::new();
    for entry in fs::read_dir(workspace().join("tests/lint")).expect("there are cases") {
        let path = entry.expect("a folder can be read").path();
        let slug = path.file_stem().and_then(|name| name.to_str()).expect("a name");
        assert!(RULES.iter().any(|rule| rule.slug == slug), "{slug} is no rule");
        for (name, manifests) in cases(&fs::read_to_string(&path).expect("a case can be read")) {
            let marker = format!("#! {slug}");
            let numbered = (1..).zip(manifests.lines());
            let expected: BTreeSet<usize> =
                numbered.filter(|(_, line)| line.trim_end().ends_with(&marker)).map(|(number, _)| number).collect();
            let found = lines(manifests, slug);
            if found != expected {
                failures.push(format!("{slug}: {name}\n  expected in lines {expected:?}, found in {found:?}\n"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.concat());
}

/// The text of the first block of YAML after a heading of a page.
fn example<'a>(page: &'a str, heading: &str) -> Option<&'a str> {
    let (_, section) = page.split_once(&format!("\n## {heading}\n"))?;
    let (_, block) = section.split_once("```yaml\n")?;
    block.split_once("```").map(|(block, _)| block)
}

#[test]
fn the_examples_of_pages_are_true() {
    let mut failures = Vec::new();
    for rule in RULES {
        let path = workspace().join(format!("docs/diagnostics/{}.md", rule.slug));
        let Ok(page) = fs::read_to_string(&path) else {
            continue;
        };
        if !page.starts_with(&format!("# {}\n", rule.slug)) {
            failures.push(format!("{}: the page begins with another name\n", rule.slug));
        }
        // What is about whole files has no example in YAML.
        for (heading, fires) in [("Bad", true), ("Good", false)] {
            if let Some(text) = example(&page, heading)
                && lines(text, rule.slug).is_empty() == fires
            {
                failures.push(format!("{}: the example under {heading} says otherwise\n", rule.slug));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.concat());
}

#[test]
fn pages_are_about_rules() {
    for entry in fs::read_dir(workspace().join("docs/diagnostics")).expect("there are pages") {
        let path = entry.expect("a folder can be read").path();
        let slug = path.file_stem().and_then(|name| name.to_str()).expect("a name");
        assert!(slug == "README" || RULES.iter().any(|rule| rule.slug == slug), "{slug} is no rule");
    }
}

#[test]
fn whatever_is_found_is_in_the_table() {
    let mut sources = Sources::default();
    for folder in ["examples/mistakes", "examples/refused", "examples/shop"] {
        for entry in fs::read_dir(workspace().join(folder)).expect("there are examples") {
            let path = entry.expect("a folder can be read").path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                sources.add(path.display().to_string(), fs::read_to_string(&path).expect("an example can be read"));
            }
        }
    }
    for finding in findings(&sources) {
        assert!(RULES.iter().any(|rule| rule.slug == finding.slug), "{finding:?}");
    }
}

/// The rules about selectors, ports and addresses that have a mistake of `examples/mistakes` each.
const MISTAKES: [(&str, &str); 13] = [
    ("address-of-a-pod", "pod-address"),
    ("address-of-a-service", "service-address"),
    ("generated-label", "generated-label"),
    ("host-network-peer", "host-network"),
    ("impossible-selector", "contradictory-selector"),
    ("labels-of-another", "job-labels"),
    ("namespace-label-nobody-has", "unknown-namespace-label"),
    ("not-in", "not-in-without-key"),
    ("pod-label-on-a-namespace", "misplaced-label"),
    ("selects-nothing", "selects-no-pod"),
    ("service-port", "service-port"),
    ("unknown-port-name", "unknown-port-name"),
    ("wrong-namespace", "wrong-namespace"),
];

/// The slugs of what is found in some files of the examples.
fn found_in(files: &[String]) -> BTreeSet<&'static str> {
    let mut sources = Sources::default();
    for file in files {
        let text = fs::read_to_string(workspace().join("examples").join(file)).expect("an example can be read");
        sources.add(file.as_str(), text);
    }
    findings(&sources).iter().map(|finding| finding.slug).collect()
}

#[test]
fn mistakes_are_found_and_nothing_is_made_of_the_shop() {
    for (file, slug) in MISTAKES {
        let found = found_in(&["mistakes/cluster.yaml".to_owned(), format!("mistakes/{file}.yaml")]);
        assert!(found.contains(slug), "{file}: {found:?}");
    }
    let about_the_inventory: Vec<&str> = MISTAKES
        .iter()
        .map(|(_, slug)| *slug)
        .chain(["misspelt-label", "open-workload", "peer-selects-nothing"])
        .collect();
    let parts = ["kube-system", "monitoring", "shop-backend", "shop-data", "shop-frontend"];
    let mut sound = vec![parts.map(|part| format!("shop/{part}.yaml")).to_vec()];
    for entry in fs::read_dir(workspace().join("examples/recipes")).expect("there are recipes") {
        let folder = entry.expect("a folder can be read").file_name().into_string().expect("a name");
        sound.push(vec![format!("recipes/{folder}/manifests.yaml")]);
    }
    for files in sound {
        let found = found_in(&files);
        assert!(about_the_inventory.iter().all(|slug| !found.contains(slug)), "{files:?}: {found:?}");
    }
}

#[test]
fn fixes_mend_what_is_found() {
    for slug in ["misspelt-label", "service-port", "unknown-namespace-label"] {
        let text = fs::read_to_string(workspace().join(format!("tests/lint/{slug}.yaml"))).expect("there are cases");
        let mut fixed = 0;
        for (name, manifests) in cases(&text) {
            let mut sources = Sources::default();
            sources.add("case.yaml", manifests);
            let found = findings(&sources);
            let mut edits: Vec<_> = found
                .iter()
                .filter(|finding| finding.slug == slug)
                .filter_map(|finding| finding.fix.as_ref())
                .flat_map(|fix| &fix.edits)
                .collect();
            if edits.is_empty() {
                continue;
            }
            edits.sort_by_key(|edit| std::cmp::Reverse(edit.range.start));
            let mut mended = manifests.to_owned();
            for edit in edits {
                mended.replace_range(edit.range.start as usize..edit.range.end as usize, &edit.text);
            }
            assert!(lines(&mended, slug).is_empty(), "{name}:\n{mended}");
            fixed += 1;
        }
        assert!(fixed > 1, "{slug} has no fixes");
    }
}

#[test]
fn a_fix_keeps_quotes_and_json() {
    let policy = r#"{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "a", "namespace": "shop"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"name": "kube-system"}}}]}]}}"#;
    let mut sources = Sources::default();
    sources.add("policy.json", policy);
    let found = findings(&sources);
    let fix = found.iter().find_map(|finding| finding.fix.as_ref()).expect("a fix");
    let [edit] = fix.edits.as_slice() else { panic!("{fix:?}") };
    let range = edit.range.start as usize..edit.range.end as usize;
    assert_eq!((&policy[range], edit.text.as_str()), ("name", "kubernetes.io/metadata.name"));
}
