//! Rows for people: external ranges that touch and answer alike are shown as one, and nodes by their names.

use std::io;

use netpol::Connectivity;
use netpol::connections::ConnectionSet;
use netpol::reach::AddressRange;

use super::Row;
use crate::plain::plain;

/// A destination of the source at hand, and what may pass to it.
#[derive(PartialEq)]
struct Reached {
    destination: Name,
    connections: ConnectionSet,
}

/// How an end is called.
#[derive(Clone, PartialEq)]
enum Name {
    Label(String),
    Range(AddressRange),
}

impl Name {
    fn join(&self, next: &Name) -> Option<Name> {
        match (self, next) {
            (Name::Range(range), Name::Range(next)) => range.join(next).map(Name::Range),
            _ => None,
        }
    }

    fn text(&self) -> String {
        match self {
            Name::Label(label) => label.clone(),
            Name::Range(range) => range.to_string(),
        }
    }
}

/// A source and all that it reaches.
struct Block {
    source: Name,
    reached: Vec<Reached>,
}

/// Hands merged rows to a writer until it fails.
pub(super) fn for_each_merged_row(
    connectivity: &Connectivity<'_>,
    mut visit: impl FnMut(Row<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let names: Vec<Name> = (connectivity.units().iter())
        .map(|unit| {
            let range = unit.range().filter(|_| !unit.is_node());
            range.map_or_else(|| Name::Label(plain(&unit.label()).into_owned()), Name::Range)
        })
        .collect();
    let name = |unit: usize| names.get(unit).cloned();
    let mut result = Ok(());
    let mut finished: Option<Block> = None;
    let mut current: Option<(usize, Block)> = None;
    let mut finish = |finished: &mut Option<Block>, block: Block| {
        if let Some(last) = finished {
            if last.reached == block.reached
                && let Some(joined) = last.source.join(&block.source)
            {
                last.source = joined;
                return;
            }
            if result.is_ok() {
                result = write(last, &mut visit);
            }
        }
        *finished = Some(block);
    };
    connectivity.for_each(|source, destination, _, connections| {
        let (Some(source_name), Some(destination)) = (name(source), name(destination)) else { return };
        if current.as_ref().is_none_or(|(index, _)| *index != source) {
            let block = Block { source: source_name, reached: Vec::new() };
            if let Some((_, done)) = current.replace((source, block)) {
                finish(&mut finished, done);
            }
        }
        let Some((_, block)) = &mut current else { return };
        let last = block.reached.last_mut().filter(|last| last.connections == *connections);
        if let Some(last) = last
            && let Some(joined) = last.destination.join(&destination)
        {
            last.destination = joined;
        } else {
            block.reached.push(Reached { destination, connections: connections.clone() });
        }
    });
    if let Some((_, done)) = current {
        finish(&mut finished, done);
    }
    result?;
    finished.map_or(Ok(()), |last| write(&last, &mut visit))
}

fn write(block: &Block, visit: &mut impl FnMut(Row<'_>) -> io::Result<()>) -> io::Result<()> {
    let source = block.source.text();
    block.reached.iter().try_for_each(|reached| {
        let destination = reached.destination.text();
        visit(Row { source: &source, destination: &destination, connections: &reached.connections })
    })
}
