//! `networking.k8s.io/v1` NetworkPolicy as it is written. Defaults (S6, S24) are the compiler's business.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Deserialize as DeserializeDerive, Serialize};

use crate::cluster::Direction;

use super::meta::{LabelSelector, Labels, Metadata, StrictOwnerReference};
use super::text::{Text, list, null_as_default};

/// API: NetworkPolicy.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NetworkPolicy {
    /// `metadata`.
    pub metadata: Metadata,
    /// `metadata.annotations`.
    pub annotations: Labels,
    /// `metadata.ownerReferences`, with all of their fields.
    pub owners: Vec<StrictOwnerReference>,
    /// `metadata.finalizers`.
    pub finalizers: Vec<Text>,
    /// `spec`.
    pub spec: NetworkPolicySpec,
}

/// API: NetworkPolicySpec.
///
/// Unknown fields are refused, as the API server's strict decoding does: a misspelt `from` would otherwise read as "everyone".
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, DeserializeDerive)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields, expecting = "a mapping")]
pub struct NetworkPolicySpec {
    /// `podSelector`; missing, null and `{}` all select every pod of the namespace (S7).
    #[serde(deserialize_with = "null_as_default")]
    pub pod_selector: LabelSelector,
    /// `ingress`; missing and empty are the same (S8).
    #[serde(deserialize_with = "ingress_rules")]
    pub ingress: Vec<NetworkPolicyRule>,
    /// `egress`; missing and empty are the same (S8).
    #[serde(deserialize_with = "egress_rules")]
    pub egress: Vec<NetworkPolicyRule>,
    /// `policyTypes` as written; empty means that it is defaulted (S6).
    #[serde(deserialize_with = "list")]
    pub policy_types: Vec<Text>,
}

impl NetworkPolicySpec {
    /// The rules of a direction.
    pub fn rules(&self, direction: Direction) -> &[NetworkPolicyRule] {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }
}

/// API: NetworkPolicyIngressRule and NetworkPolicyEgressRule: `peers` is `from` in the one, `to` in the other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct NetworkPolicyRule {
    /// `from` or `to`; empty means everyone (S10).
    pub peers: Vec<NetworkPolicyPeer>,
    /// `ports`; empty means every port of every protocol (S11).
    pub ports: Vec<NetworkPolicyPort>,
}

/// API: NetworkPolicyPeer. Absent selectors (`None`) and empty ones differ (S14).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, DeserializeDerive)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields, expecting = "a mapping")]
pub struct NetworkPolicyPeer {
    /// `podSelector`.
    pub pod_selector: Option<LabelSelector>,
    /// `namespaceSelector`.
    pub namespace_selector: Option<LabelSelector>,
    /// `ipBlock`.
    pub ip_block: Option<IpBlock>,
}

/// API: IPBlock. The texts are kept: which of them are CIDRs is validation's question (V18 to V19x).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, DeserializeDerive)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields, expecting = "a mapping")]
pub struct IpBlock {
    /// `cidr`.
    #[serde(deserialize_with = "null_as_default")]
    pub cidr: Text,
    /// `except`: holes in this block, not denials (S18).
    #[serde(deserialize_with = "list")]
    pub except: Vec<Text>,
}

/// API: NetworkPolicyPort.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, DeserializeDerive)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields, expecting = "a mapping")]
pub struct NetworkPolicyPort {
    /// `protocol`; absent means TCP (S24).
    pub protocol: Option<Text>,
    /// `port`: a number or the name of a container port; absent means every port of the protocol (S25).
    pub port: Option<IntOrString>,
    /// `endPort`: the last port of a range that starts at `port` (S27).
    pub end_port: Option<i64>,
}

/// API: intstr.IntOrString. `80` and `"80"` differ: the second is a (bad) name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum IntOrString {
    /// A number, not yet checked against 1 to 65535 (V10).
    Int(i64),
    /// A name.
    String(String),
}

impl fmt::Display for IntOrString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IntOrString::Int(number) => number.fmt(f),
            IntOrString::String(name) => name.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for IntOrString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<IntOrString, D::Error> {
        struct IntOrStringVisitor;

        impl Visitor<'_> for IntOrStringVisitor {
            type Value = IntOrString;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a port number or a port name")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<IntOrString, E> {
                Ok(IntOrString::Int(number))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<IntOrString, E> {
                i64::try_from(number).map(IntOrString::Int).map_err(|_| E::custom("port number is too large"))
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<IntOrString, E> {
                Ok(IntOrString::String(name.to_owned()))
            }
        }

        deserializer.deserialize_any(IntOrStringVisitor)
    }
}

#[derive(Default, DeserializeDerive)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "a mapping")]
struct IngressRule {
    #[serde(default, deserialize_with = "list")]
    from: Vec<NetworkPolicyPeer>,
    #[serde(default, deserialize_with = "list")]
    ports: Vec<NetworkPolicyPort>,
}

#[derive(Default, DeserializeDerive)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "a mapping")]
struct EgressRule {
    #[serde(default, deserialize_with = "list")]
    to: Vec<NetworkPolicyPeer>,
    #[serde(default, deserialize_with = "list")]
    ports: Vec<NetworkPolicyPort>,
}

fn ingress_rules<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<NetworkPolicyRule>, D::Error> {
    let rules: Vec<IngressRule> = list(deserializer)?;
    Ok(rules.into_iter().map(|rule| NetworkPolicyRule { peers: rule.from, ports: rule.ports }).collect())
}

fn egress_rules<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<NetworkPolicyRule>, D::Error> {
    let rules: Vec<EgressRule> = list(deserializer)?;
    Ok(rules.into_iter().map(|rule| NetworkPolicyRule { peers: rule.to, ports: rule.ports }).collect())
}
