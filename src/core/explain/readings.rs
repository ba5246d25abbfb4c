//! The cluster under other readings that change what is in it, compiled when the first explanation asks for them: with the other
//! setting of `cidrs` (D8), and with objects that name no namespace in another one than `default` (D12).

use std::sync::{Arc, OnceLock};

use crate::cluster::{Cluster, NAMESPACE_NAME_LABEL, Namespace, NamespaceId};
use crate::compile::compile;
use crate::engine::Engine;
use crate::options::{Cidrs, EngineOptions};
use crate::selector::Selector;

/// A name that no namespace has and that sorts after all of theirs.
const ELSEWHERE: &str = "~";

/// The other readings, as far as they have been asked for; `None` where the reading is no other.
#[derive(Default)]
pub(crate) struct Readings {
    cidrs: OnceLock<Option<Box<Engine>>>,
    namespace: OnceLock<Option<Box<Engine>>>,
}

impl Engine {
    /// The engine under the other setting of `cidrs`, if that changes which policies are valid.
    pub(super) fn with_other_cidrs(&self) -> Option<&Engine> {
        let compiled = self.readings.cidrs.get_or_init(|| {
            let cidrs = match self.options().cidrs {
                Cidrs::Strict => Cidrs::Legacy,
                Cidrs::Legacy => Cidrs::Strict,
            };
            let options = EngineOptions { cidrs, ..*self.options() };
            other_cidrs(self.cluster(), cidrs).map(|cluster| Box::new(compile(cluster, options)))
        });
        compiled.as_deref()
    }

    /// The engine with the objects that name no namespace elsewhere than in `default`, if that can make a difference.
    pub(super) fn with_other_namespace(&self) -> Option<&Engine> {
        let compiled = self
            .readings
            .namespace
            .get_or_init(|| other_namespace(self.cluster()).map(|cluster| Box::new(compile(cluster, *self.options()))));
        compiled.as_deref()
    }
}

fn other_cidrs(cluster: &Cluster, cidrs: Cidrs) -> Option<Cluster> {
    let mut other = match cidrs {
        Cidrs::Legacy if cluster.legacy_policies.is_empty() => return None,
        Cidrs::Strict if !cluster.policies.iter().any(|policy| policy.needs_legacy_cidrs) => return None,
        _ => cluster.clone(),
    };
    other.policies.append(&mut other.legacy_policies);
    other.policies.retain(|policy| cidrs == Cidrs::Legacy || !policy.needs_legacy_cidrs);
    other.policies.sort_by(|a, b| (a.namespace, &a.name).cmp(&(b.namespace, &b.name)));
    Some(other)
}

fn other_namespace(cluster: &Cluster) -> Option<Cluster> {
    let endpoints = cluster.endpoints.iter().map(|endpoint| endpoint.is_namespace_assumed);
    let policies = cluster.policies.iter().map(|policy| policy.is_namespace_assumed);
    let (mut some, mut others) = (false, false);
    endpoints.chain(policies).for_each(|is_assumed| if is_assumed { some = true } else { others = true });
    // What all moves together stays as it is, unless somebody asks for namespaces.
    if !some || !(others || asks_for_namespaces(cluster)) {
        return None;
    }
    let mut other = cluster.clone();
    let elsewhere = NamespaceId(u32::try_from(other.namespaces.len()).ok()?);
    let default = other.find_namespace("default").and_then(|id| other.namespace(id))?;
    let mut labels = default.labels.clone();
    labels.insert(NAMESPACE_NAME_LABEL, ELSEWHERE);
    let origin = default.origin.clone();
    other.namespaces.push(Namespace { name: Arc::from(ELSEWHERE), labels, origin });
    for endpoint in other.endpoints.iter_mut().filter(|endpoint| endpoint.is_namespace_assumed) {
        endpoint.namespace = elsewhere;
    }
    for policy in other.policies.iter_mut().filter(|policy| policy.is_namespace_assumed) {
        policy.namespace = elsewhere;
    }
    Some(other)
}

fn asks_for_namespaces(cluster: &Cluster) -> bool {
    let rules = cluster.policies.iter().flat_map(|policy| policy.spec.ingress.iter().chain(&policy.spec.egress));
    let mut selectors = rules.flat_map(|rule| &rule.peers).filter_map(|peer| peer.namespace_selector.as_ref());
    selectors.any(|selector| !Selector::new(selector).requirements().is_empty())
}
