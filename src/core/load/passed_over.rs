//! What was read over: objects of other kinds, documents that are no objects. Counted, and summarised in a line each by what their
//! absence means for answers.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::object::WorkloadKind;
use crate::source::{SourceId, Sources};

#[derive(Default)]
pub(super) struct PassedOver {
    /// How many objects there are of an `apiVersion` and `kind`.
    kinds: BTreeMap<(String, String), usize>,
    /// How many documents of a text are no objects.
    not_objects: BTreeMap<SourceId, usize>,
}

/// What the absence of an object means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Loss {
    /// Its rules.
    Policy,
    /// Its pods.
    Pods,
    /// Something else that decides: a Service, a Namespace or a Node of a version that is not theirs.
    Known,
    Nothing,
}

impl Loss {
    /// Kinds are compared without case: `Networkpolicy` is a spelling mistake, not another kind.
    fn of(kind: &str) -> Loss {
        let is = |known: &str| kind.eq_ignore_ascii_case(known);
        let makes_pods = ["Pod", "Rollout", "DeploymentConfig", "CloneSet"].into_iter().any(is)
            || WorkloadKind::ALL.iter().any(|known| is(known.name()));
        if kind.to_ascii_lowercase().ends_with("networkpolicy") {
            Loss::Policy
        } else if makes_pods {
            Loss::Pods
        } else if ["Service", "Namespace", "Node"].into_iter().any(is) {
            Loss::Known
        } else {
            Loss::Nothing
        }
    }
}

impl PassedOver {
    pub fn add(&mut self, kinds: Vec<(String, String)>, not_objects: Vec<SourceId>) {
        for kind in kinds {
            *self.kinds.entry(kind).or_default() += 1;
        }
        for source in not_objects {
            *self.not_objects.entry(source).or_default() += 1;
        }
    }

    pub fn summarise(&self, sources: &Sources) -> Vec<Diagnostic> {
        let policies = self.describe(Loss::Policy).map(|described| {
            let message =
                format!("policies of these kinds are not evaluated, and verdicts leave them out: {described}");
            Diagnostic::warning("unsupported-policy", message).help(VERSIONS)
        });
        let pods = self.describe(Loss::Pods).map(|described| {
            let message = format!(
                "objects of these kinds make pods, but are not read: the pods are missing from answers: {described}"
            );
            Diagnostic::warning("unsupported-kind", message).help(VERSIONS)
        });
        let known = self.describe(Loss::Known).map(|described| {
            let message =
                format!("objects of these kinds have another version than netpol reads, and are left out: {described}");
            Diagnostic::warning("unsupported-kind", message).help(VERSIONS)
        });
        let others = self.describe(Loss::Nothing).map(|described| {
            Diagnostic::note("passed-over", format!("objects that decide nothing were passed over: {described}"))
        });
        policies.into_iter().chain(pods).chain(known).chain(others).chain(self.summarise_not_objects(sources)).collect()
    }

    /// The kinds with that loss, with how many there are of each.
    fn describe(&self, loss: Loss) -> Option<String> {
        let described: Vec<String> = self
            .kinds
            .iter()
            .filter(|((_, kind), _)| Loss::of(kind) == loss)
            .map(|((api_version, kind), count)| {
                let version = if api_version.is_empty() { "no apiVersion" } else { api_version };
                format!("{count} {kind} ({version})")
            })
            .collect();
        (!described.is_empty()).then(|| described.join(", "))
    }

    fn summarise_not_objects(&self, sources: &Sources) -> Option<Diagnostic> {
        let total: usize = self.not_objects.values().sum();
        let (first, _) = self.not_objects.first_key_value()?;
        let path = sources.get(*first).map_or("", |source| &source.path);
        let also = match self.not_objects.len() - 1 {
            0 => String::new(),
            1 => " and 1 more file".to_owned(),
            more => format!(" and {more} more files"),
        };
        let documents = if total == 1 {
            "1 document is not a Kubernetes object".to_owned()
        } else {
            format!("{total} documents are not Kubernetes objects")
        };
        Some(Diagnostic::note("not-an-object", format!("{documents} (no `kind`) and passed over: `{path}`{also}")))
    }
}

const VERSIONS: &str = "netpol reads v1 Pod, Service, Namespace, Node and ReplicationController, networking.k8s.io/v1 NetworkPolicy, \
                        and the workloads of apps and batch";
