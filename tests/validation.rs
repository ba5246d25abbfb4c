//! What the API server refuses of a NetworkPolicy (V1 to V27, W1 to W3): each number with a policy that has it and one beside it that
//! has not.

use netpol::EngineOptions;
use netpol::diagnostic::Severity;
use netpol::options::Cidrs;
use netpol::source::Sources;

/// A policy, as replacements in a sound one, and what is said of it: `path: kind of error` per violation, in order.
type Row = (&'static str, Part, &'static str, &'static [&'static str]);

/// What of the policy a row writes.
#[derive(Clone, Copy)]
enum Part {
    Metadata,
    Selector,
    Port,
    Peer,
    Types,
}

use Part::{Metadata, Peer, Port, Selector, Types};

const LONG: &str = "a234567890123456789012345678901234567890123456789012345678901234";

const ROWS: &[Row] = &[
    ("V1", Metadata, "generateName: a-, namespace: shop", &[]),
    ("V2", Metadata, "name: A, namespace: shop", &["metadata.name: Invalid value"]),
    ("V2", Metadata, "name: a.b-c, namespace: shop", &[]),
    ("V2", Metadata, "generateName: -a, namespace: shop", &["metadata.generateName: Invalid value"]),
    ("V2", Metadata, "generateName: a.b-, namespace: shop", &[]),
    ("V5", Metadata, "name: a, namespace: a.b", &["metadata.namespace: Invalid value"]),
    ("V5", Metadata, "name: a, namespace: a-b", &[]),
    ("V6", Metadata, "name: a, namespace: shop, labels: { 'a b': c }", &["metadata.labels: Invalid value"]),
    ("V6", Metadata, "name: a, namespace: shop, labels: { a: 'b c' }", &["metadata.labels: Invalid value"]),
    ("V6", Metadata, "name: a, namespace: shop, labels: { example.com/a: b.C_d }", &[]),
    ("V7", Metadata, "name: a, namespace: shop, annotations: { 'a b': c }", &["metadata.annotations: Invalid value"]),
    ("V7", Metadata, "name: a, namespace: shop, annotations: { EXAMPLE.com/a: 'anything at all: {}' }", &[]),
    (
        "V8",
        Metadata,
        "name: a, namespace: shop, ownerReferences: [{ apiVersion: v1, kind: Pod, name: p }]",
        &["metadata.ownerReferences[0].uid: Invalid value"],
    ),
    (
        "V8",
        Metadata,
        "name: a, namespace: shop, ownerReferences: [{ apiVersion: v1, kind: Pod, name: p, uid: u }], finalizers: [example.com/f]",
        &[],
    ),
    ("V8", Metadata, "name: a, namespace: shop, finalizers: ['']", &["metadata.finalizers[0]: Invalid value"]),
    ("V9", Port, "{ protocol: tcp }", &["spec.ingress[0].ports[0].protocol: Unsupported value"]),
    ("V9", Port, "{ protocol: '' }", &["spec.ingress[0].ports[0].protocol: Unsupported value"]),
    ("V9", Port, "{ protocol: SCTP }", &[]),
    ("V10", Port, "{ port: 0 }", &["spec.ingress[0].ports[0].port: Invalid value"]),
    ("V10", Port, "{ port: 65536 }", &["spec.ingress[0].ports[0].port: Invalid value"]),
    ("V10", Port, "{ port: 65535 }", &[]),
    ("V11", Port, "{ port: 80, endPort: 79 }", &["spec.ingress[0].ports[0].endPort: Invalid value"]),
    ("V11", Port, "{ port: 80, endPort: 80 }", &[]),
    (
        "V12",
        Port,
        "{ port: 80, endPort: -1 }",
        &["spec.ingress[0].ports[0].endPort: Invalid value", "spec.ingress[0].ports[0].endPort: Invalid value"],
    ),
    ("V12", Port, "{ port: 80, endPort: 65536 }", &["spec.ingress[0].ports[0].endPort: Invalid value"]),
    ("V12", Port, "{ port: 80, endPort: 65535 }", &[]),
    ("V13", Port, "{ port: http, endPort: 90 }", &["spec.ingress[0].ports[0].endPort: Invalid value"]),
    ("V13", Port, "{ port: http }", &[]),
    ("V14", Port, "{ endPort: 90 }", &["spec.ingress[0].ports[0].endPort: Invalid value"]),
    ("V14", Port, "{}", &[]),
    ("V15", Port, "{ port: '80' }", &["spec.ingress[0].ports[0].port: Invalid value"]),
    ("V15", Port, "{ port: '' }", &["spec.ingress[0].ports[0].port: Invalid value"]),
    ("V15", Port, "{ port: a234567890123456 }", &["spec.ingress[0].ports[0].port: Invalid value"]),
    ("V15", Port, "{ port: Http }", &["spec.ingress[0].ports[0].port: Invalid value"]),
    ("V15", Port, "{ port: a--b }", &["spec.ingress[0].ports[0].port: Invalid value"]),
    ("V15", Port, "{ port: a- }", &["spec.ingress[0].ports[0].port: Invalid value"]),
    ("V15", Port, "{ port: a23456789012-45 }", &[]),
    ("V16", Peer, "{}", &["spec.ingress[0].from[0]: Required value"]),
    ("V16", Peer, "{ podSelector: null }", &["spec.ingress[0].from[0]: Required value"]),
    ("V16", Peer, "{ podSelector: {} }", &[]),
    ("V17", Peer, "{ podSelector: {}, ipBlock: { cidr: 10.0.0.0/8 } }", &["spec.ingress[0].from[0]: Forbidden"]),
    ("V17", Peer, "{ podSelector: {}, namespaceSelector: {} }", &[]),
    ("V18", Peer, "{ ipBlock: { except: [x] } }", &["spec.ingress[0].from[0].ipBlock.cidr: Required value"]),
    (
        "V19",
        Peer,
        "{ ipBlock: { cidr: 10.0.0.0, except: [x] } }",
        &["spec.ingress[0].from[0].ipBlock.cidr: Invalid value"],
    ),
    (
        "V19",
        Peer,
        "{ ipBlock: { cidr: 10.0.0.0/8, except: [x, 10.1.0.0/16] } }",
        &["spec.ingress[0].from[0].ipBlock.except[0]: Invalid value"],
    ),
    ("V19", Peer, "{ ipBlock: { cidr: '2001:db8::/64' } }", &[]),
    ("V19s", Peer, "{ ipBlock: { cidr: 10.1.0.0/8 } }", &["spec.ingress[0].from[0].ipBlock.cidr: Invalid value"]),
    ("V19s", Peer, "{ ipBlock: { cidr: 010.0.0.0/8 } }", &["spec.ingress[0].from[0].ipBlock.cidr: Invalid value"]),
    (
        "V19s",
        Peer,
        "{ ipBlock: { cidr: '::ffff:10.0.0.0/104' } }",
        &["spec.ingress[0].from[0].ipBlock.cidr: Invalid value"],
    ),
    (
        "V19x",
        Peer,
        "{ ipBlock: { cidr: 10.0.0.0/8, except: [10.0.0.0/8, 11.0.0.0/16, '2001:db8::/64', 10.1.0.0/16] } }",
        &[
            "spec.ingress[0].from[0].ipBlock.except[0]: Invalid value",
            "spec.ingress[0].from[0].ipBlock.except[1]: Invalid value",
            "spec.ingress[0].from[0].ipBlock.except[2]: Invalid value",
        ],
    ),
    ("V20", Selector, "matchLabels: { 'a/b/c': d }", &["spec.podSelector.matchLabels: Invalid value"]),
    ("V20", Selector, "matchLabels: { '/b': d }", &["spec.podSelector.matchLabels: Invalid value"]),
    ("V20", Selector, "matchLabels: { A.b_c: d }", &[]),
    ("V21", Selector, "matchLabels: { a: -b }", &["spec.podSelector.matchLabels: Invalid value"]),
    ("V21", Selector, "matchLabels: { a: '' }", &[]),
    (
        "V22",
        Selector,
        "matchExpressions: [{ key: a, operator: In }]",
        &["spec.podSelector.matchExpressions[0].values: Required value"],
    ),
    ("V22", Selector, "matchExpressions: [{ key: a, operator: NotIn, values: [b] }]", &[]),
    (
        "V23",
        Selector,
        "matchExpressions: [{ key: a, operator: Exists, values: [b] }]",
        &["spec.podSelector.matchExpressions[0].values: Forbidden"],
    ),
    ("V23", Selector, "matchExpressions: [{ key: a, operator: DoesNotExist, values: [] }]", &[]),
    (
        "V24",
        Selector,
        "matchExpressions: [{ key: a, operator: in, values: [b] }]",
        &["spec.podSelector.matchExpressions[0].operator: Invalid value"],
    ),
    (
        "V25",
        Selector,
        "matchExpressions: [{ key: '', operator: In, values: ['b c'] }]",
        &[
            "spec.podSelector.matchExpressions[0].key: Invalid value",
            "spec.podSelector.matchExpressions[0].values[0]: Invalid value",
        ],
    ),
    ("V26", Types, "[Ingress, Egress, x]", &["spec.policyTypes: Invalid value"]),
    ("V26", Types, "[Ingress, Ingress]", &[]),
    (
        "V27",
        Types,
        "[ingress, '']",
        &["spec.policyTypes[0]: Unsupported value", "spec.policyTypes[1]: Unsupported value"],
    ),
    ("V27", Types, "[]", &[]),
];

fn policy(part: Part, text: &str) -> String {
    let or = |wanted: fn(Part) -> bool, otherwise: &'static str| {
        if wanted(part) { text.to_owned() } else { otherwise.to_owned() }
    };
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{ {} }}\nspec:\n  podSelector: {{ {} }}\n  policyTypes: {}\n  ingress:\n    - from: [ {} ]\n      ports: [ {} ]\n",
        or(|part| matches!(part, Metadata), "name: a, namespace: shop"),
        or(|part| matches!(part, Selector), ""),
        or(|part| matches!(part, Types), "[Ingress]"),
        or(|part| matches!(part, Peer), "{ podSelector: {} }"),
        or(|part| matches!(part, Port), "{ port: 80 }"),
    )
}

/// `path: kind of error` of each violation, and how many policies are left.
fn said(text: &str, cidrs: Cidrs) -> (Vec<String>, usize) {
    let mut sources = Sources::default();
    sources.add("policy.yaml", text);
    let loaded = netpol::load(&sources);
    assert_eq!(loaded.diagnostics, [], "{text}");
    let resolved = netpol::resolve(loaded.objects, &EngineOptions { cidrs, ..EngineOptions::default() });
    let errors = resolved.diagnostics.iter().filter(|found| found.slug == "invalid-policy");
    let kind = |found: &netpol::diagnostic::Diagnostic| {
        let server = found.server.as_deref().expect("an error says what the API server says");
        server.splitn(3, ": ").take(2).collect::<Vec<_>>().join(": ")
    };
    (errors.map(kind).collect(), resolved.cluster.policies.len())
}

#[test]
fn every_number_has_a_policy_that_is_refused_and_one_that_is_not() {
    for (number, part, text, expected) in ROWS {
        let (found, policies) = said(&policy(*part, text), Cidrs::Strict);
        assert_eq!(found, *expected, "{number}: {text}");
        assert_eq!(policies == 1, expected.is_empty(), "{number}: {text}");
    }
}

#[test]
fn names_and_labels_have_a_length() {
    let label = |length: usize| format!("name: a, namespace: shop, labels: {{ a: {} }}", &LONG[..length]);
    assert_eq!(said(&policy(Metadata, &label(63)), Cidrs::Strict).0, [""; 0]);
    assert_eq!(said(&policy(Metadata, &label(64)), Cidrs::Strict).0, ["metadata.labels: Invalid value"]);
    let name = |length: usize| format!("name: {}, namespace: shop", "a".repeat(length));
    assert_eq!(said(&policy(Metadata, &name(253)), Cidrs::Strict).0, [""; 0]);
    assert_eq!(said(&policy(Metadata, &name(254)), Cidrs::Strict).0, ["metadata.name: Invalid value"]);
    let notes = |size: usize| format!("name: a, namespace: shop, annotations: {{ a: '{}' }}", "x".repeat(size - 1));
    assert_eq!(said(&policy(Metadata, &notes(262_144)), Cidrs::Strict).0, [""; 0]);
    assert_eq!(said(&policy(Metadata, &notes(262_145)), Cidrs::Strict).0, ["metadata.annotations: Invalid value"]);
}

#[test]
fn older_servers_warn_of_cidrs_that_newer_ones_refuse() {
    for (cidr, slug) in [
        ("10.1.0.0/8", "ambiguous-cidr"),
        ("010.0.0.0/8", "non-standard-cidr"),
        ("'::ffff:10.0.0.0/104'", "non-standard-cidr"),
        ("'2001:DB8::/64'", "non-canonical-cidr"),
    ] {
        let mut sources = Sources::default();
        sources.add("policy.yaml", policy(Peer, &format!("{{ ipBlock: {{ cidr: {cidr} }} }}")));
        let options = EngineOptions { cidrs: Cidrs::Legacy, ..EngineOptions::default() };
        let resolved = netpol::resolve(netpol::load(&sources).objects, &options);
        let warnings: Vec<&str> = resolved
            .diagnostics
            .iter()
            .filter(|found| found.severity == Severity::Warning)
            .map(|found| found.slug)
            .collect();
        assert_eq!(warnings, [slug], "{cidr}");
        assert_eq!(resolved.cluster.policies.len(), 1, "{cidr}");
    }
}

#[test]
fn all_violations_of_a_policy_are_told_in_the_order_of_the_server() {
    let text = "
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: A, namespace: a.b }
spec:
  podSelector: { matchLabels: { a: -b } }
  ingress:
    - ports: [{ port: 0 }]
      from: [{}]
  egress:
    - to: [{ ipBlock: { cidr: x } }]
      ports: [{ endPort: 1 }]
  policyTypes: [x]
";
    assert_eq!(
        said(text, Cidrs::Strict).0,
        [
            "metadata.name: Invalid value",
            "metadata.namespace: Invalid value",
            "spec.podSelector.matchLabels: Invalid value",
            "spec.ingress[0].ports[0].port: Invalid value",
            "spec.ingress[0].from[0]: Required value",
            "spec.egress[0].ports[0].endPort: Invalid value",
            "spec.egress[0].to[0].ipBlock.cidr: Invalid value",
            "spec.policyTypes[0]: Unsupported value",
        ]
    );
}

#[test]
fn what_has_no_name_is_refused() {
    let mut sources = Sources::default();
    sources.add("policy.yaml", policy(Metadata, "namespace: shop"));
    let resolved = netpol::resolve(netpol::load(&sources).objects, &EngineOptions::default());
    let found: Vec<&str> = resolved.diagnostics.iter().map(|found| found.message.as_str()).collect();
    assert!(found.iter().any(|message| message.contains("name")), "V1: {found:?}");
    assert_eq!(resolved.cluster.policies.len(), 0);
}

#[test]
fn a_port_with_a_fraction_is_a_number_in_yaml_and_none_in_json() {
    let objects = |path: &str, text: String| {
        let mut sources = Sources::default();
        sources.add(path, text);
        netpol::load(&sources).objects.len()
    };
    // kubectl makes JSON of YAML, and 80 of 80.0; JSON it sends as it is.
    assert_eq!(objects("policy.yaml", policy(Port, "{ port: 80.0 }")), 1);
    let json = |port: &str| {
        format!(
            r#"{{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{{"name":"a"}},"spec":{{"podSelector":{{}},"ingress":[{{"ports":[{{"port":{port}}}]}}]}}}}"#
        )
    };
    assert_eq!(objects("policy.json", json("80")), 1);
    assert_eq!(objects("policy.json", json("80.0")), 0);
}
