//! Cuts a YAML text into documents, and a `kind: List` document into its items, without parsing it.
//!
//! Pieces can then be parsed apart: in parallel, in bounded memory, and each broken one alone. Cutting is exact for documents
//! (`---` and `...` at the start of a line are markers wherever they stand). An item with an alias to another item cannot be read
//! by itself: then `read` takes the list whole.

use std::ops::Range;

/// A document, and the items it can be cut into if it is a block-style `kind: List`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Document {
    /// Its bytes.
    pub range: Range<usize>,
    /// The bytes of each item, from its dash; empty when it is not cut.
    pub items: Vec<Range<usize>>,
}

/// The documents of a text that hold more than blanks, comments and directives.
pub(super) fn split(text: &str) -> Vec<Document> {
    let mut documents = Vec::new();
    let mut start = 0;
    let mut finish = |range: Range<usize>| {
        let Some(document) = text.get(range.clone()) else { return };
        if has_content(document) {
            let items = list_items(document)
                .unwrap_or_default()
                .into_iter()
                .map(|item| item.start + range.start..item.end + range.start)
                .collect();
            documents.push(Document { range, items });
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

/// The items of a document that is, line by line, a block-style `kind: List` and nothing else.
fn list_items(document: &str) -> Option<Vec<Range<usize>>> {
    let mut items: Vec<Range<usize>> = Vec::new();
    let mut is_list = false;
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
        // A key of the List itself, or the indented fields of its metadata.
        if indent > 0 {
            continue;
        }
        let (key, value) = content.split_once(':')?;
        match (key, value.trim()) {
            ("kind", "List") => is_list = true,
            ("apiVersion", "v1") | ("metadata", "" | "{}") => {}
            ("items", "") if matches!(state, State::Header) => state = State::ItemsKey,
            _ => return None,
        }
    }
    (is_list && !items.is_empty()).then_some(items)
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
        split(text).into_iter().map(|document| &text[document.range]).collect()
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

    #[test]
    fn a_block_list_is_cut_into_items_whatever_their_column() {
        for indent in ["", "  "] {
            let text = format!("kind: List\nitems:\n{indent}- a: 1\n{indent}  b: 2\n{indent}- c: 3\napiVersion: v1\n");
            let document = split(&text).pop().unwrap();
            let items: Vec<&str> = document.items.into_iter().map(|item| &text[item]).collect();
            assert_eq!(items, [format!("{indent}- a: 1\n{indent}  b: 2\n"), format!("{indent}- c: 3\n")]);
        }
    }

    #[test]
    fn other_documents_with_items_are_left_whole() {
        assert!(split("kind: ConfigMapList\nitems:\n- a: 1\n")[0].items.is_empty());
        assert!(split("kind: List\ndata: 1\nitems:\n- a: 1\n")[0].items.is_empty());
        assert!(split("kind: List\nitems: [{a: 1}]\n")[0].items.is_empty());
    }
}
