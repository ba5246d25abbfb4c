//! `diff -o json`: one object, the documented schema.

use std::io::{self, Write};

use netpol::Difference;
use netpol::diff::{Change, LoneEnd};
use serde::{Serialize, Serializer};

use crate::reach::{AllowedPorts, allowed_ports};

/// For programs: one object.
///
/// # Errors
///
/// Passes on what `out` reports.
pub fn json(difference: &Difference, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(1 << 16, out);
    let ids = |ends: &[LoneEnd]| ends.iter().map(|lone| lone.end.to_string()).collect();
    let (added, removed) = (ids(&difference.added), ids(&difference.removed));
    serde_json::to_writer_pretty(&mut out, &JsonDifference { added, removed, changes: Changes(difference) })?;
    writeln!(out)?;
    out.flush()
}

#[derive(Serialize)]
struct JsonDifference<'a> {
    added: Vec<String>,
    removed: Vec<String>,
    changes: Changes<'a>,
}

/// The changes, made into JSON one by one.
struct Changes<'a>(&'a Difference);

impl Serialize for Changes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.changes().map(|change| JsonChange::new(&change)))
    }
}

#[derive(Serialize)]
struct JsonChange {
    source: String,
    destination: String,
    change: &'static str,
    gained: Vec<AllowedPorts>,
    lost: Vec<AllowedPorts>,
    kept: Vec<AllowedPorts>,
}

impl JsonChange {
    fn new(change: &Change<'_>) -> JsonChange {
        JsonChange {
            source: change.source.to_string(),
            destination: change.destination.to_string(),
            change: kind(change),
            gained: allowed_ports(change.gained),
            lost: allowed_ports(change.lost),
            kept: allowed_ports(change.kept),
        }
    }
}

fn kind(change: &Change<'_>) -> &'static str {
    match (change.gained.is_empty(), change.lost.is_empty(), change.kept.is_empty()) {
        (false, true, true) => "gained",
        (true, false, true) => "lost",
        _ => "changed",
    }
}
