//! Findings that their authors have looked at and left: `# netpol-ignore: SLUG REASON` on the line, or above it, and for manifests
//! that are generated the annotation `netpol.dev/ignore` of the object, with `SLUG REASON` in each line.
//!
//! A reason is required, and what no finding needs any more is itself a finding.

mod annotation;
mod comment;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::diagnostic::Diagnostic;
use crate::lint::Rule;
use crate::lint::rules::{IGNORE_WITHOUT_REASON, UNUSED_IGNORE};
use crate::source::{Place, Region, SourceId, Sources};

/// Findings, parted by what is asked in the texts.
#[derive(Debug, Default)]
pub struct Parted {
    /// Those that nobody asks to ignore, and what is wrong with the asking.
    pub left: Vec<Diagnostic>,
    /// The others.
    pub ignored: Vec<Ignored>,
}

/// A finding that is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The finding.
    pub diagnostic: Diagnostic,
    /// Why, in its author's words.
    pub reason: String,
}

/// A place that asks to ignore a rule.
struct Ignore {
    scope: Scope,
    slug: String,
    reason: String,
    place: Place,
    is_used: bool,
}

/// Where findings are ignored.
enum Scope {
    /// In a line, from 1: a comment asks.
    Line(u32),
    /// In an object's bytes: its annotation asks.
    Object(Range<u32>),
}

impl Ignore {
    /// Reads `SLUG REASON`.
    fn new(scope: Scope, asked: &str, place: Place) -> Ignore {
        let (slug, reason) = asked.split_once(char::is_whitespace).unwrap_or((asked, ""));
        Ignore { scope, slug: slug.to_owned(), reason: reason.trim().to_owned(), place, is_used: false }
    }

    fn asks_for(&self, diagnostic: &Diagnostic, region: &Region) -> bool {
        let is_inside = match &self.scope {
            Scope::Line(line) => *line == region.start.line,
            Scope::Object(bytes) => bytes.start <= region.bytes.start && region.bytes.end <= bytes.end,
        };
        is_inside && !self.reason.is_empty() && self.slug == diagnostic.slug
    }

    /// What is wrong with it, once all findings are known.
    fn flaw(&self) -> Option<Diagnostic> {
        let slug = &self.slug;
        let name = match self.scope {
            Scope::Line(_) => "comment",
            Scope::Object(_) => "line of the annotation",
        };
        if self.reason.is_empty() {
            let message = format!("this ignores `{slug}` without a reason, and so it ignores nothing");
            return Some(IGNORE_WITHOUT_REASON.finding(message).help("say why, behind the slug"));
        }
        if self.is_used {
            return None;
        }
        Some(UNUSED_IGNORE.finding(match Rule::find(slug) {
            Some(_) => format!("`{slug}` finds nothing here: remove this {name}"),
            None => Rule::unknown(slug),
        }))
    }
}

/// Takes out the findings that comments and annotations ask to ignore, and adds what is wrong with those.
pub fn apply(sources: &Sources, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    part(sources, diagnostics).left
}

/// Parts findings into those that are to be told, with what is wrong with comments and annotations, and those that are ignored.
pub fn part(sources: &Sources, diagnostics: Vec<Diagnostic>) -> Parted {
    let mut ignores: BTreeMap<SourceId, Vec<Ignore>> = BTreeMap::new();
    for (id, source) in sources.iter().filter(|(_, source)| source.is_readable) {
        let mut asked = comment::ignores(id, source);
        asked.extend(annotation::ignores(id, source));
        if !asked.is_empty() {
            ignores.insert(id, asked);
        }
    }
    if ignores.is_empty() {
        return Parted { left: diagnostics, ignored: Vec::new() };
    }
    let mut parted = Parted::default();
    for diagnostic in diagnostics {
        match reason(sources, &diagnostic, &mut ignores) {
            Some(reason) => parted.ignored.push(Ignored { diagnostic, reason }),
            None => parted.left.push(diagnostic),
        }
    }
    for ignore in ignores.into_values().flatten() {
        parted.left.extend(ignore.flaw().map(|flaw| flaw.at(ignore.place)));
    }
    parted
}

/// Why a finding is ignored, if it is. Everything that asks for it is of use.
fn reason(sources: &Sources, diagnostic: &Diagnostic, ignores: &mut BTreeMap<SourceId, Vec<Ignore>>) -> Option<String> {
    let place = diagnostic.place.as_ref()?;
    let ignores = ignores.get_mut(&place.source())?;
    let region = sources.region(place);
    let mut reason = None;
    for ignore in ignores.iter_mut().filter(|ignore| ignore.asks_for(diagnostic, &region)) {
        ignore.is_used = true;
        reason.get_or_insert_with(|| ignore.reason.clone());
    }
    reason
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
