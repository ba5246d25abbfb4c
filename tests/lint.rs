//! The linter's cases: manifests whose comments say what is found in which line, and the examples in the pages of `docs/diagnostics`.
//!
//! `tests/lint/SLUG.yaml` holds the cases of a rule, each under a line `### What it shows`. A line that ends in `#! SLUG` is one in
//! which that rule finds something; everywhere else it must not. Findings of other rules are those rules' business.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use netpol::EngineOptions;
use netpol::diagnostic::Diagnostic;
use netpol::lint::RULES;
use netpol::options::Cidrs;
use netpol::source::Sources;
use netpol_tests::case::workspace;

/// What is said about policies that only `--cidrs legacy` accepts.
const LEGACY: [&str; 2] = ["ambiguous-cidr", "non-standard-cidr"];

/// Everything that is said about a text.
fn findings(sources: &Sources, cidrs: Cidrs) -> Vec<Diagnostic> {
    let options = EngineOptions { cidrs, ..EngineOptions::default() };
    let loaded = netpol::load(sources);
    let resolved = netpol::resolve(loaded.objects, &options);
    let mut findings = [loaded.diagnostics, resolved.diagnostics].concat();
    findings.extend(netpol::lint(&netpol::compile(resolved.cluster, options), sources));
    netpol::diagnostic::add_fixes(&mut findings, sources);
    netpol::ignore::apply(sources, findings)
}

/// What a rule finds in a text.
fn findings_of(text: &str, slug: &str) -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    sources.add("case.yaml", text);
    let cidrs = if LEGACY.contains(&slug) { Cidrs::Legacy } else { Cidrs::Strict };
    let mut findings = findings(&sources, cidrs);
    findings.retain(|finding| finding.slug == slug);
    (sources, findings)
}

/// The lines in which a rule finds something in a text; 0 is the text as a whole.
fn lines(text: &str, slug: &str) -> BTreeSet<usize> {
    let (sources, findings) = findings_of(text, slug);
    let line =
        |finding: &Diagnostic| finding.place.as_ref().map_or(0, |place| sources.region(place).start.line as usize);
    findings.iter().map(line).collect()
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

/// A text after the repair of a finding.
fn mended(text: &str, finding: &Diagnostic) -> Option<String> {
    let mut mended = text.to_owned();
    for edit in &finding.fix.as_ref()?.edits {
        mended.replace_range(edit.range.start as usize..edit.range.end as usize, &edit.text);
    }
    Some(mended)
}

#[test]
fn a_repair_ends_its_finding_and_breaks_nothing() {
    let mut repaired = BTreeSet::new();
    for entry in fs::read_dir(workspace().join("tests/lint")).expect("there are cases") {
        let path = entry.expect("a folder can be read").path();
        let slug = path.file_stem().and_then(|name| name.to_str()).expect("a name");
        for (name, manifests) in cases(&fs::read_to_string(&path).expect("a case can be read")) {
            let (_, found) = findings_of(manifests, slug);
            for finding in &found {
                let Some(mended) = mended(manifests, finding) else { continue };
                repaired.insert(slug.to_owned());
                assert_eq!(findings_of(&mended, slug).1.len(), found.len() - 1, "{slug}: {name}\n{mended}");
                assert!(findings_of(&mended, "invalid-document").1.is_empty(), "{slug}: {name}\n{mended}");
                assert!(findings_of(&mended, "invalid-object").1.is_empty(), "{slug}: {name}\n{mended}");
            }
        }
    }
    for slug in
        ["dns-blocked", "dns-over-udp-only", "implicit-policy-types", "non-canonical-cidr", "open-egress", "split-peer"]
    {
        assert!(repaired.contains(slug), "nothing shows a repair of {slug}");
    }
}

/// The text after the first repair of a rule.
fn repair(text: &str, slug: &str) -> Option<String> {
    findings_of(text, slug).1.first().and_then(|finding| mended(text, finding))
}

#[test]
fn repairs_leave_comments_and_formatting_alone() {
    let block = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a, namespace: b}\n\
                 spec: # nothing out\n    # all pods\n    podSelector: {}   # really all\n    egress: []\n";
    assert_eq!(
        repair(block, "open-egress").as_deref(),
        Some(block.replace("    podSelector", "    policyTypes: [Egress]\n    podSelector").as_str())
    );
    let json = "{\"apiVersion\":\"networking.k8s.io/v1\",\"kind\":\"NetworkPolicy\",\"metadata\":{\"name\":\"a\"},\
                \"spec\":{\"podSelector\":{},\"egress\":[]}}";
    assert_eq!(
        repair(json, "open-egress").as_deref(),
        Some(json.replace("{\"podSelector", "{\"policyTypes\": [\"Egress\"], \"podSelector").as_str())
    );
    let anchored = block.replace("spec: # nothing out", "spec: &spec");
    assert_eq!(repair(&anchored, "open-egress"), None, "others may use what the anchor names");
}

#[test]
fn rules_are_added_in_the_style_of_what_is_there() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: b}\n---\n";
    let policy = |egress: &str| {
        format!(
            "{pod}apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: a, namespace: b}}\n\
             spec:\n  podSelector: {{}}\n  policyTypes: [Egress]\n  egress:{egress}"
        )
    };
    let added = "- to:\n      - namespaceSelector: {}\n    ports:\n      - protocol: UDP\n        port: 53\n      \
                 - protocol: TCP\n        port: 53";
    let block = "\n  # the others\n  - to: # here\n    - podSelector: {} # all\n  # the end";
    let expected = policy(block).replace("# all\n", &format!("# all\n  {added}\n"));
    assert_eq!(repair(&policy(block), "dns-blocked"), Some(expected.clone()));
    assert_eq!(repair(&policy(block).replace('\n', "\r\n"), "dns-blocked"), Some(expected.replace('\n', "\r\n")));
    let last = policy("\n  - to:\n    - podSelector: {}");
    assert_eq!(repair(&last, "dns-blocked"), Some(format!("{last}\n  {added}")), "no line break at the end");
    let flow = "{ to: [{ namespaceSelector: {} }], ports: [{ protocol: UDP, port: 53 }, { protocol: TCP, port: 53 }] }";
    let items = policy("\n  - {to: [{podSelector: {}}]}\n");
    assert_eq!(repair(&items, "dns-blocked"), Some(format!("{items}  - {flow}\n")));
    let list = policy(" [{to: [{podSelector: {}, }]}]\n");
    assert_eq!(repair(&list, "dns-blocked"), Some(list.replace("}]\n", &format!("}}, {flow}]\n"))));
    let json = list.replace("[{to: [{podSelector: {}, }]}]", r#"[{"to": [{"podSelector": {}}]}]"#);
    assert!(
        repair(&json, "dns-blocked")
            .is_some_and(|mended| mended.contains(r#"}]}, {"to": [{"namespaceSelector": {}}]"#))
    );
    let aliased = policy("\n  - to: &all\n    - podSelector: {}\n  - to: *all\n");
    assert_eq!(findings_of(&aliased, "dns-blocked").1.len(), 1);
    assert_eq!(repair(&aliased, "dns-blocked"), None, "what an alias names is written elsewhere");
}

#[test]
fn a_dash_is_removed_only_where_it_is_one() {
    let policy = |from: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: a, namespace: b}}\n\
             spec:\n  podSelector: {{}}\n  policyTypes: [Ingress]\n  ingress:\n  - from:{from}"
        )
    };
    let block =
        policy("\n    - namespaceSelector: {}\n    # of theirs\n    -   podSelector: {matchLabels: {app: c}}\n");
    assert_eq!(repair(&block, "split-peer"), None, "the fields would not be in one column");
    let block = block.replace("-   pod", "- pod");
    assert_eq!(repair(&block, "split-peer"), Some(block.replace("- podSelector: {m", "  podSelector: {m")));
    let flow = policy(" [{namespaceSelector: {}}, {podSelector: {matchLabels: {app: c}}}]\n");
    assert_eq!(findings_of(&flow, "split-peer").1.len(), 1);
    assert_eq!(repair(&flow, "split-peer"), None);
}

/// The text of the first block of YAML after a heading of a page.
fn example<'a>(page: &'a str, heading: &str) -> Option<&'a str> {
    let (_, section) = page.split_once(&format!("\n## {heading}\n"))?;
    let (_, block) = section.split_once("```yaml\n")?;
    block.split_once("```").map(|(block, _)| block)
}

#[test]
fn every_rule_has_a_page_whose_examples_are_true() {
    let mut failures = Vec::new();
    for rule in RULES {
        let path = workspace().join(format!("docs/diagnostics/{}.md", rule.slug));
        let Ok(page) = fs::read_to_string(&path) else {
            failures.push(format!("{} has no page\n", rule.slug));
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
fn the_list_of_pages_has_every_rule_once_as_the_table_has_it() {
    let list = fs::read_to_string(workspace().join("docs/diagnostics/README.md")).expect("there is a list");
    for rule in RULES {
        let row = format!("| [{0}]({0}.md) | {1} | {2} |\n", rule.slug, rule.severity.name(), rule.summary);
        assert_eq!(list.matches(&row).count(), 1, "{row}");
    }
}

#[test]
fn pages_are_about_rules() {
    for entry in fs::read_dir(workspace().join("docs/diagnostics")).expect("there are pages") {
        let path = entry.expect("a folder can be read").path();
        let slug = path.file_stem().and_then(|name| name.to_str()).expect("a name");
        assert!(slug == "README" || RULES.iter().any(|rule| rule.slug == slug), "{slug} is no rule");
    }
}

/// What the linter says about files, by slug.
fn lint_of(paths: impl IntoIterator<Item = PathBuf>) -> BTreeSet<&'static str> {
    let mut sources = Sources::default();
    for path in paths {
        sources.add(path.display().to_string(), fs::read_to_string(&path).expect("an example can be read"));
    }
    let options = EngineOptions::default();
    let resolved = netpol::resolve(netpol::load(&sources).objects, &options);
    netpol::lint(&netpol::compile(resolved.cluster, options), &sources).iter().map(|finding| finding.slug).collect()
}

/// The manifests of a folder.
fn manifests(folder: &str) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(workspace().join(folder)).expect("there are examples");
    entries
        .map(|entry| entry.expect("a folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
}

#[test]
fn nothing_is_said_about_sound_policies() {
    assert_eq!(lint_of(manifests("examples/shop")), BTreeSet::new());
    for recipe in fs::read_dir(workspace().join("examples/recipes")).expect("there are recipes") {
        let recipe = recipe.expect("a folder can be read").file_name();
        let folder = format!("examples/recipes/{}", recipe.to_string_lossy());
        if !folder.ends_with(".md") {
            assert_eq!(lint_of(manifests(&folder)), BTreeSet::new(), "{folder}");
        }
    }
}

#[test]
fn mistakes_are_found() {
    for (file, slug) in [
        ("all-namespaces-is-not-everyone", "not-everyone"),
        ("client-behind-a-load-balancer", "client-behind-load-balancer"),
        ("dns-over-tcp-only", "missing-protocol"),
        ("dns-over-udp-only", "dns-over-udp-only"),
        ("egress-closes-ingress", "unintended-ingress-isolation"),
        ("empty-egress-list", "open-egress"),
        ("except-is-no-deny", "moot-except"),
        ("internet-and-more", "whole-internet"),
        ("forgotten-dns", "dns-blocked"),
        ("ipv4-only", "one-family"),
        ("named-deny", "denies-nothing"),
        ("one-sided", "one-sided-allow"),
        ("peers-commented-out", "empty-peers"),
        ("port-name-outside", "port-name-of-addresses"),
        ("ports-in-a-second-item", "split-rule"),
        ("rules-nobody-reads", "ignored-rules"),
        ("two-dashes", "split-peer"),
    ] {
        let folder = workspace().join("examples/mistakes");
        let found = lint_of(["cluster", file].map(|name| folder.join(format!("{name}.yaml"))));
        assert!(found.contains(slug), "{file}: {found:?}");
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
    for finding in findings(&sources, Cidrs::Strict) {
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
    findings(&sources, Cidrs::Strict).iter().map(|finding| finding.slug).collect()
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
            let found = findings(&sources, Cidrs::Strict);
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
    let found = findings(&sources, Cidrs::Strict);
    let fix = found.iter().find_map(|finding| finding.fix.as_ref()).expect("a fix");
    let [edit] = fix.edits.as_slice() else { panic!("{fix:?}") };
    let range = edit.range.start as usize..edit.range.end as usize;
    assert_eq!((&policy[range], edit.text.as_str()), ("name", "kubernetes.io/metadata.name"));
}
