//! Findings that were there before anybody checked: kept in a file, left out of reports, and missed when they are gone.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Finding, Findings, Suppression};

/// The findings of an earlier run.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// In the order in which they were told.
    pub findings: Vec<Known>,
}

/// A finding of an earlier run. Only the fingerprint decides; the rest is for readers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// As reports have it.
    pub fingerprint: String,
    /// The rule.
    pub slug: String,
    /// What was said.
    pub message: String,
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    ///
    /// It is not one.
    pub fn parse(text: &str) -> serde_json::Result<Baseline> {
        serde_json::from_str(text)
    }

    /// As it is written, by `parse` to be read.
    ///
    /// # Errors
    ///
    /// Serialisation does not fail for these types; the error is passed on all the same.
    pub fn text(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }
}

impl Findings<'_> {
    /// These findings, to be left out from now on.
    pub fn baseline(&self) -> Baseline {
        let known = self.findings.iter().map(|finding| Known {
            fingerprint: finding.fingerprint.clone(),
            slug: finding.diagnostic.slug.to_owned(),
            message: finding.message(),
        });
        Baseline { findings: known.collect() }
    }

    /// Leaves out what a baseline knows, and gives what it knows and is not found any more.
    pub fn leave_out(&mut self, baseline: Baseline) -> Vec<Known> {
        let known: BTreeSet<&str> = baseline.findings.iter().map(|known| known.fingerprint.as_str()).collect();
        let is_known = |finding: &Finding<'_>| known.contains(finding.fingerprint.as_str());
        let (mut left_out, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.findings).into_iter().partition(is_known);
        let found: BTreeSet<String> = left_out.iter().map(|finding| finding.fingerprint.clone()).collect();
        left_out.iter_mut().for_each(|finding| finding.suppression = Some(Suppression::Known));
        self.findings = left;
        self.suppressed.append(&mut left_out);
        baseline.findings.into_iter().filter(|known| !found.contains(&known.fingerprint)).collect()
    }
}
