//! What is wrong with the shape of an object, in the words of Kubernetes: every field that is unknown, there twice, or of a wrong
//! type, where it is written.
//!
//! Works on the tree of a document that the decoder refused. A clean document never comes here.

pub mod schema;

use std::ops::Range;

use rustc_hash::FxHashSet;

use crate::spelling::nearest;
use crate::tree::{Content, Entry, NodeId, Scalar, ScalarValue, Tree};
use schema::{Shape, Type};

/// Something wrong with the shape of an object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// `path: what is wrong`.
    pub message: String,
    /// The bytes of the document that show it.
    pub span: Range<u32>,
    /// What to do about it.
    pub help: Option<String>,
    /// What mends it for certain, in place of the bytes of `span`.
    pub replacement: Option<String>,
}

/// Everything that is wrong with an object of that type.
pub(crate) fn check(tree: &Tree, object: NodeId, api_version: &str, kind: &str) -> Vec<Flaw> {
    let mut check = Check { tree, flaws: Vec::new(), around: Vec::new() };
    let items = tree.entries(object).iter().find(|entry| entry.key.as_ref() == "items");
    match (items, schema::object_type(api_version, kind)) {
        // A list that is none.
        (Some(items), None) => check.wrong_type("items", "a list of objects", items.value, tree.shown(items)),
        (_, object_type) => {
            check.object(object, object_type.unwrap_or(schema::any_object()), "", tree.first_token(object))
        }
    }
    check.flaws
}

struct Check<'a> {
    tree: &'a Tree,
    flaws: Vec<Flaw>,
    /// The mappings around the place that is looked at, the object first: type, and path.
    around: Vec<(&'static Type, String)>,
}

impl Check<'_> {
    fn add(&mut self, message: String, span: Range<u32>, help: Option<String>) {
        self.flaws.push(Flaw { message, span, help, replacement: None });
    }

    /// Says what mends the flaw that was added last.
    fn mend(&mut self, replacement: Option<String>) {
        if let Some(flaw) = self.flaws.last_mut() {
            flaw.replacement = replacement;
        }
    }

    /// Checks what is at `path` against its shape.
    fn value(&mut self, node: NodeId, shape: Shape, path: &str, span: Range<u32>) {
        let Some(Content::Scalar(scalar)) = self.tree.node(node).map(|node| &node.content) else {
            return self.collection(node, shape, path, span);
        };
        let value = scalar.value();
        let fits = match (shape, value) {
            (Shape::Anything, _) | (_, ScalarValue::Null) => true,
            (Shape::String, ScalarValue::Text(_)) => true,
            (Shape::Boolean, ScalarValue::Bool(_)) => true,
            (Shape::Integer, ScalarValue::Unsigned(number)) => i64::try_from(number).is_ok(),
            (Shape::Integer, ScalarValue::Signed(_)) => true,
            (Shape::IntOrString, ScalarValue::Unsigned(number)) => i64::try_from(number).is_ok(),
            (Shape::IntOrString, ScalarValue::Signed(_) | ScalarValue::Text(_)) => true,
            _ => false,
        };
        if fits {
            return;
        }
        let (help, replacement) = match (shape, value) {
            (Shape::String, ScalarValue::Text(_)) => (None, None),
            (Shape::String, _) => {
                let quoted = |text: &str| format!("\"{text}\"");
                (Some(format!("put it in quotes: {}", quoted(&shorten(&scalar.text)))), Some(quoted(&scalar.text)))
            }
            (Shape::Integer, ScalarValue::Text(text)) if text.parse::<i64>().is_ok() => unquoted(text),
            (Shape::Boolean, ScalarValue::Text(text @ ("true" | "false"))) => unquoted(text),
            _ => (None, None),
        };
        self.add(format!("{path}: must be {}, and is {}", wanted(shape), found(scalar)), span, help);
        self.mend(replacement);
    }

    fn collection(&mut self, node: NodeId, shape: Shape, path: &str, span: Range<u32>) {
        match (shape, self.tree.items(node)) {
            (Shape::Anything, _) => {}
            (Shape::List(item), Some(items)) => {
                for (index, node) in items.iter().enumerate() {
                    let span = self.tree.first_token(*node);
                    self.value(*node, *item, &format!("{path}[{index}]"), span);
                }
            }
            (Shape::Object(object_type), None) => self.object(node, object_type, path, span),
            (Shape::StringMap, None) => {
                self.duplicates(node, path);
                for entry in self.tree.entries(node) {
                    let path = format!("{path}.{}", shorten(&entry.key));
                    self.value(entry.value, Shape::String, &path, self.tree.shown(entry));
                }
            }
            _ => self.wrong_type(path, wanted(shape), node, span),
        }
    }

    fn wrong_type(&mut self, path: &str, wanted: &str, node: NodeId, span: Range<u32>) {
        let found = match self.tree.node(node).map(|node| &node.content) {
            Some(Content::Scalar(scalar)) => found(scalar),
            Some(Content::Sequence(_)) => "a list".to_owned(),
            _ => "a mapping".to_owned(),
        };
        let help = match (wanted, found.as_str()) {
            ("a list", "a mapping") => Some("begin each item with a dash".to_owned()),
            _ => None,
        };
        // A collection is shown by its beginning, nothing by its key.
        let span = match self.tree.node(node) {
            Some(node) if !node.span.is_empty() => node.span.start..node.span.start + 1,
            _ => span,
        };
        self.add(format!("{path}: must be {wanted}, and is {found}"), span, help);
    }

    fn object(&mut self, node: NodeId, object_type: &'static Type, path: &str, span: Range<u32>) {
        if self.tree.items(node).is_some() {
            return self.wrong_type(path, "a mapping", node, span);
        }
        self.duplicates(node, path);
        self.around.push((object_type, path.to_owned()));
        for entry in self.tree.entries(node) {
            match object_type.field(&entry.key) {
                Some(field) => {
                    let path = if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
                    self.value(entry.value, field.shape, &path, self.tree.shown(entry));
                }
                None if object_type.is_complete => self.unknown(node, entry, object_type, path),
                None => {}
            }
        }
        self.around.pop();
    }

    fn unknown(&mut self, parent: NodeId, entry: &Entry, object_type: &Type, path: &str) {
        let key = shorten(&entry.key);
        let names: Vec<String> = object_type.fields.iter().map(|field| format!("`{}`", field.name)).collect();
        let around = self.around_with(&entry.key);
        let names_here = object_type.fields.iter().map(|field| field.name);
        let nearest = nearest(&entry.key, names_here).filter(|_| around.is_none());
        let help = match (around, nearest) {
            (Some(place), _) => place,
            (None, Some(field)) => format!("did you mean `{field}`?"),
            (None, None) if object_type.name == "LabelSelector" => {
                format!("labels go under `matchLabels`: {{ matchLabels: {{ {key}: … }} }}")
            }
            (None, None) => match self.elsewhere(&entry.key, object_type) {
                Some(place) => place,
                None => format!("the fields here are {}", names.join(", ")),
            },
        };
        let at = if path.is_empty() { String::new() } else { format!("{path}: ") };
        self.add(format!("{at}unknown field `{key}`"), entry.key_span.clone(), Some(help));
        // A name that is taken would be there twice.
        let is_free = |name: &&str| self.tree.field(parent, name).is_none();
        let length = (entry.key_span.end - entry.key_span.start) as usize;
        self.mend(
            nearest
                .filter(is_free)
                .map(|name| if length > entry.key.len() { format!("\"{name}\"") } else { name.to_owned() }),
        );
    }

    /// The mapping around this one that has a field: whoever wrote it there indented it too far.
    fn around_with(&self, key: &str) -> Option<String> {
        let mut around = self.around.iter().rev().skip(1);
        let (_, path) = around.find(|(around, _)| around.field(key).is_some())?;
        let place = if path.is_empty() { "the object itself".to_owned() } else { format!("`{path}`") };
        Some(format!("it belongs to {place}: move it to the left, out of what it is in"))
    }

    /// The mapping inside this one, or in another part of the object, that has a field.
    fn elsewhere(&self, key: &str, object_type: &Type) -> Option<String> {
        if let Some(field) = object_type.fields.iter().find(|field| has_field(field.shape, key)) {
            return Some(format!("it belongs into `{}`: move it there", field.name));
        }
        let (root, _) = self.around.first()?;
        let other = schema::types_of(root).into_iter().find(|other| other.is_complete && other.field(key).is_some())?;
        Some(format!("it is a field of {}, not of {}", other.name, object_type.name))
    }

    fn duplicates(&mut self, node: NodeId, path: &str) {
        let mut seen = FxHashSet::default();
        for entry in self.tree.entries(node) {
            if !seen.insert(&entry.key) {
                let at = if path.is_empty() { String::new() } else { format!("{path}: ") };
                let message = format!("{at}duplicate key `{}`", shorten(&entry.key));
                self.add(message, entry.key_span.clone(), Some("keep one of them".to_owned()));
            }
        }
    }
}

/// Whether a mapping, or the mappings of a list, have a field.
fn has_field(shape: Shape, key: &str) -> bool {
    match shape {
        Shape::Object(object_type) => object_type.is_complete && object_type.field(key).is_some(),
        Shape::List(item) => has_field(*item, key),
        _ => false,
    }
}

fn unquoted(text: &str) -> (Option<String>, Option<String>) {
    (Some(format!("remove the quotes: {text}")), Some(text.to_owned()))
}

fn wanted(shape: Shape) -> &'static str {
    match shape {
        Shape::String => "a string",
        Shape::Boolean => "`true` or `false`",
        Shape::Integer => "a whole number",
        Shape::IntOrString => "a port number or a port name",
        Shape::StringMap => "a mapping from strings to strings",
        Shape::List(_) => "a list",
        Shape::Object(_) => "a mapping",
        Shape::Anything => "anything",
    }
}

fn found(scalar: &Scalar) -> String {
    let text = shorten(&scalar.text);
    match scalar.value() {
        ScalarValue::Null => "nothing".to_owned(),
        ScalarValue::Bool(_) => format!("the boolean {text}"),
        ScalarValue::Unsigned(_) | ScalarValue::Signed(_) | ScalarValue::Float(_) => format!("the number {text}"),
        ScalarValue::Text(_) => format!("the string `{text}`"),
    }
}

/// The beginning of a text that a file can make as long as it likes.
fn shorten(text: &str) -> String {
    const LIMIT: usize = 60;
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
