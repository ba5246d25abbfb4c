//! Every field of every kind in every wrong shape: refused in words of Kubernetes and at a place in the object, or read.

use netpol::source::Sources;
use serde_json::{Value, json};

/// Objects in which every field that is read occurs.
fn objects() -> Vec<Value> {
    let metadata = json!({
        "name": "x", "generateName": "x-", "namespace": "shop", "labels": { "app": "web" }, "annotations": { "a": "b" },
        "ownerReferences": [{ "kind": "ReplicaSet", "name": "x", "controller": true }],
    });
    let selector = json!({
        "matchLabels": { "app": "web" },
        "matchExpressions": [{ "key": "tier", "operator": "In", "values": ["back"] }],
    });
    let ports = json!([{ "protocol": "TCP", "port": 80, "endPort": 90 }, { "port": "http" }]);
    let peers = json!([
        { "podSelector": selector, "namespaceSelector": selector },
        { "ipBlock": { "cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"] } },
    ]);
    let pod_spec = json!({
        "nodeName": "node", "hostNetwork": false, "serviceAccountName": "s", "serviceAccount": "s",
        "containers": [{ "ports": [{ "name": "http", "containerPort": 80, "protocol": "TCP" }], "restartPolicy": "Always" }],
        "initContainers": [{ "ports": [{ "containerPort": 80 }] }],
    });
    let template = json!({ "metadata": metadata, "spec": pod_spec });
    let object = |api_version: &str, kind: &str, spec: Value, status: Value| json!({ "apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec, "status": status });
    vec![
        object(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            json!({
                "podSelector": selector,
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [{ "from": peers, "ports": ports }],
                "egress": [{ "to": peers, "ports": ports }],
            }),
            Value::Null,
        ),
        object(
            "v1",
            "Pod",
            pod_spec.clone(),
            json!({
                "phase": "Running", "podIP": "10.0.0.1", "podIPs": [{ "ip": "10.0.0.1" }],
                "hostIP": "10.1.0.1", "hostIPs": [{ "ip": "10.1.0.1" }],
            }),
        ),
        object("apps/v1", "Deployment", json!({ "template": template }), Value::Null),
        object("batch/v1", "CronJob", json!({ "jobTemplate": { "spec": { "template": template } } }), Value::Null),
        object(
            "v1",
            "Service",
            json!({
                "selector": { "app": "web" }, "clusterIP": "None", "type": "ClusterIP",
                "ports": [{ "name": "http", "protocol": "TCP", "port": 80, "targetPort": "http" }],
            }),
            Value::Null,
        ),
        object("v1", "Node", Value::Null, json!({ "addresses": [{ "address": "10.0.0.9" }] })),
        object("v1", "Namespace", Value::Null, Value::Null),
    ]
}

/// The JSON pointers of all values within a value.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.replace('/', "~1"), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => return,
    };
    for (step, child) in children {
        let path = format!("{at}/{step}");
        pointers(child, &path, all);
        all.push(path);
    }
}

/// Reads a text and gives what is said about it; asserts that an object is read or refused, not lost.
fn findings(path: &str, text: &str) -> Vec<(String, String)> {
    let mut sources = Sources::default();
    sources.add(path, text);
    let loaded = netpol::load(&sources);
    assert!(!loaded.objects.is_empty() || !loaded.diagnostics.is_empty(), "lost: {text}");
    let place = |diagnostic: &netpol::diagnostic::Diagnostic| {
        let location = diagnostic.place.as_ref().map(|place| sources.resolve(place));
        location.map(|location| format!("{}:{}", location.line, location.column)).unwrap_or_default()
    };
    loaded.diagnostics.iter().map(|diagnostic| (place(diagnostic), diagnostic.message.clone())).collect()
}

#[test]
fn every_value_in_every_wrong_shape_is_refused_in_words_of_kubernetes_or_read() {
    let wrong = [
        json!(null),
        json!(true),
        json!(7),
        json!(-7),
        json!(7.5),
        json!("text"),
        json!([]),
        json!([{}]),
        json!([[null]]),
        json!({}),
        json!({ "odd": 1 }),
    ];
    let (mut refused, mut read) = (0, 0);
    for object in objects() {
        let mut paths = Vec::new();
        pointers(&object, "", &mut paths);
        for path in paths {
            for wrong in &wrong {
                let mut object = object.clone();
                *object.pointer_mut(&path).unwrap() = wrong.clone();
                let json = object.to_string();
                let in_json = findings("x", &json);
                for (_, message) in &in_json {
                    for word in ["invalid", "expected", "missing field", "struct", "sequence"] {
                        assert!(!message.contains(word), "{path} = {wrong}: {message}");
                    }
                }
                if in_json.is_empty() {
                    read += 1;
                } else {
                    refused += 1;
                }
                // The same value in YAML is the same to the reader.
                let in_yaml = findings("x", &serde_yaml::to_string(&object).unwrap());
                let messages = |findings: &[(String, String)]| -> Vec<String> {
                    findings.iter().map(|(_, message)| message.clone()).collect()
                };
                assert_eq!(messages(&in_json), messages(&in_yaml), "{path} = {wrong}");
            }
        }
    }
    // Both happen, in about the measure that the table of kinds suggests.
    assert!(refused > 1_000 && read > 300, "{refused} refused, {read} read");
}

#[test]
fn a_field_that_a_policy_cannot_have_is_refused_wherever_it_is() {
    let policy = objects().remove(0);
    let mut paths = Vec::new();
    pointers(&policy["spec"], "/spec", &mut paths);
    for path in paths {
        let mut policy = policy.clone();
        let Some(Value::Object(fields)) = policy.pointer_mut(&path) else { continue };
        fields.insert("unheard-of".to_owned(), json!("x"));
        let found = findings("x", &serde_yaml::to_string(&policy).unwrap());
        // Labels may have any key.
        assert_eq!(found.is_empty(), path.ends_with("matchLabels"), "{path}: {found:?}");
        assert!(found.iter().all(|(_, message)| message.contains("unknown field `unheard-of`")), "{path}: {found:?}");
    }
}

#[test]
fn all_flaws_of_an_object_are_told_each_at_its_place() {
    let text = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: bad, labels: { tier: 1 } }
spec:
  podSelectr: {}
  ingress:
    - from: { podSelector: {} }
      port: 80
    - ports:
        - port: 80
          endPort: \"90\"
          port: 81
";
    let places: Vec<(String, String)> = findings("bad.yaml", text)
        .into_iter()
        .map(|(place, message)| (place, message.split(';').next().unwrap().to_owned()))
        .collect();
    let expected = [
        ("3:40", "metadata.labels.tier: must be a string, and is the number 1"),
        ("5:3", "spec: unknown field `podSelectr`"),
        ("7:13", "spec.ingress[0].from: must be a list, and is a mapping"),
        ("8:7", "spec.ingress[0]: unknown field `port`"),
        ("12:11", "spec.ingress[1].ports[0]: duplicate key `port`"),
        ("11:20", "spec.ingress[1].ports[0].endPort: must be a whole number, and is the string `90`"),
    ];
    assert_eq!(places, expected.map(|(place, message)| (place.to_owned(), message.to_owned())));
}

#[test]
fn what_an_object_is_may_be_said_at_its_end() {
    for policy in [
        "spec: { podSelector: {}, ingress: [{ from: [] }] }\nmetadata: { name: x }\nkind: NetworkPolicy\napiVersion: networking.k8s.io/v1\n",
        "{\"spec\": {}, \"kind\": \"NetworkPolicy\", \"metadata\": {\"name\": \"x\"}, \"apiVersion\": \"networking.k8s.io/v1\"}",
        "items: [{ spec: {}, metadata: { name: x } }]\nkind: NetworkPolicyList\napiVersion: networking.k8s.io/v1\n",
        "items: [{ spec: {}, metadata: { name: x }, kind: NetworkPolicy, apiVersion: networking.k8s.io/v1 }]\n",
    ] {
        assert_eq!(findings("x", policy), [], "{policy}");
    }
    let twice = "spec:\n  ingress: []\n  ingress: [{}]\nkind: NetworkPolicy\napiVersion: networking.k8s.io/v1\n";
    let found = findings("x", twice);
    assert_eq!(found.len(), 1);
    assert!(found[0].0 == "3:3" && found[0].1.contains("duplicate key `ingress`"), "{found:?}");
}
