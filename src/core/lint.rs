//! What is legal and probably not meant: rules over the compiled cluster, each with a slug of its own.
//!
//! Rules that ask about traffic ask the engine, never patterns in the text. They stay silent when what they judge by is not in the
//! input. Trees of documents are parsed only for policies that look suspicious already.

pub mod rules;

mod allowed;
mod blocks;
mod coverage;
mod dns;
mod everyone;
mod inventory;
mod isolation;
mod labels;
mod listening;
mod load_balancer;
mod names;
mod near;
mod omitted;
mod one_sided;
mod peers;
mod pinned;
mod ports;
mod redundant;
mod unmatched;
mod written;

use crate::cluster::{Policy, PolicyId};
use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::engine::Engine;
use crate::source::{Origin, Place, Sources};
use inventory::Inventory;

pub use rules::{RULES, Rule};

/// Everything that there is to say about the policies of a cluster, in the order of the policies.
///
/// What cannot be loaded or resolved has been said by `load` and `resolve`.
pub fn lint(engine: &Engine, sources: &Sources) -> Vec<Diagnostic> {
    let mut lint = Lint { engine, sources, findings: Vec::new() };
    isolation::check(&mut lint);
    let mut inventory = Inventory::new(engine);
    unmatched::check(&mut lint, &mut inventory);
    listening::check(&mut lint, &mut inventory);
    pinned::check(&mut lint);
    coverage::check(&mut lint, &mut inventory);
    everyone::check(&mut lint);
    omitted::check(&mut lint);
    names::check(&mut lint);
    peers::check(&mut lint);
    ports::check(&mut lint);
    let allowed = allowed::Allowed::new(&lint);
    blocks::check(&mut lint, &allowed);
    dns::check(&mut lint, &mut inventory);
    load_balancer::check(&mut lint, &mut inventory);
    // It is silent about rules that allow nothing for a reason that has been told.
    one_sided::check(&mut lint, &mut inventory);
    redundant::check(&mut lint, &allowed);
    lint.findings
}

/// What rules look at, and what they have found.
struct Lint<'a> {
    engine: &'a Engine,
    sources: &'a Sources,
    findings: Vec<Diagnostic>,
}

impl<'a> Lint<'a> {
    fn policies(&self) -> impl Iterator<Item = (PolicyId, &'a Policy)> + use<'a> {
        self.engine.cluster().policy_ids()
    }

    /// Whether a field of a policy is written, be it with nothing in it.
    fn has_field(&self, policy: &Policy, path: &str) -> bool {
        self.sources.has_field(&policy.origin, path)
    }

    /// A field of a policy, as a place.
    fn place(&self, policy: &Policy, path: impl Into<String>) -> Place {
        Place::Field { origin: policy.origin.clone(), path: path.into() }
    }

    /// Adds the edit that mends the last finding, if there is one.
    fn fix_last(&mut self, title: impl Into<String>, edit: Option<Edit>) {
        if let (Some(last), Some(edit)) = (self.findings.last_mut(), edit) {
            last.fix = Some(Fix { title: title.into(), edits: vec![edit] });
        }
    }

    /// Adds a finding of a rule about a field of a policy.
    fn find(
        &mut self,
        rule: &'static Rule,
        policy: &Policy,
        path: impl Into<String>,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        let namespace = self.engine.cluster().namespace_name(policy.namespace);
        let object = format!("NetworkPolicy {namespace}/{}", policy.name);
        self.find_in(rule, object, &policy.origin, path, message)
    }

    /// Adds a finding of a rule about a field of any object.
    fn find_in(
        &mut self,
        rule: &'static Rule,
        object: String,
        origin: &Origin,
        path: impl Into<String>,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        let place = Place::Field { origin: origin.clone(), path: path.into() };
        let finding = rule.finding(message).about(object).at(place);
        self.findings.push(finding);
        let last = self.findings.len() - 1;
        #[allow(clippy::indexing_slicing, reason = "it has just been pushed")]
        &mut self.findings[last]
    }
}
