//! Where something is being typed: the way there in a document that is not finished.
//!
//! A word takes the place of what is being typed, and the parser says where that word is: in the whole document if that can be read,
//! else in what comes before it, since the parser keeps what it has read up to an error.

use std::ops::Range;

use netpol::tree::{NodeId, Tree};

use crate::spot::{Object, Spot, Step, object_at};

/// No manifest has this word.
const WORD: &str = "netpol-caret-7f3a";

/// A place in which something is being typed.
pub(crate) struct Caret {
    pub tree: Tree,
    /// From the object to the collection that is typed in, and for a value to its field or item.
    pub steps: Vec<Step>,
    /// The nodes on the way, the object first, down to the collection typed in; the word itself is left out.
    pub nodes: Vec<NodeId>,
    pub is_key: bool,
    /// Of the document: what is replaced.
    pub bytes: Range<usize>,
    /// Whether a colon follows already.
    pub has_colon: bool,
    depth: usize,
}

impl Caret {
    /// The caret at a byte of a document.
    pub fn find(document: &str, at: usize) -> Option<Caret> {
        let (before, after) = document.split_at_checked(at)?;
        let is_part = |character: char| !character.is_whitespace() && !"{}[],:\"'".contains(character);
        let start = before.trim_end_matches(is_part).len();
        let end = at + (after.len() - after.trim_start_matches(is_part).len());
        let (head, tail) = (document.get(..start)?, document.get(end..)?);
        let line = head.rsplit('\n').next().unwrap_or_default();
        if line.trim_start().starts_with('#') || line.contains(" #") {
            return None;
        }
        let quote = head.chars().next_back().filter(|last| "\"'".contains(*last));
        let (head, tail) = match quote {
            Some(quote) => (head.strip_suffix(quote)?, tail.strip_prefix(quote).unwrap_or(tail)),
            None => (head, tail),
        };
        let has_colon = tail.trim_start_matches(' ').starts_with(':');
        let is_value = is_value(line.trim_end_matches(['"', '\'']));
        let word = if is_value || has_colon { WORD.to_owned() } else { format!("{WORD}: 0") };
        let whole = Tree::parse(&format!("{head}{word}{tail}"));
        let tree = if whole.is_whole() {
            whole
        } else {
            let value = if is_value { "" } else { ": 0" };
            Tree::parse(&format!("{head}{WORD}{value}{}", closing(head)))
        };
        Caret::in_tree(tree, start..end, has_colon)
    }

    fn in_tree(tree: Tree, bytes: Range<usize>, has_colon: bool) -> Option<Caret> {
        let is_key = |spot: &Spot| matches!(spot.steps.last(), Some(Step::Field(name)) if name.as_ref() == WORD);
        let is_value = |spot: &Spot| spot.nodes.last().is_some_and(|node| text(&tree, *node) == Some(WORD));
        let spot = Spot::find_by(&tree, &|spot| is_key(spot) || is_value(spot))?;
        let is_key = is_key(&spot);
        let Spot { mut steps, mut nodes, .. } = spot;
        nodes.pop();
        if is_key {
            steps.pop();
        }
        let depth = (0..).zip(&nodes).filter_map(|(depth, node)| object_at(&tree, *node, depth)).last();
        let depth = depth.map_or(0, |object| object.depth);
        let (steps, nodes) = (steps.split_off(depth.min(steps.len())), nodes.split_off(depth.min(nodes.len())));
        Some(Caret { tree, steps, nodes, is_key, bytes, has_colon, depth })
    }

    /// The object that is typed in, as far as it says what it is.
    pub fn object(&self) -> Option<Object<'_>> {
        object_at(&self.tree, *self.nodes.first()?, self.depth)
    }

    /// The collection that is typed in.
    pub fn collection(&self) -> Option<NodeId> {
        self.nodes.last().copied()
    }

    /// The text of a field of the object's metadata.
    pub fn metadata(&self, name: &str) -> Option<&str> {
        self.tree.text(self.tree.field(*self.nodes.first()?, "metadata")?, name)
    }
}

/// Whether what follows is the value of a key on that line.
fn is_value(line: &str) -> bool {
    let line = line.trim_end_matches(' ');
    line.ends_with(':')
}

/// What closes the braces and brackets that are open, since the parser keeps nothing of a pair that it cannot see the end of. Those in
/// quotes and comments are counted too: then there is an error behind the word, which loses nothing.
fn closing(head: &str) -> String {
    let mut open = Vec::new();
    for character in head.chars() {
        match character {
            '{' => open.push('}'),
            '[' => open.push(']'),
            '}' | ']' => drop(open.pop()),
            _ => {}
        }
    }
    open.into_iter().rev().collect()
}

/// The text of a scalar.
pub(crate) fn text(tree: &Tree, id: NodeId) -> Option<&str> {
    match &tree.node(id)?.content {
        netpol::tree::Content::Scalar(scalar) => Some(&scalar.text),
        _ => None,
    }
}
