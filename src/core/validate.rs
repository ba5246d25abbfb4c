//! Whether the API server would accept a NetworkPolicy: V1 to V27 of the specification, every violation with its field path.
//!
//! A policy with a violation is left out of the cluster. What is legal but unwise is not this module's business.

use crate::cidr::{self, Cidr, Oddity};
use crate::object::{
    IntOrString, IpBlock, LabelSelector, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicyRule,
};
use crate::options::Cidrs;
use crate::protocol::{Port, Protocol};

/// Something about a policy, and the field it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field path.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// Whether the API server refuses the policy for it; otherwise it warns (W1 to W3), and this is the warning's code.
    pub warning: Option<&'static str>,
    /// The text to write in the field instead, where that is certain.
    pub replacement: Option<String>,
}

/// Everything that the API server would say about the policy, in the order in which it checks.
pub fn validate(policy: &NetworkPolicy, cidrs: Cidrs) -> Vec<Violation> {
    let mut check = Check { cidrs, violations: Vec::new() };
    check.metadata(policy);
    check.selector("spec.podSelector", &policy.spec.pod_selector);
    for (field, peers_field, rules) in
        [("ingress", "from", &policy.spec.ingress), ("egress", "to", &policy.spec.egress)]
    {
        for (index, rule) in rules.iter().enumerate() {
            check.rule(&format!("spec.{field}[{index}]"), peers_field, rule);
        }
    }
    check.policy_types(policy);
    check.violations
}

struct Check {
    cidrs: Cidrs,
    violations: Vec<Violation>,
}

impl Check {
    fn refuse(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.violations.push(Violation {
            path: path.into(),
            message: message.into(),
            warning: None,
            replacement: None,
        });
    }

    fn warn(&mut self, slug: &'static str, path: &str, message: String) {
        self.violations.push(Violation { path: path.to_owned(), message, warning: Some(slug), replacement: None });
    }

    /// Adds what to write instead to the last violation.
    fn replace_by(&mut self, text: String) {
        if let Some(last) = self.violations.last_mut() {
            last.replacement = Some(text);
        }
    }

    /// V1 to V6.
    fn metadata(&mut self, policy: &NetworkPolicy) {
        let metadata = &policy.metadata;
        let is_subdomain = |name: &str| name.split('.').all(is_dns_label);
        if metadata.name.is_empty() && metadata.generate_name.is_empty() {
            self.refuse("metadata.name", "a name is required");
        } else if !metadata.name.is_empty() && !is_subdomain(&metadata.name) {
            self.refuse("metadata.name", format!("`{}` is not a lower-case RFC 1123 subdomain", metadata.name));
        } else if metadata.name.len() > 253 {
            self.refuse("metadata.name", "a name has at most 253 characters");
        }
        let namespace = &metadata.namespace;
        if !namespace.is_empty() && (!is_dns_label(namespace) || namespace.len() > 63) {
            self.refuse(
                "metadata.namespace",
                format!("`{namespace}` is not a lower-case RFC 1123 label of at most 63 characters"),
            );
        }
        for (key, value) in metadata.labels.iter() {
            self.label("metadata.labels", key, value);
        }
    }

    fn rule(&mut self, path: &str, peers_field: &str, rule: &NetworkPolicyRule) {
        for (index, port) in rule.ports.iter().enumerate() {
            self.port(&format!("{path}.ports[{index}]"), port);
        }
        for (index, peer) in rule.peers.iter().enumerate() {
            self.peer(&format!("{path}.{peers_field}[{index}]"), peer);
        }
    }

    /// V9 to V15.
    fn port(&mut self, path: &str, entry: &NetworkPolicyPort) {
        if let Some(protocol) = &entry.protocol
            && Protocol::from_name(protocol).is_none()
        {
            self.refuse(
                format!("{path}.protocol"),
                format!("`{protocol}` is not a protocol: use `TCP`, `UDP` or `SCTP`"),
            );
        }
        match &entry.port {
            Some(IntOrString::Int(number)) if Port::try_from(*number).is_err() => {
                self.refuse(format!("{path}.port"), format!("{number} is not a port: use 1 to 65535"));
            }
            Some(IntOrString::String(name)) => self.port_name(&format!("{path}.port"), name),
            _ => {}
        }
        let Some(end) = entry.end_port else { return };
        let path = format!("{path}.endPort");
        match &entry.port {
            Some(IntOrString::Int(start)) if end < *start => {
                self.refuse(&path, format!("{end} is less than `port`, {start}"))
            }
            Some(IntOrString::Int(_)) => {}
            Some(IntOrString::String(_)) => self.refuse(&path, "a range needs a number as `port`, not a name"),
            None => self.refuse(&path, "a range needs `port`, its first port"),
        }
        if Port::try_from(end).is_err() {
            self.refuse(&path, format!("{end} is not a port: use 1 to 65535"));
        }
    }

    /// V15.
    fn port_name(&mut self, path: &str, name: &str) {
        if name.parse::<u16>().is_ok() {
            self.refuse(
                path,
                format!("`\"{name}\"` is a port name, not a number, and a name needs a letter: remove the quotes"),
            );
            return;
        }
        let is_alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let problem = if name.is_empty() {
            "is empty: leave `port` out to allow every port"
        } else if name.len() > 15 {
            "has more than 15 characters"
        } else if !name.bytes().all(|byte| is_alphanumeric(byte) || byte == b'-') {
            "has characters other than lower-case letters, digits and hyphens"
        } else if !name.bytes().any(|byte| byte.is_ascii_lowercase()) {
            "has no letter"
        } else if name.contains("--") {
            "has two hyphens in a row"
        } else if name.starts_with('-') || name.ends_with('-') {
            "begins or ends with a hyphen"
        } else {
            return;
        };
        self.refuse(path, format!("`{name}` is not a port name: it {problem}"));
    }

    /// V16, V17.
    fn peer(&mut self, path: &str, peer: &NetworkPolicyPeer) {
        if let Some(selector) = &peer.pod_selector {
            self.selector(&format!("{path}.podSelector"), selector);
        }
        if let Some(selector) = &peer.namespace_selector {
            self.selector(&format!("{path}.namespaceSelector"), selector);
        }
        if let Some(block) = &peer.ip_block {
            self.ip_block(&format!("{path}.ipBlock"), block);
        }
        let has_selector = peer.pod_selector.is_some() || peer.namespace_selector.is_some();
        match (has_selector, peer.ip_block.is_some()) {
            (false, false) => {
                self.refuse(path, "this peer is empty: it needs `podSelector`, `namespaceSelector` or `ipBlock`")
            }
            (true, true) => {
                self.refuse(path, "`ipBlock` cannot be combined with a selector: make it a peer of its own")
            }
            _ => {}
        }
    }

    /// V18, V19, V19x.
    fn ip_block(&mut self, path: &str, block: &IpBlock) {
        if block.cidr.is_empty() {
            self.refuse(format!("{path}.cidr"), "`cidr` is required");
            return;
        }
        let Some(cidr) = self.cidr(&format!("{path}.cidr"), &block.cidr) else { return };
        for (index, except) in block.except.iter().enumerate() {
            let path = format!("{path}.except[{index}]");
            let Some(hole) = self.cidr(&path, except) else { continue };
            let is_inside =
                cidr.network.contains(&hole.network) && cidr.network.prefix_len() < hole.network.prefix_len();
            if !is_inside {
                self.refuse(
                    path,
                    format!("`{except}` must be a part of `cidr`, `{}`, and smaller than it", block.cidr),
                );
            }
        }
    }

    /// V19, V19s, W1 to W3.
    fn cidr(&mut self, path: &str, text: &str) -> Option<Cidr> {
        let Some(cidr) = cidr::parse(text) else {
            self.refuse(path, format!("`{text}` is not a CIDR such as `10.9.8.0/24` or `2001:db8::/64`"));
            return None;
        };
        let network = cidr.network;
        let (slug, message) = match cidr.oddity {
            Some(Oddity::LeadingZeros) => {
                ("non-standard-cidr", format!("`{text}` has leading zeros: write `{network}`"))
            }
            Some(Oddity::Ipv4Mapped) => {
                ("non-standard-cidr", format!("`{text}` is an IPv4 block in IPv6 form: write `{network}`"))
            }
            Some(Oddity::HostBits) => {
                let address = text.split('/').next().unwrap_or(text);
                let host = if network.addr().is_ipv4() { 32 } else { 128 };
                let message = format!(
                    "`{text}` has bits set beyond its prefix length: write `{network}` for the block, `{address}/{host}` for the address"
                );
                ("ambiguous-cidr", message)
            }
            None => {
                if text != network.to_string() {
                    self.warn("non-canonical-cidr", path, format!("`{text}` is usually written `{network}`"));
                    self.replace_by(network.to_string());
                }
                return Some(cidr);
            }
        };
        match self.cidrs {
            Cidrs::Strict => self.refuse(path, message),
            Cidrs::Legacy => self.warn(slug, path, message),
        }
        // Where bits are set beyond the prefix, only a cluster that has the policy says what is meant: the block.
        if cidr.oddity != Some(Oddity::HostBits) || self.cidrs == Cidrs::Legacy {
            self.replace_by(network.to_string());
        }
        Some(cidr)
    }

    /// V20 to V25.
    fn selector(&mut self, path: &str, selector: &LabelSelector) {
        for (key, value) in selector.match_labels.iter() {
            self.label(&format!("{path}.matchLabels"), key, value);
        }
        for (index, expression) in selector.match_expressions.iter().enumerate() {
            let path = format!("{path}.matchExpressions[{index}]");
            match (&*expression.operator, expression.values.is_empty()) {
                ("In" | "NotIn", true) => {
                    self.refuse(
                        format!("{path}.values"),
                        format!("`{}` needs at least one value", expression.operator),
                    );
                }
                ("Exists" | "DoesNotExist", false) => {
                    self.refuse(format!("{path}.values"), format!("`{}` takes no values", expression.operator));
                }
                ("In" | "NotIn" | "Exists" | "DoesNotExist", _) => {}
                (other, _) => {
                    let message =
                        format!("`{other}` is not an operator: use `In`, `NotIn`, `Exists` or `DoesNotExist`");
                    self.refuse(format!("{path}.operator"), message);
                }
            }
            self.label_key(&format!("{path}.key"), &expression.key);
            for (value_index, value) in expression.values.iter().enumerate() {
                self.label_value(&format!("{path}.values[{value_index}]"), value);
            }
        }
    }

    fn label(&mut self, path: &str, key: &str, value: &str) {
        self.label_key(path, key);
        self.label_value(path, value);
    }

    /// V20.
    fn label_key(&mut self, path: &str, key: &str) {
        let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
        let is_prefix = prefix.is_none_or(|prefix| prefix.len() <= 253 && prefix.split('.').all(is_dns_label));
        if !is_prefix || !is_label_text(name) || name.is_empty() {
            self.refuse(path, format!("`{key}` is not a label key"));
        }
    }

    /// V21.
    fn label_value(&mut self, path: &str, value: &str) {
        if !is_label_text(value) {
            self.refuse(path, format!("`{value}` is not a label value"));
        }
    }

    /// V26, V27.
    fn policy_types(&mut self, policy: &NetworkPolicy) {
        let types = &policy.spec.policy_types;
        if types.len() > 2 {
            self.refuse("spec.policyTypes", "there are at most two policy types");
            return;
        }
        for (index, policy_type) in types.iter().enumerate() {
            if !matches!(&**policy_type, "Ingress" | "Egress") {
                let message = format!("`{policy_type}` is not a policy type: use `Ingress` or `Egress`");
                self.refuse(format!("spec.policyTypes[{index}]"), message);
            }
        }
    }
}

/// A lower-case RFC 1123 label, but for its length.
fn is_dns_label(text: &str) -> bool {
    let is_edge = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    is_framed(text, is_edge, |byte| is_edge(byte) || byte == b'-')
}

/// The text of a label value or of the name part of a key.
fn is_label_text(text: &str) -> bool {
    let is_edge = |byte: u8| byte.is_ascii_alphanumeric();
    let is_inner = |byte: u8| is_edge(byte) || matches!(byte, b'-' | b'_' | b'.');
    text.is_empty() || (text.len() <= 63 && is_framed(text, is_edge, is_inner))
}

fn is_framed(text: &str, is_edge: impl Fn(u8) -> bool, is_inner: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|byte| is_edge(*byte))
        && bytes.last().is_some_and(|byte| is_edge(*byte))
        && bytes.iter().all(|byte| is_inner(*byte))
}
