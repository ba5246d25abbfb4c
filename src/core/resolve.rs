//! Joins objects into a [`Cluster`]: defaults as the API server sets them, namespaces that only others mention, workloads and
//! pods as endpoints, addresses of nodes, and the policies that the API server would accept.
//!
//! What cannot be used is left out and reported; nothing about it is guessed.

mod endpoints;
mod unique;

pub(crate) use endpoints::POD_TEMPLATE_HASH;
pub(crate) use unique::{Names, names};

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use crate::cluster::{
    Cluster, ExternalTraffic, NAMESPACE_NAME_LABEL, Namespace, NamespaceId, Node, Policy, Service, ServiceKind,
    ServicePort, TargetPort,
};
use crate::diagnostic::{Diagnostic, Severity};
use crate::object::{self, Body, IntOrString, Metadata, Object, Pod, Workload};
use crate::options::{Cidrs, EngineOptions};
use crate::protocol::{Port, Protocol};
use crate::source::{Origin, Place};
use crate::validate::{Violation, validate};

/// A cluster, and what was said while it was made.
#[derive(Debug, Default)]
pub struct Resolved {
    /// The cluster.
    pub cluster: Cluster,
    /// What was left out, and what was assumed.
    pub diagnostics: Vec<Diagnostic>,
}

/// Joins objects into a cluster.
pub fn resolve(objects: Vec<Object>, options: &EngineOptions) -> Resolved {
    let mut diagnostics = Vec::new();
    let mut kinds = Kinds::default();
    for object in unique::unique(objects, &mut diagnostics) {
        kinds.add(object);
    }
    let mut namespaces = Namespaces::default();
    namespaces.collect(&kinds);
    let mut cluster = Cluster { namespaces: namespaces.finish(&mut diagnostics), ..Cluster::default() };

    cluster.nodes = kinds.nodes.iter().map(|(origin, node)| resolve_node(origin, node)).collect();
    cluster.nodes.sort_by(|a, b| a.name.cmp(&b.name));
    cluster.endpoints = endpoints::endpoints(&kinds, &cluster, &mut diagnostics);
    for (origin, service) in &kinds.services {
        cluster.services.extend(resolve_service(origin, service, &cluster, &mut diagnostics));
    }
    cluster.services.sort_by(|a, b| (a.namespace, &a.name).cmp(&(b.namespace, &b.name)));
    for (origin, policy) in kinds.policies {
        add_policy(&mut cluster, origin, policy, options, &mut diagnostics);
    }
    sort_policies(&mut cluster);
    Resolved { cluster, diagnostics }
}

/// Adds a policy to those of a cluster, if the API server would accept it. Its namespace is known.
pub(crate) fn add_policy(
    cluster: &mut Cluster,
    origin: Origin,
    policy: Arc<object::NetworkPolicy>,
    options: &EngineOptions,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let name = name_of(&policy.metadata);
    let label = format!("NetworkPolicy {}/{name}", namespace_of(&policy.metadata));
    let violations = validate(&policy, options.cidrs);
    let is_valid = is_accepted(&violations);
    let is_valid_otherwise = match options.cidrs {
        _ if violations.is_empty() => true,
        Cidrs::Strict => is_accepted(&validate(&policy, Cidrs::Legacy)),
        Cidrs::Legacy => is_accepted(&validate(&policy, Cidrs::Strict)),
    };
    for violation in violations {
        let place = Place::Field { origin: origin.clone(), path: violation.path };
        let mut diagnostic = match violation.warning {
            Some(slug) => Diagnostic::warning(slug, violation.message),
            None => {
                let message = format!("{}; the API server refuses this policy, and it is left out", violation.message);
                Diagnostic::error("invalid-policy", message)
            }
        };
        diagnostic.replacement = violation.replacement;
        diagnostic.server = Some(violation.server).filter(|server| !server.is_empty());
        diagnostics.push(diagnostic.about(label.clone()).at(place));
    }
    let Some(namespace) = cluster.find_namespace(namespace_of(&policy.metadata)) else { return };
    let policies = match (is_valid, is_valid_otherwise, options.cidrs) {
        (true, ..) => &mut cluster.policies,
        (false, true, Cidrs::Strict) => &mut cluster.legacy_policies,
        (false, ..) => return,
    };
    policies.push(Policy {
        namespace,
        is_namespace_assumed: policy.metadata.namespace.is_empty(),
        needs_legacy_cidrs: !is_valid || !is_valid_otherwise,
        name: name.into(),
        spec: Arc::unwrap_or_clone(policy).spec,
        origin,
    });
}

pub(crate) fn sort_policies(cluster: &mut Cluster) {
    for policies in [&mut cluster.policies, &mut cluster.legacy_policies] {
        policies.sort_by(|a, b| (a.namespace, &a.name).cmp(&(b.namespace, &b.name)));
    }
}

/// Whether none of the violations makes the API server refuse the policy.
fn is_accepted(violations: &[Violation]) -> bool {
    violations.iter().all(|violation| violation.warning.is_some())
}

/// The objects, by kind.
#[derive(Default)]
struct Kinds {
    namespaces: Vec<(Origin, object::Namespace)>,
    nodes: Vec<(Origin, object::Node)>,
    pods: Vec<(Origin, Arc<Pod>)>,
    workloads: Vec<(Origin, Arc<Workload>)>,
    services: Vec<(Origin, Arc<object::Service>)>,
    policies: Vec<(Origin, Arc<object::NetworkPolicy>)>,
}

impl Kinds {
    fn add(&mut self, object: Object) {
        let Object { origin, body } = object;
        match body {
            Body::Namespace(namespace) => self.namespaces.push((origin, namespace)),
            Body::Node(node) => self.nodes.push((origin, node)),
            Body::Pod(pod) => self.pods.push((origin, pod)),
            Body::Workload(workload) => self.workloads.push((origin, workload)),
            Body::Service(service) => self.services.push((origin, service)),
            Body::NetworkPolicy(policy) => self.policies.push((origin, policy)),
        }
    }
}

/// D12: an object that names no namespace is in `default`.
pub(crate) fn namespace_of(metadata: &Metadata) -> &str {
    if metadata.namespace.is_empty() { "default" } else { &metadata.namespace }
}

/// The name, or its beginning where the API server is to choose the rest.
pub(crate) fn name_of(metadata: &Metadata) -> &str {
    if metadata.name.is_empty() { &metadata.generate_name } else { &metadata.name }
}

#[derive(Default)]
struct Namespaces {
    found: BTreeMap<Arc<str>, Namespace>,
    /// Namespaces that objects are in without an object of their own.
    mentioned: BTreeSet<Arc<str>>,
}

impl Namespaces {
    fn collect(&mut self, kinds: &Kinds) {
        for (origin, namespace) in &kinds.namespaces {
            let name: Arc<str> = Arc::from(name_of(&namespace.metadata));
            let mut labels = namespace.metadata.labels.clone();
            // The control plane sets the label and keeps it so, whatever the manifest says (S17).
            labels.insert(NAMESPACE_NAME_LABEL, &name);
            self.found.insert(name.clone(), Namespace { name, labels, origin: Some(origin.clone()) });
        }
        let namespaced = (kinds.pods.iter().map(|(_, pod)| &pod.metadata))
            .chain(kinds.workloads.iter().map(|(_, workload)| &workload.metadata))
            .chain(kinds.services.iter().map(|(_, service)| &service.metadata))
            .chain(kinds.policies.iter().map(|(_, policy)| &policy.metadata));
        for metadata in namespaced {
            let name = namespace_of(metadata);
            if !self.found.contains_key(name) && !self.mentioned.contains(name) {
                self.mentioned.insert(name.into());
            }
        }
    }

    /// All namespaces, sorted by name; D11 for the missing ones.
    fn finish(mut self, diagnostics: &mut Vec<Diagnostic>) -> Vec<Namespace> {
        if !self.mentioned.is_empty() {
            let names: Vec<String> = self.mentioned.iter().take(8).map(|name| format!("`{name}`")).collect();
            let more = self.mentioned.len() - names.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let message = format!(
                "no Namespace object for {}{more}: assumed to exist, with no label but `{NAMESPACE_NAME_LABEL}`",
                names.join(", ")
            );
            diagnostics.push(Diagnostic::new(Severity::Note, "missing-namespace", message));
        }
        for name in self.mentioned {
            let labels = [(NAMESPACE_NAME_LABEL, &*name)].into_iter().collect();
            self.found.insert(name.clone(), Namespace { name, labels, origin: None });
        }
        self.found.into_values().collect()
    }
}

fn resolve_node(origin: &Origin, node: &object::Node) -> Node {
    // Host names are among the addresses too.
    let addresses = node.status.addresses.iter().filter_map(|entry| entry.address.parse::<IpAddr>().ok()).collect();
    Node { name: name_of(&node.metadata).into(), addresses, origin: origin.clone() }
}

fn resolve_service(
    origin: &Origin,
    service: &object::Service,
    cluster: &Cluster,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Service> {
    let namespace = cluster.find_namespace(namespace_of(&service.metadata))?;
    let mut ports = Vec::new();
    for (index, entry) in service.spec.ports.iter().enumerate() {
        match service_port(entry) {
            Some(port) => ports.push(port),
            None => {
                let message = "this port is not valid: the API server refuses the Service, and the port is left out";
                let place = Place::Field { origin: origin.clone(), path: format!("spec.ports[{index}]") };
                let label = format!("Service {}/{}", namespace_of(&service.metadata), service.metadata.name);
                diagnostics.push(Diagnostic::error("invalid-object", message).about(label).at(place));
            }
        }
    }
    let name = name_of(&service.metadata).into();
    let written = std::iter::once(&service.spec.cluster_ip).chain(&service.spec.cluster_ips);
    let mut addresses: Vec<IpAddr> = written.filter_map(|address| address.parse().ok()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let kind = match (service.spec.service_type.as_str(), service.spec.cluster_ip.as_str()) {
        ("ExternalName", _) => ServiceKind::ExternalName,
        (_, "None") => ServiceKind::Headless,
        _ => ServiceKind::Cluster,
    };
    let selector = service.spec.selector.clone();
    let external_traffic = matches!(&*service.spec.service_type, "NodePort" | "LoadBalancer").then(|| match &*service
        .spec
        .external_traffic_policy
    {
        "Local" => ExternalTraffic::Local,
        _ => ExternalTraffic::Cluster,
    });
    Some(Service { namespace, name, kind, addresses, selector, ports, external_traffic, origin: origin.clone() })
}

fn service_port(entry: &object::ServicePort) -> Option<ServicePort> {
    let port = Port::try_from(entry.port).ok()?;
    let target = match &entry.target_port {
        // API: the zero value means the same number as `port`.
        None | Some(IntOrString::Int(0)) => TargetPort::Number(port),
        Some(IntOrString::Int(number)) => TargetPort::Number(Port::try_from(*number).ok()?),
        Some(IntOrString::String(name)) => TargetPort::Name(name.as_str().into()),
    };
    Some(ServicePort { name: Arc::from(&*entry.name), protocol: protocol_of(entry.protocol.as_deref())?, port, target })
}

/// A container's or Service's protocol, TCP when absent.
fn protocol_of(protocol: Option<&str>) -> Option<Protocol> {
    protocol.filter(|protocol| !protocol.is_empty()).map_or(Some(Protocol::Tcp), Protocol::from_name)
}

/// The namespace's id, which exists for every namespaced object once [`Namespaces`] has seen them all.
fn namespace_id(cluster: &Cluster, metadata: &Metadata) -> NamespaceId {
    cluster.find_namespace(namespace_of(metadata)).unwrap_or(NamespaceId(0))
}
