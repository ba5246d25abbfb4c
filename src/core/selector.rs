//! Label selectors, compiled: the one place that says whether labels match.

use std::fmt;

use crate::object::{LabelSelector, Labels};

/// A label selector: all its requirements must hold (L2). No requirement selects everything (L1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Selector {
    requirements: Vec<Requirement>,
}

/// One requirement on one label.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Requirement {
    /// The label's key.
    pub key: Box<str>,
    /// What is required of its value.
    pub operator: Operator,
}

/// What a requirement asks (L3).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Operator {
    /// The key is present and its value is one of these.
    In(Vec<Box<str>>),
    /// The key is absent or its value is none of these.
    NotIn(Vec<Box<str>>),
    /// The key is present.
    Exists,
    /// The key is absent.
    DoesNotExist,
    /// An operator that the API does not know, which validation refuses (V24): nothing meets it.
    Unknown,
}

impl Selector {
    /// Compiles a selector as it is written.
    pub fn new(selector: &LabelSelector) -> Selector {
        let equalities = selector
            .match_labels
            .iter()
            .map(|(key, value)| Requirement { key: key.into(), operator: Operator::In(vec![value.into()]) });
        let expressions = selector.match_expressions.iter().map(|expression| {
            let values = || expression.values.iter().map(|value| Box::from(&**value)).collect();
            let operator = match &*expression.operator {
                "In" => Operator::In(values()),
                "NotIn" => Operator::NotIn(values()),
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                _ => Operator::Unknown,
            };
            Requirement { key: Box::from(&*expression.key), operator }
        });
        Selector { requirements: equalities.chain(expressions).collect() }
    }

    /// Whether the labels meet every requirement.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.requirements.iter().all(|requirement| requirement.is_met(labels))
    }

    /// The requirements that the labels do not meet.
    pub fn unmet(&self, labels: &Labels) -> impl Iterator<Item = &Requirement> {
        self.requirements.iter().filter(|requirement| !requirement.is_met(labels))
    }

    /// The requirements.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }
}

impl Requirement {
    /// Whether the labels meet it.
    pub fn is_met(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        let is_one_of =
            |values: &[Box<str>]| value.is_some_and(|value| values.iter().any(|other| other.as_ref() == value));
        match &self.operator {
            Operator::In(values) => is_one_of(values),
            Operator::NotIn(values) => !is_one_of(values),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::Unknown => false,
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        match &self.operator {
            Operator::In(values) => match values.as_slice() {
                [value] => write!(f, "{key}={value}"),
                values => write!(f, "{key} in ({})", values.join(", ")),
            },
            Operator::NotIn(values) => match values.as_slice() {
                [value] => write!(f, "{key}!={value}"),
                values => write!(f, "{key} not in ({})", values.join(", ")),
            },
            Operator::Exists => write!(f, "{key} exists"),
            Operator::DoesNotExist => write!(f, "{key} does not exist"),
            Operator::Unknown => write!(f, "{key} (unknown operator)"),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, requirement) in self.requirements.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{requirement}")?;
        }
        Ok(())
    }
}
