//! Where the fields of one document are: a tree of spans, built only for documents that something is said about.
//!
//! Reads YAML and JSON with granit-parser, which keeps positions; typed decoding, which is several times as common, does not pay
//! for them. A document with a syntax error gives the tree up to the error.

use std::ops::Range;

use granit_parser::{Event, Parser};

/// A document's nodes and their byte ranges.
#[derive(Debug, Default)]
pub struct SpanTree {
    root: Option<Node>,
}

#[derive(Debug)]
struct Node {
    /// Start of the node to the end of its last token, in bytes of the document.
    span: Range<u32>,
    children: Children,
}

#[derive(Debug)]
enum Children {
    Scalar,
    Mapping(Vec<Entry>),
    Sequence(Vec<Node>),
}

#[derive(Debug)]
struct Entry {
    key: Box<str>,
    key_span: Range<u32>,
    value: Node,
}

/// A collection whose end has not been reached.
struct Open {
    node: Node,
    /// The key of a mapping whose value comes next.
    pending_key: Option<(Box<str>, Range<u32>)>,
}

impl SpanTree {
    /// Reads the first document of `text`.
    pub fn parse(text: &str) -> SpanTree {
        let mut open: Vec<Open> = Vec::new();
        let mut root = None;
        for item in Parser::new_from_str(text) {
            let Ok((event, span)) = item else { break };
            let range = span.byte_range().map_or(0..0, |range| clamp(range.start)..clamp(range.end));
            let finished = match event {
                Event::Scalar(text, ..) => Some((Node { span: range, children: Children::Scalar }, Some(text))),
                Event::Alias(_) => Some((Node { span: range, children: Children::Scalar }, None)),
                Event::MappingStart(..) => {
                    open.push(Open::new(range, Children::Mapping(Vec::new())));
                    None
                }
                Event::SequenceStart(..) => {
                    open.push(Open::new(range, Children::Sequence(Vec::new())));
                    None
                }
                Event::MappingEnd | Event::SequenceEnd => open.pop().map(|collection| (collection.node, None)),
                Event::DocumentEnd => break,
                _ => None,
            };
            if let Some((node, text)) = finished {
                match open.last_mut() {
                    Some(parent) => parent.add(node, text.as_deref()),
                    None => root = Some(node),
                }
            }
        }
        // After a syntax error the collections that are still open end where the error is.
        while let Some(collection) = open.pop() {
            match open.last_mut() {
                Some(parent) => parent.add(collection.node, None),
                None => root = Some(collection.node),
            }
        }
        SpanTree { root }
    }

    /// The span of the field at `path` below `prefix`, or of its nearest parent that is there.
    ///
    /// A scalar's span is its value; a mapping or list under a key is shown by that key, a list item by its first token.
    pub fn find(&self, prefix: &str, path: &str) -> Option<Range<u32>> {
        let mut node = self.root.as_ref()?;
        let mut shown = node.start_span();
        for step in steps(prefix).chain(steps(path)) {
            match (step, &node.children) {
                (Step::Field(name), Children::Mapping(entries)) => {
                    let Some(entry) = entries.iter().find(|entry| entry.key.as_ref() == name) else { break };
                    node = &entry.value;
                    let is_shown_by_value = matches!(node.children, Children::Scalar) && !node.span.is_empty();
                    shown = if is_shown_by_value { node.span.clone() } else { entry.key_span.clone() };
                }
                (Step::Item(index), Children::Sequence(items)) => {
                    let Some(item) = items.get(index) else { break };
                    node = item;
                    shown = node.start_span();
                }
                _ => break,
            }
        }
        Some(shown)
    }
}

impl Node {
    /// The first token of a node, since the whole of a block collection would underline half a file.
    fn start_span(&self) -> Range<u32> {
        match &self.children {
            Children::Mapping(entries) => entries.first().map_or(self.span.clone(), |entry| entry.key_span.clone()),
            Children::Sequence(items) => items.first().map_or(self.span.clone(), Node::start_span),
            Children::Scalar => self.span.clone(),
        }
    }
}

impl Open {
    fn new(span: Range<u32>, children: Children) -> Open {
        Open { node: Node { span, children }, pending_key: None }
    }

    fn add(&mut self, child: Node, text: Option<&str>) {
        self.node.span.end = self.node.span.end.max(child.span.end);
        match &mut self.node.children {
            Children::Sequence(items) => items.push(child),
            Children::Mapping(entries) => match self.pending_key.take() {
                None => self.pending_key = Some((text.unwrap_or_default().into(), child.span)),
                Some((key, key_span)) => entries.push(Entry { key, key_span, value: child }),
            },
            Children::Scalar => {}
        }
    }
}

enum Step<'a> {
    Field(&'a str),
    Item(usize),
}

/// The steps of a field path such as `spec.ingress[0].from`.
fn steps(path: &str) -> impl Iterator<Item = Step<'_>> {
    path.split(['.', '['])
        .filter(|step| !step.is_empty())
        .map(|step| step.strip_suffix(']').and_then(|index| index.parse().ok()).map_or(Step::Field(step), Step::Item))
}

fn clamp(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown<'a>(text: &'a str, path: &str) -> &'a str {
        let span = SpanTree::parse(text).find("", path).unwrap();
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
    fn offsets_are_bytes_after_a_byte_order_mark_in_crlf_and_non_ascii_text() {
        let text = "\u{feff}# größe\r\nname: \"ü\"\r\nspec:\r\n  port: 81\r\n";
        assert_eq!(shown(text, "spec.port"), "81");
        assert_eq!(shown(text, "name"), "\"ü\"");
    }

    #[test]
    fn json_and_broken_documents_have_spans_too() {
        assert_eq!(shown("{\"spec\":{\"egress\":[{},{\"to\":[1]}]}}", "spec.egress[1].to"), "\"to\"");
        assert_eq!(shown("spec:\n  a: 1\n  b: [1, 2\nc: }\n", "spec.a"), "1");
    }
}
