//! Edits of manifests: the bytes that a repair changes, and no others, so that comments and formatting survive.
//!
//! There is no edit where the text is written in a way that leaves a doubt about it: aliases, anchors, tags, keys in odd places.

mod value;

use crate::diagnostic::Edit;
use crate::source::{Origin, Place, Sources};
use crate::tree::{Content, NodeId, Tree};

pub(crate) use value::Value;

/// Writes another text into a scalar field, in the quotes that it has; the text that is there already loses its quotes.
pub(crate) fn replace(sources: &Sources, origin: &Origin, path: &str, text: &str) -> Option<Edit> {
    let tree = sources.tree(origin);
    let node = tree.node(tree.get(&origin.prefix, path)?)?;
    let Content::Scalar(scalar) = &node.content else { return None };
    let written = sources.slice(origin).get(node.span.start as usize..node.span.end as usize)?;
    let quote = written.get(..1).filter(|quote| matches!(*quote, "\"" | "'")).unwrap_or_default();
    // Escapes, tags and scalars of several lines are somebody's intention.
    let is_simple = written == format!("{quote}{}{quote}", scalar.text);
    let quote = if *scalar.text == *text { "" } else { quote };
    is_simple.then(|| edit(origin, node.span.start as usize, written.len(), format!("{quote}{text}{quote}")))
}

/// Renames the key of a field with a scalar, if the key is right before the value.
pub(crate) fn rename(sources: &Sources, origin: &Origin, path: &str, old: &str, new: &str) -> Option<Edit> {
    let region = sources.region(&Place::Field { origin: origin.clone(), path: path.to_owned() });
    let before = sources.get(region.source)?.text.get(..region.bytes.start as usize)?;
    let before = before.trim_end().strip_suffix(':')?.trim_end();
    let before = before.strip_suffix(['"', '\'']).unwrap_or(before);
    let start = u32::try_from(before.strip_suffix(old)?.len()).ok()?;
    let end = start + u32::try_from(old.len()).ok()?;
    Some(Edit { source: region.source, range: start..end, text: new.to_owned() })
}

/// Writes a list of words as the first field of `spec`.
pub(crate) fn insert_in_spec(sources: &Sources, origin: &Origin, field: &str, words: &[&str]) -> Option<Edit> {
    let tree = sources.tree(origin);
    let text = sources.slice(origin);
    let object = tree.get(&origin.prefix, "")?;
    let spec = tree.entries(object).iter().find(|entry| entry.key.as_ref() == "spec")?;
    let entries = tree.entries(spec.value);
    if entries.iter().any(|entry| entry.key.as_ref() == field) {
        return None;
    }
    let start = entries.first()?.key_span.start as usize;
    let between = text.get(spec.key_span.end as usize..start)?;
    let is_flow = match without_comments(between).trim() {
        ":" => false,
        opened if opened.strip_prefix(':').is_some_and(|rest| rest.trim_start() == "{") => true,
        _ => return None,
    };
    let inserted = if is_flow {
        let quote = if text.get(start..)?.starts_with('"') { "\"" } else { "" };
        let words: Vec<String> = words.iter().map(|word| format!("{quote}{word}{quote}")).collect();
        format!("{quote}{field}{quote}: [{}], ", words.join(", "))
    } else {
        let indent = before(text, start).filter(|indent| indent.bytes().all(|byte| byte == b' '))?;
        let newline = if between.contains("\r\n") { "\r\n" } else { "\n" };
        format!("{field}: [{}]{newline}{indent}", words.join(", "))
    };
    Some(edit(origin, start, 0, inserted))
}

/// Adds an item to a list, right behind one that is there and in its style.
pub(crate) fn insert_after(sources: &Sources, origin: &Origin, list: &str, index: usize, item: &Value) -> Option<Edit> {
    let tree = sources.tree(origin);
    let text = sources.slice(origin);
    // What an alias stands for is written elsewhere.
    if [" *", " &", "!!"].iter().any(|mark| text.contains(mark)) {
        return None;
    }
    let list = tree.get(&origin.prefix, list)?;
    let last = *tree.items(list)?.get(index)?;
    let end = end_of(&tree, text, last)?;
    if is_flow(&tree, text, list) {
        let is_json = text.get(tree.first_token(last).start as usize..)?.starts_with('"');
        return Some(edit(origin, end, 0, format!(", {}", item.flow(is_json))));
    }
    let is_flow = is_flow(&tree, text, last);
    let start = if is_flow { tree.node(last)?.span.start } else { tree.first_token(last).start };
    let (column, _) = dash_before(text, start as usize)?;
    let rest = text.get(end..)?.split('\n').next()?;
    let is_end = rest.trim().is_empty() || rest.trim_start().starts_with('#');
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let lines = if is_flow { vec![format!("- {}", item.flow(false))] } else { item.item() };
    let inserted: String = lines.iter().map(|line| format!("{newline}{}{line}", " ".repeat(column))).collect();
    is_end.then(|| edit(origin, end + rest.trim_end_matches('\r').len(), 0, inserted))
}

/// Whether a collection is written in brackets.
fn is_flow(tree: &Tree, text: &str, id: NodeId) -> bool {
    let Some(node) = tree.node(id) else { return false };
    let bracket = match &node.content {
        Content::Sequence(_) => '[',
        Content::Mapping(_) => '{',
        Content::Scalar(_) => return false,
    };
    text.get(node.span.start as usize..).is_some_and(|start| start.starts_with(bracket))
}

/// Where the last token of a node ends, if it has one.
fn end_of(tree: &Tree, text: &str, id: NodeId) -> Option<usize> {
    let node = tree.node(id)?;
    let last = match &node.content {
        Content::Scalar(_) => return (!node.span.is_empty()).then_some(node.span.end as usize),
        Content::Mapping(entries) => entries.last().map(|entry| entry.value),
        Content::Sequence(items) => items.last().copied(),
    };
    if !is_flow(tree, text, id) {
        return end_of(tree, text, last?);
    }
    let inside = last.map_or(Some(node.span.start as usize + 1), |last| end_of(tree, text, last))?;
    let rest = text.get(inside..)?.trim_start_matches(|between: char| between.is_whitespace() || between == ',');
    rest.starts_with(['}', ']']).then(|| text.len() - rest.len() + 1)
}

/// Joins two items of a list, each on lines of its own, by removing the dash of the second.
pub(crate) fn join_items(sources: &Sources, origin: &Origin, first: &str, second: &str) -> Option<Edit> {
    let tree = sources.tree(origin);
    let text = sources.slice(origin);
    let (first, _) = item_start(&tree, text, origin, first)?;
    let (second, dash) = item_start(&tree, text, origin, second)?;
    (first == second).then(|| edit(origin, dash, 1, " ".to_owned()))
}

/// The column in which an item's first field begins, and where the item's dash is.
fn item_start(tree: &Tree, text: &str, origin: &Origin, path: &str) -> Option<(usize, usize)> {
    let start = tree.first_token(tree.get(&origin.prefix, path)?).start as usize;
    let (dash, column) = dash_before(text, start)?;
    Some((column, start - column + dash))
}

/// The columns of an item's dash and of what begins the item, if nothing else is before it in its line.
fn dash_before(text: &str, start: usize) -> Option<(usize, usize)> {
    let before = before(text, start)?;
    let dash = before.find('-')?;
    let is_alone = before.bytes().enumerate().all(|(index, byte)| byte == b' ' || index == dash);
    is_alone.then_some((dash, before.len()))
}

fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split('#').next().unwrap_or_default()).collect()
}

/// What comes before an offset in its line.
fn before(text: &str, offset: usize) -> Option<&str> {
    text.get(..offset)?.rsplit('\n').next()
}

/// Puts a text in the place of some bytes of an object.
fn edit(origin: &Origin, start: usize, length: usize, text: String) -> Edit {
    let clamp = |offset: usize| origin.start.saturating_add(u32::try_from(offset).unwrap_or(u32::MAX));
    Edit { source: origin.source, range: clamp(start)..clamp(start + length), text }
}
