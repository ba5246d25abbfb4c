//! `reach -o md`: a Markdown table.

use std::io::{self, Write};

use netpol::Connectivity;

use super::merged::for_each_merged_row;
use crate::plain::markdown_code;

pub(super) fn write(connectivity: &Connectivity<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    out.write_all(b"| Source | Destination | Connections |\n|---|---|---|\n")?;
    for_each_merged_row(connectivity, |row| {
        let (source, destination) = (markdown_code(row.source), markdown_code(row.destination));
        writeln!(out, "| {source} | {destination} | {} |", row.connections)
    })?;
    out.flush()
}
