//! Findings as a reviewer would show them: the lines that are meant, in a frame.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use netpol::diagnostic::Severity;
use netpol::source::Sources;

use super::{Finding, Findings, Placed, placed};
use crate::Style;
use crate::plain;

/// More bytes than this around a place are not shown: generated files have lines of any length.
const LONGEST_EXTRACT: usize = 2_000;

pub(super) fn text(findings: &Findings<'_>, style: &Style) -> String {
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(style.width.unwrap_or(120));
    let mut text = String::new();
    let (shown, more) = findings.for_people();
    for finding in shown {
        text.push_str(&render(finding, findings.sources, &renderer));
        text.push_str("\n\n");
    }
    for (slug, count) in more {
        let title = format!("… and {count} more; -o compact lists all");
        let group = Group::with_title(Level::NOTE.primary_title(title).id(slug));
        text.push_str(&renderer.render(&[group]));
        text.push_str("\n\n");
    }
    text.push_str(&findings.summary());
    text.push('\n');
    text
}

fn render(finding: &Finding<'_>, sources: &Sources, renderer: &Renderer) -> String {
    let diagnostic = finding.diagnostic;
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let message = plain::message(&finding.message());
    let mut main = Group::with_title(level.primary_title(message).id(diagnostic.slug));
    if let Some(place) = &finding.place {
        main = framed(main, sources, place, AnnotationKind::Primary);
    }
    let mut groups = Vec::new();
    for related in &diagnostic.related {
        let place = placed(sources, &related.place);
        let message = plain::message(&related.message);
        let title = Level::NOTE.secondary_title(message);
        groups.push(framed(Group::with_title(title), sources, &place, AnnotationKind::Context));
    }
    if let Some(help) = &diagnostic.help {
        main = main.element(Level::HELP.message(plain::message(help)));
    }
    if let Some(server) = &diagnostic.server {
        main = main.element(Level::NOTE.message(plain::message(&format!("the API server says: {server}"))));
    }
    groups.insert(0, main);
    renderer.render(&groups)
}

/// Adds the lines of a place to a group, or only where it is, if they are too long.
fn framed<'a>(group: Group<'a>, sources: &Sources, place: &Placed<'_>, kind: AnnotationKind) -> Group<'a> {
    let path = plain::plain(place.path).into_owned();
    let text = sources.get(place.region.source).map_or("", |source| &source.text);
    let (start, end) = (place.region.bytes.start as usize, place.region.bytes.end as usize);
    let first = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    let last = text.get(end..).and_then(|after| after.find('\n')).map_or(text.len(), |newline| end + newline);
    match text.get(first..last).filter(|extract| extract.len() <= LONGEST_EXTRACT && !extract.is_empty()) {
        Some(extract) => {
            let annotation = kind.span(start - first..end - first);

            group.element(
                Snippet::source(extract.to_owned())
                    .line_start(place.region.start.line as usize)
                    .path(path)
                    .annotation(annotation),
            )
        }
        None => {
            let origin = annotate_snippets::Origin::path(path).line(place.region.start.line as usize);
            group.element(origin.char_column(place.region.start.column as usize))
        }
    }
}
