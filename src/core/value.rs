//! A document as a light tree, which all types are decoded from, whatever it was written in.
//!
//! YAML and JSON are read into it by `serde_yaml` and `serde_json` (`value/build.rs`); a document that something is said about comes
//! from its tree with positions (`tree/values.rs`). Values stand one behind the other in a single list, a collection before what it
//! holds, so that a document costs one allocation, and texts are borrowed where they stand as they are written. What no type reads is
//! not kept. The list lives while its document is decoded.

mod build;
mod decode;

pub(crate) use build::{of_json, of_yaml};
pub(crate) use decode::Error;

/// The most values that are kept of a document, since it can hold aliases, or be JSON of any size: what is written behind them is
/// taken for what no type reads.
const MOST: usize = 4 << 20;

/// All values of a document.
#[derive(Debug, Default)]
pub(crate) struct Values<'a> {
    nodes: Vec<Node<'a>>,
    /// Where each is written, in bytes of the document, if it comes from a tree with positions.
    starts: Vec<u32>,
}

/// A value; those that a collection holds stand behind it, up to its end. A mapping holds keys and values in turn.
#[derive(Debug)]
pub(crate) enum Node<'a> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Borrowed(&'a str),
    Owned(Box<str>),
    Sequence {
        end: u32,
    },
    Mapping {
        end: u32,
    },
    /// A key that may be no text.
    NoKey,
    /// A collection that no type reads, a number beyond 64 bits, or a value with a tag of its own.
    Unread,
    /// What stands within more collections than a decoder follows.
    TooDeep,
}

/// One value of a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'a> {
    nodes: &'a [Node<'a>],
    at: usize,
}

impl<'a> Values<'a> {
    /// The value that holds all others.
    pub fn root(&self) -> Value<'_> {
        Value { nodes: &self.nodes, at: 0 }
    }

    /// Where a value is written, if that is known.
    pub fn start(&self, at: usize) -> Option<u32> {
        self.starts.get(at).copied()
    }

    /// Adds a value that is written there.
    pub fn push_at(&mut self, node: Node<'a>, start: u32) {
        self.push(node);
        self.starts.resize(self.nodes.len(), start);
    }

    fn push(&mut self, node: Node<'a>) {
        self.nodes.push(node);
    }

    /// Whether no more values are to be kept.
    pub fn is_full(&self) -> bool {
        self.nodes.len() >= MOST
    }

    /// The place of the next value.
    pub fn next(&self) -> usize {
        self.nodes.len()
    }

    /// Ends the collection at a place.
    pub fn close(&mut self, at: usize) {
        let last = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        if let Some(Node::Sequence { end } | Node::Mapping { end }) = self.nodes.get_mut(at) {
            *end = last;
        }
    }

    /// The path to a value, such as `rules.open-egress`; of a key, the path to its mapping.
    pub fn path(&self, at: usize) -> String {
        let (mut value, mut path) = (self.root(), String::new());
        while value.at < at {
            let step = if let Some(mut entries) = value.entries() {
                let entry = entries.find(|(_, value)| (value.at..value.after()).contains(&at));
                let dot = if path.is_empty() { "" } else { "." };
                entry.map(|(key, value)| (value, format!("{dot}{}", key.text().unwrap_or("?"))))
            } else {
                let mut items = value.items().into_iter().flatten().enumerate();
                let item = items.find(|(_, item)| at < item.after());
                item.map(|(index, item)| (item, format!("[{index}]")))
            };
            let Some((next, step)) = step else { break };
            value = next;
            path += &step;
        }
        path
    }
}

impl<'a> Value<'a> {
    fn node(self) -> Option<&'a Node<'a>> {
        self.nodes.get(self.at)
    }

    /// The place behind the value and what it holds.
    fn after(self) -> usize {
        match self.node() {
            Some(Node::Sequence { end } | Node::Mapping { end }) => *end as usize,
            _ => self.at + 1,
        }
    }

    /// Whether there is nothing.
    pub fn is_null(self) -> bool {
        matches!(self.node(), Some(Node::Null))
    }

    /// The text of a text.
    pub fn text(self) -> Option<&'a str> {
        match self.node()? {
            Node::Borrowed(text) => Some(text),
            Node::Owned(text) => Some(text),
            _ => None,
        }
    }

    /// The keys and values of a mapping.
    pub fn entries(self) -> Option<impl Iterator<Item = (Value<'a>, Value<'a>)>> {
        let Some(Node::Mapping { end }) = self.node() else { return None };
        let mut values = self.within(*end);
        Some(std::iter::from_fn(move || Some((values.next()?, values.next()?))))
    }

    /// The items of a list.
    pub fn items(self) -> Option<impl Iterator<Item = Value<'a>>> {
        let Some(Node::Sequence { end }) = self.node() else { return None };
        Some(self.within(*end))
    }

    fn within(self, end: u32) -> Within<'a> {
        Within { next: Value { at: self.at + 1, ..self }, end: end as usize }
    }
}

/// What a collection holds, up to its end.
struct Within<'a> {
    next: Value<'a>,
    end: usize,
}

impl<'a> Iterator for Within<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        let value = self.next;
        if value.at >= self.end {
            return None;
        }
        self.next.at = value.after();
        Some(value)
    }
}
