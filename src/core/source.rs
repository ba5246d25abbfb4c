//! The texts that were read, and places in them.

use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::Serialize;

use crate::tree::Tree;

/// Index of a text in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// One text: a file, or standard input.
#[derive(Debug, Clone)]
pub struct Source {
    /// The path as the user named it; `-` is standard input.
    pub path: String,
    /// The text, as it was read.
    pub text: Arc<str>,
    /// Whether the text is to be read: not if it is what comes before bytes that are no text.
    pub(crate) is_readable: bool,
    /// The first byte of each line, found when the first place in the text is asked for.
    line_starts: OnceLock<Vec<u32>>,
}

impl Source {
    fn new(path: String, text: Arc<str>, is_readable: bool) -> Source {
        Source { path, text, is_readable, line_starts: OnceLock::new() }
    }

    /// Index and first byte of the line that an offset is in.
    fn line_at(&self, offset: u32) -> (usize, u32) {
        let starts = self.line_starts.get_or_init(|| {
            let newlines = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            let after = newlines.filter_map(|(index, _)| u32::try_from(index + 1).ok());
            std::iter::once(0).chain(after).collect()
        });
        let index = starts.partition_point(|start| *start <= offset).saturating_sub(1);
        (index, starts.get(index).copied().unwrap_or(0))
    }
}

/// The texts of a run.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// By id; `None` where a text was removed.
    sources: Vec<Option<Source>>,
    free: Vec<SourceId>,
    /// The document that was asked about last: questions about one document come one after the other.
    last_tree: Arc<Mutex<Option<LastTree>>>,
}

#[derive(Debug)]
struct LastTree {
    /// Text, first byte and end of the document.
    piece: (SourceId, u32, u32),
    tree: Arc<Tree>,
}

/// Where an object is written: a piece of a text, and the way to the object in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// The text.
    pub source: SourceId,
    /// First byte of the document (or of the list item that is read as one) in the text.
    pub start: u32,
    /// Byte after its last one.
    pub end: u32,
    /// Field path from the document to the object: empty, or `items[3]`.
    pub prefix: Arc<str>,
}

/// A place that something is said about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A field of an object, by its path (`spec.ingress[0].from`); the empty path is the object.
    Field {
        /// The object.
        origin: Origin,
        /// The path.
        path: String,
    },
    /// A piece of a text.
    Span {
        /// The text.
        source: SourceId,
        /// Its first byte.
        start: u32,
        /// The byte after its last one; the first, when only the beginning is known.
        end: u32,
    },
    /// A text as a whole.
    Source(SourceId),
}

impl Place {
    /// The text that it is in.
    pub fn source(&self) -> SourceId {
        match self {
            Place::Field { origin, .. } => origin.source,
            Place::Span { source, .. } | Place::Source(source) => *source,
        }
    }
}

/// A place from its beginning to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The text.
    pub source: SourceId,
    /// Its bytes in the text.
    pub bytes: Range<u32>,
    /// Where it begins.
    pub start: Position,
    /// Where it ends, which is behind its last character.
    pub end: Position,
}

/// A place between two characters. All numbers count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column in characters.
    pub column: u32,
    /// The column in UTF-16 code units, as editors and SARIF count.
    pub column_utf16: u32,
}

/// A place as people read it. Lines and columns count from 1; columns count characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Location {
    /// The path as the user named it.
    pub path: String,
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl Sources {
    /// Adds a text and gives its id.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<Arc<str>>) -> SourceId {
        self.insert(Source::new(path.into(), text.into(), true))
    }

    /// Adds a text that is not to be read, with what can be shown of it, so that places in it can be named.
    pub fn add_unreadable(&mut self, path: impl Into<String>, text: impl Into<Arc<str>>) -> SourceId {
        self.insert(Source::new(path.into(), text.into(), false))
    }

    /// Takes the place of a removed text, if there is one: texts that come and go do not add up.
    fn insert(&mut self, source: Source) -> SourceId {
        if let Some(id) = self.free.pop()
            && let Some(slot) = self.sources.get_mut(id.0 as usize)
        {
            *slot = Some(source);
            return id;
        }
        self.sources.push(Some(source));
        SourceId(u32::try_from(self.sources.len() - 1).unwrap_or(u32::MAX))
    }

    /// Gives a path another text. Places in the old one mean nothing any more.
    pub fn replace(&mut self, id: SourceId, text: impl Into<Arc<str>>) {
        self.forget_trees();
        if let Some(Some(source)) = self.sources.get_mut(id.0 as usize) {
            *source = Source::new(std::mem::take(&mut source.path), text.into(), true);
        }
    }

    /// Removes a text. Its id will be another text's.
    pub fn remove(&mut self, id: SourceId) {
        self.forget_trees();
        if self.sources.get_mut(id.0 as usize).and_then(Option::take).is_some() {
            self.free.push(id);
        }
    }

    /// Clones share the last tree, and may have the old text.
    fn forget_trees(&mut self) {
        self.last_tree = Arc::default();
    }

    /// The text behind an id.
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(id.0 as usize)?.as_ref()
    }

    /// The texts and their ids.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        (0u32..).map(SourceId).zip(&self.sources).filter_map(|(id, source)| Some((id, source.as_ref()?)))
    }

    /// The piece of text in which an object is written.
    pub fn slice(&self, origin: &Origin) -> &str {
        self.get(origin.source)
            .and_then(|source| source.text.get(origin.start as usize..origin.end as usize))
            .unwrap_or_default()
    }

    /// Where a field of an object is written. A field that is not there gives its nearest parent that is.
    pub fn locate(&self, origin: &Origin, path: &str) -> Location {
        self.locate_all(origin, std::iter::once(path))
            .pop()
            .unwrap_or_else(|| self.location(origin.source, origin.start))
    }

    /// Where several fields of one object are written; its document is parsed once.
    pub fn locate_all<'a>(&self, origin: &Origin, paths: impl Iterator<Item = &'a str>) -> Vec<Location> {
        let tree = self.tree(origin);
        paths
            .map(|path| {
                let offset = tree.find(&origin.prefix, path).map_or(0, |span| span.start);
                self.location(origin.source, origin.start + offset)
            })
            .collect()
    }

    /// Whether a field of an object is written.
    pub(crate) fn has_field(&self, origin: &Origin, path: &str) -> bool {
        self.tree(origin).has(&origin.prefix, path)
    }

    /// The document of an object with its positions. The one that was asked for last is kept.
    pub(crate) fn tree(&self, origin: &Origin) -> Arc<Tree> {
        let piece = (origin.source, origin.start, origin.end);
        let mut last = self.last_tree.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some(last) if last.piece == piece => last.tree.clone(),
            _ => {
                let tree = Arc::new(Tree::parse(self.slice(origin)));
                *last = Some(LastTree { piece, tree: tree.clone() });
                tree
            }
        }
    }

    /// A place as people read it.
    pub fn resolve(&self, place: &Place) -> Location {
        match place {
            Place::Field { origin, path } => self.locate(origin, path),
            Place::Span { source, start, .. } => self.location(*source, *start),
            Place::Source(source) => self.location(*source, 0),
        }
    }

    /// A place from its beginning to its end. A text as a whole is shown by its first line.
    pub fn region(&self, place: &Place) -> Region {
        let (source, bytes) = match place {
            Place::Field { origin, path } => {
                let span = self.tree(origin).find(&origin.prefix, path).unwrap_or(0..0);
                (origin.source, origin.start + span.start..origin.start + span.end)
            }
            Place::Span { source, start, end } => (*source, *start..(*end).max(*start)),
            Place::Source(source) => {
                let text = self.get(*source).map_or("", |source| &source.text);
                let line = text.split(['\r', '\n']).next().unwrap_or_default();
                (*source, 0..u32::try_from(line.len()).unwrap_or(u32::MAX))
            }
        };
        let (start, end) = (self.position(source, bytes.start), self.position(source, bytes.end));
        Region { source, bytes, start, end }
    }

    /// Line and columns of a byte.
    fn position(&self, id: SourceId, offset: u32) -> Position {
        let Some(source) = self.get(id) else { return Position { line: 1, column: 1, column_utf16: 1 } };
        let (index, start) = source.line_at(offset);
        let before = source.text.get(start as usize..offset as usize).unwrap_or_default();
        // A byte order mark is no character of the first line.
        let before = before.trim_start_matches('\u{feff}');
        let clamp = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Position {
            line: clamp(index + 1),
            column: clamp(before.chars().count() + 1),
            column_utf16: clamp(before.encode_utf16().count() + 1),
        }
    }

    fn location(&self, id: SourceId, offset: u32) -> Location {
        let Position { line, column, .. } = self.position(id, offset);
        Location { path: self.get(id).map_or_else(String::new, |source| source.path.clone()), line, column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        let mut sources = Sources::default();
        let text = "\u{feff}a: 1\r\nüber: x\n\nend";
        let source = sources.add("some.yaml", text);
        let at = |needle: &str| {
            let offset = u32::try_from(text.find(needle).unwrap()).unwrap();
            let location = sources.resolve(&Place::Span { source, start: offset, end: offset });
            (location.line, location.column)
        };
        assert_eq!([at("a"), at("1"), at("über"), at("x"), at("end")], [(1, 1), (1, 4), (2, 1), (2, 7), (4, 1)]);
    }
}
