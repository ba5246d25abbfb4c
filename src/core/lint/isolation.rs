//! Which directions a policy isolates, and whether that is what its author wrote (M2 to M5).

use super::{Lint, rules};
use crate::cluster::{Direction, Policy};
use crate::edit;
use crate::model;

pub(super) fn check(lint: &mut Lint<'_>) {
    for (_, policy) in lint.policies() {
        let spec = &policy.spec;
        if spec.policy_types.is_empty() {
            implicit(lint, policy);
            continue;
        }
        for direction in Direction::BOTH {
            if model::governs(spec, direction) || spec.rules(direction).is_empty() {
                continue;
            }
            let field = direction.name();
            let message = format!(
                "`policyTypes` does not list {}, so these {field} rules do nothing: {field} stays as open as other policies leave it",
                direction.policy_type()
            );
            lint.find(&rules::IGNORED_RULES, policy, format!("spec.{field}"), message).help =
                Some(format!("add {} to `policyTypes`, or remove the rules", direction.policy_type()));
        }
    }
}

/// `policyTypes` is missing: ingress always, egress only if there are rules for it (S6).
fn implicit(lint: &mut Lint<'_>, policy: &Policy) {
    let spec = &policy.spec;
    if spec.egress.is_empty() && lint.has_field(policy, "spec.egress") {
        let (types, written) = if lint.has_field(policy, "spec.ingress") {
            (["Ingress", "Egress"].as_slice(), "[Ingress, Egress]")
        } else {
            (["Egress"].as_slice(), "[Egress]")
        };
        let consequence = if spec.ingress.is_empty() {
            "the pods may still connect to everyone, and it is ingress that is denied"
        } else {
            "the pods may still connect to everyone"
        };
        lint.find(
            &rules::OPEN_EGRESS,
            policy,
            "spec.egress",
            format!("without `policyTypes`, an empty `egress` does not isolate egress: {consequence}"),
        )
        .help = Some(format!("write `policyTypes: {written}`"));
        fix(lint, policy, types, "isolate egress");
    } else if !spec.egress.is_empty() && spec.ingress.is_empty() && !lint.has_field(policy, "spec.ingress") {
        lint.find(
            &rules::UNINTENDED_INGRESS,
            policy,
            "spec.egress",
            "without `policyTypes`, a policy isolates ingress as well: nobody may connect to the pods that it selects",
        )
        .help = Some("write `policyTypes: [Egress]`, or `[Ingress, Egress]` if that is meant".to_owned());
        fix(lint, policy, &["Egress"], "isolate egress only");
    } else {
        let (isolated, types) = if spec.egress.is_empty() {
            ("ingress", ["Ingress"].as_slice())
        } else {
            ("ingress and egress", ["Ingress", "Egress"].as_slice())
        };
        lint.find(
            &rules::IMPLICIT_POLICY_TYPES,
            policy,
            "spec",
            format!("`policyTypes` is not written: by default this policy isolates {isolated}"),
        )
        .help = Some(format!("write `policyTypes: [{}]`", types.join(", ")));
        fix(lint, policy, types, "write the default");
    }
}

/// Adds the edit that writes `policyTypes` to the last finding.
fn fix(lint: &mut Lint<'_>, policy: &Policy, types: &[&str], purpose: &str) {
    let edit = edit::insert_in_spec(lint.sources, &policy.origin, "policyTypes", types);
    lint.fix_last(format!("{purpose}: `policyTypes: [{}]`", types.join(", ")), edit);
}
