//! `reach -o table`, which reads well, and `reach -o list`, which greps well: exactly a line per pair.

use std::io::{self, Write};

use netpol::Connectivity;
use unicode_width::UnicodeWidthStr;

use super::for_each_named_row;
use super::merged::for_each_merged_row;
use crate::Style;
use crate::plain::plain;

pub(super) fn write_table(connectivity: &Connectivity<'_>, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    // Ids are known before the rows are, so that the table need not be held to be aligned.
    let id_width = connectivity
        .units()
        .iter()
        .map(|unit| plain(&unit.label()).width())
        .max()
        .unwrap_or(0)
        .max("DESTINATION".len());
    let padded = |text: &str| format!("{text}{}", " ".repeat(id_width.saturating_sub(text.width())));
    let mut out = io::BufWriter::new(out);
    let mut last = String::new();
    for_each_merged_row(connectivity, |row| {
        if last.is_empty() {
            let heading = format!("{}  {}  CONNECTIONS", padded("SOURCE"), padded("DESTINATION"));
            writeln!(out, "{}", style.bold(&heading))?;
        }
        let connections = row.connections.to_string();
        let connections = if row.connections.is_all() { style.warn(&connections) } else { style.good(&connections) };
        // A source is named once.
        let source = if row.source == last { padded("") } else { style.bold(&padded(row.source)) };
        row.source.clone_into(&mut last);
        writeln!(out, "{source}  {}  {connections}", padded(row.destination))
    })?;
    if last.is_empty() {
        writeln!(out, "no connection is allowed")?;
    }
    out.flush()
}

pub(super) fn write_list(connectivity: &Connectivity<'_>, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    let labels: Vec<String> = connectivity.units().iter().map(|unit| plain(&unit.label()).into_owned()).collect();
    for_each_named_row(connectivity, &labels, |row| {
        let connections = style.good(&row.connections.to_string());
        writeln!(out, "{} -> {}: {connections}", row.source, row.destination)
    })?;
    out.flush()
}
