//! The difference of two clusters: text, JSON, Markdown.

use std::fmt::Write;

use netpol::Difference;
use netpol::connections::ConnectionSet;
use netpol::diff::{Change, DiffEnd};
use serde::Serialize;

use crate::Style;
use crate::reach::{AllowedPorts, allowed_ports};

/// For a person: each pair with what it gained and lost.
pub fn text(difference: &Difference, style: &Style) -> String {
    let mut text = String::new();
    for (sign, ids) in [("-", &difference.removed), ("+", &difference.added)] {
        for id in ids {
            let line = format!("{sign} endpoint {id}");
            let _ = writeln!(text, "{}", if sign == "+" { style.good(&line) } else { style.bad(&line) });
        }
    }
    for change in &difference.changes {
        let _ = writeln!(text, "{}", style.bold(&format!("{} -> {}", change.source, change.destination)));
        if !change.lost.is_empty() {
            let _ = writeln!(text, "  {}", style.bad(&format!("- {}", change.lost)));
        }
        if !change.gained.is_empty() {
            let _ = writeln!(text, "  {}", style.good(&format!("+ {}", change.gained)));
        }
        if !change.kept.is_empty() {
            let _ = writeln!(text, "  {}", style.dim(&format!("  {} as before", change.kept)));
        }
    }
    if difference.is_empty() {
        text.push_str("no difference\n");
    }
    text
}

/// For programs: one object.
///
/// # Errors
///
/// Serialisation does not fail for these types; the error is passed on all the same.
pub fn json(difference: &Difference) -> serde_json::Result<String> {
    let allowed = |set: &ConnectionSet| allowed_ports(set);
    let change = |change: &Change| JsonChange {
        source: change.source.to_string(),
        destination: change.destination.to_string(),
        change: kind(change),
        gained: allowed(&change.gained),
        lost: allowed(&change.lost),
        kept: allowed(&change.kept),
    };
    let ids = |ends: &[DiffEnd]| ends.iter().map(ToString::to_string).collect();
    serde_json::to_string_pretty(&JsonDifference {
        added: ids(&difference.added),
        removed: ids(&difference.removed),
        changes: difference.changes.iter().map(change).collect(),
    })
}

/// For reviews: a Markdown table.
pub fn markdown(difference: &Difference) -> String {
    let mut text = String::new();
    if difference.is_empty() {
        return "No difference in who can reach whom.\n".to_owned();
    }
    for (what, ids) in [("Removed", &difference.removed), ("Added", &difference.added)] {
        if !ids.is_empty() {
            let names: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
            let _ = writeln!(text, "{what} endpoints: {}\n", names.join(", "));
        }
    }
    if !difference.changes.is_empty() {
        text.push_str("| Source | Destination | Lost | Gained |\n|---|---|---|---|\n");
    }
    let cell = |set: &ConnectionSet| if set.is_empty() { String::new() } else { set.to_string() };
    for change in &difference.changes {
        let (lost, gained) = (cell(&change.lost), cell(&change.gained));
        let _ = writeln!(text, "| `{}` | `{}` | {lost} | {gained} |", change.source, change.destination);
    }
    text
}

fn kind(change: &Change) -> &'static str {
    match (change.gained.is_empty(), change.lost.is_empty(), change.kept.is_empty()) {
        (false, true, true) => "gained",
        (true, false, true) => "lost",
        _ => "changed",
    }
}

#[derive(Serialize)]
struct JsonDifference {
    added: Vec<String>,
    removed: Vec<String>,
    changes: Vec<JsonChange>,
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
