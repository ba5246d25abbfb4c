//! Selectors as sets: whether one selects all that another does, whatever the cluster, and whether it can select anything.
//!
//! A selector asks something of each label apart from the others, so that sets are compared label by label. Deliberately absent:
//! what is in the cluster.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::{Cluster, NAMESPACE_NAME_LABEL};
use crate::model::{NamespaceScope, PodSelection};
use crate::selector::{Operator, Requirement, Selector};

/// Whose label it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Bearer {
    Pod,
    Namespace,
}

/// What a label may be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Domain {
    values: Values,
    /// Whether the label may be missing.
    is_optional: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Values {
    Only(BTreeSet<Box<str>>),
    AllBut(BTreeSet<Box<str>>),
}

impl Domain {
    /// Whatever is not asked about.
    fn any(bearer: Bearer, key: &str) -> Domain {
        // S17: every namespace has a name.
        let is_optional = !(bearer == Bearer::Namespace && key == NAMESPACE_NAME_LABEL);
        Domain { values: Values::AllBut(BTreeSet::new()), is_optional }
    }

    /// L3.
    fn of(requirement: &Requirement) -> Domain {
        let set = |values: &[Box<str>]| values.iter().cloned().collect();
        let (values, is_optional) = match &requirement.operator {
            Operator::In(values) => (Values::Only(set(values)), false),
            Operator::NotIn(values) => (Values::AllBut(set(values)), true),
            Operator::Exists => (Values::AllBut(BTreeSet::new()), false),
            Operator::DoesNotExist => (Values::Only(BTreeSet::new()), true),
            Operator::Unknown => (Values::Only(BTreeSet::new()), false),
        };
        Domain { values, is_optional }
    }

    fn intersection(&self, other: &Domain) -> Domain {
        let values = match (&self.values, &other.values) {
            (Values::Only(a), Values::Only(b)) => Values::Only(a.intersection(b).cloned().collect()),
            (Values::Only(only), Values::AllBut(not)) | (Values::AllBut(not), Values::Only(only)) => {
                Values::Only(only.difference(not).cloned().collect())
            }
            (Values::AllBut(a), Values::AllBut(b)) => Values::AllBut(a.union(b).cloned().collect()),
        };
        Domain { values, is_optional: self.is_optional && other.is_optional }
    }

    fn is_empty(&self) -> bool {
        !self.is_optional && matches!(&self.values, Values::Only(values) if values.is_empty())
    }

    fn is_within(&self, other: &Domain) -> bool {
        let are_values_within = match (&self.values, &other.values) {
            (Values::Only(a), Values::Only(b)) => a.is_subset(b),
            (Values::Only(only), Values::AllBut(not)) => only.is_disjoint(not),
            (Values::AllBut(_), Values::Only(_)) => false,
            (Values::AllBut(a), Values::AllBut(b)) => b.is_subset(a),
        };
        are_values_within && (other.is_optional || !self.is_optional)
    }
}

/// Whether some value of a label, or its absence, meets all requirements on it (L5).
pub(crate) fn can_hold<'a>(bearer: Bearer, key: &str, requirements: impl Iterator<Item = &'a Requirement>) -> bool {
    let all = requirements.fold(Domain::any(bearer, key), |domain, next| domain.intersection(&Domain::of(next)));
    !all.is_empty()
}

/// All that a selection of pods asks, once for each label that it asks about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Conditions(BTreeMap<(Bearer, Box<str>), Domain>);

/// What conditions have in common with those that they imply, so that these can be looked up: a label and a value of it.
pub(crate) type Handle = Option<(Bearer, Box<str>, Option<Box<str>>)>;

impl Conditions {
    /// The conditions of a selection.
    pub fn of(cluster: &Cluster, selection: &PodSelection) -> Conditions {
        let mut conditions = Conditions::default();
        conditions.add_all(Bearer::Pod, &selection.pods);
        match &selection.namespaces {
            NamespaceScope::One(id) => {
                let name = Operator::In(vec![cluster.namespace_name(*id).into()]);
                conditions.add(Bearer::Namespace, &Requirement { key: NAMESPACE_NAME_LABEL.into(), operator: name });
            }
            NamespaceScope::Matching(selector) => conditions.add_all(Bearer::Namespace, selector),
        }
        conditions
    }

    fn add_all(&mut self, bearer: Bearer, selector: &Selector) {
        selector.requirements().iter().for_each(|requirement| self.add(bearer, requirement));
    }

    fn add(&mut self, bearer: Bearer, requirement: &Requirement) {
        let key = (bearer, requirement.key.clone());
        let any = Domain::any(bearer, &requirement.key);
        let domain = self.0.get(&key).unwrap_or(&any).intersection(&Domain::of(requirement));
        if domain != any {
            self.0.insert(key, domain);
        }
    }

    /// Whether a pod can meet them.
    pub fn is_possible(&self) -> bool {
        !self.0.values().any(Domain::is_empty)
    }

    /// Whether every pod that meets these meets the others.
    pub fn imply(&self, other: &Conditions) -> bool {
        other.0.iter().all(|(key, wide)| match self.0.get(key) {
            Some(narrow) => narrow.is_within(wide),
            None => Domain::any(key.0, &key.1).is_within(wide),
        })
    }

    /// Where to keep these, for others to find them by [`Conditions::implied`].
    pub fn handles(&self) -> Vec<Handle> {
        let listed = self.0.iter().find_map(|((bearer, key), domain)| match &domain.values {
            Values::Only(values) if !values.is_empty() => Some((bearer, key, values)),
            _ => None,
        });
        match (listed, self.0.keys().next()) {
            (Some((bearer, key, values)), _) => {
                values.iter().map(|value| Some((*bearer, key.clone(), Some(value.clone())))).collect()
            }
            (None, Some((bearer, key))) => vec![Some((*bearer, key.clone(), None))],
            (None, None) => vec![None],
        }
    }

    /// Where all are kept that these may imply.
    pub fn implied(&self) -> Vec<Handle> {
        let mut handles = vec![None];
        for ((bearer, key), domain) in &self.0 {
            handles.push(Some((*bearer, key.clone(), None)));
            if let Values::Only(values) = &domain.values {
                handles.extend(values.first().map(|value| Some((*bearer, key.clone(), Some(value.clone())))));
            }
        }
        handles
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Labels;

    fn requirements() -> Vec<Requirement> {
        let values = |values: &[&str]| values.iter().map(|value| Box::from(*value)).collect::<Vec<Box<str>>>();
        let mut operators = vec![Operator::Exists, Operator::DoesNotExist];
        for some in [&["a"][..], &["b"], &["a", "b"], &["c", "a"]] {
            operators.extend([Operator::In(values(some)), Operator::NotIn(values(some))]);
        }
        ["k", "l"]
            .into_iter()
            .flat_map(|key| operators.iter().map(move |operator| (key, operator.clone())))
            .map(|(key, operator)| Requirement { key: key.into(), operator })
            .collect()
    }

    /// Every pair of values that a set of conditions on `k` and `l` can tell apart.
    fn all_labels() -> Vec<Labels> {
        let values = [None, Some("a"), Some("b"), Some("c"), Some("another")];
        let pair = |k: Option<&'static str>, l: Option<&'static str>| {
            [("k", k), ("l", l)].into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
        };
        values.into_iter().flat_map(|k| values.into_iter().map(move |l| pair(k, l))).collect()
    }

    #[test]
    fn implication_is_inclusion_of_what_is_selected() {
        let all = requirements();
        let mut sets = vec![vec![]];
        sets.extend(all.iter().map(|one| vec![one]));
        sets.extend(all.iter().flat_map(|one| all.iter().map(move |other| vec![one, other])));
        let conditions: Vec<(Conditions, Vec<bool>)> = sets
            .iter()
            .map(|set| {
                let mut conditions = Conditions::default();
                set.iter().for_each(|requirement| conditions.add(Bearer::Pod, requirement));
                let is_met = |labels: &Labels| set.iter().all(|requirement| requirement.is_met(labels));
                (conditions, all_labels().iter().map(is_met).collect())
            })
            .collect();
        for (narrow, narrow_met) in &conditions {
            assert_eq!(narrow.is_possible(), narrow_met.contains(&true), "{narrow:?}");
            if !narrow.is_possible() {
                continue;
            }
            for (wide, wide_met) in &conditions {
                let is_included = narrow_met.iter().zip(wide_met).all(|(narrow, wide)| *wide || !narrow);
                assert_eq!(narrow.imply(wide), is_included, "{narrow:?} and {wide:?}");
                if is_included {
                    let handles = wide.handles();
                    assert!(narrow.implied().iter().any(|handle| handles.contains(handle)), "{narrow:?} and {wide:?}");
                }
            }
        }
    }

    #[test]
    fn every_namespace_has_a_name() {
        let on_name = |operator| Requirement { key: NAMESPACE_NAME_LABEL.into(), operator };
        let (mut none, mut some) = (Conditions::default(), Conditions::default());
        some.add(Bearer::Namespace, &on_name(Operator::Exists));
        assert!(Conditions::default().imply(&some));
        none.add(Bearer::Namespace, &on_name(Operator::DoesNotExist));
        assert!(!none.is_possible());
    }
}
