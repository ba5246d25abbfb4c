//! Kubernetes objects as they are written: serde types for the fields that netpol reads, nothing defaulted, nothing joined.
//!
//! Owns the shapes of the API; reads nothing; hands typed values to `resolve`. Absent and empty stay apart where the API keeps
//! them apart (a peer's selectors), and are one value where it does not (`ingress: []` and no `ingress`, S8).

mod decode;
mod meta;
mod network_policy;
mod text;
mod workload;

pub use meta::{LabelSelector, Labels, Metadata, OwnerReference, SelectorRequirement, StrictOwnerReference};
pub use network_policy::{
    IntOrString, IpBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicyRule, NetworkPolicySpec,
};
pub use workload::{
    Address, Container, ContainerPort, JobTemplate, Namespace, Node, NodeStatus, Pod, PodIp, PodSpec, PodStatus,
    PodTemplate, Service, ServicePort, ServiceSpec, Workload, WorkloadSpec,
};

pub use text::Text;

pub(crate) use decode::{Decoded, ObjectDecoder};
#[cfg(test)]
pub(crate) use meta::StrictMetadata;

use std::sync::Arc;

use crate::source::Origin;

/// One object of the input, with the place where it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Where the object is written.
    pub origin: Origin,
    /// Its decoded fields.
    pub body: Body,
}

/// The kinds that netpol reads. Everything else is counted and passed over. A clone shares what is large.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// `v1` Namespace.
    Namespace(Namespace),
    /// `v1` Node.
    Node(Node),
    /// `v1` Pod.
    Pod(Arc<Pod>),
    /// A controller with a pod template: Deployment, ReplicaSet, ReplicationController, StatefulSet, DaemonSet, Job, CronJob.
    Workload(Arc<Workload>),
    /// `v1` Service.
    Service(Arc<Service>),
    /// `networking.k8s.io/v1` NetworkPolicy.
    NetworkPolicy(Arc<NetworkPolicy>),
}

impl Body {
    /// The object's `kind`, as the API spells it.
    pub fn kind(&self) -> &'static str {
        match self {
            Body::Namespace(_) => "Namespace",
            Body::Node(_) => "Node",
            Body::Pod(_) => "Pod",
            Body::Workload(workload) => workload.kind.name(),
            Body::Service(_) => "Service",
            Body::NetworkPolicy(_) => "NetworkPolicy",
        }
    }

    /// The object's metadata.
    pub fn metadata(&self) -> &Metadata {
        match self {
            Body::Namespace(object) => &object.metadata,
            Body::Node(object) => &object.metadata,
            Body::Pod(object) => &object.metadata,
            Body::Workload(object) => &object.metadata,
            Body::Service(object) => &object.metadata,
            Body::NetworkPolicy(object) => &object.metadata,
        }
    }
}

/// The controllers whose pods are endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WorkloadKind {
    /// `batch/v1` CronJob.
    CronJob,
    /// `apps/v1` DaemonSet.
    DaemonSet,
    /// `apps/v1` Deployment.
    Deployment,
    /// `batch/v1` Job.
    Job,
    /// `apps/v1` ReplicaSet.
    ReplicaSet,
    /// `v1` ReplicationController.
    ReplicationController,
    /// `apps/v1` StatefulSet.
    StatefulSet,
}

impl WorkloadKind {
    /// Every kind, for lookups by name.
    pub const ALL: [WorkloadKind; 7] = [
        WorkloadKind::CronJob,
        WorkloadKind::DaemonSet,
        WorkloadKind::Deployment,
        WorkloadKind::Job,
        WorkloadKind::ReplicaSet,
        WorkloadKind::ReplicationController,
        WorkloadKind::StatefulSet,
    ];

    /// The kind as the API spells it.
    pub fn name(self) -> &'static str {
        match self {
            WorkloadKind::CronJob => "CronJob",
            WorkloadKind::DaemonSet => "DaemonSet",
            WorkloadKind::Deployment => "Deployment",
            WorkloadKind::Job => "Job",
            WorkloadKind::ReplicaSet => "ReplicaSet",
            WorkloadKind::ReplicationController => "ReplicationController",
            WorkloadKind::StatefulSet => "StatefulSet",
        }
    }

    /// The kind that a manifest's `kind` names, if it is one of these.
    pub fn from_name(name: &str) -> Option<WorkloadKind> {
        WorkloadKind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The controller that an object's `apiVersion` and `kind` name, if it is one of these.
    pub fn of(api_version: &str, kind: &str) -> Option<WorkloadKind> {
        WorkloadKind::from_name(kind).filter(|kind| match kind {
            WorkloadKind::ReplicationController => api_version == "v1",
            WorkloadKind::Job | WorkloadKind::CronJob => api_version.starts_with("batch/"),
            _ => api_version.starts_with("apps/"),
        })
    }
}
