//! `reach -o matrix`: sources down, destinations across.
//!
//! Between workloads a letter stands for a set of connections, explained below the matrix. A cluster too large for that is shown
//! by namespace: whether all, some or none of the pairs between two namespaces have a connection.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use netpol::Connectivity;
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

/// Signs for sets of connections, in the order in which they turn up; more sets than these share the last sign.
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

pub(super) fn write(
    connectivity: &Connectivity<'_>,
    grouping: Grouping,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let is_grouped = match grouping {
        Grouping::Auto => connectivity.units().len() > MOST_WORKLOADS,
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
    is_external: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cell {
    All,
    Some(char),
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

fn labels<'a>(connectivity: &Connectivity<'_>, texts: impl Iterator<Item = (usize, &'a str)>) -> Vec<Label> {
    let ranges: BTreeSet<&str> =
        connectivity.units().iter().filter(|unit| unit.is_external()).map(|unit| unit.id.as_str()).collect();
    texts
        .map(|(index, text)| Label {
            number: index + 1,
            text: plain(text).into_owned(),
            is_external: ranges.contains(text),
        })
        .collect()
}

fn by_workload(connectivity: &Connectivity<'_>) -> Grid {
    let units = connectivity.units().iter().enumerate().map(|(index, unit)| (index, unit.id.as_str()));
    let rows = labels(connectivity, units.clone().filter(|(index, _)| connectivity.is_asked(*index).0));
    let columns = labels(connectivity, units.clone().filter(|(index, _)| connectivity.is_asked(*index).1));
    let mut cells: BTreeMap<(usize, usize), Cell> =
        units.map(|(index, _)| ((index + 1, index + 1), Cell::Itself)).collect();
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
        cells.insert((source + 1, destination + 1), cell);
    });
    Grid { rows, columns, cells, legend }
}

fn by_namespace(connectivity: &Connectivity<'_>) -> Grid {
    // The name of a unit's group: its namespace, or its address range.
    let names: Vec<&str> = connectivity
        .units()
        .iter()
        .map(|unit| if unit.is_external() { unit.id.as_str() } else { unit.namespace.as_str() })
        .collect();
    // Units are sorted by namespace, with the ranges behind them: groups are runs.
    let mut groups: Vec<&str> = names.clone();
    groups.dedup();
    let number_of: BTreeMap<&str, usize> = groups.iter().enumerate().map(|(index, name)| (*name, index + 1)).collect();
    let group_of = |unit: usize| names.get(unit).and_then(|name| number_of.get(name)).copied().unwrap_or(0);

    let mut counts: BTreeMap<(usize, usize), (usize, bool)> = BTreeMap::new();
    connectivity.for_each(|source, destination, _, connections| {
        let (pairs, is_all) = counts.entry((group_of(source), group_of(destination))).or_insert((0, true));
        *pairs += 1;
        *is_all &= connections.is_all();
    });
    let mut sizes: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for unit in 0..names.len() {
        let (sources, destinations) = sizes.entry(group_of(unit)).or_default();
        let (is_source, is_destination) = connectivity.is_asked(unit);
        *sources += usize::from(is_source);
        *destinations += usize::from(is_destination);
    }
    let cells = counts
        .into_iter()
        .map(|((source, destination), (pairs, is_all))| {
            let sources = sizes.get(&source).map_or(0, |size| size.0);
            let destinations = sizes.get(&destination).map_or(0, |size| size.1);
            // Within a namespace nobody is asked about itself.
            let possible =
                if source == destination { sources * destinations.saturating_sub(1) } else { sources * destinations };
            let cell = if is_all && pairs >= possible { Cell::All } else { Cell::Some(SOME) };
            ((source, destination), cell)
        })
        .collect();
    let asked: BTreeSet<usize> = sizes.iter().filter(|(_, (s, d))| s + d > 0).map(|(group, _)| group - 1).collect();
    let groups = || labels(connectivity, groups.iter().copied().enumerate().filter(|(index, _)| asked.contains(index)));
    Grid { rows: groups(), columns: groups(), cells, legend: Vec::new() }
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
                    let cell = self.cells.get(&(row.number, column.number)).copied();
                    // Between addresses no policy is asked.
                    let is_asked = !(row.is_external && column.is_external) || cell == Some(Cell::Itself);
                    let sign = if is_asked { self.sign(cell, &glyphs, style) } else { " ".to_owned() };
                    write!(out, "{}{sign}", " ".repeat(cell_width - 1))?;
                }
                writeln!(out)?;
            }
            writeln!(out)?;
        }
        self.write_legend(&glyphs, style, out)
    }

    fn sign(&self, cell: Option<Cell>, glyphs: &Glyphs, style: &Style) -> String {
        match cell {
            Some(Cell::All) => style.good(&glyphs.all.to_string()),
            Some(Cell::Some(SOME)) => style.warn(&glyphs.some.to_string()),
            Some(Cell::Some(letter)) => style.warn(&letter.to_string()),
            Some(Cell::Itself) => style.dim(&glyphs.itself.to_string()),
            None => style.dim(&glyphs.none.to_string()),
        }
    }

    fn write_legend(&self, glyphs: &Glyphs, style: &Style, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "rows are sources, columns destinations")?;
        let has_some = self.cells.values().any(|cell| *cell == Cell::Some(SOME));
        writeln!(
            out,
            "{} all connections   {} none",
            self.sign(Some(Cell::All), glyphs, style),
            self.sign(None, glyphs, style)
        )?;
        if has_some {
            let sign = self.sign(Some(Cell::Some(SOME)), glyphs, style);
            writeln!(out, "{sign} some workloads of the one reach some of the other, or on some ports")?;
        }
        for (letter, meaning) in &self.legend {
            writeln!(out, "{} {meaning}", style.warn(&letter.to_string()))?;
        }
        Ok(())
    }
}
