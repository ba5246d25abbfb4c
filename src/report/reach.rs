//! Reachability in every format. Each writer takes the rows as the engine hands them out and keeps no more than it must.

mod csv;
mod dot;
mod json;
mod markdown;
mod matrix;
mod merged;
mod table;

use std::io;

use netpol::Connectivity;
use netpol::connections::ConnectionSet;
use netpol::protocol::Protocol;
use serde::Serialize;

use crate::Style;
use crate::plain::plain;

pub use matrix::Grouping;

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Source, destination and connections in columns, each source named once.
    Table,
    /// One line per pair: `source -> destination: connections`.
    List,
    /// Sources down, destinations across, a sign per pair.
    Matrix,
    /// The documented schema (docs/json.md).
    Json,
    /// One record per pair and protocol.
    Csv,
    /// A Markdown table.
    Markdown,
    /// A Graphviz graph.
    Dot,
}

/// Writes reachability in a format.
///
/// # Errors
///
/// Passes on what `out` reports.
pub fn write(
    connectivity: &Connectivity<'_>,
    format: Format,
    grouping: Grouping,
    style: &Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match format {
        Format::Table => table::write_table(connectivity, style, out),
        Format::List => table::write_list(connectivity, style, out),
        Format::Matrix => matrix::write(connectivity, grouping, style, out),
        Format::Json => json::write(connectivity, out),
        Format::Csv => csv::write(connectivity, out),
        Format::Markdown => markdown::write(connectivity, out),
        Format::Dot => dot::write(connectivity, out),
    }
}

/// What the numbers in columns of connections mean, as JSON: `endpoints` by the index of their unit (`null` for units that are
/// never listed) and `connections`, the allowed ports of each set.
///
/// # Errors
///
/// Serialisation does not fail for these types; the error is passed on all the same.
pub fn legend(connectivity: &Connectivity<'_>, sets: &[ConnectionSet]) -> serde_json::Result<String> {
    json::legend(connectivity, sets)
}

/// A row of an answer.
struct Row<'a> {
    source: &'a str,
    destination: &'a str,
    connections: &'a ConnectionSet,
}

/// Hands rows, with the ends' ids, to a writer until it fails.
fn for_each_row(connectivity: &Connectivity<'_>, visit: impl FnMut(Row<'_>) -> io::Result<()>) -> io::Result<()> {
    let ids: Vec<_> = connectivity.units().iter().map(|unit| plain(&unit.id)).collect();
    for_each_named_row(connectivity, &ids, visit)
}

/// Hands rows to a writer until it fails; `names` are the ends', fit to be shown.
fn for_each_named_row(
    connectivity: &Connectivity<'_>,
    names: &[impl AsRef<str>],
    mut visit: impl FnMut(Row<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let mut result = Ok(());
    let name = |unit: usize| names.get(unit).map_or("", AsRef::as_ref);
    connectivity.for_each(|source, destination, _, connections| {
        if result.is_ok() {
            result = visit(Row { source: name(source), destination: name(destination), connections });
        }
    });
    result
}

/// The ports of one protocol, as JSON output and CSV have them: all of them are `1-65535`.
#[derive(Debug, Serialize)]
pub(crate) struct AllowedPorts {
    protocol: Protocol,
    ports: Vec<String>,
}

/// A connection set as JSON output has it.
pub(crate) fn allowed_ports(connections: &ConnectionSet) -> Vec<AllowedPorts> {
    let ranges = |protocol| {
        let ranges = connections.ports(protocol).ranges().iter();
        ranges.map(|(first, last)| if first == last { first.to_string() } else { format!("{first}-{last}") }).collect()
    };
    Protocol::ALL
        .into_iter()
        .filter(|protocol| !connections.ports(*protocol).is_empty())
        .map(|protocol| AllowedPorts { protocol, ports: ranges(protocol) })
        .collect()
}
