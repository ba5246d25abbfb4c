//! The cluster: what the manifests describe once defaults are set, references are joined and workloads have become endpoints.
//!
//! Made by `resolve`; read by `compile`, by flow parsing and by reports. Everything is sorted, so that the order of the input
//! does not show.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;

use crate::object::{Labels, NetworkPolicySpec, WorkloadKind};
use crate::protocol::{Port, Protocol};
use crate::source::Origin;

/// The label that the control plane sets on every namespace, with the namespace's name (S17).
pub const NAMESPACE_NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// Index of a namespace in [`Cluster::namespaces`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NamespaceId(pub u32);

/// Index of an endpoint in [`Cluster::endpoints`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointId(pub u32);

/// Index of a policy in [`Cluster::policies`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PolicyId(pub u32);

/// Everything that decides verdicts.
#[derive(Debug, Clone, Default)]
pub struct Cluster {
    /// Sorted by name.
    pub namespaces: Vec<Namespace>,
    /// Sorted by namespace, name and kind.
    pub endpoints: Vec<Endpoint>,
    /// Sorted by namespace and name.
    pub services: Vec<Service>,
    /// Sorted by name.
    pub nodes: Vec<Node>,
    /// The valid NetworkPolicies, sorted by namespace and name.
    pub policies: Vec<Policy>,
    /// Those that are left out and would be valid with `--cidrs legacy` (D8), sorted alike. They decide nothing; explanations say
    /// where an answer would be another one with them.
    pub legacy_policies: Vec<Policy>,
}

/// A namespace.
#[derive(Debug, Clone, PartialEq)]
pub struct Namespace {
    /// Its name.
    pub name: Arc<str>,
    /// Its labels, with [`NAMESPACE_NAME_LABEL`] always among them (S17).
    pub labels: Labels,
    /// Where its object is written; `None` when only other objects mention it (D11).
    pub origin: Option<Origin>,
}

/// What an endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EndpointKind {
    /// One pod, from a Pod object.
    Pod,
    /// The pods that a controller makes from its template; none of them is in the input.
    Workload(WorkloadKind),
}

impl EndpointKind {
    /// The kind as the API spells it.
    pub fn name(self) -> &'static str {
        match self {
            EndpointKind::Pod => "Pod",
            EndpointKind::Workload(kind) => kind.name(),
        }
    }
}

/// The controller that a pod belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner {
    /// `kind`, as written: controllers of any kind own pods.
    pub kind: Arc<str>,
    /// `name`.
    pub name: Arc<str>,
}

/// A pod, or the pods of a workload that are all made from one template.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// The namespace it is in.
    pub namespace: NamespaceId,
    /// Whether its manifest names no namespace (D12).
    pub is_namespace_assumed: bool,
    /// The name of the Pod or of the workload.
    pub name: Arc<str>,
    /// Whether it is a pod or a workload.
    pub kind: EndpointKind,
    /// The topmost controller known of a Pod; `None` for bare pods and for workloads.
    pub owner: Option<Owner>,
    /// The pod's labels.
    pub labels: Labels,
    /// The pod's own addresses, the primary one first; empty when they are not known. A host-network pod's are its node's.
    pub addresses: Vec<IpAddr>,
    /// The named ports of its containers and sidecars (D10).
    pub named_ports: Vec<NamedPort>,
    /// All ports that these containers declare, named or not. They need not declare those that they listen on.
    pub container_ports: Vec<(Protocol, Port)>,
    /// Its ServiceAccount.
    pub service_account: Arc<str>,
    /// `hostNetwork: true`.
    pub host_network: bool,
    /// The node it runs on, when that is known.
    pub node: Option<Arc<str>>,
    /// The addresses of the node it runs on, as far as its status and the Node object tell, sorted.
    pub node_addresses: Vec<IpAddr>,
    /// Where its object is written.
    pub origin: Origin,
}

/// A container port that has a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NamedPort {
    /// `name`.
    pub name: Arc<str>,
    /// `protocol`, TCP when absent.
    pub protocol: Protocol,
    /// `containerPort`.
    pub port: Port,
}

/// A node.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: Arc<str>,
    /// The IP addresses among `status.addresses`.
    pub addresses: Vec<IpAddr>,
    /// Where its object is written.
    pub origin: Origin,
}

/// A Service.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// The namespace it is in.
    pub namespace: NamespaceId,
    /// Its name.
    pub name: Arc<str>,
    /// What it stands for.
    pub kind: ServiceKind,
    /// `clusterIPs`, as far as it has some and the input tells, sorted.
    pub addresses: Vec<IpAddr>,
    /// Its selector; empty when its endpoints are managed elsewhere.
    pub selector: Labels,
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// How clients outside reach its pods; `None` if its `type` is for clients inside.
    pub external_traffic: Option<ExternalTraffic>,
    /// Where its object is written.
    pub origin: Origin,
}

/// What a Service stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceKind {
    /// An address of its own, with pods behind it.
    Cluster,
    /// Its pods' own addresses: `clusterIP: None`.
    Headless,
    /// A DNS name: `type: ExternalName`.
    ExternalName,
}

/// What happens to the address of a client outside: `externalTrafficPolicy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExternalTraffic {
    /// `Cluster`, the default: any node may pass the connection on, under its own address.
    Cluster,
    /// `Local`: only nodes with a pod take it, and the client's address stays.
    Local,
}

/// A port of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePort {
    /// `name`; empty when it has none.
    pub name: Arc<str>,
    /// `protocol`, TCP when absent.
    pub protocol: Protocol,
    /// `port`: what clients connect to.
    pub port: Port,
    /// `targetPort`: where pods listen.
    pub target: TargetPort,
}

/// Where the pods behind a Service listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetPort {
    /// The same number on every pod.
    Number(Port),
    /// A container port name, which may stand for another number on each pod.
    Name(Arc<str>),
}

/// A valid NetworkPolicy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// The namespace it is in.
    pub namespace: NamespaceId,
    /// Whether its manifest names no namespace (D12).
    pub is_namespace_assumed: bool,
    /// Whether it is only valid with `--cidrs legacy` (D8).
    pub needs_legacy_cidrs: bool,
    /// Its name.
    pub name: Arc<str>,
    /// Its `spec`, as written: the defaults of S6 and S24 are not applied.
    pub spec: NetworkPolicySpec,
    /// Where its object is written.
    pub origin: Origin,
}

/// The two directions of isolation, seen from the pod that a policy selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Into the pod.
    Ingress,
    /// Out of the pod.
    Egress,
}

impl Direction {
    /// Both, in the order in which a connection meets them.
    pub const BOTH: [Direction; 2] = [Direction::Egress, Direction::Ingress];

    /// The name of the direction and of the field with its rules: `ingress` or `egress`.
    pub fn name(self) -> &'static str {
        match self {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        }
    }

    /// As `policyTypes` spells it.
    pub fn policy_type(self) -> &'static str {
        match self {
            Direction::Ingress => "Ingress",
            Direction::Egress => "Egress",
        }
    }

    /// The field of a rule that lists its peers.
    pub fn peers_field(self) -> &'static str {
        match self {
            Direction::Ingress => "from",
            Direction::Egress => "to",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Cluster {
    /// The namespace behind an id of this cluster.
    pub fn namespace(&self, id: NamespaceId) -> Option<&Namespace> {
        self.namespaces.get(id.0 as usize)
    }

    /// The name of the namespace behind an id of this cluster.
    pub fn namespace_name(&self, id: NamespaceId) -> &str {
        self.namespace(id).map_or("", |namespace| &namespace.name)
    }

    /// The endpoint behind an id of this cluster.
    pub fn endpoint(&self, id: EndpointId) -> Option<&Endpoint> {
        self.endpoints.get(id.0 as usize)
    }

    /// The policy behind an id of this cluster.
    pub fn policy(&self, id: PolicyId) -> Option<&Policy> {
        self.policies.get(id.0 as usize)
    }

    /// The namespace of that name.
    pub fn find_namespace(&self, name: &str) -> Option<NamespaceId> {
        let index = self.namespaces.binary_search_by(|namespace| namespace.name.as_ref().cmp(name)).ok()?;
        u32::try_from(index).ok().map(NamespaceId)
    }

    /// Endpoints and their ids.
    pub fn endpoint_ids(&self) -> impl Iterator<Item = (EndpointId, &Endpoint)> {
        (0u32..).map(EndpointId).zip(&self.endpoints)
    }

    /// Policies and their ids.
    pub fn policy_ids(&self) -> impl Iterator<Item = (PolicyId, &Policy)> {
        (0u32..).map(PolicyId).zip(&self.policies)
    }

    /// The id of an endpoint in output: `namespace/name[Kind]`.
    pub fn endpoint_label(&self, id: EndpointId) -> String {
        self.endpoint(id).map_or_else(String::new, |endpoint| {
            format!("{}/{}[{}]", self.namespace_name(endpoint.namespace), endpoint.name, endpoint.kind.name())
        })
    }

    /// A policy as people name it: `namespace/name`.
    pub fn policy_label(&self, id: PolicyId) -> String {
        self.policy(id)
            .map_or_else(String::new, |policy| format!("{}/{}", self.namespace_name(policy.namespace), policy.name))
    }
}
