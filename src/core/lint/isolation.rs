//! Which directions a policy isolates, and whether that is what its author wrote (M2 to M5).

use super::{Lint, rules};
use crate::cluster::Direction;

pub(super) fn check(lint: &mut Lint<'_>) {
    for (_, policy) in lint.policies() {
        let spec = &policy.spec;
        if spec.policy_types.is_empty() {
            implicit(lint, policy);
            continue;
        }
        for direction in Direction::BOTH {
            let is_governed = spec.policy_types.iter().any(|written| written.as_str() == direction.policy_type());
            if !is_governed && !spec.rules(direction).is_empty() {
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
}

/// `policyTypes` is missing: ingress always, egress only if there are rules for it (S6).
fn implicit(lint: &mut Lint<'_>, policy: &crate::cluster::Policy) {
    let spec = &policy.spec;
    if spec.egress.is_empty() && lint.has_field(policy, "spec.egress") {
        lint.find(
            &rules::OPEN_EGRESS,
            policy,
            "spec.egress",
            "without `policyTypes`, an empty `egress` does not isolate egress: the pods may still connect to everyone, \
             and it is ingress that is denied",
        )
        .help = Some("write `policyTypes: [Egress]`".to_owned());
    } else if !spec.egress.is_empty() && spec.ingress.is_empty() && !lint.has_field(policy, "spec.ingress") {
        lint.find(
            &rules::UNINTENDED_INGRESS,
            policy,
            "spec.egress",
            "without `policyTypes`, a policy isolates ingress as well: nobody may connect to the pods that it selects",
        )
        .help = Some("write `policyTypes: [Egress]`, or `[Ingress, Egress]` if that is meant".to_owned());
    } else {
        let isolated = if spec.egress.is_empty() { "ingress" } else { "ingress and egress" };
        lint.find(
            &rules::IMPLICIT_POLICY_TYPES,
            policy,
            "spec",
            format!("`policyTypes` is not written: by default this policy isolates {isolated}"),
        );
    }
}
