//! The key or value of a document that a byte is in, and the way to it.

use std::collections::BTreeSet;
use std::ops::Range;

use netpol::tree::{Content, NodeId, Tree};

/// A step from a node to one inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Field(Box<str>),
    Item(usize),
}

/// A key or a value without anything inside it.
#[derive(Debug)]
pub(crate) struct Spot {
    /// The way from the document to the value, or to that of the key.
    pub steps: Vec<Step>,
    pub bytes: Range<usize>,
    /// The nodes on the way, the document first: one more than there are steps.
    pub nodes: Vec<NodeId>,
}

/// An object in a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Object<'a> {
    /// The way to it has so many steps.
    pub depth: usize,
    pub api_version: &'a str,
    pub kind: &'a str,
}

impl Spot {
    /// The smallest key or value around a byte.
    pub fn find(tree: &Tree, offset: usize) -> Option<Spot> {
        let is_here = |spot: &Spot| spot.bytes.start <= offset && offset <= spot.bytes.end;
        Spot::find_by(tree, &is_here)
    }

    /// The first key or value that `is_it`.
    pub fn find_by(tree: &Tree, is_it: &dyn Fn(&Spot) -> bool) -> Option<Spot> {
        let mut search = Search { tree, is_it, seen: BTreeSet::new() };
        search.node(tree.root()?, &mut Vec::new(), &mut Vec::new())
    }

    /// The innermost object on the way.
    pub fn object<'a>(&self, tree: &'a Tree) -> Option<Object<'a>> {
        (0..).zip(&self.nodes).filter_map(|(depth, node)| object_at(tree, *node, depth)).last()
    }
}

/// The object that a node is, if it says its kind.
pub(crate) fn object_at(tree: &Tree, node: NodeId, depth: usize) -> Option<Object<'_>> {
    let kind = tree.text(node, "kind")?;
    tree.field(node, "metadata").or_else(|| tree.field(node, "spec")).or_else(|| (depth == 0).then_some(node))?;
    Some(Object { depth, api_version: tree.text(node, "apiVersion").unwrap_or_default(), kind })
}

/// Steps as a field path: `items[3].spec`.
pub(crate) fn path(steps: &[Step]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Field(name) if path.is_empty() => path.push_str(name),
            Step::Field(name) => {
                path.push('.');
                path.push_str(name);
            }
            Step::Item(index) => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

struct Search<'a> {
    tree: &'a Tree,
    is_it: &'a dyn Fn(&Spot) -> bool,
    /// Aliases share nodes: each is looked at once.
    seen: BTreeSet<NodeId>,
}

impl Search<'_> {
    fn node(&mut self, id: NodeId, steps: &mut Vec<Step>, nodes: &mut Vec<NodeId>) -> Option<Spot> {
        if !self.seen.insert(id) {
            return None;
        }
        nodes.push(id);
        let found = self.inside(id, steps, nodes);
        nodes.pop();
        found
    }

    fn inside(&mut self, id: NodeId, steps: &mut Vec<Step>, nodes: &mut Vec<NodeId>) -> Option<Spot> {
        let node = self.tree.node(id)?;
        match &node.content {
            Content::Mapping(entries) if !entries.is_empty() => entries.iter().find_map(|entry| {
                steps.push(Step::Field(entry.key.clone()));
                let nodes_there: Vec<NodeId> = nodes.iter().copied().chain([entry.value]).collect();
                let key = self.spot(steps, &entry.key_span, &nodes_there);
                let found = key.or_else(|| self.node(entry.value, steps, nodes));
                steps.pop();
                found
            }),
            Content::Sequence(items) if !items.is_empty() => items.iter().enumerate().find_map(|(index, item)| {
                steps.push(Step::Item(index));
                let found = self.node(*item, steps, nodes);
                steps.pop();
                found
            }),
            _ => self.spot(steps, &node.span, nodes),
        }
    }

    fn spot(&self, steps: &[Step], span: &Range<u32>, nodes: &[NodeId]) -> Option<Spot> {
        let bytes = span.start as usize..span.end as usize;
        let spot = Spot { steps: steps.to_vec(), bytes, nodes: nodes.to_vec() };
        Some(spot).filter(|spot| !spot.bytes.is_empty() && (self.is_it)(spot))
    }
}
