//! Endpoints: the pods of the input, and the workloads none of whose pods is in it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::{Kinds, name_of, namespace_id, namespace_of, protocol_of};
use crate::cluster::{Cluster, Endpoint, EndpointKind, NamedPort, NamespaceId, Owner};
use crate::diagnostic::Diagnostic;
use crate::object::{ContainerPort, Metadata, OwnerReference, Pod, PodSpec, Text, Workload};
use crate::protocol::{Port, Protocol};
use crate::source::{Origin, Place};

/// The label with which a ReplicaSet's pods carry the last part of its name.
pub(crate) const POD_TEMPLATE_HASH: &str = "pod-template-hash";

/// Every endpoint, sorted by namespace, name and kind.
pub(super) fn endpoints(kinds: &Kinds, cluster: &Cluster, diagnostics: &mut Vec<Diagnostic>) -> Vec<Endpoint> {
    let resolver = Resolver {
        cluster,
        node_addresses: node_addresses(kinds, cluster),
        controllers: controllers(kinds, cluster),
        shared: RefCell::default(),
    };
    let mut endpoints = Vec::new();
    let mut owners = BTreeSet::new();
    let mut terminated = Vec::new();
    for (origin, pod) in &kinds.pods {
        // S40, D9: a terminated pod keeps its address in `status`, but another pod may have it by now.
        if matches!(&*pod.status.phase, "Succeeded" | "Failed") {
            terminated.push(format!("`{}/{}`", namespace_of(&pod.metadata), name_of(&pod.metadata)));
            continue;
        }
        let endpoint = resolver.pod(origin, pod, diagnostics);
        owners.extend(endpoint.owner.clone().map(|owner| (endpoint.namespace, owner)));
        endpoints.push(endpoint);
    }
    if let Some(first) = terminated.first() {
        let names =
            if terminated.len() == 1 { first.clone() } else { format!("{first} and {} more", terminated.len() - 1) };
        let message = format!("pods that have terminated take no part in traffic and are left out: {names}");
        diagnostics.push(Diagnostic::note("terminated-pod", message));
    }
    for (origin, workload) in &kinds.workloads {
        let namespace = namespace_id(cluster, &workload.metadata);
        let is_represented =
            |kind: &str, name: &str| owners.contains(&(namespace, Owner { kind: kind.into(), name: name.into() }));
        // A ReplicaSet of a Deployment, or a Job of a CronJob: the topmost controller stands for it.
        let has_owner = resolver.top_owner(namespace, &workload.metadata).is_some_and(|owner| {
            let is_known = resolver.controllers.contains_key(&(namespace, owner.kind.clone(), owner.name.clone()));
            is_known || is_represented(&owner.kind, &owner.name)
        });
        if !has_owner && !is_represented(workload.kind.name(), name_of(&workload.metadata)) {
            endpoints.push(resolver.workload(origin, workload, diagnostics));
        }
    }
    endpoints.sort_by(|a, b| (a.namespace, &a.name, a.kind).cmp(&(b.namespace, &b.name, b.kind)));
    report_shared_addresses(&endpoints, cluster, diagnostics);
    endpoints
}

struct Resolver<'a> {
    cluster: &'a Cluster,
    node_addresses: BTreeMap<&'a str, BTreeSet<IpAddr>>,
    controllers: Controllers<'a>,
    /// Names of nodes and of service accounts, which many pods have in common.
    shared: RefCell<BTreeSet<Arc<str>>>,
}

/// Every workload of the input, with its own controller.
type Controllers<'a> = BTreeMap<(NamespaceId, Arc<str>, Arc<str>), Option<&'a OwnerReference>>;

fn controllers<'a>(kinds: &'a Kinds, cluster: &Cluster) -> Controllers<'a> {
    let entry = |workload: &'a Workload| {
        let key = (
            namespace_id(cluster, &workload.metadata),
            workload.kind.name().into(),
            name_of(&workload.metadata).into(),
        );
        (key, controller(&workload.metadata))
    };
    kinds.workloads.iter().map(|(_, workload)| entry(workload)).collect()
}

/// What Node objects and the `hostIP`s of pods say about each node's addresses.
fn node_addresses<'a>(kinds: &'a Kinds, cluster: &'a Cluster) -> BTreeMap<&'a str, BTreeSet<IpAddr>> {
    let mut addresses: BTreeMap<&str, BTreeSet<IpAddr>> = BTreeMap::new();
    for node in &cluster.nodes {
        addresses.entry(&node.name).or_default().extend(&node.addresses);
    }
    for (_, pod) in kinds.pods.iter().filter(|(_, pod)| !pod.spec.node_name.is_empty()) {
        addresses.entry(&pod.spec.node_name).or_default().extend(host_addresses(pod));
    }
    addresses
}

fn host_addresses(pod: &Pod) -> impl Iterator<Item = IpAddr> {
    let texts = pod.status.host_ips.iter().map(|entry| &entry.ip).chain(std::iter::once(&pod.status.host_ip));
    texts.filter_map(|text| text.parse().ok())
}

impl Resolver<'_> {
    fn pod(&self, origin: &Origin, pod: &Pod, diagnostics: &mut Vec<Diagnostic>) -> Endpoint {
        let mut endpoint = self.endpoint(origin, &pod.metadata, &pod.spec, EndpointKind::Pod, "spec", diagnostics);
        endpoint.labels = pod.metadata.labels.clone();
        endpoint.owner = self.top_owner(endpoint.namespace, &pod.metadata);
        endpoint.node_addresses.extend(host_addresses(pod));
        endpoint.node_addresses.sort_unstable();
        endpoint.node_addresses.dedup();
        endpoint.addresses = self.pod_addresses(origin, pod, diagnostics);
        if endpoint.addresses.is_empty() && endpoint.host_network {
            endpoint.addresses.clone_from(&endpoint.node_addresses);
        }
        endpoint
    }

    fn workload(&self, origin: &Origin, workload: &Workload, diagnostics: &mut Vec<Diagnostic>) -> Endpoint {
        let kind = EndpointKind::Workload(workload.kind);
        let template = &workload.spec.template;
        let path = if workload.kind == crate::object::WorkloadKind::CronJob {
            "spec.jobTemplate.spec.template.spec"
        } else {
            "spec.template.spec"
        };
        let mut endpoint = self.endpoint(origin, &workload.metadata, &template.spec, kind, path, diagnostics);
        endpoint.labels = template.metadata.labels.clone();
        endpoint
    }

    /// What pods and workloads have in common; labels, addresses and owner are the caller's.
    fn endpoint(
        &self,
        origin: &Origin,
        metadata: &Metadata,
        spec: &PodSpec,
        kind: EndpointKind,
        path: &str,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Endpoint {
        let node = (!spec.node_name.is_empty()).then(|| self.shared(spec.node_name.as_str()));
        let node_addresses = self.node_addresses.get(spec.node_name.as_str());
        let account = [&spec.service_account_name, &spec.service_account].into_iter().find(|name| !name.is_empty());
        let label = format!("{} {}/{}", kind.name(), namespace_of(metadata), name_of(metadata));
        Endpoint {
            namespace: namespace_id(self.cluster, metadata),
            is_namespace_assumed: metadata.namespace.is_empty(),
            name: name_of(metadata).into(),
            kind,
            owner: None,
            labels: Default::default(),
            addresses: Vec::new(),
            named_ports: named_ports(origin, spec, path, &label, diagnostics),
            container_ports: container_ports(spec),
            service_account: self.shared(account.map_or("default", Text::as_str)),
            host_network: spec.host_network,
            node,
            node_addresses: node_addresses.into_iter().flatten().copied().collect(),
            origin: origin.clone(),
        }
    }

    fn shared(&self, name: &str) -> Arc<str> {
        let mut shared = self.shared.borrow_mut();
        shared.get(name).cloned().unwrap_or_else(|| {
            let name: Arc<str> = name.into();
            shared.insert(name.clone());
            name
        })
    }

    /// S41: all of `podIPs`, or else `podIP`.
    fn pod_addresses(&self, origin: &Origin, pod: &Pod, diagnostics: &mut Vec<Diagnostic>) -> Vec<IpAddr> {
        let listed = pod.status.pod_ips.iter().map(|entry| entry.ip.as_str());
        let single = std::iter::once(pod.status.pod_ip.as_str()).filter(|_| pod.status.pod_ips.is_empty());
        let mut addresses = Vec::new();
        for text in listed.chain(single).filter(|text| !text.is_empty()) {
            match text.parse() {
                Ok(address) => addresses.push(address),
                Err(_) => {
                    let message = format!("`{text}` is not an IP address: no `ipBlock` matches this pod by it");
                    let label = format!("Pod {}/{}", namespace_of(&pod.metadata), pod.metadata.name);
                    let place = Place::Field { origin: origin.clone(), path: "status".to_owned() };
                    diagnostics.push(Diagnostic::warning("invalid-address", message).about(label).at(place));
                }
            }
        }
        addresses
    }

    /// The topmost controller that the input tells of.
    fn top_owner(&self, namespace: NamespaceId, metadata: &Metadata) -> Option<Owner> {
        let direct = controller(metadata)?;
        let mut owner = Owner { kind: direct.kind.as_str().into(), name: direct.name.as_str().into() };
        // A chain of controllers is short; a longer one is a loop.
        for _ in 0..4 {
            match self.controllers.get(&(namespace, owner.kind.clone(), owner.name.clone())) {
                Some(Some(next)) => owner = Owner { kind: next.kind.as_str().into(), name: next.name.as_str().into() },
                _ => break,
            }
        }
        // Without the ReplicaSet's object, its name still gives the Deployment's.
        if &*owner.kind == "ReplicaSet"
            && !self.controllers.contains_key(&(namespace, owner.kind.clone(), owner.name.clone()))
            && let Some(hash) = metadata.labels.get(POD_TEMPLATE_HASH)
            && let Some(name) = owner.name.strip_suffix(hash).and_then(|name| name.strip_suffix('-'))
        {
            owner = Owner { kind: "Deployment".into(), name: name.into() };
        }
        Some(owner)
    }
}

/// API: the one owner reference with `controller: true`. A static pod's is its Node, which owns unlike pods.
fn controller(metadata: &Metadata) -> Option<&OwnerReference> {
    metadata.owner_references.iter().find(|owner| owner.controller && owner.kind.as_str() != "Node")
}

/// D10: the named ports of containers and of init containers that keep running.
fn named_ports(
    origin: &Origin,
    spec: &PodSpec,
    path: &str,
    label: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<NamedPort> {
    let containers = spec.containers.iter().enumerate().map(|(index, container)| ("containers", index, container));
    let sidecars = (spec.init_containers.iter().enumerate())
        .filter(|(_, container)| container.restart_policy.as_str() == "Always")
        .map(|(index, container)| ("initContainers", index, container));
    let mut ports = Vec::new();
    for (field, container_index, container) in containers.chain(sidecars) {
        for (index, entry) in container.ports.iter().enumerate().filter(|(_, entry)| !entry.name.is_empty()) {
            match (Port::try_from(entry.container_port), protocol_of(entry.protocol.as_deref())) {
                (Ok(port), Some(protocol)) => ports.push(NamedPort { name: Arc::from(&*entry.name), protocol, port }),
                _ => {
                    let message =
                        format!("port `{}` has no valid number and protocol: no rule matches it by name", entry.name);
                    let path = format!("{path}.{field}[{container_index}].ports[{index}]");
                    let place = Place::Field { origin: origin.clone(), path };
                    diagnostics.push(Diagnostic::warning("invalid-container-port", message).about(label).at(place));
                }
            }
        }
    }
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// The ports that containers and sidecars declare.
fn container_ports(spec: &PodSpec) -> Vec<(Protocol, Port)> {
    let sidecars = spec.init_containers.iter().filter(|container| container.restart_policy.as_str() == "Always");
    let entries = spec.containers.iter().chain(sidecars).flat_map(|container| &container.ports);
    let port = |entry: &ContainerPort| {
        Some((protocol_of(entry.protocol.as_deref())?, Port::try_from(entry.container_port).ok()?))
    };
    let mut ports: Vec<_> = entries.filter_map(port).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// S42: two pods with one address, which only pods on the host network may have.
fn report_shared_addresses(endpoints: &[Endpoint], cluster: &Cluster, diagnostics: &mut Vec<Diagnostic>) {
    let mut holders: BTreeMap<IpAddr, &Endpoint> = BTreeMap::new();
    let label = |endpoint: &Endpoint| format!("{}/{}", cluster.namespace_name(endpoint.namespace), endpoint.name);
    for endpoint in endpoints.iter().filter(|endpoint| !endpoint.host_network) {
        for address in &endpoint.addresses {
            if let Some(first) = holders.insert(*address, endpoint) {
                holders.insert(*address, first);
                let message = format!(
                    "`{address}` is also the address of `{}`: as an end of a flow it means that pod",
                    label(first)
                );
                let place = Place::Field { origin: endpoint.origin.clone(), path: "status".to_owned() };
                let about = format!("Pod {}", label(endpoint));
                diagnostics.push(Diagnostic::warning("shared-address", message).about(about).at(place));
            }
        }
    }
}
