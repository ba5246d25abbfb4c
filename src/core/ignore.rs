//! Findings that their authors have looked at and left: `# netpol-ignore: SLUG REASON` on the line, or above it.
//!
//! A reason is required, and what no finding needs any more is itself a finding.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::lint::Rule;
use crate::lint::rules::{IGNORE_WITHOUT_REASON, UNUSED_IGNORE};
use crate::source::{Place, Source, SourceId, Sources};

const MARKER: &str = "netpol-ignore:";

/// A comment that asks to ignore a rule.
struct Ignore<'a> {
    /// The line that it is about, from 1.
    line: u32,
    slug: &'a str,
    has_reason: bool,
    place: Place,
    is_used: bool,
}

/// Takes out the findings that comments ask to ignore, and adds what is wrong with those comments.
pub fn apply(sources: &Sources, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut ignores: BTreeMap<SourceId, Vec<Ignore<'_>>> = BTreeMap::new();
    for (id, source) in sources.iter().filter(|(_, source)| source.is_readable && source.text.contains(MARKER)) {
        ignores.insert(id, ignores_of(id, source));
    }
    if ignores.is_empty() {
        return diagnostics;
    }
    let mut kept: Vec<Diagnostic> =
        diagnostics.into_iter().filter(|diagnostic| !is_ignored(sources, diagnostic, &mut ignores)).collect();
    for ignore in ignores.into_values().flatten() {
        let slug = ignore.slug;
        if !ignore.has_reason {
            let message = format!("this ignores `{slug}` without a reason, and so it ignores nothing");
            kept.push(IGNORE_WITHOUT_REASON.finding(message).at(ignore.place).help("say why, behind the slug"));
        } else if !ignore.is_used {
            let finding = UNUSED_IGNORE.finding(match Rule::find(slug) {
                Some(_) => format!("`{slug}` finds nothing here: remove this comment"),
                None => Rule::unknown(slug),
            });
            kept.push(finding.at(ignore.place));
        }
    }
    kept
}

fn is_ignored(sources: &Sources, diagnostic: &Diagnostic, ignores: &mut BTreeMap<SourceId, Vec<Ignore<'_>>>) -> bool {
    let Some(place) = &diagnostic.place else { return false };
    let region = sources.region(place);
    let Some(ignores) = ignores.get_mut(&region.source) else { return false };
    let mut is_ignored = false;
    let asks =
        |ignore: &Ignore<'_>| ignore.has_reason && ignore.slug == diagnostic.slug && ignore.line == region.start.line;
    for ignore in ignores.iter_mut().filter(|ignore| asks(ignore)) {
        ignore.is_used = true;
        is_ignored = true;
    }
    is_ignored
}

/// The comments of a text. One on a line of its own is about the next line that is no comment.
fn ignores_of(id: SourceId, source: &Source) -> Vec<Ignore<'_>> {
    let mut ignores: Vec<Ignore<'_>> = Vec::new();
    let mut pending = 0;
    let mut offset = 0u32;
    for (line, text) in (1u32..).zip(source.text.split_inclusive('\n')) {
        let is_comment = text.trim_start().starts_with('#');
        if !is_comment && !text.trim().is_empty() {
            for ignore in ignores.iter_mut().rev().take(std::mem::take(&mut pending)) {
                ignore.line = line;
            }
        }
        if let Some((start, asked)) = comment_of(text) {
            let (slug, reason) = asked.split_once(char::is_whitespace).unwrap_or((asked, ""));
            let clamp = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
            let start = offset + clamp(start);
            let place = Place::Span { source: id, start, end: start + clamp(MARKER.len()) };
            ignores.push(Ignore { line, slug, has_reason: !reason.trim().is_empty(), place, is_used: false });
            pending += usize::from(is_comment);
        }
        offset += u32::try_from(text.len()).unwrap_or(u32::MAX);
    }
    ignores
}

/// What a line's comment asks, and where it begins.
fn comment_of(line: &str) -> Option<(usize, &str)> {
    let start = line.find(MARKER)?;
    let before = line.get(..start)?.trim_end();
    let is_comment = before.strip_suffix('#').is_some_and(|code| code.is_empty() || code.ends_with([' ', '\t']));
    is_comment.then_some(())?;
    Some((start, line.get(start + MARKER.len()..)?.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The slugs and lines of what is left of findings in lines 2 and 5.
    fn left(text: &str) -> Vec<(&'static str, u32)> {
        let mut sources = Sources::default();
        let source = sources.add("a.yaml", text);
        let finding = |line: usize| {
            let start = text.split_inclusive('\n').take(line - 1).map(str::len).sum::<usize>() as u32;
            Diagnostic::error("open-egress", "").at(Place::Span { source, start, end: start + 1 })
        };
        let left = apply(&sources, vec![finding(2), finding(5)]);
        let line = |finding: &Diagnostic| sources.region(finding.place.as_ref().unwrap()).start.line;
        left.iter().map(|finding| (finding.slug, line(finding))).collect()
    }

    #[test]
    fn a_comment_on_the_line_or_above_it_ignores_a_rule_there_and_nowhere_else() {
        assert_eq!(left("a\nb # netpol-ignore: open-egress it is a lab\nc\nd\ne\n"), [("open-egress", 5)]);
        assert_eq!(
            left("a\nb\n  # netpol-ignore: open-egress it is a lab\n\n# more\ne\n").len(),
            3,
            "what is about line 6 is about no finding"
        );
        assert_eq!(left("a\nb\n# netpol-ignore: open-egress it is a lab\n# more\ne\n"), [("open-egress", 2)]);
    }

    #[test]
    fn a_comment_needs_a_reason_a_rule_and_a_finding() {
        let both = [("open-egress", 2), ("open-egress", 5)];
        let with = |comment: &str| left(&format!("a\nb {comment}\nc\nd\ne\n"));
        assert_eq!(with("# netpol-ignore: open-egress"), [both[0], both[1], ("ignore-without-reason", 2)]);
        assert_eq!(with("# netpol-ignore: open-egres it is a lab"), [both[0], both[1], ("unused-ignore", 2)]);
        assert_eq!(with("# netpol-ignore: ignored-rules it is a lab"), [both[0], both[1], ("unused-ignore", 2)]);
        assert_eq!(with("'netpol-ignore: open-egress it is text'"), both);
    }
}
