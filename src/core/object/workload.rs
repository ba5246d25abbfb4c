//! Namespaces, nodes, pods, the controllers that make pods, and Services, as they are written.

use serde::Deserialize;

use super::WorkloadKind;
use super::meta::{Labels, Metadata};
use super::network_policy::IntOrString;
use super::text::{Text, list, null_as_default};

/// API: v1 Namespace.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Namespace {
    /// `metadata`.
    pub metadata: Metadata,
}

/// API: v1 Node.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Node {
    /// `metadata`.
    pub metadata: Metadata,
    /// `status`.
    pub status: NodeStatus,
}

/// API: NodeStatus.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, expecting = "a mapping")]
pub struct NodeStatus {
    /// `addresses`: IP addresses among host names.
    #[serde(deserialize_with = "list")]
    pub addresses: Vec<Address>,
}

/// API: NodeAddress.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, expecting = "a mapping")]
pub struct Address {
    /// `address`: an IP address or a host name.
    #[serde(deserialize_with = "null_as_default")]
    pub address: Text,
}

/// API: v1 Pod.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pod {
    /// `metadata`.
    pub metadata: Metadata,
    /// `spec`.
    pub spec: PodSpec,
    /// `status`.
    pub status: PodStatus,
}

/// API: PodStatus.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub struct PodStatus {
    /// `phase`: Pending, Running, Succeeded, Failed or Unknown.
    #[serde(deserialize_with = "null_as_default")]
    pub phase: Text,
    /// `podIP`.
    #[serde(rename = "podIP", deserialize_with = "null_as_default")]
    pub pod_ip: Text,
    /// `podIPs`; the first is `podIP`.
    #[serde(rename = "podIPs", deserialize_with = "list")]
    pub pod_ips: Vec<PodIp>,
    /// `hostIP`.
    #[serde(rename = "hostIP", deserialize_with = "null_as_default")]
    pub host_ip: Text,
    /// `hostIPs`.
    #[serde(rename = "hostIPs", deserialize_with = "list")]
    pub host_ips: Vec<PodIp>,
}

/// API: PodIP and HostIP.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, expecting = "a mapping")]
pub struct PodIp {
    /// `ip`.
    #[serde(deserialize_with = "null_as_default")]
    pub ip: Text,
}

/// API: PodSpec.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub struct PodSpec {
    /// `nodeName`.
    #[serde(deserialize_with = "null_as_default")]
    pub node_name: Text,
    /// `hostNetwork`.
    #[serde(deserialize_with = "null_as_default")]
    pub host_network: bool,
    /// `serviceAccountName`.
    #[serde(deserialize_with = "null_as_default")]
    pub service_account_name: Text,
    /// `serviceAccount`, the older name of the same field.
    #[serde(deserialize_with = "null_as_default")]
    pub service_account: Text,
    /// `containers`.
    #[serde(deserialize_with = "list")]
    pub containers: Vec<Container>,
    /// `initContainers`.
    #[serde(deserialize_with = "list")]
    pub init_containers: Vec<Container>,
}

/// API: Container.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub struct Container {
    /// `ports`.
    #[serde(deserialize_with = "list")]
    pub ports: Vec<ContainerPort>,
    /// `restartPolicy`: `Always` makes an init container a sidecar.
    #[serde(deserialize_with = "null_as_default")]
    pub restart_policy: Text,
}

/// API: ContainerPort.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub struct ContainerPort {
    /// `name`; empty when the port has none.
    #[serde(deserialize_with = "null_as_default")]
    pub name: Text,
    /// `containerPort`.
    #[serde(deserialize_with = "null_as_default")]
    pub container_port: i64,
    /// `protocol`; absent means TCP.
    pub protocol: Option<Text>,
}

/// A controller with a pod template.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// Which controller it is.
    pub kind: WorkloadKind,
    /// `metadata`.
    pub metadata: Metadata,
    /// `spec`, with a CronJob's `jobTemplate` unwrapped.
    pub spec: WorkloadSpec,
}

/// The part of a controller's `spec` that makes pods.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub struct WorkloadSpec {
    /// `template`.
    #[serde(deserialize_with = "null_as_default")]
    pub template: PodTemplate,
    /// `jobTemplate` of a CronJob.
    pub job_template: Option<JobTemplate>,
}

/// API: JobTemplateSpec.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, expecting = "a mapping")]
pub struct JobTemplate {
    #[serde(deserialize_with = "null_as_default")]
    pub(crate) spec: JobSpec,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, expecting = "a mapping")]
pub(crate) struct JobSpec {
    #[serde(deserialize_with = "null_as_default")]
    pub(crate) template: PodTemplate,
}

/// API: PodTemplateSpec.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, expecting = "a mapping")]
pub struct PodTemplate {
    /// `metadata`.
    #[serde(deserialize_with = "null_as_default")]
    pub metadata: Metadata,
    /// `spec`.
    #[serde(deserialize_with = "null_as_default")]
    pub spec: PodSpec,
}

/// API: v1 Service.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Service {
    /// `metadata`.
    pub metadata: Metadata,
    /// `spec`.
    pub spec: ServiceSpec,
}

/// API: ServiceSpec.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub struct ServiceSpec {
    /// `selector`; empty means that the Service's endpoints are managed elsewhere.
    #[serde(deserialize_with = "null_as_default")]
    pub selector: Labels,
    /// `ports`.
    #[serde(deserialize_with = "list")]
    pub ports: Vec<ServicePort>,
    /// `clusterIP`: an address, `None` for a headless Service, or empty.
    #[serde(rename = "clusterIP", deserialize_with = "null_as_default")]
    pub cluster_ip: Text,
    /// `clusterIPs`; the first is `clusterIP`.
    #[serde(rename = "clusterIPs", deserialize_with = "list")]
    pub cluster_ips: Vec<Text>,
    /// `type`: ClusterIP, NodePort, LoadBalancer or ExternalName.
    #[serde(rename = "type", deserialize_with = "null_as_default")]
    pub service_type: Text,
    /// `externalTrafficPolicy`: Cluster, the default, or Local.
    #[serde(deserialize_with = "null_as_default")]
    pub external_traffic_policy: Text,
}

/// API: ServicePort.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub struct ServicePort {
    /// `name`; empty when there is only one port.
    #[serde(deserialize_with = "null_as_default")]
    pub name: Text,
    /// `protocol`; absent means TCP.
    pub protocol: Option<Text>,
    /// `port`: what clients connect to.
    #[serde(deserialize_with = "null_as_default")]
    pub port: i64,
    /// `targetPort`: the port of the pod; absent means the same number as `port`.
    pub target_port: Option<IntOrString>,
}
