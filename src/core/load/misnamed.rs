//! Objects whose `apiVersion` or `kind` nobody can have meant: of the groups that netpol reads, and of no kind there is. To pass them
//! over would lose policies and pods for a spelling mistake.

use crate::diagnostic::Diagnostic;
use crate::object::WorkloadKind;
use crate::source::{Origin, Place, Sources};

/// The kinds that are read, with their `apiVersion`; workloads beside them.
const KINDS: [(&str, &str); 5] =
    [("Namespace", "v1"), ("Node", "v1"), ("Pod", "v1"), ("Service", "v1"), ("NetworkPolicy", "networking.k8s.io/v1")];

/// The kind that is read which a word stands for in another case.
fn known(kind: &str) -> Option<(&'static str, &'static str)> {
    let is = |name: &str| name.eq_ignore_ascii_case(kind);
    let workload = WorkloadKind::ALL.into_iter().find(|workload| is(workload.name()));
    KINDS.into_iter().find(|(name, _)| is(name)).or_else(|| {
        workload.map(|workload| match workload {
            WorkloadKind::ReplicationController => (workload.name(), "v1"),
            WorkloadKind::Job | WorkloadKind::CronJob => (workload.name(), "batch/v1"),
            _ => (workload.name(), "apps/v1"),
        })
    })
}

/// The kind that a word is a misspelling of, by at most two letters. Short words are like too many.
fn misspelt(kind: &str) -> Option<&'static str> {
    let names = KINDS.into_iter().map(|(name, _)| name).chain(WorkloadKind::ALL.into_iter().map(WorkloadKind::name));
    let near = |name: &&str| name.len() > 6 && strsim::damerau_levenshtein(kind, name) <= 2;
    names.filter(near).min_by_key(|name| strsim::damerau_levenshtein(kind, name))
}

/// Whether an object that is not read is one that should have been.
pub(super) fn is_misnamed(api_version: &str, kind: &str) -> bool {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let is_of_ours = matches!(group, "" | "apps" | "batch" | "extensions" | "networking.k8s.io");
    is_of_ours && (kind.is_empty() || kind == "List" || known(kind).is_some() || misspelt(kind).is_some())
}

/// What is wrong with such an object, where it is.
pub(super) fn finding(sources: &Sources, origin: &Origin, api_version: &str, kind: &str) -> Diagnostic {
    let (field, message, help) = match known(kind) {
        _ if kind.is_empty() => ("", "this object has no `kind`".to_owned(), None),
        _ if kind == "List" => ("kind", "this List has no `items`".to_owned(), None),
        Some((name, version)) if api_version.is_empty() => {
            ("kind", format!("this {name} has no `apiVersion`"), Some(format!("write `apiVersion: {version}`")))
        }
        Some((name, version)) if name == kind => (
            "apiVersion",
            format!("there is no {name} in `{api_version}`"),
            Some(format!("write `apiVersion: {version}`")),
        ),
        Some((name, _)) => ("kind", format!("there is no kind `{kind}`"), Some(format!("write `kind: {name}`"))),
        None => {
            let help = misspelt(kind).map(|name| format!("did you mean `{name}`?"));
            ("kind", format!("there is no kind `{kind}` in `{api_version}`"), help)
        }
    };
    let message = format!("{message}; the API server refuses this object, and it is left out");
    let place = Place::Field { origin: origin.clone(), path: field.to_owned() };
    let mut finding = Diagnostic::error("unknown-kind", message).at(place);
    finding.help = help;
    let tree = sources.tree(origin);
    let metadata = tree.get(&origin.prefix, "metadata");
    if let Some(name) = metadata.and_then(|metadata| tree.text(metadata, "name")) {
        finding.object = Some(format!("{} {name}", if kind.is_empty() { "object" } else { kind }));
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nearly_a_kind_that_is_read_is_misnamed_and_what_is_another_kind_is_not() {
        for (api_version, kind) in [
            ("", "NetworkPolicy"),
            ("networking.k8s.io/v1", "Networkpolicy"),
            ("networking.k8s.io/v1", "NetworkPolcy"),
            ("extensions/v1beta1", "NetworkPolicy"),
            ("v1", "NetworkPolicy"),
            ("v2", "Pod"),
            ("apps/v1", "Deploymnt"),
            ("v1", "List"),
            ("v1", ""),
        ] {
            assert!(is_misnamed(api_version, kind), "{api_version} {kind}");
        }
        for (api_version, kind) in [
            ("crd.projectcalico.org/v1", "NetworkPolicy"),
            ("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy"),
            ("serving.knative.dev/v1", "Service"),
            ("networking.k8s.io/v1", "Ingress"),
            ("networking.k8s.io/v1", "IngressClass"),
            ("apps/v1", "ControllerRevision"),
            ("v1", "ServiceAccount"),
            ("v1", "PodTemplate"),
            ("v1", "Endpoints"),
            ("v1", "ConfigMap"),
            ("v1", "ReplicationControllerDummy"),
        ] {
            assert!(!is_misnamed(api_version, kind), "{api_version} {kind}");
        }
    }
}
