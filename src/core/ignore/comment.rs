//! `# netpol-ignore: SLUG REASON`, on the line that it is about or above it.

use super::{Ignore, Scope};
use crate::source::{Place, Source, SourceId};

const MARKER: &str = "netpol-ignore:";

/// What the comments of a text ask. One on a line of its own is about the next line that is no comment.
pub(super) fn ignores(id: SourceId, source: &Source) -> Vec<Ignore> {
    let mut ignores: Vec<Ignore> = Vec::new();
    if !source.text.contains(MARKER) {
        return ignores;
    }
    let mut pending = 0;
    let mut offset = 0u32;
    for (line, text) in (1u32..).zip(source.text.split_inclusive('\n')) {
        let is_comment = text.trim_start().starts_with('#');
        if !is_comment && !text.trim().is_empty() {
            for ignore in ignores.iter_mut().rev().take(std::mem::take(&mut pending)) {
                ignore.scope = Scope::Line(line);
            }
        }
        if let Some((start, asked)) = asked(text) {
            let clamp = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
            let start = offset + clamp(start);
            let place = Place::Span { source: id, start, end: start + clamp(MARKER.len()) };
            ignores.push(Ignore::new(Scope::Line(line), asked, place));
            pending += usize::from(is_comment);
        }
        offset += u32::try_from(text.len()).unwrap_or(u32::MAX);
    }
    ignores
}

/// What a line's comment asks, and where it begins.
fn asked(line: &str) -> Option<(usize, &str)> {
    let start = line.find(MARKER)?;
    let before = line.get(..start)?.trim_end();
    let is_comment = before.strip_suffix('#').is_some_and(|code| code.is_empty() || code.ends_with([' ', '\t']));
    is_comment.then_some(())?;
    Some((start, line.get(start + MARKER.len()..)?.trim()))
}
