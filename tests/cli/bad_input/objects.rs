//! Objects with fields that they cannot have, that are not there, or that are there twice.

use crate::manifests::WEB;
use crate::program::Scratch;
use crate::{between_good, is_left_out, is_passed_over, is_refused};

/// A policy with that `spec`, whose fields begin in line 5 and column 3.
fn policy(spec: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{ name: bad, namespace: shop }}\nspec:\n{spec}\n"
    )
}

#[test]
fn fields_of_a_wrong_type_are_refused_where_they_are() {
    for (spec, line, column, says) in [
        ("  ingress: {}", 5, 12, "spec.ingress: "),
        ("  ingress: all", 5, 12, "spec.ingress: "),
        ("  ingress: [all]", 5, 13, "spec.ingress[0]: "),
        ("  egress:\n  - to: {}", 6, 9, "spec.egress[0].to: "),
        ("  egress:\n  - to: [web]", 6, 10, "spec.egress[0].to[0]: "),
        ("  egress:\n  - to: [{ ipBlock: 10.0.0.0/8 }]", 6, 21, "spec.egress[0].to[0].ipBlock: "),
        ("  egress:\n  - to: [{ ipBlock: { cidr: 10 } }]", 6, 29, "spec.egress[0].to[0].ipBlock.cidr: "),
        ("  egress:\n  - ports: { port: 80 }", 6, 12, "spec.egress[0].ports: "),
        ("  egress:\n  - ports: [80]", 6, 13, "spec.egress[0].ports[0]: "),
        ("  egress:\n  - ports: [{ port: 80.5 }]", 6, 21, "spec.egress[0].ports[0].port: "),
        ("  egress:\n  - ports: [{ port: [80] }]", 6, 21, "spec.egress[0].ports[0].port: "),
        ("  egress:\n  - ports: [{ port: 99999999999999999999999 }]", 6, 21, "spec.egress[0].ports[0].port: "),
        (
            "  egress:\n  - ports: [{ port: 18446744073709551615 }]",
            6,
            21,
            "must be a port number or a port name, and is the number 18446744073709551615",
        ),
        ("  egress:\n  - ports: [{ port: 1, endPort: \"2\" }]", 6, 33, "spec.egress[0].ports[0].endPort: "),
        ("  egress:\n  - ports: [{ port: 1, protocol: 6 }]", 6, 34, "spec.egress[0].ports[0].protocol: "),
        ("  podSelector: web", 5, 16, "spec.podSelector: "),
        ("  podSelector: { app: web }", 5, 18, "unknown field `app`"),
        ("  podSelector: { matchLabels: [app] }", 5, 31, "spec.podSelector.matchLabels: "),
        ("  podSelector: { matchLabels: { app: 1 } }", 5, 38, "spec.podSelector.matchLabels.app: "),
        ("  podSelector: { matchLabels: { app: true } }", 5, 38, "spec.podSelector.matchLabels.app: "),
        ("  podSelector: { matchLabels: { app: { x: y } } }", 5, 38, "spec.podSelector.matchLabels.app: "),
        ("  policyTypes: Ingress", 5, 16, "spec.policyTypes: "),
        ("  ingres: []", 5, 3, "unknown field `ingres`"),
        ("  ingress:\n  - form: []", 6, 5, "unknown field `form`"),
        ("  ingress:\n  - to: []", 6, 5, "unknown field `to`"),
    ] {
        println!("{spec}");
        is_refused(&policy(spec), line, column, &["error[invalid-object]", says, "left out"]);
    }
    for (bad, column) in [("spec: 3\n", 7), ("spec: []\n", 7), ("spec: x\n", 7)] {
        let metadata = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: bad }\n";
        is_refused(&format!("{metadata}{bad}"), 4, column, &["spec: ", "left out"]);
    }
}

#[test]
fn fields_of_a_policy_beside_its_spec_are_refused() {
    for (field, says) in [("ingress: []", "unknown field `ingress`"), ("sepc: {}", "did you mean `spec`?")] {
        let bad = format!("{}{field}\n", policy("  podSelector: {}"));
        is_refused(&bad, 6, 1, &["error[invalid-object]: NetworkPolicy shop/bad: ", says, "left out"]);
    }
    is_passed_over(&format!("{}status: {{}}\n", policy("  podSelector: {}").replace("shop }", "other }")));
}

#[test]
fn values_that_the_api_server_refuses_are_named_with_their_object() {
    for (spec, line, column, says) in [
        ("  egress:\n  - ports: [{ port: -1 }]", 6, 21, "-1 is not a port: use 1 to 65535"),
        ("  egress:\n  - ports: [{ port: 0 }]", 6, 21, "0 is not a port: use 1 to 65535"),
        ("  egress:\n  - ports: [{ port: 70000 }]", 6, 21, "70000 is not a port: use 1 to 65535"),
        ("  egress:\n  - ports: [{ port: \"80\" }]", 6, 21, "remove the quotes"),
        ("  egress:\n  - ports: [{ port: 80, endPort: 70 }]", 6, 34, "70 is less than `port`, 80"),
        ("  egress:\n  - ports: [{ port: 80, protocol: ICMP }]", 6, 35, "`ICMP` is not a protocol"),
        ("  egress:\n  - to: [{}]", 6, 10, "this peer is empty"),
        ("  egress:\n  - to: [{ ipBlock: { cidr: 10.0.0.0/33 } }]", 6, 29, "`10.0.0.0/33` is not a CIDR"),
        ("  policyTypes: [ingress]", 5, 17, "`ingress` is not a policy type"),
    ] {
        println!("{spec}");
        let spec = policy(spec);
        is_refused(&spec, line, column, &["error[invalid-policy]: NetworkPolicy shop/bad: ", says, "left out"]);
    }
}

#[test]
fn messages_about_types_are_in_words_of_kubernetes() {
    for (spec, word) in [
        ("  ingress: {}", "sequence"),
        ("  egress:\n  - to: [web]", "struct"),
        ("  egress:\n  - ports: [{ port: 1, endPort: \"2\" }]", "i64"),
        ("  egress:\n  - ports: [{ port: 99999999999999999999999 }]", "u128"),
    ] {
        let run = is_left_out("input.yaml", between_good(&policy(spec)).0, &["error[invalid-object]"]);
        assert!(!run.err.contains(word), "{}", run.err);
    }
}

#[test]
fn objects_that_cannot_be_decoded_are_named() {
    let text = between_good(&policy("  ingress: {}")).0;
    is_left_out("input.yaml", text, &["error[invalid-object]: NetworkPolicy shop/bad: spec.ingress"]);
}

#[test]
fn long_values_are_not_repeated_at_length() {
    let spec = format!("  podSelector: {{ matchLabels: {{ app: {} }} }}", "x".repeat(100_000));
    let run = is_left_out("input.yaml", between_good(&policy(&spec)).0, &["error[invalid-policy]"]);
    assert!(run.err.len() < 2_000, "{} bytes", run.err.len());
    let name = "x".repeat(100_000);
    let run = is_left_out(
        "input.yaml",
        between_good(&policy("  ingress: [{ ports: [{ port: 0 }] }]").replace("name: bad", &format!("name: {name}"))).0,
        &["error[invalid-policy]"],
    );
    assert!(run.err.len() < 2_000, "{} bytes", run.err.len());
}

#[test]
fn fields_that_are_there_twice_are_refused() {
    for (spec, line, column, field) in [
        ("  ingress: []\n  ingress: [{}]", 6, 3, "ingress"),
        ("  ingress:\n  - from: []\n    from: [{ podSelector: {} }]", 7, 5, "from"),
        ("  podSelector:\n    matchLabels:\n      app: web\n      app: client", 8, 7, "app"),
    ] {
        println!("{spec}");
        is_refused(
            &policy(spec),
            line,
            column,
            &["error[invalid-object]", "duplicate", &format!("`{field}`"), "left out"],
        );
    }
    is_refused("apiVersion: v1\nkind: Pod\nmetadata: { name: a, name: b }\n", 3, 22, &["duplicate", "`name`"]);
}

#[test]
fn fields_of_the_object_itself_that_are_there_twice_are_refused() {
    for twice in [
        policy("  podSelector: {}\nspec:\n  podSelector: {}\n  ingress: [{}]"),
        policy("  podSelector: {}\nkind: Pod"),
        policy("  podSelector: {}\nmetadata: { name: other, namespace: elsewhere }"),
    ] {
        is_left_out("input.yaml", between_good(&twice).0, &["error[invalid-object]", "duplicate"]);
    }
}

#[test]
fn metadata_that_is_none_is_refused() {
    for (metadata, line, column, says) in [
        ("metadata: []", 3, 11, "metadata: "),
        ("metadata: x", 3, 11, "metadata: "),
        ("metadata: { name: 1 }", 3, 19, "metadata.name: "),
        ("metadata: { name: x, namespace: 5 }", 3, 33, "metadata.namespace: "),
        ("metadata: { name: x, labels: [a] }", 3, 30, "metadata.labels: "),
        ("metadata: { name: x, labels: { a: 1 } }", 3, 35, "metadata.labels.a: "),
        ("metadata: { namespace: shop }", 3, 1, "no `metadata.name`"),
        ("metadata: { name: \"\" }", 3, 1, "no `metadata.name`"),
        ("metadata:", 3, 1, "no `metadata.name`"),
        ("spec: {}", 1, 1, "no `metadata.name`"),
    ] {
        for kind in ["apiVersion: v1\nkind: Pod", "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy"] {
            println!("{kind}\n{metadata}");
            is_refused(&format!("{kind}\n{metadata}\n"), line, column, &["error[invalid-object]", says, "left out"]);
        }
    }
    is_refused("apiVersion: v1\nkind: Namespace\nmetadata: {}\n", 3, 1, &["this Namespace has no `metadata.name`"]);
    is_refused("apiVersion: v1\nkind: [Pod]\n", 2, 7, &["kind: ", "left out"]);
    is_refused("apiVersion: 1\nkind: Pod\n", 1, 13, &["apiVersion: ", "left out"]);
}

#[test]
fn an_object_without_a_namespace_is_in_default_and_one_without_a_name_may_have_the_beginning_of_one() {
    let run = is_passed_over("apiVersion: v1\nkind: Pod\nmetadata: { generateName: job- }\n");
    assert!(run.out.contains("default/job-[Pod],shop/client[Pod],TCP,1-65535\n"), "{}", run.out);
    assert!(run.err.contains("no Namespace object for `default`"), "{}", run.err);
}

#[test]
fn pods_and_services_with_wrong_fields_are_refused_and_named_ports_without_a_number_warned_of() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: { name: p }\n";
    is_refused(&format!("{pod}spec: 3\n"), 4, 7, &["spec: "]);
    is_refused(&format!("{pod}spec: {{ containers: {{}} }}\n"), 4, 21, &["spec.containers: "]);
    is_refused(&format!("{pod}spec: {{ hostNetwork: \"true\" }}\n"), 4, 22, &["spec.hostNetwork: "]);
    let port = "spec: { containers: [{ ports: [{ name: a, containerPort: \"80\" }] }] }";
    is_refused(&format!("{pod}{port}\n"), 4, 58, &["spec.containers[0].ports[0].containerPort: "]);
    let service = "apiVersion: v1\nkind: Service\nmetadata: { name: s }\n";
    let port = "spec: { selector: { a: b }, ports: [{ port: 0 }] }";
    is_refused(&format!("{service}{port}\n"), 4, 39, &["Service default/s: this port is not valid"]);

    let scratch = Scratch::new();
    let (text, first) =
        between_good(&format!("{pod}spec: {{ containers: [{{ ports: [{{ name: a, containerPort: -80 }}] }}] }}\n"));
    scratch.write("input.yaml", text);
    let place = format!("input.yaml:{}:34: warning[invalid-container-port]: Pod default/p: port `a`", first + 3);
    scratch.netpol(&["reach", "input.yaml"]).ends_with(0).says(&[&place]);
}

#[test]
fn addresses_that_are_none_or_are_shared_are_warned_of() {
    let pod = |name: &str, address: &str| {
        format!("---\napiVersion: v1\nkind: Pod\nmetadata: {{ name: {name} }}\nstatus: {{ podIP: {address} }}\n")
    };
    let scratch = Scratch::new();
    let text = format!("{}{}{}", pod("a", "10.0.0.300"), pod("b", "10.0.0.3"), pod("c", "10.0.0.3"));
    scratch.write("pods.yaml", text);
    scratch.netpol(&["reach", "pods.yaml"]).ends_with(0).says(&[
        "pods.yaml:5:1: warning[invalid-address]: Pod default/a: `10.0.0.300` is not an IP address",
        "pods.yaml:15:1: warning[shared-address]: Pod default/c: `10.0.0.3` is also the address of `default/b`",
    ]);
}

#[test]
fn an_object_that_is_there_twice_is_fine_if_it_is_the_same() {
    let (pods, _) = crate::good();
    is_passed_over(pods);
    let scratch = Scratch::new();
    scratch.write("web.yaml", WEB);
    scratch.write("differs.yaml", WEB.replace("labels: { app: client }", "labels: { app: client, more: labels }"));
    let place = "error[duplicate-object]: Pod shop/client: defined more than once with different content";
    scratch.netpol(&["reach", "."]).ends_with(2).says(&[".yaml:5:1: ", place]);
    crate::survives(&scratch, ".");
}

#[test]
fn what_is_nearly_an_object_that_is_read_is_refused_and_not_passed_over() {
    let rest = "metadata: { name: x }\nspec: {}\n";
    for (bad, line, column, says) in [
        ("kind: Pod\n", 1, 7, "this Pod has no `apiVersion`"),
        ("apiVersion: v2\nkind: Pod\n", 1, 13, "there is no Pod in `v2`"),
        ("apiVersion: extensions/v1beta1\nkind: NetworkPolicy\n", 1, 13, "write `apiVersion: networking.k8s.io/v1`"),
        ("apiVersion: networking.k8s.io/v1\nkind: Networkpolicy\n", 2, 7, "write `kind: NetworkPolicy`"),
        ("apiVersion: networking.k8s.io/v1\nkind: NetworkPolcy\n", 2, 7, "did you mean `NetworkPolicy`?"),
        ("apiVersion: networking.k8s.io/v1\nknd: NetworkPolicy\n", 1, 1, "this object has no `kind`"),
    ] {
        println!("{bad}");
        is_refused(&format!("{bad}{rest}"), line, column, &["error[unknown-kind]", says, "left out"]);
    }
    is_refused("apiVersion: v1\nkind: List\nitem: [{}]\n", 2, 7, &["this List has no `items`"]);
    let calico = format!("apiVersion: crd.projectcalico.org/v1\nkind: NetworkPolicy\n{rest}");
    let scratch = Scratch::new();
    scratch.write("input.yaml", between_good(&calico).0);
    scratch.netpol(&["reach", "input.yaml"]).ends_with(0).says(&["warning[unsupported-policy]: ", "not evaluated"]);
}
