//! Nodes of a tree as light values, which types are decoded from: as kubectl reads them, with merged fields, and with positions.

use super::{Content, NodeId, Scalar, ScalarValue, Tree};
use crate::value::{Node, Values};

/// How plain scalars are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scalars {
    /// As kubectl reads them.
    OfManifests,
    /// Everything but nothing is text.
    Texts,
}

impl Tree {
    /// What is at a node.
    pub(crate) fn values(&self, id: NodeId, scalars: Scalars) -> Values<'_> {
        let mut values = Values::default();
        self.add(id, scalars, &mut values);
        values
    }

    fn add<'a>(&'a self, id: NodeId, scalars: Scalars, values: &mut Values<'a>) {
        let Some(node) = self.node(id) else { return values.push_at(Node::Null, 0) };
        let (start, at) = (node.span.start, values.next());
        match &node.content {
            _ if values.is_full() => values.push_at(Node::Unread, start),
            Content::Scalar(scalar) => values.push_at(scalar.node(scalars), start),
            Content::Sequence(items) => {
                values.push_at(Node::Sequence { end: 0 }, start);
                for item in items {
                    self.add(*item, scalars, values);
                }
                values.close(at);
            }
            Content::Mapping(entries) => {
                values.push_at(Node::Mapping { end: 0 }, start);
                for entry in entries {
                    values.push_at(Node::Borrowed(&entry.key), entry.key_span.start);
                    self.add(entry.value, scalars, values);
                }
                values.close(at);
            }
        }
    }
}

impl Scalar {
    fn node(&self, scalars: Scalars) -> Node<'_> {
        match self.value() {
            ScalarValue::Null => Node::Null,
            _ if scalars == Scalars::Texts => Node::Borrowed(&self.text),
            ScalarValue::Bool(value) => Node::Bool(value),
            ScalarValue::Unsigned(value) => Node::Unsigned(value),
            ScalarValue::Signed(value) => Node::Signed(value),
            ScalarValue::Float(value) => Node::Float(value),
            ScalarValue::Text(text) => Node::Borrowed(text),
        }
    }
}
