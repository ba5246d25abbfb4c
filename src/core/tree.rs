//! A document as a tree with positions, built by granit-parser only for documents that something is said about.
//!
//! Typed decoding, which is several times as common, does not pay for positions. JSON is read as the YAML that it is. Aliases share
//! the node that they name, and merge keys (`<<`) are resolved, as kubectl does. A document with a syntax error gives the tree up to
//! the error.

mod scalar;
mod values;

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle};

pub(crate) use scalar::ScalarValue;
pub(crate) use values::Scalars;

/// A document's nodes and their byte ranges.
#[derive(Debug, Default)]
pub struct Tree {
    nodes: Vec<Node>,
    root: Option<NodeId>,
    is_whole: bool,
}

/// Index of a node in its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(u32);

/// A value with its place.
#[derive(Debug)]
pub struct Node {
    /// Start of the node to the end of its last token, in bytes of the document.
    pub span: Range<u32>,
    /// What it is.
    pub content: Content,
}

/// What a node is.
#[derive(Debug)]
pub enum Content {
    /// A text, number, boolean or null.
    Scalar(Scalar),
    /// Keys with values, in the order of the text.
    Mapping(Vec<Entry>),
    /// A list.
    Sequence(Vec<NodeId>),
}

/// A text, number, boolean or null, as it is written.
#[derive(Debug)]
pub struct Scalar {
    /// Without quotes.
    pub text: Box<str>,
    /// Without quotes: what it is depends on how it reads.
    pub is_plain: bool,
    /// Written in JSON, where a number with a fraction is never a whole one.
    pub is_json: bool,
}

/// A key of a mapping and its value. Keys that are there twice have two entries.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Empty for a key that is no scalar.
    pub key: Box<str>,
    /// The bytes of the key.
    pub key_span: Range<u32>,
    /// Its value.
    pub value: NodeId,
}

impl Tree {
    /// Parses a document of a JSON text.
    pub fn parse_json(text: &str) -> Tree {
        let mut tree = Tree::parse(text);
        for node in &mut tree.nodes {
            if let Content::Scalar(scalar) = &mut node.content {
                scalar.is_json = true;
            }
        }
        tree
    }

    /// Reads the first document of `text`.
    pub fn parse(text: &str) -> Tree {
        let mut builder = Builder::default();
        for item in Parser::new_from_str(text) {
            let Ok((event, span)) = item else { break };
            let span = span.byte_range().map_or(0..0, |range| clamp(range.start)..clamp(range.end));
            if builder.take(event, span).is_none() {
                break;
            }
        }
        builder.finish()
    }

    /// Whether the document has no syntax error.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The document.
    pub fn root(&self) -> Option<NodeId> {
        self.root
    }

    /// The node behind an id of this tree.
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0 as usize)
    }

    /// The fields of a mapping; nothing for anything else.
    pub fn entries(&self, id: NodeId) -> &[Entry] {
        match self.node(id).map(|node| &node.content) {
            Some(Content::Mapping(entries)) => entries,
            _ => &[],
        }
    }

    /// The items of a list, if it is one.
    pub fn items(&self, id: NodeId) -> Option<&[NodeId]> {
        match self.node(id).map(|node| &node.content) {
            Some(Content::Sequence(items)) => Some(items),
            _ => None,
        }
    }

    /// The value of a field.
    pub fn field(&self, id: NodeId, name: &str) -> Option<NodeId> {
        self.entries(id).iter().find(|entry| entry.key.as_ref() == name).map(|entry| entry.value)
    }

    /// The text of a scalar field.
    pub fn text(&self, id: NodeId, name: &str) -> Option<&str> {
        match &self.node(self.field(id, name)?)?.content {
            Content::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// The span of the field at `path` below `prefix`, or of its nearest parent that is there.
    ///
    /// A scalar's span is its value; a mapping or list under a key is shown by that key, a list item by its first token.
    pub fn find(&self, prefix: &str, path: &str) -> Option<Range<u32>> {
        self.walk(prefix, path).map(|(_, _, shown)| shown)
    }

    /// Whether the field at `path` below `prefix` is there.
    pub(crate) fn has(&self, prefix: &str, path: &str) -> bool {
        self.get(prefix, path).is_some()
    }

    /// The node of the field at `path` below `prefix`, if the field is there.
    pub(crate) fn get(&self, prefix: &str, path: &str) -> Option<NodeId> {
        self.walk(prefix, path).filter(|(_, rest, _)| rest.is_empty()).map(|(id, ..)| id)
    }

    /// Goes along a path as far as it leads: the node there, what is left of the path, and what shows the node.
    fn walk<'a>(&self, prefix: &'a str, path: &'a str) -> Option<(NodeId, &'a str, Range<u32>)> {
        let mut id = self.root?;
        let mut shown = self.first_token(id);
        let mut left = "";
        for mut rest in [prefix, path] {
            while let Some((next, after, span)) = self.step(id, rest) {
                (id, rest, shown) = (next, after, span);
            }
            left = rest;
            if !rest.is_empty() {
                break;
            }
        }
        Some((id, left, shown))
    }

    /// Takes the first step of a path such as `ingress[0].from`: the node there, the path from it, and what shows it.
    fn step<'a>(&self, id: NodeId, path: &'a str) -> Option<(NodeId, &'a str, Range<u32>)> {
        match &self.node(id)?.content {
            Content::Sequence(items) => {
                let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
                let item = *items.get(index.parse::<usize>().ok()?)?;
                Some((item, rest, self.first_token(item)))
            }
            Content::Mapping(entries) => {
                // Keys of labels have dots in them: the longest that fits is meant.
                let path = path.strip_prefix('.').unwrap_or(path);
                let fits = |entry: &&Entry| {
                    let rest = path.strip_prefix(entry.key.as_ref());
                    !entry.key.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                };
                let longest = entries.iter().filter(fits).map(|entry| entry.key.len()).max()?;
                let entry = entries.iter().filter(fits).find(|entry| entry.key.len() == longest)?;
                Some((entry.value, path.get(longest..)?, self.shown(entry)))
            }
            Content::Scalar(_) => None,
        }
    }

    /// What shows a field: a scalar's value, the key of anything larger or of nothing.
    pub(crate) fn shown(&self, entry: &Entry) -> Range<u32> {
        match self.node(entry.value) {
            Some(Node { span, content: Content::Scalar(_) }) if !span.is_empty() => span.clone(),
            _ => entry.key_span.clone(),
        }
    }

    /// The first token of a node, since the whole of a block collection would underline half a file.
    pub(crate) fn first_token(&self, id: NodeId) -> Range<u32> {
        let Some(node) = self.node(id) else { return 0..0 };
        match &node.content {
            Content::Mapping(entries) => entries.first().map_or(node.span.clone(), |entry| entry.key_span.clone()),
            Content::Sequence(items) => items.first().map_or(node.span.clone(), |item| self.first_token(*item)),
            Content::Scalar(_) => node.span.clone(),
        }
    }
}

#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    open: Vec<Open>,
    /// Finished nodes by the number of their anchor: a node cannot hold itself.
    anchors: HashMap<usize, NodeId>,
    root: Option<NodeId>,
    is_whole: bool,
}

/// A collection whose end has not been reached.
struct Open {
    node: Node,
    anchor: usize,
    /// The key of a mapping whose value comes next.
    pending_key: Option<(Box<str>, Range<u32>)>,
    /// What `<<` names.
    merged: Vec<NodeId>,
}

const MERGE: &str = "<<";

impl Builder {
    /// Takes an event; `None` when there is no more to take.
    fn take(&mut self, event: Event<'_>, span: Range<u32>) -> Option<()> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_plain = style == ScalarStyle::Plain && tag.is_none();
                self.add_leaf(Scalar { text: text.into(), is_plain, is_json: false }, span, anchor);
            }
            Event::Alias(anchor) => {
                let target = *self.anchors.get(&anchor)?;
                self.attach(target, span);
            }
            Event::MappingStart(_, anchor, _) => self.open(Content::Mapping(Vec::new()), span, anchor),
            Event::SequenceStart(_, anchor, _) => self.open(Content::Sequence(Vec::new()), span, anchor),
            Event::MappingEnd | Event::SequenceEnd => self.close(),
            Event::DocumentEnd => {
                self.is_whole = true;
                return None;
            }
            _ => {}
        }
        Some(())
    }

    fn add_leaf(&mut self, scalar: Scalar, span: Range<u32>, anchor: usize) {
        if let Some(Open { node: Node { content: Content::Mapping(_), .. }, pending_key: key @ None, .. }) =
            self.open.last_mut()
        {
            let text = match scalar.value() {
                ScalarValue::Bool(value) => value.to_string().into(),
                _ => scalar.text,
            };
            *key = Some((text, span));
            return;
        }
        let end = span.clone();
        let id = self.add(Node { span, content: Content::Scalar(scalar) }, anchor);
        self.attach(id, end);
    }

    fn add(&mut self, node: Node, anchor: usize) -> NodeId {
        let id = NodeId(clamp(self.nodes.len()));
        self.nodes.push(node);
        if anchor > 0 {
            self.anchors.insert(anchor, id);
        }
        id
    }

    fn open(&mut self, content: Content, span: Range<u32>, anchor: usize) {
        self.open.push(Open { node: Node { span, content }, anchor, pending_key: None, merged: Vec::new() });
    }

    fn close(&mut self) {
        let Some(Open { mut node, anchor, merged, .. }) = self.open.pop() else { return };
        if let Content::Mapping(own) = &mut node.content {
            for source in merged {
                let fields = match self.nodes.get(source.0 as usize).map(|node| &node.content) {
                    Some(Content::Mapping(fields)) => fields.as_slice(),
                    _ => &[],
                };
                for field in fields {
                    if !own.iter().any(|entry| entry.key == field.key) {
                        own.push(field.clone());
                    }
                }
            }
        }
        let span = node.span.clone();
        let id = self.add(node, anchor);
        self.attach(id, span);
    }

    /// Puts a node into the collection that is open, or makes it the root.
    fn attach(&mut self, id: NodeId, span: Range<u32>) {
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(id);
            return;
        };
        parent.node.span.end = parent.node.span.end.max(span.end);
        match &mut parent.node.content {
            Content::Sequence(items) => items.push(id),
            Content::Mapping(entries) => match parent.pending_key.take() {
                None => parent.pending_key = Some(("".into(), span)),
                Some((key, _)) if key.as_ref() == MERGE => {
                    let sources = match self.nodes.get(id.0 as usize).map(|node| &node.content) {
                        Some(Content::Sequence(items)) => items.clone(),
                        _ => vec![id],
                    };
                    parent.merged.extend(sources);
                }
                Some((key, key_span)) => entries.push(Entry { key, key_span, value: id }),
            },
            Content::Scalar(_) => {}
        }
    }

    fn finish(mut self) -> Tree {
        // After a syntax error the collections that are still open end where the error is.
        while !self.open.is_empty() {
            self.close();
        }
        Tree { nodes: self.nodes, root: self.root, is_whole: self.is_whole }
    }
}

fn clamp(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown<'a>(text: &'a str, path: &str) -> &'a str {
        let span = Tree::parse(text).find("", path).unwrap();
        &text[span.start as usize..span.end as usize]
    }

    #[test]
    fn a_scalar_is_shown_by_its_value_and_a_collection_by_its_key() {
        let text = "spec:\n  ingress:\n  - from:\n    - podSelector: {}\n    ports: [{port: 80}]\n";
        assert_eq!(shown(text, "spec.ingress[0].ports[0].port"), "80");
        assert_eq!(shown(text, "spec.ingress[0].from"), "from");
        assert_eq!(shown(text, "spec.ingress[0].from[0]"), "podSelector");
        assert_eq!(shown(text, "spec.ingress[0]"), "from");
    }

    #[test]
    fn a_missing_field_is_shown_by_its_nearest_parent() {
        let text = "spec:\n  ingress:\n  - ports:\n    - protocol: UDP\n";
        assert_eq!(shown(text, "spec.ingress[0].ports[0].port"), "protocol");
        assert_eq!(shown(text, "spec.egress[3].to"), "spec");
    }

    #[test]
    fn keys_may_have_dots_and_the_longest_that_fits_is_meant() {
        let text = "labels: {app: a, app.example.com/name: b, app.example.com: {name: c}}\n";
        assert_eq!(shown(text, "labels.app.example.com/name"), "b");
        assert_eq!(shown(text, "labels.app"), "a");
        assert_eq!(shown(text, "labels.app.example.com.name"), "c");
    }

    #[test]
    fn offsets_are_bytes_after_a_byte_order_mark_in_crlf_and_non_ascii_text() {
        let text = "\u{feff}# größe\r\nname: \"ü\"\r\nspec:\r\n  port: 81\r\n";
        assert_eq!(shown(text, "spec.port"), "81");
        assert_eq!(shown(text, "name"), "\"ü\"");
    }

    #[test]
    fn json_and_broken_documents_have_spans_too() {
        assert_eq!(shown("{\"spec\":{\"egress\":[{},{\"to\":[1]}]}}", "spec.egress[1].to"), "\"to\"");
        assert_eq!(shown("spec:\n  a: 1\n  b: [1, 2\nc: }\n", "spec.a"), "1");
        assert!(!Tree::parse("spec:\n  a: 1\n  b: [1, 2\nc: }\n").is_whole());
    }

    #[test]
    fn aliases_and_merged_fields_are_shown_where_they_are_written() {
        let text = "a: &a {x: 1, z: 2}\nb: {<<: *a, z: 3}\nc: *a\n";
        assert_eq!([shown(text, "b.x"), shown(text, "b.z"), shown(text, "c.z")], ["1", "3", "2"]);
        assert!(!Tree::parse("a: &a [*a]\n").is_whole());
    }
}
