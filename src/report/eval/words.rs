//! Words for rules, for what they want, and for what the other end has instead.

use netpol::cluster::{Cluster, NAMESPACE_NAME_LABEL, NamespaceId};
use netpol::explain::{LabelMiss, PeerMiss, PortNameMiss, RuleMiss, Unmet, UnmetPortName};
use netpol::flow::Flow;
use netpol::model::{NamespaceScope, Peer, PodSelection, PortMatch, PortSelection};
use netpol::protocol::Port;
use netpol::selector::{Operator, Requirement, Selector};

/// A peer as a phrase: "pods with app=web in namespaces with team=red".
pub(super) fn peer(cluster: &Cluster, peer: &Peer) -> String {
    match peer {
        Peer::Addresses(block) => {
            let holes: Vec<String> = block.except.iter().map(ToString::to_string).collect();
            let holes = if holes.is_empty() { String::new() } else { format!(" except {}", holes.join(", ")) };
            format!("addresses in {}{holes}", block.network)
        }
        Peer::Pods(selection) => format!("{} in {}", pods(selection), namespaces(cluster, &selection.namespaces)),
    }
}

/// The pods of a selection as a phrase, wherever they are: "all pods", "pods with app=web".
pub(super) fn pods(selection: &PodSelection) -> String {
    if is_everything(&selection.pods) { "all pods".to_owned() } else { format!("pods with {}", selection.pods) }
}

fn namespaces(cluster: &Cluster, scope: &NamespaceScope) -> String {
    match scope {
        NamespaceScope::One(id) => format!("namespace {}", cluster.namespace_name(*id)),
        NamespaceScope::Matching(selector) => match selector.requirements() {
            [] => "all namespaces".to_owned(),
            [Requirement { key, operator: Operator::In(names) }] if &**key == NAMESPACE_NAME_LABEL => {
                format!("namespace{} {}", if names.len() == 1 { "" } else { "s" }, names.join(", "))
            }
            _ => format!("namespaces with {selector}"),
        },
    }
}

fn is_everything(selector: &Selector) -> bool {
    selector.requirements().is_empty()
}

/// A port entry as a phrase: "TCP 80", "TCP 8000-8080", "UDP port `dns`", "all TCP ports".
pub(super) fn port(entry: &PortMatch) -> String {
    let protocol = entry.protocol;
    match &entry.ports {
        PortSelection::Range(Port::MIN, Port::MAX) => format!("all {protocol} ports"),
        PortSelection::Range(first, last) if first == last => format!("{protocol} {first}"),
        PortSelection::Range(first, last) => format!("{protocol} {first}-{last}"),
        PortSelection::Name(name) => format!("{protocol} port `{name}`"),
    }
}

/// Why a peer does not match.
pub(super) fn peer_miss(cluster: &Cluster, peer: Option<&Peer>, miss: &PeerMiss) -> String {
    let block = match peer {
        Some(Peer::Addresses(block)) => Some(block),
        _ => None,
    };
    let network = block.map(|block| block.network.to_string()).unwrap_or_default();
    match miss {
        PeerMiss::NotAPod => "the other end is no pod, and selectors match pods only".to_owned(),
        PeerMiss::HostNetwork => "the other end is on its node's network, where selectors do not match".to_owned(),
        PeerMiss::Unmet(unmet) => unmet.iter().map(|unmet| unmet_text(cluster, unmet)).collect::<Vec<_>>().join("; "),
        PeerMiss::OutsideBlock(address) => format!("{address} is outside {network}"),
        PeerMiss::InExcept(address, index) => {
            let hole = block.and_then(|block| block.except.get(*index)).map(ToString::to_string).unwrap_or_default();
            format!("{address} is in the exception {hole} of {network}")
        }
        PeerMiss::UnknownAddress => "the other end's address is not known, and no block matches that".to_owned(),
        PeerMiss::OtherFamily(family) => format!("the flow runs over {}, and {network} does not", family.name()),
        PeerMiss::NoAddress => "the other end has no address that this flow could use".to_owned(),
        PeerMiss::PodAddress => "the other end is a pod, which no block matches with --ip-blocks external".to_owned(),
    }
}

fn unmet_text(cluster: &Cluster, unmet: &Unmet) -> String {
    let name = |id: &NamespaceId| cluster.namespace_name(*id).to_owned();
    match unmet {
        Unmet::Namespace { has, wants } => {
            format!("the namespace is `{}`, the rule wants the policy's own, `{}`", name(has), name(wants))
        }
        Unmet::NamespaceLabel(_, miss) if &*miss.requirement.key == NAMESPACE_NAME_LABEL => {
            label_miss("the namespace", "", miss)
        }
        Unmet::NamespaceLabel(id, miss) => {
            let key = &miss.requirement.key;
            label_miss(&format!("{key} of namespace `{}`", name(id)), &format!("namespace `{}`", name(id)), miss)
        }
        Unmet::PodLabel(miss) => label_miss(&miss.requirement.key, "the pod", miss),
    }
}

/// What a label is and what the rule wants; `label` is what has the value, `owner` what lacks the label.
fn label_miss(label: &str, owner: &str, miss: &LabelMiss) -> String {
    let key = &miss.requirement.key;
    match (&miss.requirement.operator, &miss.value) {
        (Operator::In(values), Some(value)) => format!("{label} is `{value}`, the rule wants {}", one_of(values)),
        (Operator::In(values), None) => format!("{owner} lacks label `{key}`, the rule wants {}", one_of(values)),
        (Operator::Exists, _) => format!("{owner} lacks label `{key}`"),
        (Operator::NotIn(_), Some(value)) => format!("{label} is `{value}`, which the rule excludes"),
        (_, Some(value)) => format!("{label} is `{value}`, the rule wants no label `{key}`"),
        (_, None) => format!("nothing meets what the rule wants of label `{key}`"),
    }
}

/// "`a`, `b` or `c`".
fn one_of(values: &[Box<str>]) -> String {
    let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
    match values.as_slice() {
        [several @ .., last] if !several.is_empty() => format!("{} or {last}", several.join(", ")),
        values => values.concat(),
    }
}

/// Why the ports of a rule do not match, a line each; none when they do.
pub(super) fn port_misses(flow: &Flow, miss: &RuleMiss) -> Vec<String> {
    let Some(allowed) = &miss.allowed else { return Vec::new() };
    let Flow { port, protocol, .. } = flow;
    let mut lines = Vec::new();
    if !allowed.is_empty() {
        let other =
            if allowed.ports(*protocol).is_empty() { format!(", which is no {protocol}") } else { String::new() };
        lines.push(format!("port {port}/{protocol} is not among {allowed}{other}"));
    }
    for name in &miss.port_names {
        let line = port_name_miss(name);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// What a port name of a rule stands for, or why it stands for nothing.
pub(super) fn port_name_miss(unmet: &UnmetPortName) -> String {
    let UnmetPortName { name, protocol, why } = unmet;
    match why {
        PortNameMiss::NotAPod => format!("port name `{name}` matches on pods only, and the destination is no pod"),
        PortNameMiss::HostNetwork => {
            format!("port name `{name}` does not count on the destination, which is on its node's network")
        }
        PortNameMiss::Missing(names) if names.is_empty() => {
            format!("the destination has no port named `{name}`, nor any other named port")
        }
        PortNameMiss::Missing(names) => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("the destination has no port named `{name}`; it has {}", names.join(", "))
        }
        PortNameMiss::OtherProtocol(ports) => {
            let ports: Vec<String> = ports.iter().map(|(protocol, port)| format!("{protocol} {port}")).collect();
            format!("port `{name}` of the destination is {}, the rule wants {protocol}", ports.join(", "))
        }
        PortNameMiss::OtherPort(ports) => {
            let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
            format!("port `{name}` of the destination is {protocol} {}", ports.join(","))
        }
    }
}

#[cfg(test)]
mod tests {
    use netpol::explain::Reason;
    use netpol::source::Sources;
    use netpol::{Engine, EngineOptions, flow, model};

    use super::*;

    /// A web pod with addresses and ports, one without any, one of the other family, one on its node's network and one in another
    /// namespace.
    const PODS: &str = "
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { team: blue } }
---
apiVersion: v1
kind: Namespace
metadata: { name: other }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web, tier: front } }
spec:
  containers:
    - ports: [{ name: http, containerPort: 8080 }, { name: dns, containerPort: 53, protocol: UDP }]
status: { podIP: 10.0.0.9 }
---
apiVersion: v1
kind: Pod
metadata: { name: bare, namespace: shop }
---
apiVersion: v1
kind: Pod
metadata: { name: six, namespace: shop, labels: { app: six } }
status: { podIP: 'fd00::6' }
---
apiVersion: v1
kind: Pod
metadata: { name: node, namespace: shop, labels: { app: node } }
spec: { hostNetwork: true, containers: [{ ports: [{ name: http, containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Pod
metadata: { name: far, namespace: other, labels: { app: web } }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: p, namespace: shop }
";

    fn engine(spec: &str) -> Engine {
        let mut sources = Sources::default();
        sources.add("test.yaml", format!("{PODS}spec: {spec}\n"));
        let loaded = netpol::load(&sources);
        let resolved = netpol::resolve(loaded.objects, &EngineOptions::default());
        assert_eq!((loaded.diagnostics, resolved.diagnostics), (Vec::new(), Vec::new()), "{spec}");
        netpol::compile(resolved.cluster, EngineOptions::default())
    }

    /// What is said of the one rule that does not match.
    fn lines(spec: &str, asked: &str) -> Vec<String> {
        let engine = engine(spec);
        let cluster = engine.cluster();
        let explanation = engine.explain(&flow::parse(asked, cluster).unwrap()[0]);
        let sides = [&explanation.egress, &explanation.ingress];
        let (direction, misses) = sides
            .into_iter()
            .find_map(|side| match &side.reason {
                Reason::NoRule(misses) => Some((side.direction, misses)),
                _ => None,
            })
            .unwrap_or_else(|| panic!("{asked} passes {spec}"));
        let nearest = misses[0].nearest.as_ref().unwrap();
        let rule = model::rule(cluster, misses[0].policy, direction, nearest.rule).unwrap();
        let peers = rule.peers.iter().flatten().zip(&nearest.peer_misses);
        let peers = peers.map(|(peer, miss)| peer_miss(cluster, Some(peer), miss));
        peers.chain(port_misses(&explanation.flow, nearest)).collect()
    }

    fn ingress(rule: &str) -> String {
        format!("{{ podSelector: {{ matchLabels: {{ app: six }} }}, ingress: [{rule}] }}")
    }

    fn egress(rule: &str) -> String {
        format!("{{ policyTypes: [Egress], egress: [{rule}] }}")
    }

    #[test]
    fn a_peer_that_does_not_match_is_told_by_what_it_has() {
        let to = |peer: &str| egress(&format!("{{ to: [{peer}] }}"));
        for (peer, asked, expected) in [
            (
                "{ podSelector: { matchLabels: { app: api } } }",
                "shop/bare -> shop/web:80",
                "app is `web`, the rule wants `api`",
            ),
            (
                "{ podSelector: { matchLabels: { app: api, tier: back } } }",
                "shop/bare -> shop/web:80",
                "app is `web`, the rule wants `api`; tier is `front`, the rule wants `back`",
            ),
            (
                "{ podSelector: { matchLabels: { app: api } } }",
                "shop/web -> shop/bare:80",
                "the pod lacks label `app`, the rule wants `api`",
            ),
            (
                "{ podSelector: { matchExpressions: [{ key: app, operator: In, values: [a, b, c] }] } }",
                "shop/bare -> shop/web:80",
                "app is `web`, the rule wants `a`, `b` or `c`",
            ),
            (
                "{ podSelector: { matchExpressions: [{ key: app, operator: NotIn, values: [web] }] } }",
                "shop/bare -> shop/web:80",
                "app is `web`, which the rule excludes",
            ),
            (
                "{ podSelector: { matchExpressions: [{ key: app, operator: Exists }] } }",
                "shop/web -> shop/bare:80",
                "the pod lacks label `app`",
            ),
            (
                "{ podSelector: { matchExpressions: [{ key: app, operator: DoesNotExist }] } }",
                "shop/bare -> shop/web:80",
                "app is `web`, the rule wants no label `app`",
            ),
            (
                "{ podSelector: { matchLabels: { app: api } } }",
                "shop/bare -> other/far:80",
                "the namespace is `other`, the rule wants the policy's own, `shop`; app is `web`, the rule wants `api`",
            ),
            (
                "{ namespaceSelector: { matchLabels: { team: red } } }",
                "shop/bare -> shop/web:80",
                "team of namespace `shop` is `blue`, the rule wants `red`",
            ),
            (
                "{ namespaceSelector: { matchLabels: { team: red } } }",
                "shop/bare -> other/far:80",
                "namespace `other` lacks label `team`, the rule wants `red`",
            ),
            (
                "{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: shop } } }",
                "shop/bare -> other/far:80",
                "the namespace is `other`, the rule wants `shop`",
            ),
            (
                "{ podSelector: {} }",
                "shop/bare -> 10.9.9.9:80",
                "the other end is no pod, and selectors match pods only",
            ),
            (
                "{ podSelector: {} }",
                "shop/bare -> shop/node:80",
                "the other end is on its node's network, where selectors do not match",
            ),
            ("{ ipBlock: { cidr: 10.1.0.0/16 } }", "shop/bare -> shop/web:80", "10.0.0.9 is outside 10.1.0.0/16"),
            (
                "{ ipBlock: { cidr: 10.0.0.0/8, except: [10.7.0.0/16, 10.0.0.0/24] } }",
                "shop/bare -> shop/web:80",
                "10.0.0.9 is in the exception 10.0.0.0/24 of 10.0.0.0/8",
            ),
            (
                "{ ipBlock: { cidr: 10.0.0.0/8 } }",
                "shop/web -> shop/bare:80",
                "the other end's address is not known, and no block matches that",
            ),
            (
                "{ ipBlock: { cidr: 10.0.0.0/8 } }",
                "shop/bare -> [2001:db8::1]:80",
                "the flow runs over IPv6, and 10.0.0.0/8 does not",
            ),
            (
                "{ ipBlock: { cidr: 10.0.0.0/8 } }",
                "shop/web -> shop/six:80",
                "the other end has no address that this flow could use",
            ),
        ] {
            assert_eq!(lines(&to(peer), asked), [expected], "{asked} with {peer}");
        }
    }

    #[test]
    fn a_port_that_does_not_match_is_told_by_what_the_rule_allows_there() {
        for (ports, asked, expected) in [
            ("{ port: 80 }, { port: 443 }", "web:8080", &["port 8080/TCP is not among TCP 80,443"][..]),
            ("{ port: 8000, endPort: 8079 }", "web:8080", &["port 8080/TCP is not among TCP 8000-8079"]),
            ("{ port: 53 }", "web:53/UDP", &["port 53/UDP is not among TCP 53, which is no UDP"]),
            ("{ protocol: TCP }", "web:53/UDP", &["port 53/UDP is not among TCP all ports, which is no UDP"]),
            (
                "{ port: http }",
                "web:80",
                &["port 80/TCP is not among TCP 8080", "port `http` of the destination is TCP 8080"],
            ),
            ("{ port: dns }", "web:53", &["port `dns` of the destination is UDP 53, the rule wants TCP"]),
            ("{ port: dns }", "web:53/UDP", &["port `dns` of the destination is UDP 53, the rule wants TCP"]),
            ("{ port: admin }", "web:80", &["the destination has no port named `admin`; it has `dns`, `http`"]),
            ("{ port: http }", "six:80", &["the destination has no port named `http`, nor any other named port"]),
            (
                "{ port: admin }, { port: admin }, { port: 81 }",
                "web:80",
                &["port 80/TCP is not among TCP 81", "the destination has no port named `admin`; it has `dns`, `http`"],
            ),
            (
                "{ port: http }",
                "node:8080",
                &["port name `http` does not count on the destination, which is on its node's network"],
            ),
        ] {
            let asked = format!("shop/bare -> shop/{asked}");
            assert_eq!(lines(&egress(&format!("{{ ports: [{ports}] }}")), &asked), expected, "{asked} with {ports}");
        }
        let outside = lines(&egress("{ ports: [{ port: https }] }"), "shop/bare -> 10.9.9.9:443");
        assert_eq!(outside, ["port name `https` matches on pods only, and the destination is no pod"]);
    }

    #[test]
    fn the_rule_that_takes_the_least_to_match_is_the_nearest() {
        let spec = "{ from: [{ podSelector: { matchLabels: { app: a, tier: b } } }] }, \
                    { from: [{ podSelector: { matchLabels: { app: web, tier: back } } }] }, \
                    { from: [{ podSelector: { matchLabels: { app: web } } }], ports: [{ port: 81 }] }, { ports: [{ port: 82 }] }";
        assert_eq!(lines(&ingress(spec), "shop/web -> shop/six:80"), ["port 80/TCP is not among TCP 81"]);
        let spec = "{ from: [{ podSelector: { matchLabels: { app: a, tier: b } } }] }, \
                    { from: [{ podSelector: { matchLabels: { app: web, tier: back } } }] }";
        assert_eq!(lines(&ingress(spec), "shop/web -> shop/six:80"), ["tier is `front`, the rule wants `back`"]);
    }
}
