//! Mutants of sound policies: each is reported where it was changed, or is shown to change no verdict, or is of a sort that nobody
//! can tell from a sound policy, of which the table at the end says how many there are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;

use netpol::diagnostic::Diagnostic;
use netpol::options::EngineOptions;
use netpol::source::{Place, Sources};
use netpol::{Engine, ReachQuery};
use netpol_tests::case::{find_files, workspace};
use serde_json::{Value, json};

#[path = "mutants/mutate.rs"]
mod mutate;

use mutate::{ALL, Mutant, Mutation, mutants};

/// Files that belong together, sound as they are.
struct Input {
    name: String,
    files: Vec<(String, String)>,
}

/// What becomes of a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Reported,
    ReportedElsewhere,
    ChangesNothing,
    Unreported,
}

/// How many of a hundred mutants of a sort may go unreported though they change verdicts, and why nobody can tell them from what
/// is meant.
const LIMITS: [(Mutation, usize, &str); 7] = [
    (Mutation::AddDash, 4, "a rule for everyone on some ports, beside one for some clients on all, may be meant"),
    (Mutation::DropLine, 3, "one port, exception or range less is a policy as good as the other"),
    (
        Mutation::DropField,
        20,
        "fewer rules, or rules for all ports or for everyone, are policies as good as the others",
    ),
    (Mutation::RenameLabel, 7, "an input that is no whole cluster does not show that there is no such namespace"),
    (Mutation::RenameKey, 7, "an input that is no whole cluster does not show that there is no such namespace"),
    (Mutation::SwapPort, 10, "outside of the cluster, and on pods that declare no port, any port may be the right one"),
    (Mutation::SwapProtocol, 8, "outside of the cluster, either protocol may be the right one"),
];

const FATES: [Fate; 4] = [Fate::Reported, Fate::ReportedElsewhere, Fate::ChangesNothing, Fate::Unreported];

/// Percent of a mutation that may be reported at another policy: of two policies that must agree, one that opens and one that
/// denies, either can be the wrong one.
const MOST_ELSEWHERE: usize = 2;

#[test]
fn mutants_are_reported_where_they_are_or_change_nothing() {
    let mut counts: BTreeMap<(Mutation, Fate), usize> = BTreeMap::new();
    let mut unreported = String::new();
    for input in examples().into_iter().chain(good_examples()) {
        let (before, known) = check(&input.files);
        let known: BTreeSet<String> = known.iter().map(|(_, finding)| said(finding)).collect();
        for (index, (path, text)) in input.files.iter().enumerate() {
            let all: Vec<Mutant> = policies(text).into_iter().flat_map(|document| mutants(text, document)).collect();
            for (mutant, fate) in all.iter().zip(fates(&input.files, index, &all, &before, &known)) {
                *counts.entry((mutant.mutation, fate)).or_default() += 1;
                if matches!(fate, Fate::Unreported | Fate::ReportedElsewhere) {
                    let (mutation, line) = (mutant.mutation, mutant.before.trim());
                    let _ = writeln!(unreported, "{mutation:?} {fate:?} {}/{path} {line}", input.name);
                }
            }
        }
    }
    let table = table(&counts);
    println!("{table}");
    let total: usize = counts.values().sum();
    assert!(total >= 300, "only {total} mutants");
    for mutation in ALL {
        let count = |fate| counts.get(&(mutation, fate)).copied().unwrap_or(0);
        let limit = LIMITS.iter().find(|(other, ..)| *other == mutation).map_or(0, |(_, limit, _)| *limit);
        let all: usize = FATES.into_iter().map(count).sum();
        assert!(count(Fate::ReportedElsewhere) * 100 <= MOST_ELSEWHERE * all, "{mutation:?}\n{table}\n{unreported}");
        assert!(count(Fate::Unreported) * 100 <= limit * all, "{mutation:?}\n{table}\n{unreported}");
    }
}

/// A line for each mutation, and a last one for all.
fn table(counts: &BTreeMap<(Mutation, Fate), usize>) -> String {
    let count = |mutation, fate| counts.get(&(mutation, fate)).copied().unwrap_or(0);
    let row = |name: String, cells: [usize; 4]| {
        let [there, elsewhere, nothing, unreported] = cells;
        let sum: usize = cells.iter().sum();
        format!("{name:<14} {sum:>6} {there:>9} {elsewhere:>10} {nothing:>13} {unreported:>11}\n")
    };
    let mut table = format!(
        "{:<14} {:>6} {:>9} {:>10} {:>13} {:>11}\n",
        "", "all", "reported", "elsewhere", "same verdicts", "unreported"
    );
    for mutation in ALL {
        table += &row(format!("{mutation:?}"), FATES.map(|fate| count(mutation, fate)));
    }
    table += &row("all".to_owned(), FATES.map(|fate| ALL.into_iter().map(|mutation| count(mutation, fate)).sum()));
    for (mutation, limit, reason) in LIMITS {
        let _ = writeln!(table, "{mutation:?}: up to {limit} % unreported, since {reason}");
    }
    table
}

/// What becomes of the mutants of a file, in their order.
fn fates(
    files: &[(String, String)],
    index: usize,
    mutants: &[Mutant],
    before: &Engine,
    known: &BTreeSet<String>,
) -> Vec<Fate> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let of_some = &|some: &[Mutant]| -> Vec<Fate> {
        let mut files = files.to_vec();
        let fate = |mutant: &Mutant| {
            files[index].1.clone_from(&mutant.text);
            fate(&files, index, mutant, before, known)
        };
        some.iter().map(fate).collect()
    };
    std::thread::scope(|scope| {
        let chunks = mutants.chunks(mutants.len().div_ceil(threads).max(1));
        let workers: Vec<_> = chunks.map(|some| scope.spawn(move || of_some(some))).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no mutant makes a panic")).collect()
    })
}

fn fate(files: &[(String, String)], index: usize, mutant: &Mutant, before: &Engine, known: &BTreeSet<String>) -> Fate {
    let (after, found) = check(files);
    let new: Vec<_> = found.iter().filter(|(_, finding)| !known.contains(&said(finding))).collect();
    let is_there =
        |(places, _): &&Finding| places.iter().any(|(file, line)| *file == index && mutant.lines.contains(line));
    if new.iter().any(is_there) {
        Fate::Reported
    } else if netpol::diff(before, &after, &ReachQuery { include_nodes: true, ..ReachQuery::default() }).is_empty() {
        Fate::ChangesNothing
    } else if new.is_empty() {
        Fate::Unreported
    } else {
        Fate::ReportedElsewhere
    }
}

fn said(finding: &Diagnostic) -> String {
    format!("{} {:?} {}", finding.slug, finding.object, finding.message)
}

/// What is found, and the files and lines that it is about.
type Finding = (Vec<(usize, u32)>, Diagnostic);

fn check(files: &[(String, String)]) -> (Engine, Vec<Finding>) {
    let mut sources = Sources::default();
    for (path, text) in files {
        sources.add(path.as_str(), text.as_str());
    }
    let options = EngineOptions::default();
    let loaded = netpol::load(&sources);
    let resolved = netpol::resolve(loaded.objects, &options);
    let engine = netpol::compile(resolved.cluster, options);
    let mut findings = [loaded.diagnostics, resolved.diagnostics].concat();
    findings.extend(netpol::lint(&engine, &sources));
    let places = |finding: &Diagnostic| {
        let related = finding.related.iter().map(|related| &related.place);
        let region = |place: &Place| {
            let region = sources.region(place);
            (region.source.0 as usize, region.start.line)
        };
        finding.place.iter().chain(related).map(region).collect()
    };
    let findings = findings.into_iter().map(|finding| (places(&finding), finding)).collect();
    (engine, findings)
}

/// The lines of each NetworkPolicy of a text.
fn policies(text: &str) -> Vec<std::ops::RangeInclusive<usize>> {
    let lines: Vec<&str> = text.lines().collect();
    let mut documents = Vec::new();
    let mut start = 0;
    for end in (0..=lines.len()).filter(|index| lines.get(*index).is_none_or(|line| *line == "---")) {
        if lines[start..end].contains(&"kind: NetworkPolicy") {
            documents.push(start..=end - 1);
        }
        start = end + 1;
    }
    documents
}

/// The shop, and each recipe.
fn examples() -> Vec<Input> {
    let folders = fs::read_dir(workspace().join("examples/recipes")).expect("there are recipes");
    let mut folders: Vec<_> = folders.map(|folder| folder.expect("a folder can be read").path()).collect();
    folders.push(workspace().join("examples/shop"));
    folders.sort();
    folders
        .into_iter()
        .filter(|folder| folder.is_dir())
        .map(|folder| {
            let mut paths = Vec::new();
            find_files(&folder, "yaml", &mut paths);
            paths.sort();
            let name = |path: &std::path::Path| path.file_name().expect("a name").to_string_lossy().into_owned();
            let files =
                paths.iter().map(|path| (name(path), fs::read_to_string(path).expect("an example can be read")));
            Input { name: name(&folder), files: files.collect() }
        })
        .collect()
}

/// The sound examples of the pages, with each field in a line of its own and pods for their selectors to match.
fn good_examples() -> Vec<Input> {
    let mut pages = Vec::new();
    find_files(&workspace().join("docs/diagnostics"), "md", &mut pages);
    pages.sort();
    let mut inputs = Vec::new();
    for page in pages {
        let text = fs::read_to_string(&page).expect("a page can be read");
        let Some((_, good)) = text.split_once("\n## Good\n") else { continue };
        let Some((_, block)) = good.split_once("```yaml\n") else { continue };
        let example = block.split("```").next().unwrap_or_default();
        let documents: Vec<Value> = serde_yaml::Deserializer::from_str(example)
            .filter_map(|document| serde::Deserialize::deserialize(document).ok())
            .collect();
        let is_policy = |document: &&Value| document["kind"] == "NetworkPolicy" && document["spec"].is_object();
        if !documents.iter().any(|document| is_policy(&document)) {
            continue;
        }
        let mut inventory: Vec<Value> = documents.iter().filter(|document| !is_policy(document)).cloned().collect();
        if inventory.is_empty() {
            documents.iter().filter(is_policy).for_each(|policy| add_pods(policy, &mut inventory));
        }
        let yaml = |documents: &mut dyn Iterator<Item = &Value>| {
            let texts: Vec<String> =
                documents.map(|document| serde_yaml::to_string(document).expect("JSON is YAML")).collect();
            texts.join("---\n")
        };
        let policies = yaml(&mut documents.iter().filter(is_policy));
        let files = vec![("policies.yaml".to_owned(), policies), ("pods.yaml".to_owned(), yaml(&mut inventory.iter()))];
        let input = Input { name: page.file_stem().expect("a name").to_string_lossy().into_owned(), files };
        inputs.push(input);
    }
    inputs
}

/// Pods and namespaces that the selectors of a policy match, which listen on the ports of its rules, and one of no concern.
fn add_pods(policy: &Value, inventory: &mut Vec<Value>) {
    let namespace = policy["metadata"]["namespace"].as_str().unwrap_or("default").to_owned();
    let spec = &policy["spec"];
    let mut add = |namespace: &str, labels: Value, rules: &Value| {
        let entries =
            rules.as_array().into_iter().flatten().flat_map(|rule| rule["ports"].as_array().into_iter().flatten());
        let ports = entries.enumerate().map(|(index, entry)| {
            let protocol = entry["protocol"].as_str().unwrap_or("TCP");
            match &entry["port"] {
                Value::String(name) => json!({ "name": name, "containerPort": 8000 + index, "protocol": protocol }),
                port => json!({ "containerPort": port.as_u64().unwrap_or(8080), "protocol": protocol }),
            }
        });
        let containers = json!([{ "name": "c", "image": "none", "ports": ports.collect::<Vec<_>>() }]);
        let name = format!("pod-{}", inventory.len());
        inventory.push(json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "namespace": namespace, "labels": labels },
            "spec": { "containers": containers },
        }));
    };
    add(&namespace, labels_of(&spec["podSelector"]), &spec["ingress"]);
    add(&namespace, json!({ "app": "of-no-concern" }), &Value::Null);
    let peers = |rules: &'static str, peers: &'static str| {
        let rules = spec[rules].as_array().cloned().unwrap_or_default();
        rules.into_iter().flat_map(move |rule| rule[peers].as_array().cloned().unwrap_or_default())
    };
    let mut namespaces = vec![json!({ "name": namespace, "labels": {} })];
    for peer in peers("ingress", "from").chain(peers("egress", "to")).filter(|peer| peer["ipBlock"].is_null()) {
        let home = match &peer["namespaceSelector"] {
            Value::Null => namespace.clone(),
            selector => {
                let labels = labels_of(selector);
                let name = labels["kubernetes.io/metadata.name"].as_str().unwrap_or("elsewhere").to_owned();
                namespaces.push(json!({ "name": name, "labels": labels }));
                name
            }
        };
        add(&home, labels_of(&peer["podSelector"]), &spec["egress"]);
    }
    for metadata in namespaces {
        let is_there = |other: &Value| other["kind"] == "Namespace" && other["metadata"]["name"] == metadata["name"];
        if !inventory.iter().any(is_there) {
            inventory.push(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": metadata }));
        }
    }
}

/// Labels that a selector matches.
fn labels_of(selector: &Value) -> Value {
    let mut labels = selector["matchLabels"].as_object().cloned().unwrap_or_default();
    for requirement in selector["matchExpressions"].as_array().into_iter().flatten() {
        let key = requirement["key"].as_str().unwrap_or_default().to_owned();
        match requirement["operator"].as_str() {
            Some("In") => drop(labels.insert(key, requirement["values"][0].clone())),
            Some("Exists") => drop(labels.insert(key, json!("some"))),
            _ => {}
        }
    }
    Value::Object(labels)
}
