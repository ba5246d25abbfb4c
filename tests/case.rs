//! Conformance cases: data files that say what a verdict is, who decided it, and by which rule of the specification.
//!
//! Reads `cases/**/*.yaml`, one case a document, and the fixtures and example files that they name; hands on [`Case`]s whose
//! truth tables are spelt out as flows. Anything unknown or missing in a case is a panic that names the file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use netpol::flow::Route;
use netpol::options::{Cidrs, Enforcement, EngineOptions, HostNetwork, IpBlocks};
use netpol::protocol::Family;
use netpol::source::Sources;
use serde::Deserialize;

/// Who can run a case. A case names those that it leaves out, each with a reason.
pub const EXECUTORS: [&str; 6] = ["engine", "oracle", "reach", "kernel", "simulator", "node"];

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// The file it is written in, relative to the workspace.
    pub file: String,
    /// What it shows, as a sentence.
    pub name: String,
    /// The ids of the rules that it shows.
    pub rules: Vec<String>,
    /// The YAML documents of its input.
    pub documents: Vec<String>,
    /// The options of the engine.
    pub options: EngineOptions,
    /// The flows it asks, with the answers it expects.
    pub questions: Vec<Question>,
    /// The slugs of the errors and warnings that its input must give, no more and no less.
    pub diagnostics: BTreeSet<String>,
    /// The executors it leaves out, and why.
    pub skip: BTreeMap<String, String>,
    /// The connectivity it expects, as lines `source -> destination: TCP 80,443-445; UDP 53`.
    pub reach: Option<BTreeSet<String>>,
}

/// A flow and the answer that a case expects.
#[derive(Debug, Clone)]
pub struct Question {
    /// The flow, as text.
    pub flow: String,
    /// The family it runs over, if the case says so.
    pub family: Option<Family>,
    /// How it got to its destination, if the case says so.
    pub route: Option<Route>,
    /// Whether it may pass.
    pub is_allowed: bool,
    /// Who decides at the source.
    pub egress: Option<String>,
    /// Who decides at the destination.
    pub ingress: Option<String>,
}

impl Case {
    /// The engine's input, each text a source.
    pub fn sources<'a>(texts: impl IntoIterator<Item = &'a str>) -> Sources {
        let mut sources = Sources::default();
        for (index, text) in texts.into_iter().enumerate() {
            sources.add(format!("{index}.yaml"), text);
        }
        sources
    }

    /// Whether the case is for this executor.
    pub fn runs_in(&self, executor: &str) -> bool {
        !self.skip.contains_key(executor)
    }
}

/// The folder of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are a folder of the workspace").to_owned()
}

/// Every case there is, sorted by file.
pub fn all() -> Vec<Case> {
    let mut files = Vec::new();
    find_files(&workspace().join("tests/cases"), "yaml", &mut files);
    files.sort();
    let cases: Vec<Case> = files.iter().flat_map(|file| read_file(file)).collect();
    assert!(!cases.is_empty(), "there are no cases");
    cases
}

/// The cases of one text.
pub fn parse(file: &str, text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        let written = Option::<Written>::deserialize(document)
            .unwrap_or_else(|error| panic!("{file}: case {}: {error}", cases.len() + 1));
        // A comment at the end of a file is a document too.
        if let Some(written) = written {
            cases.push(written.into_case(file));
        }
    }
    cases
}

/// The YAML documents of a stream; those without content are left out.
pub fn split(stream: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in stream.lines() {
        match line.strip_prefix("---") {
            Some(rest) if rest.is_empty() || rest.starts_with(' ') => {
                documents.push(format!("{}\n", rest.trim_start()))
            }
            _ => {
                let document = documents.last_mut().expect("there is always one");
                document.push_str(line);
                document.push('\n');
            }
        }
    }
    let has_content = |text: &String| text.lines().any(|line| !line.trim().is_empty() && !line.trim().starts_with('#'));
    documents.retain(has_content);
    documents
}

/// The files below a folder with that extension.
pub fn find_files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("the folder can be listed").path();
        if path.is_dir() {
            find_files(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
}

fn read_file(path: &Path) -> Vec<Case> {
    let file = path.strip_prefix(workspace()).unwrap_or(path).display().to_string();
    parse(&file, &read_text(path))
}

fn read_text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A case, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    rule: OneOrMany,
    cluster: Option<String>,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    manifests: String,
    #[serde(default)]
    policies: String,
    #[serde(default)]
    options: WrittenOptions,
    #[serde(default)]
    flows: Vec<WrittenFlow>,
    #[serde(default)]
    tables: Vec<WrittenTable>,
    reach: Option<String>,
    #[serde(default)]
    diagnostics: BTreeSet<String>,
    #[serde(default)]
    skip: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct WrittenOptions {
    ip_blocks: Option<String>,
    host_network: Option<String>,
    own_node_egress: Option<String>,
    service_hairpin: Option<String>,
    cidrs: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFlow {
    flow: String,
    verdict: WrittenVerdict,
    egress: Option<String>,
    ingress: Option<String>,
    family: Option<WrittenFamily>,
    route: Option<WrittenRoute>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WrittenVerdict {
    Allow,
    Deny,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WrittenFamily {
    Ipv4,
    Ipv6,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WrittenRoute {
    Direct,
    Service,
}

/// Rows are sources, columns destinations; `+` is allowed, `-` denied, `.` not asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTable {
    port: String,
    table: String,
}

impl Written {
    fn into_case(self, file: &str) -> Case {
        let place = format!("{file}: {}", self.name);
        let fixture = self.cluster.map(|name| format!("tests/fixtures/{name}.yaml"));
        let mut documents = Vec::new();
        for path in fixture.iter().chain(&self.files) {
            documents.extend(split(&read_text(&workspace().join(path))));
        }
        documents.extend(split(&self.manifests));
        documents.extend(split(&self.policies));
        let mut questions: Vec<Question> = self.flows.into_iter().map(WrittenFlow::into_question).collect();
        for table in &self.tables {
            questions.extend(table.questions(&place));
        }
        for (executor, reason) in &self.skip {
            assert!(EXECUTORS.contains(&executor.as_str()), "{place}: `{executor}` is not an executor");
            assert!(!reason.trim().is_empty(), "{place}: leaving out `{executor}` takes a reason");
        }
        let rules = match self.rule {
            OneOrMany::One(rule) => vec![rule],
            OneOrMany::Many(rules) => rules,
        };
        let expects = !questions.is_empty() || self.reach.is_some() || !self.diagnostics.is_empty();
        assert!(expects, "{place}: the case expects nothing");
        assert!(!rules.is_empty(), "{place}: the case names no rule");
        Case {
            file: file.to_owned(),
            options: self.options.read(&place),
            name: self.name,
            rules,
            documents,
            questions,
            diagnostics: self.diagnostics,
            skip: self.skip,
            reach: self.reach.map(|text| text.lines().map(|line| line.trim().to_owned()).collect()),
        }
    }
}

impl WrittenOptions {
    fn read(&self, place: &str) -> EngineOptions {
        fn choose<T: Copy>(place: &str, name: &str, written: &Option<String>, values: [(&str, T); 2]) -> T {
            let Some(written) = written else { return values[0].1 };
            let chosen = values.iter().find(|(value, _)| value == written);
            chosen.unwrap_or_else(|| panic!("{place}: `{written}` is no value of `{name}`")).1
        }
        let enforcement = [("police", Enforcement::Police), ("allow", Enforcement::Allow)];
        EngineOptions {
            ip_blocks: choose(
                place,
                "ip-blocks",
                &self.ip_blocks,
                [("any", IpBlocks::Any), ("external", IpBlocks::External)],
            ),
            host_network: choose(
                place,
                "host-network",
                &self.host_network,
                [("node", HostNetwork::Node), ("pod", HostNetwork::Pod)],
            ),
            own_node_egress: choose(place, "own-node-egress", &self.own_node_egress, enforcement),
            service_hairpin: choose(place, "service-hairpin", &self.service_hairpin, enforcement),
            cidrs: choose(place, "cidrs", &self.cidrs, [("strict", Cidrs::Strict), ("legacy", Cidrs::Legacy)]),
        }
    }
}

impl WrittenFlow {
    fn into_question(self) -> Question {
        Question {
            flow: self.flow,
            family: self.family.map(|family| match family {
                WrittenFamily::Ipv4 => Family::Ipv4,
                WrittenFamily::Ipv6 => Family::Ipv6,
            }),
            route: self.route.map(|route| match route {
                WrittenRoute::Direct => Route::Direct,
                WrittenRoute::Service => Route::Service,
            }),
            is_allowed: self.verdict == WrittenVerdict::Allow,
            egress: self.egress,
            ingress: self.ingress,
        }
    }
}

impl WrittenTable {
    fn questions(&self, place: &str) -> Vec<Question> {
        let mut lines = self.table.lines().filter(|line| !line.trim().is_empty());
        let columns: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
        let mut questions = Vec::new();
        for line in lines {
            let mut marks = line.split_whitespace();
            let source = marks.next().unwrap_or_default();
            let marks: Vec<&str> = marks.collect();
            assert_eq!(marks.len(), columns.len(), "{place}: row `{source}` is not as long as the head of its table");
            for (destination, mark) in columns.iter().zip(marks) {
                let is_allowed = match mark {
                    "+" => true,
                    "-" => false,
                    "." => continue,
                    _ => panic!("{place}: `{mark}` in row `{source}` is none of `+`, `-` and `.`"),
                };
                let flow = format!("{source} -> {destination}:{}", self.port);
                questions.push(Question { flow, family: None, route: None, is_allowed, egress: None, ingress: None });
            }
        }
        assert!(!questions.is_empty(), "{place}: a table asks nothing");
        questions
    }
}
