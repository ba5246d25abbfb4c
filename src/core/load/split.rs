//! Cuts a text into documents, and a list of objects into its items, without parsing it.
//!
//! Pieces can then be parsed apart: in parallel, in bounded memory, and each broken one alone. Cutting is exact for documents
//! (`---` and `...` at the start of a line are markers wherever they stand, and no JSON has them inside). An item with an alias to
//! another item cannot be read by itself: then `read` takes the list whole.

use std::ops::Range;

use serde::de::IgnoredAny;

use super::json;
use crate::object::ObjectDecoder;

/// A document, and the items it can be cut into if it is a list of objects.
#[derive(Debug)]
pub(super) struct Document {
    pub syntax: Syntax,
    /// Its bytes.
    pub range: Range<usize>,
    /// The bytes of each item, in YAML from its dash; empty when it is not cut.
    pub items: Vec<Range<usize>>,
    /// Reads the items.
    pub decoder: ObjectDecoder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    Yaml,
    Json,
}

impl Document {
    /// One that is not cut.
    pub fn whole(syntax: Syntax, range: Range<usize>) -> Document {
        Document { syntax, range, items: Vec::new(), decoder: ObjectDecoder::default() }
    }
}

/// The documents of a text that hold more than blanks, comments and directives.
pub(super) fn split(path: &str, text: &str) -> Vec<Document> {
    let is_named_json = path.ends_with(".json");
    let mut documents = Vec::new();
    let mut start = 0;
    let mut finish = |range: Range<usize>| {
        let Some(document) = text.get(range.clone()) else { return };
        if is_named_json || is_json(document) {
            documents.extend(json::split(text, range));
        } else if has_content(document) {
            documents.push(yaml(document, range));
        }
    };
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if let Some(rest) = marker(line) {
            finish(start..offset);
            // What follows `---` on its line belongs to the document; `...` only ends one.
            start = offset + (line.len() - rest.len());
        }
        offset += line.len();
    }
    finish(start..offset);
    documents
}

/// Whether a document is JSON: its first value is, and no YAML comment follows it.
fn is_json(document: &str) -> bool {
    let document = document.trim_start_matches('\u{feff}').trim_start();
    if !document.starts_with(['{', '[']) {
        return false;
    }
    let mut values = serde_json::Deserializer::from_str(document).into_iter::<IgnoredAny>();
    let is_sound = matches!(values.next(), Some(Ok(_)));
    is_sound && !document.get(values.byte_offset()..).unwrap_or_default().trim_start().starts_with('#')
}

fn yaml(document: &str, range: Range<usize>) -> Document {
    match list_items(document) {
        Some((items, decoder)) => {
            let items = items.into_iter().map(|item| item.start + range.start..item.end + range.start).collect();
            Document { syntax: Syntax::Yaml, range, items, decoder }
        }
        None => Document::whole(Syntax::Yaml, range),
    }
}

/// What follows a document marker at the start of a line.
fn marker(line: &str) -> Option<&str> {
    let line = line.trim_start_matches('\u{feff}');
    let rest = line.strip_prefix("---").or_else(|| line.strip_prefix("..."))?;
    (rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n'])).then_some(rest)
}

fn has_content(document: &str) -> bool {
    document.lines().any(|line| {
        let line = line.trim_start_matches('\u{feff}').trim_start();
        !line.is_empty() && !line.starts_with('#') && !line.starts_with('%')
    })
}

/// The items of a document that is, line by line, a block-style list of objects and nothing else.
fn list_items(document: &str) -> Option<(Vec<Range<usize>>, ObjectDecoder)> {
    let mut items: Vec<Range<usize>> = Vec::new();
    let (mut kind, mut api_version) = ("", "");
    let mut state = State::Header;
    let mut offset = 0;
    for line in document.split_inclusive('\n') {
        let range = offset..offset + line.len();
        offset = range.end;
        let content = line.trim_start_matches('\u{feff}').trim_start_matches(' ');
        let indent = line.len() - content.len();
        let is_blank = content.trim_end().is_empty() || content.starts_with('#');
        if is_blank {
            if let (State::Items(_), Some(item)) = (&state, items.last_mut()) {
                item.end = range.end;
            }
            continue;
        }
        let is_dash = content.trim_end() == "-" || content.starts_with("- ");
        if let State::ItemsKey = state {
            if !is_dash {
                return None;
            }
            state = State::Items(indent);
        }
        if let State::Items(column) = state {
            if indent == column && is_dash {
                items.push(range);
                continue;
            }
            if indent > column {
                items.last_mut()?.end = range.end;
                continue;
            }
            state = State::Footer;
        }
        // A key of the list itself, or the indented fields of its metadata.
        if indent > 0 {
            continue;
        }
        let (key, value) = content.split_once(':')?;
        match (unquoted(key), unquoted(value)) {
            ("kind", value) if value.ends_with("List") => kind = value,
            ("apiVersion", value) => api_version = value,
            ("metadata", "" | "{}") => {}
            ("items", "") if matches!(state, State::Header) => state = State::ItemsKey,
            _ => return None,
        }
    }
    let is_list = !kind.is_empty() && !items.is_empty();
    is_list.then(|| (items, ObjectDecoder::for_items_of(api_version, kind)))
}

/// A word without the quotes around it and the comment behind it.
fn unquoted(text: &str) -> &str {
    let text = text.split_once(" #").map_or(text, |(word, _)| word).trim();
    let within = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    within('"').or_else(|| within('\'')).unwrap_or(text)
}

enum State {
    /// Before `items:`.
    Header,
    /// After `items:`, before the first dash.
    ItemsKey,
    /// Among the items, whose dashes stand in this column.
    Items(usize),
    /// After the last item.
    Footer,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        split("", text).into_iter().map(|document| &text[document.range]).collect()
    }

    #[test]
    fn documents_end_at_markers_and_empty_ones_are_dropped() {
        assert_eq!(texts("a: 1\n---\nb: 2\n...\n# nothing\n---\n--- # c\nc: 3"), ["a: 1\n", "\nb: 2\n", " # c\nc: 3"]);
    }

    #[test]
    fn directives_alone_are_no_document_and_a_marker_needs_a_blank_behind_it() {
        assert_eq!(texts("%YAML 1.2\n---\na: |\n  ---\n---x: 1\n"), ["\na: |\n  ---\n---x: 1\n"]);
    }

    #[test]
    fn crlf_and_byte_order_marks_do_not_hide_markers() {
        assert_eq!(texts("\u{feff}---\r\na: 1\r\n---\r\nb: 2\r\n").len(), 2);
    }

    fn items(text: &str) -> Vec<&str> {
        split("", text).pop().unwrap().items.into_iter().map(|item| &text[item]).collect()
    }

    #[test]
    fn a_block_list_is_cut_into_items_whatever_their_column() {
        for indent in ["", "  "] {
            let text = format!("kind: List\nitems:\n{indent}- a: 1\n{indent}  b: 2\n{indent}- c: 3\napiVersion: v1\n");
            assert_eq!(items(&text), [format!("{indent}- a: 1\n{indent}  b: 2\n"), format!("{indent}- c: 3\n")]);
        }
    }

    #[test]
    fn lists_may_be_typed_quoted_and_commented() {
        assert_eq!(items("\"items\": # all\n- a: 1\n'kind': 'PodList' # of pods\napiVersion: \"v1\"\n"), ["- a: 1\n"]);
    }

    #[test]
    fn other_documents_with_items_are_left_whole() {
        for text in [
            "kind: ConfigMap\nitems:\n- a: 1\n",
            "items:\n- a: 1\n",
            "kind: List\ndata: 1\nitems:\n- a: 1\n",
            "kind: List\nitems: [{a: 1}]\n",
        ] {
            assert_eq!(items(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn documents_are_json_by_name_or_by_content() {
        let syntaxes = |path: &str, text: &str| -> Vec<Syntax> {
            split(path, text).iter().map(|document| document.syntax).collect()
        };
        assert_eq!(
            syntaxes("a.yaml", "{\"a\": 1}\n---\na: 1\n---\n{a: 1}\n"),
            [Syntax::Json, Syntax::Yaml, Syntax::Yaml]
        );
        assert_eq!(syntaxes("-", "{\"a\": 1} # b\n---\n[1] nope\n"), [Syntax::Yaml, Syntax::Json, Syntax::Json]);
        assert_eq!(syntaxes("a.json", "a: 1\n"), [Syntax::Json]);
    }
}
