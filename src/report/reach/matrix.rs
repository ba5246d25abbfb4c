//! `reach -o matrix`: sources down, destinations across.
//!
//! Between workloads a letter stands for a set of connections, explained below the matrix. A cluster too large for that is shown
//! by namespace: whether all, some or none of the pairs between two namespaces have a connection.

use std::collections::BTreeMap;
use std::io::{self, Write};

use netpol::Connectivity;
use netpol::reach::Unit;
use unicode_width::UnicodeWidthStr;

use crate::Style;
use crate::plain::plain;

/// What the rows and columns are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Grouping {
    /// Workloads, or namespaces when there are too many of them.
    #[default]
    Auto,
    /// Workloads.
    Workload,
    /// Namespaces.
    Namespace,
}

/// More workloads than this are shown by namespace.
const MOST_WORKLOADS: usize = 60;

/// More ranges of addresses than this are shown by family where workloads are shown by namespace.
const MOST_RANGES: usize = 60;

/// Signs for sets of connections, in the order in which they turn up; more sets than these share the last sign.
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

pub(super) fn write(
    connectivity: &Connectivity<'_>,
    grouping: Grouping,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let is_grouped = match grouping {
        Grouping::Auto => connectivity.units().iter().filter(|unit| unit.is_listed).count() > MOST_WORKLOADS,
        Grouping::Workload => false,
        Grouping::Namespace => true,
    };
    let grid = if is_grouped { by_namespace(connectivity) } else { by_workload(connectivity) };
    let mut out = io::BufWriter::new(out);
    grid.write(style, &mut out)?;
    out.flush()
}

/// A matrix, ready to be drawn.
struct Grid {
    rows: Vec<Label>,
    columns: Vec<Label>,
    cells: BTreeMap<(usize, usize), Cell>,
    legend: Vec<(char, String)>,
}

struct Label {
    /// The number that rows and columns share.
    number: usize,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cell {
    All,
    Some(char),
    /// Nothing, though it was asked about.
    None,
    Itself,
}

/// The signs without a letter: all, none, itself.
struct Glyphs {
    all: char,
    some: char,
    none: char,
    itself: char,
}

impl Glyphs {
    fn of(style: &Style) -> Glyphs {
        if style.glyphs {
            Glyphs { all: '●', some: '◐', none: '·', itself: '╲' }
        } else {
            Glyphs { all: '#', some: '+', none: '.', itself: '\\' }
        }
    }
}

/// Stands for "some" where there is no letter for it.
const SOME: char = '\0';

fn by_workload(connectivity: &Connectivity<'_>) -> Grid {
    // Numbers leave no gaps for units that are not listed.
    let numbers: Vec<usize> = connectivity
        .units()
        .iter()
        .scan(0, |number, unit| {
            *number += usize::from(unit.is_listed);
            Some(*number)
        })
        .collect();
    let number = |unit: usize| numbers.get(unit).copied().unwrap_or(0);
    let asked = |is_asked: fn((bool, bool)) -> bool| -> Vec<&Unit> {
        connectivity.units().iter().filter(|unit| is_asked(connectivity.is_asked(unit.index))).collect()
    };
    let (sources, destinations) = (asked(|(is_source, _)| is_source), asked(|(_, is_destination)| is_destination));
    let label = |unit: &&Unit| Label { number: number(unit.index), text: plain(&unit.label()).into_owned() };
    let (rows, columns) = (sources.iter().map(label).collect(), destinations.iter().map(label).collect());
    let mut cells: BTreeMap<(usize, usize), Cell> = BTreeMap::new();
    for source in &sources {
        for destination in &destinations {
            let cell = (number(source.index), number(destination.index));
            if connectivity.is_pair_asked(source.index, destination.index) {
                cells.insert(cell, Cell::None);
            } else if source.index == destination.index {
                cells.insert(cell, Cell::Itself);
            }
        }
    }
    let mut letters: BTreeMap<usize, char> = BTreeMap::new();
    let mut legend = Vec::new();
    connectivity.for_each(|source, destination, id, connections| {
        let cell = if connections.is_all() {
            Cell::All
        } else {
            let next = LETTERS.chars().nth(letters.len()).unwrap_or('*');
            let letter = *letters.entry(id.index()).or_insert_with(|| {
                let meaning = if next == '*' { "other connections".to_owned() } else { connections.to_string() };
                if legend.last().is_none_or(|(last, _)| *last != '*') {
                    legend.push((next, meaning));
                }
                next
            });
            Cell::Some(letter)
        };
        cells.insert((number(source), number(destination)), cell);
    });
    Grid { rows, columns, cells, legend }
}

fn by_namespace(connectivity: &Connectivity<'_>) -> Grid {
    // Units are sorted by namespace, with the ranges behind them: groups are runs.
    let has_many_ranges = connectivity.units().iter().filter(|unit| unit.is_external()).count() > MOST_RANGES;
    let is_together = |a: &Unit, b: &Unit| match (a.range(), b.range()) {
        (None, None) => a.namespace == b.namespace,
        (Some(a), Some(b)) => has_many_ranges && a.first.is_ipv4() == b.first.is_ipv4(),
        _ => false,
    };
    let groups: Vec<Group<'_>> =
        connectivity.units().chunk_by(is_together).map(|units| Group::of(units, connectivity)).collect();
    let group_of: Vec<usize> =
        groups.iter().enumerate().flat_map(|(index, group)| std::iter::repeat_n(index, group.units.len())).collect();
    let mut counts: BTreeMap<(usize, usize), (usize, bool)> = BTreeMap::new();
    connectivity.for_each(|source, destination, _, connections| {
        let (Some(source), Some(destination)) = (group_of.get(source), group_of.get(destination)) else { return };
        let (pairs, is_all) = counts.entry((*source, *destination)).or_insert((0, true));
        *pairs += 1;
        *is_all &= connections.is_all();
    });
    let labels = |is_asked: fn(&Group<'_>) -> bool| -> Vec<Label> {
        let asked = groups.iter().enumerate().filter(|(_, group)| is_asked(group));
        asked.map(|(index, group)| Label { number: index + 1, text: group.name.clone() }).collect()
    };
    let (rows, columns) = (labels(|group| group.sources > 0), labels(|group| group.destinations > 0));
    let mut cells = BTreeMap::new();
    for (from, source) in groups.iter().enumerate().filter(|(_, group)| group.sources > 0) {
        for (to, destination) in groups.iter().enumerate().filter(|(_, group)| group.destinations > 0) {
            let possible = source.pairs_with(destination, from == to, connectivity);
            let cell = match counts.get(&(from, to)) {
                _ if possible == 0 && from == to && source.sources == 1 && source.both == 1 => Cell::Itself,
                _ if possible == 0 => continue,
                None => Cell::None,
                Some((pairs, true)) if *pairs >= possible => Cell::All,
                Some(_) => Cell::Some(SOME),
            };
            cells.insert((from + 1, to + 1), cell);
        }
    }
    Grid { rows, columns, cells, legend: Vec::new() }
}

/// The units of a namespace, a range of addresses, or all those of a family.
struct Group<'a> {
    name: String,
    units: &'a [Unit],
    sources: usize,
    destinations: usize,
    /// How many of them are both.
    both: usize,
}

impl<'a> Group<'a> {
    fn of(units: &'a [Unit], connectivity: &Connectivity<'_>) -> Group<'a> {
        let name = match units {
            [unit] if unit.is_external() => unit.label(),
            [unit, ..] => match unit.range() {
                None => unit.namespace.clone(),
                Some(range) if range.first.is_ipv4() => "IPv4 addresses".to_owned(),
                Some(_) => "IPv6 addresses".to_owned(),
            },
            [] => String::new(),
        };
        let mut group = Group { name, units, sources: 0, destinations: 0, both: 0 };
        for unit in units {
            let (is_source, is_destination) = connectivity.is_asked(unit.index);
            group.sources += usize::from(is_source);
            group.destinations += usize::from(is_destination);
            group.both += usize::from(is_source && is_destination);
        }
        group
    }

    /// How many pairs of a source here and a destination there are asked about; the filter of namespaces is for all or none.
    fn pairs_with(&self, other: &Group<'_>, is_itself: bool, connectivity: &Connectivity<'_>) -> usize {
        let is_source = |unit: &&Unit| connectivity.is_asked(unit.index).0;
        let is_destination = |unit: &&Unit| connectivity.is_asked(unit.index).1;
        let asks = |source: &Unit, destination: &Unit| connectivity.is_pair_asked(source.index, destination.index);
        let itself = if is_itself { self.both } else { 0 };
        let asked_itself = if self.units.iter().any(|unit| asks(unit, unit)) { itself } else { 0 };
        let is_asked = self.units.iter().filter(is_source).take(2).any(|source| {
            other.units.iter().filter(is_destination).take(2).any(|destination| asks(source, destination))
        });
        if is_asked { self.sources * other.destinations - itself + asked_itself } else { 0 }
    }
}

impl Grid {
    fn write(&self, style: &Style, out: &mut dyn Write) -> io::Result<()> {
        let glyphs = Glyphs::of(style);
        let number_width =
            self.rows.iter().chain(&self.columns).map(|label| label.number.to_string().len()).max().unwrap_or(1);
        let text_width = self.rows.iter().map(|row| row.text.width()).max().unwrap_or(0);
        let left = number_width + 1 + text_width;
        let cell_width = number_width + 1;
        let per_block = match style.width {
            Some(width) => (width.saturating_sub(left) / cell_width).max(1),
            None => self.columns.len().max(1),
        };
        for block in self.columns.chunks(per_block) {
            let headings: String = block.iter().map(|column| format!("{:>cell_width$}", column.number)).collect();
            writeln!(out, "{:left$}{}", "", style.dim(&headings))?;
            for row in &self.rows {
                let padding = " ".repeat(text_width - row.text.width());
                write!(out, "{} {}{padding}", style.dim(&format!("{:>number_width$}", row.number)), row.text)?;
                for column in block {
                    let cell = self.cells.get(&(row.number, column.number));
                    let sign = cell.map_or_else(|| " ".to_owned(), |cell| self.sign(*cell, &glyphs, style));
                    write!(out, "{}{sign}", " ".repeat(cell_width - 1))?;
                }
                writeln!(out)?;
            }
            writeln!(out)?;
        }
        self.write_legend(&glyphs, style, out)
    }

    fn sign(&self, cell: Cell, glyphs: &Glyphs, style: &Style) -> String {
        match cell {
            Cell::All => style.good(&glyphs.all.to_string()),
            Cell::Some(SOME) => style.warn(&glyphs.some.to_string()),
            Cell::Some(letter) => style.warn(&letter.to_string()),
            Cell::Itself => style.dim(&glyphs.itself.to_string()),
            Cell::None => style.dim(&glyphs.none.to_string()),
        }
    }

    fn write_legend(&self, glyphs: &Glyphs, style: &Style, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "rows are sources, columns destinations")?;
        let all = self.sign(Cell::All, glyphs, style);
        writeln!(out, "{all} all connections   {} none", self.sign(Cell::None, glyphs, style))?;
        let has = |wanted: Cell| self.cells.values().any(|cell| *cell == wanted);
        if has(Cell::Some(SOME)) {
            let sign = self.sign(Cell::Some(SOME), glyphs, style);
            writeln!(out, "{sign} some of the one reach some of the other, or on some ports")?;
        }
        if has(Cell::Itself) {
            writeln!(out, "{} itself, not asked about", self.sign(Cell::Itself, glyphs, style))?;
        }
        if self.cells.len() < self.rows.len() * self.columns.len() {
            writeln!(out, "a blank is not asked about: between addresses, or left out by a filter")?;
        }
        for (letter, meaning) in &self.legend {
            writeln!(out, "{} {meaning}", style.warn(&letter.to_string()))?;
        }
        Ok(())
    }
}
