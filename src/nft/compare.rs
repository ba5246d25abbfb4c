//! Where two rulesets differ, in words.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use crate::ruleset::Ruleset;

/// How many elements of a set are named.
const SHOWN: usize = 5;

impl Ruleset {
    /// How another ruleset differs from this one, a line for each object; empty if both do the same.
    pub fn differences(&self, other: &Ruleset) -> Vec<String> {
        let mut lines = Vec::new();
        objects("counter", &self.counters, &other.counters, &mut lines, |_, _| "counts something else".to_owned());
        objects("set", &self.sets, &other.sets, &mut lines, |wanted, found| {
            if wanted.kind != found.kind {
                return format!("has elements of type {}, not {}", found.kind, wanted.kind);
            }
            elements(&wanted.elements, &found.elements)
        });
        objects("map", &self.maps, &other.maps, &mut lines, |wanted, found| {
            let pairs = |map: &BTreeMap<_, String>| -> BTreeSet<String> {
                map.iter().map(|(address, chain)| format!("{address} : {chain}")).collect()
            };
            elements(&pairs(&wanted.elements), &pairs(&found.elements))
        });
        objects("chain", &self.chains, &other.chains, &mut lines, |wanted, found| {
            if wanted.hook != found.hook {
                return "has another hook".to_owned();
            }
            let differs = wanted.rules.iter().zip(&found.rules).position(|(wanted, found)| wanted != found);
            let index = differs.unwrap_or(wanted.rules.len().min(found.rules.len()));
            match (wanted.rules.get(index), found.rules.get(index)) {
                (Some(wanted), Some(found)) => format!("has as rule {}: {found}\n  in place of: {wanted}", index + 1),
                (Some(wanted), None) => format!("lacks rule {}: {wanted}", index + 1),
                (None, found) => {
                    format!("has one more rule: {}", found.map(ToString::to_string).unwrap_or_default())
                }
            }
        });
        lines
    }
}

fn objects<T: PartialEq>(
    kind: &str,
    wanted: &BTreeMap<String, T>,
    found: &BTreeMap<String, T>,
    lines: &mut Vec<String>,
    describe: impl Fn(&T, &T) -> String,
) {
    for (name, object) in wanted {
        match found.get(name) {
            None => lines.push(format!("{kind} {name} is missing")),
            Some(other) if other != object => lines.push(format!("{kind} {name} {}", describe(object, other))),
            Some(_) => {}
        }
    }
    lines.extend(
        found.keys().filter(|name| !wanted.contains_key(*name)).map(|name| format!("{kind} {name} is not ours")),
    );
}

fn elements<T: Ord + Display>(wanted: &BTreeSet<T>, found: &BTreeSet<T>) -> String {
    let list = |what: &str, elements: Vec<&T>| {
        let shown: Vec<String> = elements.iter().take(SHOWN).map(ToString::to_string).collect();
        let more = elements.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!elements.is_empty()).then(|| format!("{what} {}{more}", shown.join(", ")))
    };
    let lacking = list("lacks", wanted.difference(found).collect());
    let added = list("has besides", found.difference(wanted).collect());
    lacking.into_iter().chain(added).collect::<Vec<_>>().join("; ")
}
