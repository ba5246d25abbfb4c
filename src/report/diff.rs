//! The difference of two clusters: text, JSON, Markdown.

mod json;
mod lone;

use std::io::{self, Write};

use netpol::Difference;
use netpol::connections::ConnectionSet;
use netpol::diff::Change;

use crate::Style;
use crate::plain::{markdown_code, plain};
use lone::Lone;

pub use json::json;

/// For a person: endpoints that came and went, then each pair of the others with what it gained and lost.
///
/// # Errors
///
/// Passes on what `out` reports.
pub fn text(difference: &Difference, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    let lone = Lone::of(difference);
    for (endpoint, is_added) in lone.endpoints() {
        let id = endpoint.id();
        let heading = if is_added { format!("+ endpoint added: {id}") } else { format!("- endpoint removed: {id}") };
        let phrases = endpoint.phrases(is_added, |id| plain(id).into_owned());
        let paint = |line: &str| if is_added { style.good(line) } else { style.bad(line) };
        if endpoint.is_simple() {
            writeln!(out, "{}: {}", paint(&heading), phrases.join(", "))?;
            continue;
        }
        writeln!(out, "{}", paint(&heading))?;
        for phrase in phrases {
            writeln!(out, "    {phrase}")?;
        }
    }
    for change in difference.changes().filter(|change| !lone.tells(change)) {
        writeln!(out, "{}", style.bold(&format!("{} -> {}", change.source, change.destination)))?;
        if !change.lost.is_empty() {
            writeln!(out, "  {}", style.bad(&format!("- {}", change.lost)))?;
        }
        if !change.gained.is_empty() {
            writeln!(out, "  {}", style.good(&format!("+ {}", change.gained)))?;
        }
        if !change.kept.is_empty() {
            writeln!(out, "  {}", style.dim(&format!("  {} as before", change.kept)))?;
        }
    }
    if difference.is_empty() {
        writeln!(out, "no difference")?;
    }
    out.flush()
}

/// For reviews: a list of the endpoints that came and went, and a Markdown table of the pairs of the others.
///
/// # Errors
///
/// Passes on what `out` reports.
pub fn markdown(difference: &Difference, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    if difference.is_empty() {
        writeln!(out, "No difference in who can reach whom.")?;
        return out.flush();
    }
    let lone = Lone::of(difference);
    let mut is_first = true;
    for (endpoint, is_added) in lone.endpoints() {
        is_first = false;
        let what = if is_added { "Added" } else { "Removed" };
        let phrases = endpoint.phrases(is_added, markdown_code);
        write!(out, "- {what} endpoint {}", markdown_code(&endpoint.id()))?;
        if endpoint.is_simple() {
            writeln!(out, ": {}", phrases.join(", "))?;
            continue;
        }
        writeln!(out)?;
        for phrase in phrases {
            writeln!(out, "  - {phrase}")?;
        }
    }
    let mut changes = difference.changes().filter(|change| !lone.tells(change)).peekable();
    if changes.peek().is_some() {
        let gap = if is_first { "" } else { "\n" };
        writeln!(out, "{gap}| Source | Destination | Lost | Gained |\n|---|---|---|---|")?;
    }
    let code = |end: &netpol::diff::DiffEnd| markdown_code(&end.to_string());
    let cell = |set: &ConnectionSet| if set.is_empty() { String::new() } else { set.to_string() };
    for Change { source, destination, gained, lost, .. } in changes {
        writeln!(out, "| {} | {} | {} | {} |", code(source), code(destination), cell(lost), cell(gained))?;
    }
    out.flush()
}
