//! Edits of manifests: the bytes that a repair changes, and no others, so that comments and formatting survive.
//!
//! There is no edit where the text is written in a way that leaves a doubt about it: aliases, anchors, tags, keys in odd places.

use crate::diagnostic::Edit;
use crate::source::{Origin, Place, Sources};
use crate::tree::{Content, Tree};

/// Writes another text into a scalar field, in the quotes that it has.
pub(crate) fn replace(sources: &Sources, origin: &Origin, path: &str, text: &str) -> Option<Edit> {
    let tree = sources.tree(origin);
    let node = tree.node(tree.get(&origin.prefix, path)?)?;
    let Content::Scalar(scalar) = &node.content else { return None };
    let written = sources.slice(origin).get(node.span.start as usize..node.span.end as usize)?;
    let quote = written.get(..1).filter(|quote| matches!(*quote, "\"" | "'")).unwrap_or_default();
    // Escapes, tags and scalars of several lines are somebody's intention.
    let is_simple = written == format!("{quote}{}{quote}", scalar.text);
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
    let before = before(text, start)?;
    let dash = before.find('-')?;
    let is_alone = before.bytes().enumerate().all(|(index, byte)| byte == b' ' || index == dash);
    is_alone.then(|| (before.len(), start - before.len() + dash))
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
