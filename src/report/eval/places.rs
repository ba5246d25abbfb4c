//! Where rules are written. A document is parsed once for each of its fields that some answer shows, however many answers do.

use std::cell::RefCell;
use std::collections::HashMap;

use netpol::cluster::{Cluster, Direction, PolicyId};
use netpol::model;
use netpol::source::{Location, Sources};

/// The places of rules, remembered for all the answers of a run.
#[derive(Debug)]
pub struct Places<'a> {
    cluster: &'a Cluster,
    sources: &'a Sources,
    known: RefCell<HashMap<PolicyId, HashMap<String, Location>>>,
}

impl<'a> Places<'a> {
    /// Of the policies of a cluster that was read from these texts.
    pub fn new(cluster: &'a Cluster, sources: &'a Sources) -> Places<'a> {
        Places { cluster, sources, known: RefCell::default() }
    }

    /// The field path of a rule; `spec` where there is none.
    pub(super) fn path(&self, policy: PolicyId, direction: Direction, rule: Option<usize>) -> String {
        let rule = rule.and_then(|index| model::rule(self.cluster, policy, direction, index));
        rule.map_or("spec".to_owned(), |rule| rule.path.to_string())
    }

    /// Where a field of a policy is written.
    pub(super) fn locate(&self, policy: PolicyId, path: &str) -> Location {
        let mut known = self.known.borrow_mut();
        let fields = known.entry(policy).or_default();
        if let Some(location) = fields.get(path) {
            return location.clone();
        }
        let location = match self.cluster.policy(policy) {
            Some(policy) => self.sources.locate(&policy.origin, path),
            None => Location { path: String::new(), line: 1, column: 1 },
        };
        fields.insert(path.to_owned(), location.clone());
        location
    }
}
