//! Random policies, in every shape that is valid, and now and then in one that is not.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::{Generator, LABEL_VALUES, NAMESPACE_KEYS, POD_KEYS, PORT_NAMES, PORTS, ipv4, ipv6, node_ipv4};

impl Generator<'_> {
    pub(super) fn policy(&mut self, index: usize) -> Value {
        let namespace = self.random.pick(&self.namespaces);
        let mut spec = Map::new();
        if self.random.percent(85) {
            spec.insert("podSelector".to_owned(), self.pod_selector());
        }
        if let Some(rules) = self.rules("from") {
            spec.insert("ingress".to_owned(), rules);
        }
        if let Some(rules) = self.rules("to") {
            spec.insert("egress".to_owned(), rules);
        }
        let types = [
            None,
            None,
            Some(json!(null)),
            Some(json!([])),
            Some(json!(["Ingress"])),
            Some(json!(["Egress"])),
            Some(json!(["Ingress", "Egress"])),
            Some(json!(["Egress", "Egress"])),
        ];
        if let Some(types) = self.random.pick(&types) {
            spec.insert("policyTypes".to_owned(), types);
        }
        let mut metadata = json!({ "name": format!("policy-{index}") });
        // D12: a policy without a namespace is in `default`.
        if self.random.percent(98) {
            metadata["namespace"] = json!(namespace);
        }
        json!({ "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec })
    }

    fn rules(&mut self, peers_field: &str) -> Option<Value> {
        match self.random.below(10) {
            0..=2 => None,
            3 => Some(Value::Null),
            4 => Some(json!([])),
            _ => {
                let rules: Vec<Value> = (0..1 + self.random.below(2)).map(|_| self.rule(peers_field)).collect();
                Some(json!(rules))
            }
        }
    }

    fn rule(&mut self, peers_field: &str) -> Value {
        let mut rule = Map::new();
        match self.random.below(8) {
            0 => {}
            1 => drop(rule.insert(peers_field.to_owned(), self.random.pick(&[Value::Null, json!([])]))),
            _ => {
                let peers: Vec<Value> = (0..1 + self.random.below(3)).map(|_| self.peer()).collect();
                rule.insert(peers_field.to_owned(), json!(peers));
            }
        }
        match self.random.below(8) {
            0..=2 => {}
            3 => drop(rule.insert("ports".to_owned(), self.random.pick(&[Value::Null, json!([])]))),
            _ => {
                let ports: Vec<Value> = (0..1 + self.random.below(3)).map(|_| self.port()).collect();
                rule.insert("ports".to_owned(), json!(ports));
            }
        }
        Value::Object(rule)
    }

    fn peer(&mut self) -> Value {
        match self.random.below(10) {
            0 | 1 => json!({ "podSelector": self.pod_selector() }),
            2 => json!({ "podSelector": self.pod_selector(), "namespaceSelector": null }),
            3 | 4 => json!({ "namespaceSelector": self.namespace_selector() }),
            5 | 6 => json!({ "podSelector": self.pod_selector(), "namespaceSelector": self.namespace_selector() }),
            _ => json!({ "ipBlock": self.ip_block() }),
        }
    }

    fn pod_selector(&mut self) -> Value {
        let keys = [POD_KEYS.as_slice(), &["missing"]].concat();
        self.selector(&keys, &LABEL_VALUES)
    }

    fn namespace_selector(&mut self) -> Value {
        if self.random.percent(40) {
            let names = self.namespaces.clone();
            return self.selector(&["kubernetes.io/metadata.name"], &names);
        }
        self.selector(&NAMESPACE_KEYS, &LABEL_VALUES)
    }

    fn selector(&mut self, keys: &[&'static str], values: &[&'static str]) -> Value {
        let labels = json!({ self.random.pick(keys): self.random.pick(values) });
        let requirements = |generator: &mut Self| -> Value {
            (0..1 + generator.random.below(2)).map(|_| generator.requirement(keys, values)).collect()
        };
        match self.random.below(8) {
            0 => json!({}),
            1 => json!({ "matchLabels": null, "matchExpressions": [] }),
            2 | 3 => json!({ "matchLabels": labels }),
            4..=6 => json!({ "matchExpressions": requirements(self) }),
            // L5: possibly at odds with each other.
            _ => json!({ "matchLabels": labels, "matchExpressions": requirements(self) }),
        }
    }

    fn requirement(&mut self, keys: &[&'static str], values: &[&'static str]) -> Value {
        let key = self.random.pick(keys);
        match self.random.pick(&["In", "NotIn", "Exists", "DoesNotExist"]) {
            operator @ ("In" | "NotIn") => {
                let mut values = self.random.some(values, 40);
                values.push("c");
                json!({ "key": key, "operator": operator, "values": values })
            }
            operator => json!({ "key": key, "operator": operator }),
        }
    }

    fn port(&mut self) -> Value {
        let mut port = Map::new();
        if let Some(protocol) = self.protocol() {
            port.insert("protocol".to_owned(), json!(protocol));
        }
        match self.random.below(8) {
            0 => {}
            1 | 2 => drop(port.insert("port".to_owned(), json!(self.random.pick(&PORT_NAMES)))),
            3 | 4 => {
                let (first, last) = (self.random.pick(&PORTS), self.random.pick(&PORTS));
                self.mention_port(first);
                self.mention_port(last);
                port.insert("port".to_owned(), json!(first));
                // V11: seldom, a range that ends before it starts.
                let last = if self.random.percent(97) { last.max(first) } else { last };
                port.insert("endPort".to_owned(), json!(last));
            }
            _ => {
                let number = self.random.pick(&PORTS);
                self.mention_port(number);
                port.insert("port".to_owned(), json!(number));
            }
        }
        Value::Object(port)
    }

    fn ip_block(&mut self) -> Value {
        let base = match self.random.below(4) {
            0 => ipv6(self.last_byte()),
            1 => node_ipv4(1),
            _ => ipv4(self.last_byte()),
        };
        let width = if base.is_ipv4() { 32 } else { 128 };
        let host_bits = self.random.pick(&[0, 1, 2, 3, 4, 8, width]);
        let mut block = json!({ "cidr": self.cidr(base, width - host_bits) });
        let mut except = Vec::new();
        for _ in 0..self.random.below(3) {
            // V19x: an exception is smaller than its block. It may be next to it by accident, and the policy invalid.
            if host_bits > 0 {
                let smaller = self.random.below(host_bits.min(9) as usize) as u32;
                let inside = if self.random.percent(90) { base } else { ipv4(self.last_byte()) };
                let width = if inside.is_ipv4() { 32 } else { 128 };
                except.push(self.cidr(inside, width - smaller));
            }
        }
        if !except.is_empty() || self.random.percent(20) {
            block["except"] = json!(except);
        }
        block
    }

    fn last_byte(&mut self) -> u8 {
        self.random.pick(&[0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 255])
    }

    /// The block of that prefix length around an address, and the addresses at its edges to be asked about.
    fn cidr(&mut self, address: IpAddr, length: u32) -> String {
        let (bits, width) = match address {
            IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        let all = u128::MAX >> (128 - width);
        let hosts = all.checked_shr(length).unwrap_or(0);
        let (first, last) = (bits & !hosts, bits | hosts);
        let to_address = |bits: u128| match address {
            IpAddr::V4(_) => IpAddr::V4(u32::try_from(bits & all).expect("it is masked").into()),
            IpAddr::V6(_) => IpAddr::V6(bits.into()),
        };
        for edge in [first.saturating_sub(1), first, last, last.saturating_add(1).min(all)] {
            self.addresses.insert(to_address(edge));
        }
        let network = to_address(first);
        if !self.tolerates_odd_cidrs || self.random.percent(70) {
            return format!("{network}/{length}");
        }
        // S22, W1, W2: host bits, leading zeros, IPv4-mapped.
        match (address, self.random.below(3)) {
            (IpAddr::V4(address), 0) => {
                let octets = address.octets().map(|octet| format!("{octet:03}"));
                format!("{}/{length:02}", octets.join("."))
            }
            (IpAddr::V4(address), 1) => format!("{}/{}", address.to_ipv6_mapped(), length + 96),
            _ => format!("{address}/{length}"),
        }
    }
}
