//! The decisions that the specification leaves open, as options with the same names in flags, files and JavaScript.

use serde::Deserialize;

/// How the engine reads what NetworkPolicy leaves undefined. `docs/semantics.md` explains each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct EngineOptions {
    /// D1: whether an `ipBlock` matches pods' own addresses.
    pub ip_blocks: IpBlocks,
    /// D2: what a pod with `hostNetwork: true` is.
    pub host_network: HostNetwork,
    /// D3: whether traffic from a pod to its own node is subject to policy.
    pub own_node_egress: Enforcement,
    /// D4: whether traffic from a pod to itself by way of a Service is subject to policy.
    pub service_hairpin: Enforcement,
    /// D8: whether CIDRs that Kubernetes tolerates for history's sake are valid.
    pub cidrs: Cidrs,
}

/// D1, S20.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IpBlocks {
    /// An `ipBlock` matches every address in it, pods' included (upstream's end-to-end tests need this).
    #[default]
    Any,
    /// An `ipBlock` never matches a pod's address (Cilium's default).
    External,
}

/// D2, S32.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostNetwork {
    /// No selector matches the pod, as subject or peer; its traffic is its node's.
    #[default]
    Node,
    /// A pod like any other.
    Pod,
}

/// Whether a kind of traffic is subject to policy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Enforcement {
    /// Policies apply.
    #[default]
    Police,
    /// Always allowed.
    Allow,
}

/// D8, S22, V19s.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cidrs {
    /// Host bits, leading zeros and IPv4-mapped addresses make a policy invalid.
    #[default]
    Strict,
    /// They are tolerated: host bits are masked away, zeros are decimal.
    Legacy,
}
