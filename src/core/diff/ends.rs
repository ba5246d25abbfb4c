//! The ends that are compared: those of both answers, in one order.

use std::collections::BTreeSet;
use std::fmt;

use super::Pair;
use crate::reach::{AddressRange, Connectivity, Unit};

/// An end that is compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiffEnd {
    /// A workload or a pod, by namespace, name and kind.
    Endpoint {
        /// The namespace.
        namespace: String,
        /// The name.
        name: String,
        /// The kind.
        kind: String,
    },
    /// Addresses.
    Range(AddressRange),
}

impl DiffEnd {
    fn of(unit: &Unit) -> DiffEnd {
        match unit.range() {
            Some(range) => DiffEnd::Range(range),
            None => DiffEnd::Endpoint {
                namespace: unit.namespace.clone(),
                name: unit.name.clone(),
                kind: unit.kind_name.clone(),
            },
        }
    }

    /// Two ranges as one, if the next one starts where this one ends.
    pub(super) fn join(&self, next: &DiffEnd) -> Option<DiffEnd> {
        match (self, next) {
            (DiffEnd::Range(range), DiffEnd::Range(next)) => range.join(next).map(DiffEnd::Range),
            _ => None,
        }
    }
}

impl fmt::Display for DiffEnd {
    /// The id in output.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DiffEnd::Endpoint { namespace, name, kind } => write!(f, "{namespace}/{name}[{kind}]"),
            DiffEnd::Range(range) => range.fmt(f),
        }
    }
}

/// An end that only one of the clusters has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoneEnd {
    /// The end.
    pub end: DiffEnd,
    /// How many endpoints of its cluster the question is about whether it may reach them; addresses are not counted.
    pub destinations: usize,
    /// How many endpoints of its cluster the question is about whether they may reach it.
    pub sources: usize,
}

/// The units of an end in the old answer and in the new one.
type Both = (Option<usize>, Option<usize>);

/// The ends of both answers, numbered in one order.
pub(super) struct Ends {
    pub all: Vec<DiffEnd>,
    /// Per end.
    pub units: Vec<Both>,
    /// Per unit of the old answer, its end.
    pub of_old: Vec<usize>,
    /// Per unit of the new answer, its end.
    pub of_new: Vec<usize>,
}

impl Ends {
    pub fn new(old: &Connectivity<'_>, new: &Connectivity<'_>) -> Ends {
        let all: BTreeSet<DiffEnd> = old.units().iter().chain(new.units()).map(DiffEnd::of).collect();
        let all: Vec<DiffEnd> = all.into_iter().collect();
        let number = |unit: &Unit| all.binary_search(&DiffEnd::of(unit)).unwrap_or_else(|place| place);
        let of_old: Vec<usize> = old.units().iter().map(number).collect();
        let of_new: Vec<usize> = new.units().iter().map(number).collect();
        let mut units = vec![(None, None); all.len()];
        for (unit, end) in of_old.iter().enumerate() {
            units.get_mut(*end).into_iter().for_each(|units| units.0 = Some(unit));
        }
        for (unit, end) in of_new.iter().enumerate() {
            units.get_mut(*end).into_iter().for_each(|units| units.1 = Some(unit));
        }
        Ends { all, units, of_old, of_new }
    }

    /// The ends that only one answer has, as far as it is asked about them: `unit_of` takes the unit in this answer.
    pub fn lone(&self, answer: &Connectivity<'_>, unit_of: fn(&Both) -> Option<usize>, pairs: &[Pair]) -> Vec<LoneEnd> {
        let is_differing: BTreeSet<u32> = pairs.iter().flat_map(|pair| [pair.source, pair.destination]).collect();
        let units = answer.units();
        let count = |is_asked: fn((bool, bool)) -> bool| {
            let asked = units.iter().filter(|unit| !unit.is_external() && is_asked(answer.is_asked(unit.index)));
            let is_in_namespace: Vec<bool> = asked.map(|unit| answer.is_namespace_asked(unit)).collect();
            (is_in_namespace.len(), is_in_namespace.into_iter().filter(|is_in_namespace| *is_in_namespace).count())
        };
        let (sources, destinations) = (count(|asked| asked.0), count(|asked| asked.1));
        let lone = (0u32..).zip(&self.all).zip(&self.units).filter_map(|((number, end), both)| {
            let unit = units.get(unit_of(both).filter(|_| both.0.is_none() || both.1.is_none())?)?;
            let (is_source, is_destination) = answer.is_asked(unit.index);
            let is_in_namespace = answer.is_namespace_asked(unit);
            if !(is_source || is_destination) || !(is_in_namespace || is_differing.contains(&number)) {
                return None;
            }
            // Pairs have an end in a namespace that is asked about, and a pod is no end for itself.
            let others = |is_asked: bool, is_other_asked: bool, (all, in_namespaces): (usize, usize)| {
                let count = if is_in_namespace { all } else { in_namespaces };
                let is_itself = is_other_asked && is_in_namespace && unit.is_one_pod();
                if is_asked { count - usize::from(is_itself) } else { 0 }
            };
            Some(LoneEnd {
                end: end.clone(),
                destinations: others(is_source, is_destination, destinations),
                sources: others(is_destination, is_source, sources),
            })
        });
        lone.collect()
    }
}
