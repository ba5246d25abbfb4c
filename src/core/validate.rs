//! Whether the API server would accept a NetworkPolicy: V1 to V27 of the specification, every violation with its field path.
//!
//! A policy with a violation is left out of the cluster. What is legal but unwise is not this module's business.

mod metadata;

use std::fmt;

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
    /// What the API server says, as `kubectl` shows it; empty for warnings.
    pub server: String,
}

/// The kinds of error that the API server tells apart.
enum Kind<'a> {
    Required,
    Forbidden,
    Invalid(&'a dyn fmt::Debug),
    NotSupported(&'a str),
}

impl fmt::Display for Kind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Required => f.write_str("Required value"),
            Kind::Forbidden => f.write_str("Forbidden"),
            Kind::Invalid(value) => write!(f, "Invalid value: {value:?}"),
            Kind::NotSupported(value) => write!(f, "Unsupported value: {value:?}"),
        }
    }
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
    /// Adds a violation: in our words, and as the API server words it behind the path.
    fn refuse(&mut self, path: impl Into<String>, message: impl Into<String>, kind: Kind<'_>, detail: &str) {
        let path = path.into();
        let separator = if detail.is_empty() { "" } else { ": " };
        let server = format!("{path}: {kind}{separator}{detail}");
        self.violations.push(Violation { path, message: message.into(), warning: None, replacement: None, server });
    }

    fn warn(&mut self, slug: &'static str, path: &str, message: String) {
        let (path, server) = (path.to_owned(), String::new());
        self.violations.push(Violation { path, message, warning: Some(slug), replacement: None, server });
    }

    /// Adds what to write instead to the last violation.
    fn replace_by(&mut self, text: String) {
        if let Some(last) = self.violations.last_mut() {
            last.replacement = Some(text);
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
            let message = format!("`{protocol}` is not a protocol: use `TCP`, `UDP` or `SCTP`");
            let detail = "supported values: \"SCTP\", \"TCP\", \"UDP\"";
            self.refuse(format!("{path}.protocol"), message, Kind::NotSupported(protocol), detail);
            let upper = protocol.to_uppercase();
            if Protocol::from_name(&upper).is_some() {
                self.replace_by(upper);
            }
        }
        let (port_path, end_path) = (format!("{path}.port"), format!("{path}.endPort"));
        match (&entry.port, entry.end_port) {
            (Some(IntOrString::Int(start)), end) => {
                self.port_number(&port_path, *start);
                let Some(end) = end else { return };
                if end < *start {
                    let message = format!("{end} is less than `port`, {start}");
                    self.refuse(&end_path, message, Kind::Invalid(&end), "must be greater than or equal to `port`");
                }
                self.port_number(&end_path, end);
            }
            (Some(IntOrString::String(name)), end) => {
                if let Some(end) = end {
                    let detail = "may not be specified when `port` is non-numeric";
                    let message = "a range needs a number as `port`, not a name";
                    self.refuse(&end_path, message, Kind::Invalid(&end), detail);
                }
                self.port_name(&port_path, name);
            }
            (None, Some(end)) => {
                let detail = "may not be specified when `port` is not specified";
                self.refuse(&end_path, "a range needs `port`, its first port", Kind::Invalid(&end), detail);
            }
            (None, None) => {}
        }
    }

    /// V10, V12.
    fn port_number(&mut self, path: &str, number: i64) {
        if Port::try_from(number).is_err() {
            let message = format!("{number} is not a port: use 1 to 65535");
            self.refuse(path, message, Kind::Invalid(&number), "must be between 1 and 65535, inclusive");
        }
    }

    /// V15.
    fn port_name(&mut self, path: &str, name: &str) {
        const NO_LETTER: &str = "must contain at least one letter (a-z)";
        if let Ok(number) = name.parse::<u16>() {
            let message =
                format!("`\"{name}\"` is a port name, not a number, and a name needs a letter: remove the quotes");
            self.refuse(path, message, Kind::Invalid(&name), NO_LETTER);
            if Port::new(number).is_some() && number.to_string() == name {
                self.replace_by(name.to_owned());
            }
            return;
        }
        let is_alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let (problem, detail) = if name.is_empty() {
            ("is empty: leave `port` out to allow every port", NO_LETTER)
        } else if name.len() > 15 {
            ("has more than 15 characters", "must be no more than 15 characters")
        } else if !name.bytes().all(|byte| is_alphanumeric(byte) || byte == b'-') {
            (
                "has characters other than lower-case letters, digits and hyphens",
                "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
            )
        } else if !name.bytes().any(|byte| byte.is_ascii_lowercase()) {
            ("has no letter", NO_LETTER)
        } else if name.contains("--") {
            ("has two hyphens in a row", "must not contain consecutive hyphens")
        } else if name.starts_with('-') || name.ends_with('-') {
            ("begins or ends with a hyphen", "must not begin or end with a hyphen")
        } else {
            return;
        };
        self.refuse(path, format!("`{name}` is not a port name: it {problem}"), Kind::Invalid(&name), detail);
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
                let message = "this peer is empty: it needs `podSelector`, `namespaceSelector` or `ipBlock`";
                self.refuse(path, message, Kind::Required, "must specify a peer");
            }
            (true, true) => {
                let message = "`ipBlock` cannot be combined with a selector: make it a peer of its own";
                self.refuse(path, message, Kind::Forbidden, "may not specify both ipBlock and another peer");
            }
            _ => {}
        }
    }

    /// V18, V19, V19x.
    fn ip_block(&mut self, path: &str, block: &IpBlock) {
        if block.cidr.is_empty() {
            self.refuse(format!("{path}.cidr"), "`cidr` is required", Kind::Required, "");
            return;
        }
        let Some(cidr) = self.cidr(&format!("{path}.cidr"), &block.cidr) else { return };
        for (index, except) in block.except.iter().enumerate() {
            let path = format!("{path}.except[{index}]");
            let Some(hole) = self.cidr(&path, except) else { continue };
            let is_inside =
                cidr.network.contains(&hole.network) && cidr.network.prefix_len() < hole.network.prefix_len();
            if !is_inside {
                let message = format!("`{except}` must be a part of `cidr`, `{}`, and smaller than it", block.cidr);
                self.refuse(path, message, Kind::Invalid(&&**except), "must be a strict subset of `cidr`");
            }
        }
    }

    /// V19, V19s, W1 to W3.
    fn cidr(&mut self, path: &str, text: &str) -> Option<Cidr> {
        let Some(cidr) = cidr::parse(text) else {
            let message = format!("`{text}` is not a CIDR such as `10.9.8.0/24` or `2001:db8::/64`");
            let detail = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
            self.refuse(path, message, Kind::Invalid(&text), detail);
            return None;
        };
        let network = cidr.network;
        let (slug, message, detail) = match cidr.oddity {
            Some(Oddity::LeadingZeros) => (
                "non-standard-cidr",
                format!("`{text}` has leading zeros: write `{network}`"),
                "must not have leading 0s in IP or prefix length",
            ),
            Some(Oddity::Ipv4Mapped) => (
                "non-standard-cidr",
                format!("`{text}` is an IPv4 block in IPv6 form: write `{network}`"),
                "must not have an IPv4-mapped IPv6 address",
            ),
            Some(Oddity::HostBits) => {
                let address = text.split('/').next().unwrap_or(text);
                let host = if network.addr().is_ipv4() { 32 } else { 128 };
                let message = format!(
                    "`{text}` has bits set beyond its prefix length: write `{network}` for the block, `{address}/{host}` for the address"
                );
                ("ambiguous-cidr", message, "must not have bits set beyond the prefix length")
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
            Cidrs::Strict => self.refuse(path, message, Kind::Invalid(&text), detail),
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
                    let message = format!("`{}` needs at least one value", expression.operator);
                    let detail = "must be specified when `operator` is 'In' or 'NotIn'";
                    self.refuse(format!("{path}.values"), message, Kind::Required, detail);
                }
                ("Exists" | "DoesNotExist", false) => {
                    let message = format!("`{}` takes no values", expression.operator);
                    let detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                    self.refuse(format!("{path}.values"), message, Kind::Forbidden, detail);
                }
                ("In" | "NotIn" | "Exists" | "DoesNotExist", _) => {}
                (other, _) => {
                    let message =
                        format!("`{other}` is not an operator: use `In`, `NotIn`, `Exists` or `DoesNotExist`");
                    let detail = "not a valid selector operator";
                    self.refuse(format!("{path}.operator"), message, Kind::Invalid(&other), detail);
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
        if !is_label_key(key) {
            self.refuse(path, format!("`{key}` is not a label key"), Kind::Invalid(&key), KEY);
        }
    }

    /// V21.
    fn label_value(&mut self, path: &str, value: &str) {
        if !is_label_text(value) {
            let message = format!("`{value}` is not a label value");
            let detail = "a valid label must be an empty string or consist of at most 63 alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
            self.refuse(path, message, Kind::Invalid(&value), detail);
        }
    }

    /// V26, V27.
    fn policy_types(&mut self, policy: &NetworkPolicy) {
        let types = &policy.spec.policy_types;
        if types.len() > 2 {
            let message = "there are at most two policy types";
            self.refuse("spec.policyTypes", message, Kind::Invalid(types), "may not specify more than two policyTypes");
            return;
        }
        for (index, policy_type) in types.iter().enumerate() {
            if !matches!(&**policy_type, "Ingress" | "Egress") {
                let message = format!("`{policy_type}` is not a policy type: use `Ingress` or `Egress`");
                let detail = "supported values: \"Egress\", \"Ingress\"";
                self.refuse(format!("spec.policyTypes[{index}]"), message, Kind::NotSupported(policy_type), detail);
                if let Some(known) =
                    ["Ingress", "Egress"].into_iter().find(|known| known.eq_ignore_ascii_case(policy_type))
                {
                    self.replace_by(known.to_owned());
                }
            }
        }
    }
}

/// What the API server says of keys.
const KEY: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/// V20: a name, with a subdomain and a slash before it or not.
fn is_label_key(key: &str) -> bool {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let is_prefix = prefix.is_none_or(|prefix| prefix.len() <= 253 && prefix.split('.').all(is_dns_label));
    is_prefix && is_label_text(name) && !name.is_empty()
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
