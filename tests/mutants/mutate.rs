//! Mutations of a policy's text: what slips into manifests when they are edited by hand.

use std::ops::RangeInclusive;

/// What people get wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutation {
    RemoveDash,
    AddDash,
    DropLine,
    DropField,
    RenameField,
    MisspellLabel,
    RenameLabel,
    RenameKey,
    SwapPort,
    SwapProtocol,
    IndentMore,
    IndentLess,
}

pub const ALL: [Mutation; 12] = [
    Mutation::RemoveDash,
    Mutation::AddDash,
    Mutation::DropLine,
    Mutation::DropField,
    Mutation::RenameField,
    Mutation::MisspellLabel,
    Mutation::RenameLabel,
    Mutation::RenameKey,
    Mutation::SwapPort,
    Mutation::SwapProtocol,
    Mutation::IndentMore,
    Mutation::IndentLess,
];

/// A text that was changed.
pub struct Mutant {
    pub mutation: Mutation,
    pub text: String,
    /// The line as it was.
    pub before: String,
    /// The lines, counted from 1, in which a finding is one about the change: those of the block that the line is in and the ones
    /// beside it, those that the block is in, and the policy's name, at which policies as a whole are spoken of.
    pub lines: Vec<u32>,
}

/// Fields whose name is not free to choose.
const FIELDS: [&str; 17] = [
    "spec",
    "podSelector",
    "namespaceSelector",
    "matchLabels",
    "matchExpressions",
    "key",
    "operator",
    "values",
    "policyTypes",
    "ingress",
    "egress",
    "from",
    "to",
    "ports",
    "port",
    "protocol",
    "ipBlock",
];

/// Every mutation of the lines of one document.
pub fn mutants(text: &str, document: RangeInclusive<usize>) -> Vec<Mutant> {
    let lines: Vec<&str> = text.lines().collect();
    let mut mutants = Vec::new();
    let spec = document.clone().find(|index| lines[*index] == "spec:").expect("a policy has a spec");
    let name =
        document.clone().find(|index| column(lines[*index]) > 0 && lines[*index].contains("name: ")).unwrap_or(spec);
    for index in spec..=*document.end() {
        let line = lines[index];
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        for mutation in ALL {
            let end =
                if mutation == Mutation::DropField { end_of_block(&lines, index, *document.end()) } else { index };
            for changed in changed(mutation, &lines, index, spec) {
                let mut result: Vec<&str> = lines[..index].to_vec();
                result.extend(changed.as_deref());
                result.extend(&lines[end + 1..]);
                let around: Vec<usize> = parents(&lines, index).collect();
                // A word of a list says something about what the list is in.
                let is_word = lines[index].trim_start().starts_with("- ") && !lines[index].contains(':');
                let block = around.get(usize::from(is_word)).copied().unwrap_or(index);
                let last = end_of_item(&lines, block, *document.end());
                let mut near: Vec<u32> = (block..=last + 2).map(|line| line as u32).collect();
                near.extend(around.into_iter().chain([name]).map(|line| line as u32 + 1));
                mutants.push(Mutant { mutation, text: result.join("\n") + "\n", before: line.to_owned(), lines: near });
            }
        }
    }
    mutants
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Where a line's text begins behind its dashes.
fn column(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '-']).len()
}

/// The last line of what a line begins: what is indented more, and the items of a list below a key.
fn end_of_block(lines: &[&str], index: usize, last: usize) -> usize {
    let (line, start) = (lines[index], column(lines[index]));
    let is_inside = |inner: &&str| {
        let is_item = inner.trim_start().starts_with('-') && line.ends_with(':');
        inner.trim().is_empty() || indent(inner) > start || (is_item && indent(inner) == start)
    };
    index + lines[index + 1..=last].iter().take_while(|inner| is_inside(inner)).count()
}

/// The last line of the item that a line begins, or of its block.
fn end_of_item(lines: &[&str], index: usize, last: usize) -> usize {
    let start = indent(lines[index]);
    if !lines[index].trim_start().starts_with('-') {
        return end_of_block(lines, index, last);
    }
    index + lines[index + 1..=last].iter().take_while(|inner| inner.trim().is_empty() || indent(inner) > start).count()
}

/// The lines that a line is in: the one that begins its block, the one that begins that one's, and so on.
fn parents<'a>(lines: &'a [&'a str], index: usize) -> impl Iterator<Item = usize> + 'a {
    let is_item = |index: usize| lines[index].trim_start().starts_with('-');
    let parent = move |index: usize| {
        let start = indent(lines[index]);
        let is_key = |above: usize| lines[above].ends_with(':') && !is_item(above);
        let begins = |above: &usize| {
            !lines[*above].trim().is_empty()
                && (indent(lines[*above]) < start
                    || (indent(lines[*above]) == start && is_item(index) && is_key(*above)))
        };
        (0..index).rev().find(begins)
    };
    std::iter::successors(parent(index), move |index| parent(*index))
}

/// What becomes of a line: nothing of it, or another one.
fn changed(mutation: Mutation, lines: &[&str], index: usize, spec: usize) -> Vec<Option<String>> {
    let line = lines[index];
    let (start, text) = (indent(line), line.trim_start());
    let (key, value) = text.trim_start_matches("- ").split_once(':').unwrap_or((text, ""));
    let value = value.split('#').next().unwrap_or_default().trim();
    let is_label =
        |index: usize| parents(lines, index).next().is_some_and(|up| lines[up].trim().ends_with("matchLabels:"));
    let with = |text: String| vec![Some(format!("{}{text}", &line[..start]))];
    let unchanged = Vec::new();
    match mutation {
        Mutation::RemoveDash if text.starts_with("- ") => with(format!("  {}", &text[2..])),
        Mutation::AddDash
            if !text.starts_with("- ") && start >= 4 && lines[index - 1].trim_start().starts_with("- ") =>
        {
            vec![Some(format!("{}- {text}", &line[..start - 2]))]
        }
        Mutation::DropLine | Mutation::DropField if index == spec => unchanged,
        Mutation::DropLine => vec![None],
        Mutation::DropField if text.ends_with(':') => vec![None],
        Mutation::RenameField if FIELDS.contains(&key) => {
            let mut swapped: Vec<char> = key.chars().collect();
            let last = swapped.len() - 1;
            swapped.swap(last - 1, last);
            let swapped: String = swapped.into_iter().collect();
            let names = [format!("{key}s"), key.to_lowercase(), swapped];
            let names = names.into_iter().cycle().skip(index % 3).filter(|name| name != key);
            names.take(1).map(|name| Some(line.replacen(&format!("{key}:"), &format!("{name}:"), 1))).collect()
        }
        Mutation::MisspellLabel if is_label(index) && value.len() >= 4 => {
            let letter = if value.ends_with('e') { "a" } else { "e" };
            vec![Some(line.replacen(value, &format!("{}{letter}", &value[..value.len() - 1]), 1))]
        }
        Mutation::RenameLabel if is_label(index) => vec![Some(line.replacen(value, "another-thing", 1))],
        Mutation::RenameKey if is_label(index) => vec![Some(line.replacen(key, "role-of-it", 1))],
        Mutation::SwapPort => {
            let Some((before, after)) = line.split_once("port: ") else { return unchanged };
            let digits = after.len() - after.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
            match after[..digits].parse::<u16>() {
                Ok(number) => [number + 1, 443, 80]
                    .into_iter()
                    .filter(|other| *other != number)
                    .map(|other| Some(format!("{before}port: {other}{}", &after[digits..])))
                    .collect(),
                Err(_) => vec![Some(format!("{before}port: x{after}"))],
            }
        }
        Mutation::SwapProtocol if line.contains("TCP") => vec![Some(line.replacen("TCP", "UDP", 1))],
        Mutation::SwapProtocol if line.contains("UDP") => vec![Some(line.replacen("UDP", "TCP", 1))],
        Mutation::IndentMore if index != spec && index.is_multiple_of(2) => vec![Some(format!("  {line}"))],
        Mutation::IndentLess if start >= 2 && !index.is_multiple_of(2) => vec![Some(line[2..].to_owned())],
        _ => unchanged,
    }
}
