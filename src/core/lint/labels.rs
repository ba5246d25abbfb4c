//! What is wrong with a selector as it is written: conditions that exclude each other (M32), labels that controllers generate
//! (M48), values that are others misspelt (M33), NotIn and the missing key (M31).

use super::inventory::{Inventory, Values};
use super::near::nearest;
use super::{Lint, rules};
use crate::cluster::{EndpointId, EndpointKind, NamespaceId, Policy};
use crate::conditions::{Bearer, can_hold};
use crate::diagnostic::Fix;
use crate::edit;
use crate::object::{LabelSelector, Labels, WorkloadKind};
use crate::selector::{Operator, Requirement, Selector};

/// A selector where it is written.
pub(super) struct Written<'a> {
    pub selector: &'a Selector,
    pub path: String,
    /// How many of its requirements are under `matchLabels`.
    label_count: usize,
}

impl<'a> Written<'a> {
    pub fn new(selector: &'a Selector, written: &LabelSelector, path: String) -> Written<'a> {
        Written { selector, path, label_count: written.match_labels.iter().count() }
    }

    /// The path of a requirement, which under `matchLabels` is that of its value.
    pub fn requirement(&self, index: usize) -> String {
        match (index.checked_sub(self.label_count), self.selector.requirements().get(index)) {
            (None, Some(requirement)) => format!("{}.matchLabels.{}", self.path, requirement.key),
            (Some(index), _) => format!("{}.matchExpressions[{index}]", self.path),
            (None, None) => self.path.clone(),
        }
    }

    fn value(&self, index: usize, value: usize) -> String {
        let path = self.requirement(index);
        if index < self.label_count { path } else { format!("{path}.values[{value}]") }
    }

    /// Whether the key of a requirement is that of a field, rather than the value of `key`.
    pub fn is_label(&self, index: usize) -> bool {
        index < self.label_count
    }

    fn requirements(&self) -> impl Iterator<Item = (usize, &'a Requirement)> + use<'a> {
        self.selector.requirements().iter().enumerate()
    }
}

/// M32: whether no labels can meet the selector.
pub(super) fn contradiction(
    lint: &mut Lint<'_>,
    policy: &Policy,
    written: &Written<'_>,
    bearer: Bearer,
    consequence: &str,
) -> bool {
    let Some(on_key) = written.requirements().find_map(|(_, first)| {
        let on_key: Vec<_> = written.requirements().filter(|(_, other)| other.key == first.key).collect();
        let requirements = on_key.iter().map(|(_, requirement)| *requirement);
        (!can_hold(bearer, &first.key, requirements)).then_some(on_key)
    }) else {
        return false;
    };
    let Some((index, _)) = on_key.get(1).or(on_key.first()) else { return false };
    let conditions: Vec<String> = on_key.iter().map(|(_, condition)| format!("`{condition}`")).collect();
    let (message, help) = match conditions.as_slice() {
        [condition] => (
            format!("{condition} cannot hold, since every namespace has the label: {consequence}"),
            "write `{}` for all namespaces",
        ),
        _ => (
            format!("{} cannot all hold: {consequence}", conditions.join(" and ")),
            "all conditions of a selector must hold: put alternatives into the `values` of one `In`",
        ),
    };
    lint.find(&rules::CONTRADICTORY_SELECTOR, policy, written.requirement(*index), message).help =
        Some(help.to_owned());
    true
}

/// The labels that controllers set, with what they are.
const GENERATED: [(&str, &str); 10] = [
    ("apps.kubernetes.io/pod-index", "the number of one pod of a StatefulSet"),
    ("batch.kubernetes.io/controller-uid", "another one for each Job"),
    ("batch.kubernetes.io/job-completion-index", "the number of one pod of a Job"),
    ("batch.kubernetes.io/job-name", JOB_NAME),
    ("controller-revision-hash", "another one after each rollout"),
    ("controller-uid", "another one for each Job"),
    ("job-name", JOB_NAME),
    ("pod-template-generation", "another one after each rollout"),
    ("pod-template-hash", "another one after each rollout"),
    ("statefulset.kubernetes.io/pod-name", "the name of one pod of a StatefulSet"),
];

const JOB_NAME: &str = "the name of one Job, which a CronJob makes anew for each run";

/// M48: whether a selector asks for a label that a controller sets, which templates do not have.
pub(super) fn generated(
    lint: &mut Lint<'_>,
    inventory: &Inventory<'_>,
    policy: &Policy,
    written: &Written<'_>,
    namespaces: &[NamespaceId],
) -> bool {
    let mut is_generated = false;
    for (index, requirement) in written.requirements() {
        let Some((key, what)) = GENERATED.iter().find(|(key, _)| *key == &*requirement.key) else { continue };
        is_generated = true;
        let (Operator::In(values) | Operator::NotIn(values)) = &requirement.operator else { continue };
        if values.iter().all(|value| is_stable(inventory, namespaces, key, value)) {
            continue;
        }
        let message =
            format!("a controller sets `{key}` on its pods, {what}: once that changes, this matches other pods");
        lint.find(&rules::GENERATED_LABEL, policy, written.requirement(index), message).help =
            Some("select by labels that you set in the pod template".to_owned());
    }
    is_generated
}

/// Whether a name was chosen by the author of a manifest: that of a Job, or of a pod of a StatefulSet.
fn is_stable(inventory: &Inventory<'_>, namespaces: &[NamespaceId], key: &str, value: &str) -> bool {
    let is_there = |kind: WorkloadKind, name: &str| {
        let controlled = |owner: &crate::cluster::Owner| &*owner.kind == kind.name() && &*owner.name == name;
        inventory.cluster.endpoints.iter().any(|endpoint| {
            namespaces.contains(&endpoint.namespace)
                && (endpoint.kind == EndpointKind::Workload(kind) && &*endpoint.name == name
                    || endpoint.owner.as_ref().is_some_and(controlled))
        })
    };
    match key {
        "apps.kubernetes.io/pod-index" | "batch.kubernetes.io/job-completion-index" => true,
        "statefulset.kubernetes.io/pod-name" => {
            value.rsplit_once('-').is_some_and(|(name, _)| is_there(WorkloadKind::StatefulSet, name))
        }
        "job-name" | "batch.kubernetes.io/job-name" => is_there(WorkloadKind::Job, value),
        _ => false,
    }
}

/// M33: whether a selector asks for a value that nothing has, while another one is spelt nearly so.
pub(super) fn misspelt(
    lint: &mut Lint<'_>,
    policy: &Policy,
    written: &Written<'_>,
    known: &Values<'_>,
    bearers: &str,
) -> bool {
    let mut is_misspelt = false;
    for (index, requirement) in written.requirements() {
        let (Operator::In(values) | Operator::NotIn(values)) = &requirement.operator else { continue };
        let Some(known) = known.get(&*requirement.key) else { continue };
        for (value_index, value) in values.iter().enumerate().filter(|(_, value)| !known.contains(&***value)) {
            let Some(near) = nearest(value, known.iter().copied()) else { continue };
            if values.iter().any(|other| &**other == near) {
                continue;
            }
            is_misspelt = true;
            let key = &requirement.key;
            let path = written.value(index, value_index);
            let edit = edit::replace(lint.sources, &policy.origin, &path, near);
            let message = format!("no {bearers} has the label `{key}={value}`, but there is `{key}={near}`");
            let finding = lint.find(&rules::MISSPELT_LABEL, policy, path, message);
            finding.help = Some(format!("did you mean `{near}`?"));
            finding.fix = edit.map(|edit| Fix { title: format!("write `{near}`"), edits: vec![edit] });
        }
    }
    is_misspelt
}

/// M31: NotIn in a peer that matches what lacks the key, beside what has another value.
pub(super) fn not_in(
    lint: &mut Lint<'_>,
    policy: &Policy,
    written: &Written<'_>,
    matched: &[(String, &Labels)],
    bearers: &str,
) {
    for (index, requirement) in written.requirements() {
        if !matches!(requirement.operator, Operator::NotIn(_)) {
            continue;
        }
        let key = &requirement.key;
        let Some((without, _)) = matched.iter().find(|(_, labels)| labels.get(key).is_none()) else { continue };
        if matched.iter().all(|(_, labels)| labels.get(key).is_none()) {
            continue;
        }
        let message = format!(
            "`{requirement}` also matches {bearers} without the label `{key}`, such as `{without}`: this peer allows them too"
        );
        lint.find(&rules::NOT_IN_WITHOUT_KEY, policy, written.requirement(index), message).help =
            Some(format!("add `{{ key: {key}, operator: Exists }}`, or list the values that are meant with `In`"));
    }
}

/// Names and labels of pods, for [`not_in`].
pub(super) fn pods<'a>(inventory: &Inventory<'a>, endpoints: &[EndpointId]) -> Vec<(String, &'a Labels)> {
    let pod = |id: &EndpointId| {
        let endpoint = inventory.cluster.endpoint(*id)?;
        Some((inventory.cluster.endpoint_label(*id), &endpoint.labels))
    };
    endpoints.iter().filter_map(pod).collect()
}
