//! `netpol eval`: the verdict, who decided it and where that is written.

use serde_json::{Value, json};

use crate::manifests::{DATABASE, SHOP, WEB};
use crate::program::{Call, Run, Scratch, netpol};

/// Asks about a flow in the shop.
fn shop(from: &str, to: &str, port: &str) -> Run {
    netpol(&["eval", SHOP, "--from", from, "--to", to, "--port", port])
}

/// Asks about the database.
fn database(arguments: &[&str]) -> Run {
    let scratch = Scratch::new();
    scratch.write("database.yaml", DATABASE);
    scratch.netpol(&[&["eval", "database.yaml"], arguments].concat())
}

#[test]
fn an_allowed_flow_ends_with_status_0_and_names_policy_rule_peer_and_port_of_both_sides() {
    shop("shop-backend/checkout", "shop-data/postgres", "5432").ends_with(0).prints(&[
        "ALLOWED  shop-backend/checkout[Deployment] -> shop-data/postgres[StatefulSet]:5432/TCP",
        "egress   allowed by shop-backend/checkout, rule egress[2]",
        "to[0]     pods with app=postgres in namespace shop-data  examples/shop/shop-backend.yaml:307",
        "ports[0]  TCP 5432                                       examples/shop/shop-backend.yaml:314",
        "isolated by shop-backend/allow-dns (all pods), shop-backend/checkout (pods with app=checkout), \
         shop-backend/default-deny (all pods)",
        "ingress  allowed by shop-data/postgres, rule ingress[0]  examples/shop/shop-data.yaml:175",
        "examples/shop/shop-data.yaml:176",
    ]);
}

#[test]
fn a_selector_of_thousands_of_values_is_explained() {
    let values: Vec<String> = (0..20_000).map(|number| format!("v{number}")).collect();
    let scratch = Scratch::new();
    scratch.write(
        "long.yaml",
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{ name: a, namespace: x, labels: {{ k: v19999 }} }}\n---\n\
             apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{ name: long, namespace: x }}\nspec:\n  podSelector: {{}}\n  \
             policyTypes: [Ingress]\n  ingress: [{{ from: [{{ podSelector: {{ matchExpressions: [{{ key: k, operator: In, values: [{}] }}] }} }}] }}]\n---\n\
             apiVersion: v1\nkind: Pod\nmetadata: {{ name: b, namespace: x }}\n",
            values.join(", ")
        ),
    );
    let run = scratch.netpol(&["eval", "long.yaml", "--from", "x/a", "--to", "x/b", "--port", "80"]);
    run.ends_with(0).prints(&["allowed by x/long, rule ingress[0]", "long.yaml:11"]);
}

#[test]
fn a_denied_flow_ends_with_status_1_and_says_of_every_policy_why_it_does_not_match() {
    shop("shop-backend/payments", "198.51.100.245", "443").ends_with(1).prints(&[
        "DENIED   shop-backend/payments[Deployment] -> 198.51.100.245:443/TCP over IPv4: egress denies\n",
        "3 policies isolate shop-backend/payments[Deployment]",
        "shop-backend/default-deny selects all pods; it has no egress rule  examples/shop/shop-backend.yaml:164",
        "shop-backend/payments selects pods with app=payments; nearest: egress[0]  examples/shop/shop-backend.yaml:337",
        "to[0]: 198.51.100.245 is in the exception 198.51.100.240/28 of 198.51.100.0/24\n",
        "the port matches\n",
        "ingress  allowed because 198.51.100.245 is no pod",
    ]);
}

#[test]
fn the_port_that_a_rule_does_not_allow_is_named() {
    shop("shop-frontend/storefront", "shop-backend/catalog", "9464")
        .ends_with(1)
        .prints(&["port 9464/TCP is not among TCP 8080"]);
}

#[test]
fn ends_may_be_written_with_their_kind_and_the_way_output_has_them() {
    for from in [
        "shop-backend/checkout",
        "shop-backend/deployment/checkout",
        "shop-backend/checkout[Deployment]",
        "deploy/shop-backend/checkout",
    ] {
        shop(from, "shop-data/statefulset/postgres", "postgres").ends_with(0);
    }
}

#[test]
fn an_address_may_be_of_either_family() {
    for from in ["203.0.113.9", "2001:db8::9"] {
        shop(from, "shop-frontend/edge", "https").ends_with(0);
        shop(from, "shop-frontend/storefront", "3000").ends_with(1);
    }
}

#[test]
fn an_ipv6_address_may_be_in_brackets() {
    shop("[2001:db8::9]", "shop-frontend/edge", "https").ends_with(0);
    shop("shop-frontend/edge", "[2001:db8::9]", "443").ends_with(1).prints(&["-> [2001:db8::9]:443/TCP"]);
}

#[test]
fn what_is_not_there_ends_with_status_2_and_what_is_like_it_is_offered() {
    for (from, to, port, says) in [
        ("shop-frontent/edge", "shop-data/redis", "1", "did you mean `shop-frontend`?"),
        ("shop-frontend/egde", "shop-data/redis", "1", "did you mean `edge`?"),
        ("shop-frontend/edge", "shop-data/redis", "metric", "did you mean `metrics`?"),
        ("shop-frontend/edge", "service/shop-data/redsi", "6379", "did you mean `redis`?"),
        ("elsewhere/edge", "shop-data/redis", "1", "no namespace `elsewhere`"),
        ("shop-frontend/zzz", "shop-data/redis", "1", "there are `edge`, `storefront`"),
        ("shop-frontend/edge", "service/shop-backend/cart", "6379", "it has 80/TCP `grpc`"),
        ("shop-frontend/edge", "shop-data/redis", "0", "use 1 to 65535"),
        ("shop-frontend/edge", "shop-data/redis", "70000", "use 1 to 65535"),
        ("shop-frontend/edge", "shop-data/redis", "99999999999999999999", "use 1 to 65535"),
        ("shop-frontend/edge", "shop-data/redis", "", "use 1 to 65535"),
        ("shop-frontend/edge", "10.0.0.1", "https", "addresses have no named ports"),
        ("shop-frontend/edge", "a/b/c/d", "1", "is not an end of a flow"),
        ("10.0.0.1", "2001:db8::1", "1", "famil"),
    ] {
        let run = shop(from, to, port).ends_with(2).says(&["error: ", says]);
        assert_eq!(run.out, "", "{from} -> {to}:{port} is answered");
    }
}

#[test]
fn what_cannot_be_an_end_is_called_what_it_is() {
    for (from, to, says) in [
        ("1.2.3.400", "shop-data/redis", "`1.2.3.400` is not an IP address (each part is at most 255)"),
        ("shop-data/redis", "10.0.0.0/33", "is not a CIDR"),
        ("10.0.0.0/8", "shop-data/redis", "is a range of addresses"),
        ("10.0.0.0-10.255.255.255", "shop-data/redis", "is a range of addresses"),
        ("edge", "shop-data/redis", "write `namespace/name`: did you mean `shop-frontend/edge[Deployment]`?"),
        ("shop-frontend/edge", "shop-data/redis:6379", "--port"),
        ("service/shop-frontend/edge", "shop-data/redis", "a Service can only be a destination"),
        ("shop-frontend/pod/edge", "shop-data/redis", "there is `shop-frontend/edge[Deployment]`"),
        ("deploy/edge", "shop-data/redis", "did you mean `shop-frontend/edge[Deployment]`?"),
        ("shop-frontend/edge", "svc/redis", "did you mean `service/shop-data/redis`?"),
        ("ns/shop-frontend", "shop-data/redis", "a namespace is written without its kind"),
        ("node/one", "shop-data/redis", "a node is written as its address"),
    ] {
        shop(from, to, "6379").ends_with(2).says(&[says]);
    }
}

#[test]
fn a_name_that_two_kinds_share_asks_which_one() {
    database(&["--from", "shop/twin", "--to", "shop/db-1", "--port", "1"])
        .ends_with(2)
        .says(&["`shop/twin` may be any of `shop/twin[Deployment]`, `shop/twin[Pod]` (say which"]);
    database(&["--from", "shop/pod/twin", "--to", "shop/db-1", "--port", "1"]).ends_with(0);
    database(&["--from", "shop/deployment/twin", "--to", "shop/db-1", "--port", "1"]).ends_with(0);
}

#[test]
fn an_owner_is_not_hidden_by_another_of_its_name_nor_by_a_pod() {
    let pod = |name: &str, kind: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n  namespace: x\n  \
             ownerReferences: [{{ apiVersion: apps/v1, kind: {kind}, name: s, controller: true, uid: a }}]\n"
        )
    };
    let bare = "---\napiVersion: v1\nkind: Pod\nmetadata: { name: s, namespace: x }\n";
    let ask = |text: String, from: &str| {
        Call::new(&["eval", "-", "--from", from, "--to", "10.0.0.1", "--port", "1"]).reading(text).run()
    };
    let two = pod("s-a", "Deployment") + &pod("s-b", "StatefulSet");
    ask(two.clone(), "x/s").ends_with(2).says(&["may be any of `x/s[Deployment]`, `x/s[StatefulSet]`"]);
    ask(two.clone(), "x/s[StatefulSet]").ends_with(0).prints(&["x/s-b[Pod] -> 10.0.0.1:1/TCP"]);
    ask(two, "sts/x/s").ends_with(0).prints(&["x/s-b[Pod] -> 10.0.0.1:1/TCP"]);
    ask(pod("s-a", "Deployment") + bare, "x/s").ends_with(2).says(&["may be any of `x/s[Deployment]`, `x/s[Pod]`"]);
    ask(pod("s-a", "Deployment"), "x/s").ends_with(0);
}

#[test]
fn a_service_is_answered_endpoint_by_endpoint_and_in_all() {
    let to_service = ["--to", "service/shop/db", "--port", "sql"];
    database(&[&["--from", "shop/client"][..], &to_service].concat()).ends_with(1).prints(&[
        "PARTLY ALLOWED  shop/client -> service/shop/db:sql: 1 of 2 flows pass",
        "DENIED   shop/client[Deployment] -> shop/db-0[Pod]:5432/TCP",
        "ALLOWED  shop/client[Deployment] -> shop/db-1[Pod]:5433/TCP",
        "from[0]: app is `client`, the rule wants `twin`",
    ]);
    database(&[&["--from", "shop/pod/twin"][..], &to_service].concat())
        .ends_with(0)
        .prints(&["ALLOWED  shop/pod/twin -> service/shop/db:sql: 2 of 2 flows pass"]);
}

#[test]
fn a_service_in_json_has_a_summary_and_a_flow_per_endpoint() {
    let question = ["--from", "shop/client", "--to", "service/shop/db", "--port", "15432", "-o", "json"];
    let answer = one_object(&database(&question).ends_with(1));
    assert_eq!(answer["flow"], "shop/client -> service/shop/db:15432");
    assert_eq!(answer["verdict"], "mixed");
    let flows = answer["flows"].as_array().expect("a flow per endpoint");
    let told: Vec<_> = flows.iter().map(|flow| (flow["flow"].as_str().unwrap(), &flow["verdict"])).collect();
    assert_eq!(
        told,
        [
            ("shop/client[Deployment] -> shop/db-0[Pod]:5432/TCP", &json!("deny")),
            ("shop/client[Deployment] -> shop/db-1[Pod]:5433/TCP", &json!("allow")),
        ]
    );
}

#[test]
fn a_service_with_nothing_behind_it_is_an_error_that_says_why() {
    let ask = |service: &str| database(&["--from", "shop/client", "--to", service, "--port", "80"]).ends_with(2);
    ask("service/shop/nobody").says(&["`shop/nobody` has no endpoints", "`app=nobody`"]);
    ask("service/shop/elsewhere").says(&["`shop/elsewhere` has no selector"]);
    ask("shop/nobody").says(&["there is a Service of that name: `service/shop/nobody`"]);
}

/// Two pods behind Services of every sort; the second pod has no named port.
const SERVICES: &str = "\
apiVersion: v1
kind: Pod
metadata: { name: a, namespace: x, labels: { app: a } }
spec: { containers: [{ name: a, ports: [{ name: web, containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Pod
metadata: { name: b, namespace: x, labels: { app: b } }
---
apiVersion: v1
kind: Service
metadata: { name: a, namespace: x }
spec:
  clusterIP: 10.96.0.10
  selector: { app: a }
  ports: [{ name: http, port: 80, targetPort: web }, { name: admin, port: 81, targetPort: 9090 }]
---
apiVersion: v1
kind: Service
metadata: { name: headless, namespace: x }
spec: { clusterIP: None, selector: { app: a }, ports: [{ name: srv, port: 80, targetPort: web }] }
---
apiVersion: v1
kind: Service
metadata: { name: name, namespace: x }
spec: { type: ExternalName, externalName: example.com, selector: { app: a } }
---
apiVersion: v1
kind: Service
metadata: { name: targetless, namespace: x }
spec: { selector: { app: b }, ports: [{ port: 80, targetPort: web }] }
";

fn services(to: &str, arguments: &[&str]) -> Run {
    Call::new(&[&["eval", "-", "--from", "x/b", "--to", to], arguments].concat()).reading(SERVICES).run()
}

#[test]
fn a_service_that_cannot_be_answered_for_says_why() {
    services("svc/x/a", &["--port", "8080"])
        .ends_with(2)
        .says(&["has no port `8080`", "it has 80/TCP `http` to `web` of its pods, 81/TCP `admin` to 9090 of its pods"]);
    services("svc/x/a", &["--port", "80", "--protocol", "UDP"]).ends_with(2).says(&["has no port `80/UDP`"]);
    services("svc/x/name", &["--port", "80"]).ends_with(2).says(&["is an ExternalName", "an address"]);
    services("svc/x/targetless", &["--port", "80"]).ends_with(2).says(&["no pod behind it has a port named `web`"]);
}

#[test]
fn an_address_of_a_service_means_the_service() {
    for to in ["10.96.0.10", "service/x/a", "x/svc/a"] {
        services(to, &["--port", "80"]).ends_with(0).prints(&["x/b[Pod] -> x/a[Pod]:8080/TCP"]);
    }
    services("10.96.0.11", &["--port", "80"]).ends_with(0).prints(&["x/b[Pod] -> 10.96.0.11:80/TCP"]);
}

#[test]
fn a_headless_service_is_its_pods_with_the_port_as_it_is_given() {
    for (port, answered) in [("80", "80"), ("7", "7"), ("web", "8080"), ("srv", "8080")] {
        let flow = format!("x/b[Pod] -> x/a[Pod]:{answered}/TCP");
        services("service/x/headless", &["--port", port]).ends_with(0).prints(&[&flow]);
    }
    services("service/x/headless", &[]).ends_with(0).prints(&["x/b[Pod] -> x/a[Pod]: all connections"]);
}

#[test]
fn a_line_with_two_arrows_is_no_flow() {
    let scratch = Scratch::new();
    scratch.write("web.yaml", WEB);
    scratch.write("flows.txt", "shop/client -> shop/web -> shop/web:80\n");
    scratch.netpol(&["eval", "web.yaml", "--flows", "flows.txt"]).ends_with(2).says(&["has more than one arrow"]);
}

#[test]
fn a_question_without_a_port_lists_the_ports_that_may_pass() {
    let ask = |from: &str, to: &str| netpol(&["eval", SHOP, "--from", from, "--to", to]);
    ask("shop-frontend/storefront", "shop-backend/catalog")
        .ends_with(0)
        .prints(&["ALLOWED  shop-frontend/storefront[Deployment] -> shop-backend/catalog[Deployment]: TCP 8080\n"]);
    ask("shop-frontend/edge", "kube-system/coredns").ends_with(0).prints(&[": TCP 53; UDP 53\n"]);
    ask("shop-frontend/edge", "shop-data/redis").ends_with(1).prints(&["DENIED", ": no connections\n"]);
    netpol(&["eval", SHOP, "--from", "shop-frontend/edge", "--to", "kube-system/coredns", "--protocol", "udp"])
        .ends_with(0)
        .prints(&["[Deployment]: UDP 53\n"]);
}

#[test]
fn a_question_without_a_port_has_json_too() {
    let ask = ["eval", SHOP, "--from", "shop-frontend/edge", "--to", "kube-system/coredns", "-o", "json"];
    let answer = one_object(&netpol(&ask).ends_with(0));
    let dns = json!([{ "protocol": "TCP", "ports": ["53"] }, { "protocol": "UDP", "ports": ["53"] }]);
    let all = json!(["TCP", "UDP", "SCTP"].map(|protocol| json!({ "protocol": protocol, "ports": ["1-65535"] })));
    let pair = "shop-frontend/edge[Deployment] -> kube-system/coredns[Deployment]";
    assert_eq!(
        answer,
        json!({
            "flow": "shop-frontend/edge -> kube-system/coredns",
            "verdict": "allow",
            "protocols": ["TCP", "UDP", "SCTP"],
            "pairs": [{
                "flow": pair,
                "family": null,
                "allowed": dns,
                "egress": {
                    "allowed": dns,
                    "policies": ["shop-frontend/allow-dns", "shop-frontend/default-deny", "shop-frontend/edge"],
                },
                "ingress": { "allowed": all, "policies": [] },
            }],
        })
    );
}

#[test]
fn json_says_of_each_side_who_decided_and_where_that_is_written() {
    let ask = ["eval", SHOP, "--from", "shop-backend/payments", "--to", "198.51.100.7", "--port", "443", "-o", "json"];
    let run = netpol(&ask).ends_with(0);
    let start = "{\"flow\":\"shop-backend/payments -> 198.51.100.7:443\",\"verdict\":\"allow\",\"family\":\"ipv4\",\"egress\":{";
    assert!(run.out.starts_with(start), "{}", run.out);
    let at =
        |line: u32, column: u32| json!({ "path": "examples/shop/shop-backend.yaml", "line": line, "column": column });
    let policies = ["shop-backend/allow-dns", "shop-backend/default-deny", "shop-backend/payments"];
    assert_eq!(
        one_object(&run),
        json!({
            "flow": "shop-backend/payments -> 198.51.100.7:443",
            "verdict": "allow",
            "family": "ipv4",
            "egress": {
                "verdict": "allow",
                "decider": "shop-backend/payments/egress[0]",
                "policies": policies,
                "rule": {
                    "policy": "shop-backend/payments",
                    "path": "spec.egress[0]",
                    "location": at(337, 7),
                    "peer": { "path": "spec.egress[0].to[0]", "location": at(338, 11) },
                    "port": { "path": "spec.egress[0].ports[0]", "location": at(342, 13) },
                },
            },
            "ingress": { "verdict": "allow", "decider": "external", "policies": [] },
        })
    );
}

#[test]
fn json_says_of_a_denial_how_near_each_policy_came() {
    let scratch = Scratch::new();
    scratch.write("web.yaml", WEB);
    let ask = ["eval", "web.yaml", "--from", "shop/stranger", "--to", "shop/web", "--port", "80", "-o", "json"];
    let answer = one_object(&scratch.netpol(&ask).ends_with(1));
    assert_eq!(answer["egress"], json!({ "verdict": "allow", "decider": "default", "policies": [] }));
    assert_eq!(
        answer["ingress"],
        json!({
            "verdict": "deny",
            "decider": "isolated",
            "policies": ["shop/web"],
            "misses": [{
                "policy": "shop/web",
                "path": "spec.ingress[0]",
                "location": { "path": "web.yaml", "line": 24, "column": 7 },
                "rules": 1,
                "isPeerMatched": false,
                "isPortMatched": true,
                "peerMisses": ["app is `stranger`, the rule wants `client`"],
                "portMisses": [],
            }],
        })
    );
}

#[test]
fn json_says_which_ports_a_rule_allows_and_which_of_its_names_mean_nothing() {
    let scratch = Scratch::new();
    scratch.write(
        "web.yaml",
        WEB.replace("[{ port: 80 }]", "[{ port: admin }, { port: http, protocol: UDP }, { port: 81 }]"),
    );
    let ask = ["eval", "web.yaml", "--from", "shop/client", "--to", "shop/web", "--port", "80", "-o", "json"];
    let answer = one_object(&scratch.netpol(&ask).ends_with(1));
    let miss = &answer["ingress"]["misses"][0];
    assert_eq!(miss["allowed"], json!([{ "protocol": "TCP", "ports": ["81"] }]));
    assert_eq!(
        miss["unresolved"],
        json!([{ "name": "admin", "protocol": "TCP" }, { "name": "http", "protocol": "UDP" }])
    );
    assert_eq!(
        miss["portMisses"],
        json!([
            "port 80/TCP is not among TCP 81",
            "the destination has no port named `admin`; it has `http`",
            "port `http` of the destination is TCP 80, the rule wants UDP",
        ])
    );
}

#[test]
fn a_near_miss_says_which_rule_of_how_many_it_is() {
    let scratch = Scratch::new();
    scratch.write("web.yaml", format!("{WEB}    - from: [{{ ipBlock: {{ cidr: 10.0.0.0/8 }} }}]\n"));
    scratch
        .netpol(&["eval", "web.yaml", "--from", "shop/client", "--to", "shop/web", "--port", "81"])
        .ends_with(1)
        .prints(&[
            "-> shop/web[Pod]:81/TCP: ingress denies\n",
            "shop/web selects pods with app=web; nearest: ingress[0] of 2  web.yaml:24",
            "from[0] matches\n             port 81/TCP is not among TCP 80\n",
            "note: the address of the source is not in the manifests (D9): some address would allow this flow\n",
        ]);
}

#[test]
fn of_many_peers_and_of_many_outcomes_the_first_are_told_and_that_there_are_more() {
    let scratch = Scratch::new();
    let peers: Vec<String> =
        (0..6).map(|number| format!("{{ podSelector: {{ matchLabels: {{ app: peer-{number} }} }} }}")).collect();
    scratch.write("web.yaml", WEB.replace("{ podSelector: { matchLabels: { app: client } } }", &peers.join(", ")));
    let run = scratch.netpol(&["eval", "web.yaml", "--from", "shop/client", "--to", "shop/web", "--port", "80"]);
    let run = run
        .ends_with(1)
        .prints(&["from[3]: app is `client`, the rule wants `peer-3`\n", "2 more of `from` do not match"]);
    assert!(!run.out.contains("peer-4"), "{}", run.out);

    let mut text = String::from("apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n");
    for number in 0..4 {
        text += &format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{ name: p{number}, namespace: shop, labels: {{ app: p, number: p{number} }} }}\n\
             ---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{ name: p{number}, namespace: shop }}\n\
             spec: {{ podSelector: {{ matchLabels: {{ number: p{number} }} }}, ingress: [{{}}] }}\n"
        );
    }
    text += "---\napiVersion: v1\nkind: Service\nmetadata: { name: p, namespace: shop }\n\
             spec: { selector: { app: p }, ports: [{ port: 80 }] }\n";
    scratch.write("many.yaml", text);
    let run = scratch.netpol(&["eval", "many.yaml", "--from", "10.0.0.1", "--to", "service/shop/p"]).ends_with(0);
    let run =
        run.prints(&["4 of 4 flows pass", "allowed by shop/p2, rule", "other policies decide the rest of the flows"]);
    assert!(!run.out.contains("allowed by shop/p3"), "{}", run.out);
}

/// Pods of one family each, of both, and of none that is known, and a policy that lets them in by their IPv4 addresses.
const FAMILIES: &str = "\
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: Pod
metadata: { name: four, namespace: shop, labels: { app: four } }
status: { podIP: 10.0.0.4 }
---
apiVersion: v1
kind: Pod
metadata: { name: six, namespace: shop, labels: { app: six } }
status: { podIP: 'fd00::6' }
---
apiVersion: v1
kind: Pod
metadata: { name: both, namespace: shop, labels: { app: both } }
status: { podIP: 10.0.0.46, podIPs: [{ ip: 10.0.0.46 }, { ip: 'fd00::46' }] }
---
apiVersion: v1
kind: Pod
metadata: { name: other, namespace: shop, labels: { app: both } }
status: { podIP: 10.0.0.47, podIPs: [{ ip: 10.0.0.47 }, { ip: 'fd00::47' }] }
---
apiVersion: v1
kind: Pod
metadata: { name: third, namespace: shop, labels: { app: both } }
status: { podIP: 10.0.0.48 }
---
apiVersion: v1
kind: Service
metadata: { name: both, namespace: shop }
spec: { selector: { app: both }, ports: [{ port: 80 }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: by-address, namespace: shop }
spec: { ingress: [{ from: [{ ipBlock: { cidr: 10.0.0.0/8 } }], ports: [{ port: 80 }] }] }
";

#[test]
fn a_connection_that_cannot_be_made_is_said_to_be_none() {
    let scratch = Scratch::new();
    scratch.write("in.yaml", FAMILIES);
    let ask = |from: &str, to: &str, more: &[&str]| {
        scratch.netpol(&[&["eval", "in.yaml", "--from", from, "--to", to, "--port", "80"], more].concat())
    };
    ask("shop/four", "shop/six", &[]).ends_with(1).prints(&[
        "note: the source has IPv4 addresses only and the destination IPv6 ones only: no such connection can be made\n",
    ]);
    ask("shop/four", "shop/both", &["--family", "ipv6"])
        .ends_with(1)
        .prints(&["note: the source has no IPv6 address: no such connection can be made\n"]);
    ask("2001:db8::1", "shop/four", &[])
        .ends_with(1)
        .prints(&["note: the destination has no IPv6 address: no such connection can be made\n"]);
    ask("shop/other", "shop/both", &[]).ends_with(0).prints(&["note: policies deny this flow over IPv6\n"]);
}

#[test]
fn notes_on_the_flows_behind_a_service_are_told_once_with_how_many_they_are_about() {
    let scratch = Scratch::new();
    scratch.write("in.yaml", FAMILIES);
    let run = scratch.netpol(&["eval", "in.yaml", "--from", "shop/both", "--to", "service/shop/both"]).ends_with(0);
    let notes: Vec<&str> = run.out.lines().filter(|line| line.contains("note")).collect();
    assert_eq!(
        notes,
        [
            "  note on each of the flows: implementations differ here (D1): --ip-blocks external denies this flow",
            "  note on 2 of 3 flows: policies deny this flow over IPv6",
        ],
        "{}",
        run.out
    );
}

#[test]
fn a_question_without_a_port_says_what_it_is_about_what_each_side_allows_and_what_that_hangs_on() {
    let scratch = Scratch::new();
    scratch.write("in.yaml", FAMILIES);
    let ask = |more: &[&str]| {
        scratch.netpol(&[&["eval", "in.yaml", "--from", "shop/four", "--to", "shop/both"], more].concat())
    };
    ask(&[]).ends_with(0).prints(&[
        "ALLOWED  shop/four[Pod] -> shop/both[Pod] over IPv4: TCP 80\n",
        "asked    every port of TCP, UDP, SCTP\n",
        "egress   allowed because no policy isolates shop/four[Pod] for egress\n",
        "ingress  allowed on TCP 80 by shop/by-address\n",
        "note: implementations differ here (D1): --ip-blocks external denies TCP 80\n",
    ]);
    ask(&["--protocol", "udp"]).ends_with(1).prints(&["no connections\n", "asked    every port of UDP\n"]);
    let answer = one_object(&ask(&["-o", "json"]).ends_with(0));
    let caveats = json!([{ "decision": "D1", "message": "implementations differ here (D1): --ip-blocks external denies TCP 80" }]);
    assert_eq!(answer["pairs"][0]["caveats"], caveats);
}

#[test]
fn flows_are_answered_in_order_past_comments_blank_lines_and_what_is_no_flow() {
    let scratch = Scratch::new();
    scratch.write("web.yaml", WEB);
    let flows = "# who reaches the web server\r\n\
                 shop/client -> shop/web:80/TCP\r\n\
                 \n\
                 \t shop/stranger->shop/web:80 \n\
                 this is no flow\n\
                 shop/client -> shop/web:http\n\
                 shop/nobody -> shop/web:80\n\
                 shop/client -> shop/web\n\
                 10.0.0.1 -> [2001:db8::1]:80\n\
                 shop/web -> [2001:db8::1]:443/udp";
    scratch.write("flows.txt", flows);
    let expected = [
        ("shop/client -> shop/web:80/TCP", "allow"),
        ("shop/stranger -> shop/web:80", "deny"),
        ("this is no flow", "error"),
        ("shop/client -> shop/web:http", "allow"),
        ("shop/nobody -> shop/web:80", "error"),
        ("shop/client -> shop/web", "allow"),
        ("10.0.0.1 -> [2001:db8::1]:80", "error"),
        ("shop/web -> [2001:db8::1]:443/UDP", "allow"),
    ];
    let run = scratch.netpol(&["eval", "web.yaml", "--flows", "flows.txt", "-o", "json"]).ends_with(2);
    let told: Vec<(String, String)> = objects(&run)
        .iter()
        .map(|answer| {
            let verdict = if answer["error"].is_string() { "error" } else { answer["verdict"].as_str().unwrap() };
            (answer["flow"].as_str().unwrap().to_owned(), verdict.to_owned())
        })
        .collect();
    let told: Vec<_> = told.iter().map(|(flow, verdict)| (flow.as_str(), verdict.as_str())).collect();
    assert_eq!(told, expected);
    run.says(&[
        "flows.txt:5: error: `this is no flow` is not a flow",
        "flows.txt:7: error: no pod or workload `nobody`",
    ]);

    let run = scratch.netpol(&["eval", "web.yaml", "--flows", "flows.txt"]).ends_with(2);
    let verdicts: Vec<&str> =
        run.out.lines().filter_map(|line| line.split_once("  ")).map(|(word, _)| word.trim()).collect();
    let verdicts: Vec<&str> = verdicts.into_iter().filter(|word| ["ALLOWED", "DENIED"].contains(word)).collect();
    assert_eq!(verdicts, ["ALLOWED", "DENIED", "ALLOWED", "ALLOWED", "ALLOWED"]);
}

#[test]
fn flows_that_are_all_understood_end_with_status_0_whatever_their_verdicts() {
    let scratch = Scratch::new();
    scratch.write("web.yaml", WEB);
    let flows = "shop/stranger -> shop/web:80\nshop/client -> shop/web:81\n";
    let from_input = Call::new(&["eval", "web.yaml", "--flows", "-", "-o", "json"]).within(scratch.path());
    let run = from_input.reading(flows).run().ends_with(0);
    assert!(objects(&run).iter().all(|answer| answer["verdict"] == "deny"));
    let none = Call::new(&["eval", "web.yaml", "--flows", "-"]).within(scratch.path()).run().ends_with(0);
    assert_eq!(none.out, "");
}

#[test]
fn flows_that_begin_with_a_byte_order_mark_are_read() {
    let scratch = Scratch::new();
    scratch.write("web.yaml", WEB);
    scratch.write("flows.txt", "\u{feff}shop/client -> shop/web:80\r\n");
    scratch.netpol(&["eval", "web.yaml", "--flows", "flows.txt"]).ends_with(0);
}

#[test]
fn flows_that_cannot_be_read_are_an_error() {
    let scratch = Scratch::new();
    scratch.write("web.yaml", WEB);
    scratch.write("flows.bin", b"\xff\xfe\x00\x01");
    for file in ["flows.bin", "nowhere.txt", "."] {
        scratch.netpol(&["eval", "web.yaml", "--flows", file]).ends_with(2).says(&[&format!("cannot read `{file}`")]);
    }
}

#[test]
fn many_flows_take_no_time_to_speak_of() {
    let flows = "shop-backend/checkout -> shop-data/postgres:5432\n".repeat(2_000);
    let run = Call::new(&["eval", SHOP, "--flows", "-", "-o", "json"]).reading(flows).run().ends_with(0);
    assert_eq!(run.out.lines().count(), 2_000);
}

#[test]
fn manifests_may_come_from_standard_input() {
    let question = ["eval", "-", "--from", "shop/client", "--to", "shop/web", "--port", "80"];
    Call::new(&question).reading(WEB).run().ends_with(0).prints(&["allowed by shop/web, rule ingress[0]", "-:24"]);
}

/// The lines of an answer, each an object.
fn objects(run: &Run) -> Vec<Value> {
    run.out.lines().map(|line| serde_json::from_str(line).expect("each line is an object")).collect()
}

#[track_caller]
fn one_object(run: &Run) -> Value {
    let mut objects = objects(run);
    assert_eq!(objects.len(), 1, "{}", run.out);
    objects.remove(0)
}
