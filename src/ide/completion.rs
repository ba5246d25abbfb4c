//! What may stand where something is being typed: fields, and values that the workspace has.

use std::collections::{BTreeMap, BTreeSet};

use netpol::cluster::Cluster;
use netpol::model::{NamespaceScope, PodSelection};
use netpol::object::{LabelSelector, Labels, SelectorRequirement, Text, WorkloadKind};
use netpol::protocol::Protocol;
use netpol::selector::Selector;
use netpol::source::SourceId;
use netpol::structure::schema::{Shape, any_object, object_type};
use netpol::tree::{NodeId, Tree};
use netpol::{Engine, Workspace, load};
use serde::Serialize;

use crate::caret::{Caret, text};
use crate::place::{Position, Range, offset, range};
use crate::spot::Step;
use crate::words;

/// What may stand in a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Completions {
    /// What is replaced.
    pub range: Range,
    /// The choices.
    pub items: Vec<Item>,
}

/// A choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// What the user sees.
    pub label: String,
    /// More about it, in a few words.
    pub detail: String,
    /// What it is.
    pub kind: ItemKind,
    /// What is written.
    pub insert: String,
}

/// What a choice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemKind {
    /// A field of the API.
    Field,
    /// The key of a label.
    Label,
    /// A value.
    Value,
}

/// What may stand at a position.
pub fn completions(workspace: &Workspace, source: SourceId, position: Position) -> Option<Completions> {
    let sources = workspace.sources();
    let file = sources.get(source)?;
    let at = offset(file, position);
    let document = load::document_at(file, at);
    let caret = Caret::find(file.text.get(document.clone())?, at - document.start)?;
    let items = Choice { engine: workspace.engine(), caret: &caret }.items();
    let bytes = document.start + caret.bytes.start..document.start + caret.bytes.end;
    Some(Completions { range: range(sources, source, bytes), items })
}

struct Choice<'a> {
    engine: &'a Engine,
    caret: &'a Caret,
}

impl Choice<'_> {
    fn items(&self) -> Vec<Item> {
        let caret = self.caret;
        let shape = self.shape();
        let is_mapping = matches!(shape, Some(Shape::Object(_) | Shape::StringMap));
        if caret.is_key && is_mapping {
            return self.keys(shape);
        }
        self.values(shape).into_iter().map(|(label, detail)| value(label, detail)).collect()
    }

    /// What the table of fields has at the end of the way.
    fn shape(&self) -> Option<Shape> {
        let object = self.caret.object();
        let root = object.and_then(|it| object_type(it.api_version, it.kind)).unwrap_or_else(any_object);
        self.caret.steps.iter().try_fold(Shape::Object(root), |shape, step| match (shape, step) {
            (Shape::Object(of), Step::Field(name)) => of.field(name).map(|field| field.shape),
            (Shape::List(item), Step::Item(_)) => Some(*item),
            (Shape::StringMap, Step::Field(_)) => Some(Shape::String),
            _ => None,
        })
    }

    fn keys(&self, shape: Option<Shape>) -> Vec<Item> {
        let caret = self.caret;
        let entries = caret.collection().map_or(&[][..], |it| caret.tree.entries(it));
        let is_new = |name: &str| !entries.iter().any(|entry| entry.key.as_ref() == name);
        let insert = |name: &str, mark: &str| format!("{name}{}", if caret.has_colon { "" } else { mark });
        match shape {
            Some(Shape::Object(of)) => {
                let field = |field: &netpol::structure::schema::Field| Item {
                    label: field.name.to_owned(),
                    detail: field.meaning.to_owned(),
                    kind: ItemKind::Field,
                    insert: insert(field.name, if is_inline(field.shape) { ": " } else { ":" }),
                };
                of.fields.iter().filter(|it| is_new(it.name)).map(field).collect()
            }
            Some(Shape::StringMap) => {
                let key = |(key, values): (&str, BTreeMap<&str, usize>)| Item {
                    label: key.to_owned(),
                    detail: values.into_keys().take(5).collect::<Vec<_>>().join(", "),
                    kind: ItemKind::Label,
                    insert: insert(key, ": "),
                };
                self.labels().into_iter().filter(|(key, _)| is_new(key)).map(key).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Values, and what to say of each.
    fn values(&self, shape: Option<Shape>) -> Vec<(String, String)> {
        let names: Vec<&str> = self
            .caret
            .steps
            .iter()
            .filter_map(|step| match step {
                Step::Field(name) => Some(name.as_ref()),
                Step::Item(_) => None,
            })
            .collect();
        let known = |values: &[&str]| values.iter().map(|it| ((*it).to_owned(), String::new())).collect();
        match names.as_slice() {
            ["kind"] => kinds().into_iter().map(|(version, kind)| (kind.to_owned(), version.to_owned())).collect(),
            ["apiVersion"] => self.versions(),
            [.., "matchExpressions", "operator"] => known(&["In", "NotIn", "Exists", "DoesNotExist"]),
            [.., "matchExpressions", "key"] => {
                self.labels().into_keys().map(|it| (it.to_owned(), String::new())).collect()
            }
            [.., "matchExpressions", "values"] => {
                self.sibling("key").map(|key| self.values_of(key)).unwrap_or_default()
            }
            [.., "matchLabels" | "labels" | "selector", key] => self.values_of(key),
            ["metadata", "namespace"] => {
                self.cluster().namespaces.iter().map(|it| (it.name.to_string(), String::new())).collect()
            }
            ["spec", "policyTypes"] => known(&["Ingress", "Egress"]),
            [.., "ports", "protocol"] => known(&Protocol::ALL.map(Protocol::name)),
            ["spec", direction @ ("ingress" | "egress"), "ports", "port"] => self.port_names(direction),
            _ if matches!(shape, Some(Shape::Boolean)) => known(&["true", "false"]),
            _ => Vec::new(),
        }
    }

    fn cluster(&self) -> &Cluster {
        self.engine.cluster()
    }

    fn versions(&self) -> Vec<(String, String)> {
        let kind = self.caret.object().map(|it| it.kind);
        let mut versions: Vec<(String, String)> = Vec::new();
        for (version, of) in kinds() {
            if kind.is_none_or(|kind| kind == of) && !versions.iter().any(|(known, _)| known == version) {
                versions.push((version.to_owned(), of.to_owned()));
            }
        }
        versions
    }

    /// The labels of namespaces where those are meant, else of pods: how many have each value.
    fn labels(&self) -> BTreeMap<&str, BTreeMap<&str, usize>> {
        let is_about_namespaces = self.caret.steps.iter().any(|step| *step == Step::Field("namespaceSelector".into()))
            || self.caret.object().is_some_and(|it| it.kind == "Namespace");
        let mut found: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
        let all: Vec<&Labels> = if is_about_namespaces {
            self.cluster().namespaces.iter().map(|it| &it.labels).collect()
        } else {
            self.cluster().endpoints.iter().map(|it| &it.labels).collect()
        };
        for (key, value) in all.into_iter().flat_map(Labels::iter) {
            *found.entry(key).or_default().entry(value).or_default() += 1;
        }
        found
    }

    fn values_of(&self, key: &str) -> Vec<(String, String)> {
        let values = self.labels().remove(key).unwrap_or_default();
        values.into_iter().map(|(value, times)| (value.to_owned(), format!("{times} times"))).collect()
    }

    /// The text of a field beside the one that is typed in.
    fn sibling(&self, name: &str) -> Option<&str> {
        self.caret.nodes.iter().rev().find_map(|node| self.caret.tree.text(*node, name))
    }

    /// The names of ports on the pods that a rule is about: those that the policy selects, or any that it may lead to.
    fn port_names(&self, direction: &str) -> Vec<(String, String)> {
        let cluster = self.cluster();
        let selected = match direction {
            "ingress" => self.subject().map(|it| self.engine.selected(&it)),
            _ => None,
        };
        let endpoints = selected.unwrap_or_else(|| cluster.endpoint_ids().map(|(id, _)| id).collect());
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for port in endpoints.iter().filter_map(|id| cluster.endpoint(*id)).flat_map(|it| &it.named_ports) {
            names.entry(port.name.to_string()).or_default().insert(format!("{} {}", port.protocol, port.port));
        }
        let detail = |numbers: BTreeSet<String>| words::series(&Vec::from_iter(numbers), "or");
        names.into_iter().map(|(name, numbers)| (name, detail(numbers))).collect()
    }

    /// Whom the policy selects, from what is written: the engine need not know a policy that is being typed.
    fn subject(&self) -> Option<PodSelection> {
        let tree = &self.caret.tree;
        let namespace = self.cluster().find_namespace(self.caret.metadata("namespace").unwrap_or("default"))?;
        let spec = tree.field(*self.caret.nodes.first()?, "spec")?;
        let pods = tree.field(spec, "podSelector").map(|it| selector(tree, it)).unwrap_or_default();
        Some(PodSelection { namespaces: NamespaceScope::One(namespace), pods: Selector::new(&pods) })
    }
}

/// A selector as far as it is written.
fn selector(tree: &Tree, id: NodeId) -> LabelSelector {
    let mut selector = LabelSelector::default();
    for entry in tree.field(id, "matchLabels").map_or(&[][..], |it| tree.entries(it)) {
        selector.match_labels.insert(&entry.key, text(tree, entry.value).unwrap_or_default());
    }
    let expressions = tree.field(id, "matchExpressions").and_then(|it| tree.items(it)).unwrap_or_default();
    for item in expressions {
        let field = |name| Text::from(tree.text(*item, name).unwrap_or_default());
        let values = tree.field(*item, "values").and_then(|it| tree.items(it)).unwrap_or_default();
        selector.match_expressions.push(SelectorRequirement {
            key: field("key"),
            operator: field("operator"),
            values: values.iter().filter_map(|it| text(tree, *it)).map(Text::from).collect(),
        });
    }
    selector
}

/// Whether a value of that shape stands on the line of its key.
fn is_inline(shape: Shape) -> bool {
    matches!(shape, Shape::String | Shape::Boolean | Shape::Integer | Shape::IntOrString)
}

/// The kinds that netpol reads, with their versions.
fn kinds() -> Vec<(&'static str, &'static str)> {
    let own = [
        ("networking.k8s.io/v1", "NetworkPolicy"),
        ("v1", "Namespace"),
        ("v1", "Node"),
        ("v1", "Pod"),
        ("v1", "Service"),
    ];
    let workloads = WorkloadKind::ALL.into_iter().filter_map(|kind| {
        let version =
            ["apps/v1", "batch/v1", "v1"].into_iter().find(|it| WorkloadKind::of(it, kind.name()).is_some())?;
        Some((version, kind.name()))
    });
    own.into_iter().chain(workloads).collect()
}

fn value(label: String, detail: String) -> Item {
    Item { insert: label.clone(), label, detail, kind: ItemKind::Value }
}
