//! Workloads that policies leave out (M22), and Jobs that they take for an application (M49).

use rustc_hash::FxHashSet;

use super::inventory::{Inventory, selection_of};
use super::unmatched::pod_place;
use super::{Lint, rules};
use crate::cluster::{Direction, Endpoint, EndpointId, EndpointKind, Service};
use crate::diagnostic::Related;
use crate::object::WorkloadKind;
use crate::source::Place;

pub(super) fn check(lint: &mut Lint<'_>, inventory: &mut Inventory<'_>) {
    open_workloads(lint, inventory);
    if inventory.cluster.endpoints.iter().any(is_job) {
        job_labels(lint, inventory);
    }
}

/// M22: the workloads that are open in a direction in which two thirds of their namespace's, and more than one, are isolated.
fn open_workloads(lint: &mut Lint<'_>, inventory: &Inventory<'_>) {
    let cluster = inventory.cluster;
    let endpoints: Vec<_> = cluster.endpoint_ids().collect();
    for namespace in endpoints.chunk_by(|(_, a), (_, b)| a.namespace == b.namespace) {
        let mut seen = FxHashSet::default();
        let mut workloads = Vec::new();
        for (id, endpoint) in namespace.iter().filter(|(_, endpoint)| !inventory.is_on_host_network(endpoint)) {
            let unit = match &endpoint.owner {
                Some(owner) => (&*owner.kind, &*owner.name),
                None => (endpoint.kind.name(), &*endpoint.name),
            };
            if seen.insert(unit) {
                workloads.push((
                    unit,
                    *endpoint,
                    Direction::BOTH.map(|direction| is_isolated(inventory, *id, direction)),
                ));
            }
        }
        let is_rule = [0, 1].map(|direction: usize| {
            let isolated = workloads.iter().filter(|(.., isolated)| isolated.get(direction) == Some(&true)).count();
            isolated >= 2 && isolated * 3 >= workloads.len() * 2
        });
        for ((kind, name), endpoint, isolated) in &workloads {
            let what = match (isolated, is_rule) {
                ([false, false], [true, true]) => {
                    "no policy isolates it: everyone may connect to it, and it to everyone"
                }
                ([false, _], [true, _]) => "no policy isolates its egress: it may connect to everyone",
                ([_, false], [_, true]) => "no policy isolates its ingress: everyone may connect to it",
                _ => continue,
            };
            let namespace = cluster.namespace_name(endpoint.namespace);
            let message = format!("{what}; most workloads of `{namespace}` are isolated");
            let object = format!("{kind} {namespace}/{name}");
            lint.find_in(&rules::OPEN_WORKLOAD, object, &endpoint.origin, "metadata.name", message).help =
                Some("select it in a policy, or add one for all pods of the namespace: `podSelector: {}`".to_owned());
        }
    }
}

fn is_isolated(inventory: &Inventory<'_>, id: EndpointId, direction: Direction) -> bool {
    let class = inventory.engine.compiled.classes.of_endpoint(id.0 as usize);
    !inventory.engine.table(class, direction).policies.is_empty()
}

fn is_job(endpoint: &Endpoint) -> bool {
    match &endpoint.owner {
        Some(owner) => matches!(&*owner.kind, "Job" | "CronJob"),
        None => matches!(endpoint.kind, EndpointKind::Workload(WorkloadKind::Job | WorkloadKind::CronJob)),
    }
}

/// M49: Jobs that a Service of an application leads to as well, where a policy selects them together.
fn job_labels(lint: &mut Lint<'_>, inventory: &mut Inventory<'_>) {
    let cluster = inventory.cluster;
    let services = inventory.services_of();
    let behind = |id: EndpointId| services.get(id.0 as usize).map_or(&[][..], Vec::as_slice);
    let tiers = inventory.tiers.clone();
    let mut told = FxHashSet::default();
    for compiled in tiers.iter().flat_map(|tier| &tier.policies) {
        let Some(policy) = cluster.policy(compiled.id) else { continue };
        let rules = compiled.ingress.iter().chain(&compiled.egress).flatten();
        let peers = rules.flat_map(|rule| rule.peers.iter().flatten()).filter_map(selection_of);
        for selection in std::iter::once(&compiled.subject).chain(peers) {
            if selection.pods.requirements().is_empty() {
                continue;
            }
            let endpoints = inventory.endpoints(selection);
            for id in endpoints.iter() {
                let Some(job) = cluster.endpoint(*id).filter(|endpoint| is_job(endpoint)) else { continue };
                let is_shared = |other: &EndpointId, service: &Service| {
                    behind(*other).iter().any(|candidate| std::ptr::eq(*candidate, service))
                        && cluster.endpoint(*other).is_some_and(|endpoint| !is_job(endpoint))
                };
                let shared = behind(*id).iter().find_map(|service| {
                    endpoints.iter().find(|other| is_shared(other, service)).map(|other| (*service, *other))
                });
                let Some((service, other)) = shared else { continue };
                if !told.insert(*id) {
                    continue;
                }
                let namespace = cluster.namespace_name(job.namespace);
                let label = cluster.endpoint_label(other);
                let message = format!(
                    "its pods have the labels of `{label}`: policy `{}/{}` treats them alike, and Service `{}` leads to them",
                    cluster.namespace_name(policy.namespace),
                    policy.name,
                    service.name
                );
                let object = format!("{} {namespace}/{}", job.kind.name(), job.name);
                let finding = lint.find_in(&rules::JOB_LABELS, object, &job.origin, "metadata.name", message);
                finding.help = Some("give the pods of the Job labels of their own".to_owned());
                finding.related.extend(pod_place(inventory, other));
                let place = Place::Field { origin: policy.origin.clone(), path: "metadata.name".to_owned() };
                finding.related.push(Related { place, message: format!("policy `{}`", policy.name) });
            }
        }
    }
}
