//! `reach -o dot`: a Graphviz graph with a box per namespace. An edge without a label is every connection.

use std::collections::BTreeMap;
use std::io::{self, Write};

use netpol::Connectivity;
use netpol::reach::Unit;

use super::for_each_row;
use crate::plain::plain;

pub(super) fn write(connectivity: &Connectivity<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    writeln!(out, "digraph reachability {{\n  rankdir=LR\n  node [shape=box, style=rounded]")?;
    let mut namespaces: BTreeMap<&str, Vec<&Unit>> = BTreeMap::new();
    for unit in connectivity.units().iter().filter(|unit| unit.is_listed) {
        namespaces.entry(&unit.namespace).or_default().push(unit);
    }
    for (index, (namespace, units)) in namespaces.iter().enumerate() {
        if namespace.is_empty() {
            for unit in units {
                write!(out, "  {} [shape=ellipse, style=dashed", quoted(&unit.id))?;
                if unit.is_node() {
                    write!(out, ", label={}", quoted(&unit.label()))?;
                }
                writeln!(out, "]")?;
            }
            continue;
        }
        writeln!(out, "  subgraph cluster_{index} {{\n    label={}", quoted(&plain(namespace)))?;
        for unit in units {
            let label = format!("{}\n{}", plain(&unit.name), plain(&unit.kind_name));
            writeln!(out, "    {} [label={}]", quoted(&plain(&unit.id)), quoted(&label))?;
        }
        writeln!(out, "  }}")?;
    }
    for_each_row(connectivity, |row| {
        write!(out, "  {} -> {}", quoted(row.source), quoted(row.destination))?;
        if !row.connections.is_all() {
            write!(out, " [label={}]", quoted(&row.connections.to_string()))?;
        }
        writeln!(out)
    })?;
    writeln!(out, "}}")?;
    out.flush()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
