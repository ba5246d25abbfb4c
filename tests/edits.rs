//! Texts that change one after the other come to the same as if they were read at once: cluster, places, findings, verdicts and rules.

use std::collections::BTreeMap;

use netpol::Workspace;
use netpol::config::Config;
use netpol::options::EngineOptions;
use netpol::source::{Origin, Place};
use netpol_nft::{LowerOptions, lower};
use netpol_tests::generate::{Generated, flows, generate};
use netpol_tests::random::Random;
use serde_json::{Map, Value, json};

const CLUSTERS: u64 = 150;
const EDITS: usize = 25;

#[test]
fn edits_one_after_the_other_come_to_what_a_new_start_does() {
    for seed in 0..CLUSTERS {
        let mut random = Random::new(seed);
        let generated = generate(&mut random);
        let mut files = Files::of(&generated.scenario.documents, &mut random);
        let mut workspace = Workspace::default();
        workspace.configure(Config::default(), generated.scenario.options);
        for (path, text) in files.texts() {
            workspace.set(&path, text);
        }
        let mut edits = Vec::new();
        for edit in 0..EDITS {
            edits.push(files.edit(&mut random, &mut workspace));
            // Some edits come before anybody asks.
            if random.percent(70) {
                let question = seed * 1000 + edit as u64;
                let fresh = start(&files, generated.scenario.options);
                let (found, wanted) = (told(&workspace, &generated, question), told(&fresh, &generated, question));
                for (found, wanted) in found.iter().zip(&wanted) {
                    assert_eq!(found, wanted, "cluster {seed} after {edits:#?}");
                }
            }
        }
    }
}

fn start(files: &Files, options: EngineOptions) -> Workspace {
    let mut workspace = Workspace::default();
    workspace.configure(Config::default(), options);
    for (path, text) in files.texts() {
        workspace.set(&path, text);
    }
    workspace
}

/// Everything that a workspace tells, in the same words however it came to it.
fn told(workspace: &Workspace, generated: &Generated, seed: u64) -> [Vec<String>; 5] {
    let (engine, sources) = (workspace.engine(), workspace.sources());
    let cluster = engine.cluster();
    let at = |origin: &Origin| {
        let place = sources.resolve(&Place::Field { origin: origin.clone(), path: String::new() });
        format!("{}:{}:{}", place.path, place.line, place.column)
    };
    let endpoints = cluster
        .endpoints
        .iter()
        .map(|it| format!("{} {:?} {:?} {:?} {}", it.name, it.kind, it.owner, it.labels, at(&it.origin)));
    let policies = cluster.policies.iter().chain(&cluster.legacy_policies);
    let policies = policies.map(|it| format!("{} {:?} {} {}", it.name, it.spec, it.needs_legacy_cidrs, at(&it.origin)));
    let others = cluster.namespaces.iter().filter_map(|it| it.origin.as_ref());
    let others =
        others.chain(cluster.services.iter().map(|it| &it.origin)).chain(cluster.nodes.iter().map(|it| &it.origin));
    let mut findings: Vec<String> = (workspace.findings().iter().chain(workspace.left_out()))
        .map(|it| {
            let place = it.place.as_ref().map(|place| sources.resolve(place));
            let place = place.map(|place| format!("{}:{}:{}", place.path, place.line, place.column));
            format!("{place:?} {} {:?} {}", it.slug, it.object, it.message)
        })
        .collect();
    findings.sort();
    let verdicts = flows(generated, cluster, &mut Random::new(seed))
        .iter()
        .map(|flow| format!("{flow:?}: {:?}", engine.evaluate(flow)))
        .collect();
    let rules = lower(engine, "n1", &LowerOptions::default()).ruleset.to_text().lines().map(str::to_owned).collect();
    [endpoints.chain(policies).collect(), others.map(at).collect(), findings, verdicts, rules]
}

/// Files with some documents each.
struct Files(BTreeMap<String, Vec<Document>>);

enum Document {
    Object(Value),
    Text(&'static str),
}

impl Files {
    fn of(documents: &[Value], random: &mut Random) -> Files {
        let mut files = BTreeMap::new();
        for document in documents {
            let path = format!("{}.yaml", random.below(4));
            files.entry(path).or_insert_with(Vec::new).push(Document::Object(document.clone()));
        }
        Files(files)
    }

    fn texts(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().map(|(path, documents)| (path.clone(), text(documents)))
    }

    /// Makes an edit, here and in a workspace, and says which.
    fn edit(&mut self, random: &mut Random, workspace: &mut Workspace) -> String {
        let paths: Vec<String> = self.0.keys().cloned().collect();
        let path = random.pick(&paths);
        let pods = self.objects("Pod");
        let policies = self.objects("NetworkPolicy");
        let documents = self.0.get_mut(&path).expect("it is there");
        let objects = || documents.iter().enumerate();
        let of_kind = |kind: &str| -> Vec<usize> {
            objects()
                .filter(|(_, document)| matches!(document, Document::Object(it) if it["kind"] == kind))
                .map(|(index, _)| index)
                .collect()
        };
        let (own_pods, own_policies, own_namespaces) = (of_kind("Pod"), of_kind("NetworkPolicy"), of_kind("Namespace"));
        let mut change = |index: usize, field: &str, value: Value| {
            if let Document::Object(object) = &mut documents[index] {
                *object.pointer_mut(field).expect("it has the field") = value;
            }
        };
        let edit = match random.below(12) {
            0..=3 if !own_pods.is_empty() => {
                let labels = random.pick(&pods)["metadata"]["labels"].clone();
                let labels = if random.percent(20) { json!({ "app": "new" }) } else { labels };
                let pod = random.pick(&own_pods);
                if let Document::Object(object) = &mut documents[pod] {
                    object["metadata"]["labels"] = if labels.is_null() { Value::Object(Map::new()) } else { labels };
                }
                format!("{path}: other labels of document {pod}")
            }
            4..=5 if !own_policies.is_empty() => {
                let policy = random.pick(&own_policies);
                change(policy, "/spec", random.pick(&policies)["spec"].clone());
                format!("{path}: another spec in document {policy}")
            }
            6 if !own_policies.is_empty() => {
                let policy = random.pick(&own_policies);
                documents.remove(policy);
                format!("{path}: no document {policy} any more")
            }
            7 if !policies.is_empty() => {
                let mut policy = random.pick(&policies);
                // The other way, there are two of one name.
                if random.percent(80) {
                    policy["metadata"]["name"] = json!(format!("copy-{}", random.below(1000)));
                }
                documents.insert(random.below(documents.len() + 1), Document::Object(policy));
                format!("{path}: a copy of a policy")
            }
            8 => {
                documents.insert(0, Document::Text("# Only a comment.\n"));
                format!("{path}: a comment")
            }
            9 if !own_pods.is_empty() => {
                let pod = random.pick(&own_pods);
                if let Document::Object(object) = &mut documents[pod] {
                    object["status"]["phase"] = json!(random.pick(&["Running", "Succeeded"]));
                }
                format!("{path}: another phase of document {pod}")
            }
            10 if !own_namespaces.is_empty() => {
                let namespace = random.pick(&own_namespaces);
                if let Document::Object(object) = &mut documents[namespace] {
                    object["metadata"]["labels"] = json!({ "team": random.pick(&["a", "b"]) });
                }
                format!("{path}: other labels of namespace {namespace}")
            }
            _ => {
                documents.push(Document::Text(random.pick(&[
                    "kind: [\n",
                    "a: 1\n",
                    "apiVersion: v1\nkind: Secret\nmetadata: { name: s }\n",
                ])));
                format!("{path}: something else")
            }
        };
        workspace.set(&path, text(documents));
        if random.percent(10) {
            assert!(workspace.remove(&path));
            workspace.engine();
            workspace.set(&path, text(documents));
        }
        edit
    }

    fn objects(&self, kind: &str) -> Vec<Value> {
        let objects = self.0.values().flatten().filter_map(|document| match document {
            Document::Object(object) => Some(object),
            Document::Text(_) => None,
        });
        objects.filter(|object| object["kind"] == kind).cloned().collect()
    }
}

fn text(documents: &[Document]) -> String {
    let texts = documents.iter().map(|document| match document {
        Document::Object(object) => format!("{object}\n"),
        Document::Text(text) => (*text).to_owned(),
    });
    texts.collect::<Vec<_>>().join("---\n")
}
