//! Places as editors count them, and the bytes of a text that they are.

use netpol::source::{Place, Source, SourceId, Sources};
use serde::Serialize;

/// A place between two characters. Both numbers count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The UTF-16 code units before it in its line.
    pub character: u32,
}

/// From one place to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Range {
    /// Where it begins.
    pub start: Position,
    /// Where it ends, which is behind its last character.
    pub end: Position,
}

/// The byte at a position; at the end of its line, or of the text, if there is less of it.
pub(crate) fn offset(source: &Source, position: Position) -> usize {
    let mut start = 0;
    for (_, line) in (0..position.line).zip(source.text.split_inclusive('\n')) {
        start += line.len();
    }
    let rest = source.text.get(start..).unwrap_or_default();
    let lines_before = source.text.get(..start).map_or(0, |before| before.matches('\n').count());
    if lines_before < position.line as usize {
        return source.text.len();
    }
    let line = rest.split(['\r', '\n']).next().unwrap_or_default();
    let mut units = 0;
    for (index, character) in line.char_indices() {
        if character == '\u{feff}' {
            continue;
        }
        if units >= position.character as usize {
            return start + index;
        }
        units += character.len_utf16();
    }
    start + line.len()
}

/// The range of some bytes of a text.
pub(crate) fn range(sources: &Sources, source: SourceId, bytes: std::ops::Range<usize>) -> Range {
    let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    let region = sources.region(&Place::Span { source, start: clamp(bytes.start), end: clamp(bytes.end) });
    let position = |at: netpol::source::Position| Position { line: at.line - 1, character: at.column_utf16 - 1 };
    Range { start: position(region.start), end: position(region.end) }
}
