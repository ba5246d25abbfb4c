//! `netpol reach`: every format, every filter, and the same bytes for the same manifests.

use std::collections::BTreeMap;

use netpol_tests::case;
use serde_json::Value;

use crate::manifests::{CLIENT_TO_WEB, DATABASE, SHOP, WEB};
use crate::program::{Call, Scratch, netpol};

const FORMATS: [&str; 7] = ["table", "list", "matrix", "json", "csv", "md", "dot"];

/// What `reach` prints about some manifests.
fn reach(text: &str, arguments: &[&str]) -> String {
    Call::new(&[&["reach", "-", "-q"], arguments].concat()).reading(text).run().ends_with(0).out
}

/// What `reach` prints about the shop.
fn shop(arguments: &[&str]) -> String {
    netpol(&[&["reach", SHOP], arguments].concat()).ends_with(0).out
}

#[test]
fn json_is_the_documented_schema_and_sorted() {
    let answer: Value = serde_json::from_str(&shop(&["-o", "json"])).expect("the output is JSON");
    let endpoints = answer["endpoints"].as_array().expect("there are endpoints");
    let ids: Vec<&str> = endpoints.iter().map(|endpoint| endpoint["id"].as_str().unwrap()).collect();
    for endpoint in endpoints {
        let field = |name: &str| endpoint[name].as_str().unwrap_or_else(|| panic!("no {name} in {endpoint}"));
        if field("kind") == "External" {
            assert!(field("namespace").is_empty() && field("name").is_empty() && field("id").contains('-'));
        } else {
            assert_eq!(field("id"), format!("{}/{}[{}]", field("namespace"), field("name"), field("kind")));
        }
    }
    let (workloads, ranges) = ids.split_at(ids.iter().position(|id| !id.contains('/')).expect("there are ranges"));
    assert!(workloads.is_sorted() && ranges.iter().all(|id| !id.contains('/')), "{ids:?}");
    let place: BTreeMap<&str, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    assert_eq!(place.len(), ids.len(), "an id is there twice");

    let connections = answer["connections"].as_array().expect("there are connections");
    let end = |connection: &Value, name: &str| place[connection[name].as_str().unwrap()];
    let pairs: Vec<(usize, usize)> =
        connections.iter().map(|connection| (end(connection, "source"), end(connection, "destination"))).collect();
    assert!(pairs.is_sorted_by(|a, b| a < b), "connections are not sorted");
    assert!(pairs.iter().all(|(source, destination)| source != destination));
    for connection in connections {
        let allowed = connection["allowed"].as_array().expect("connections allow something");
        let protocols: Vec<&str> = allowed.iter().map(|entry| entry["protocol"].as_str().unwrap()).collect();
        let order = |protocol: &&str| ["TCP", "UDP", "SCTP"].iter().position(|known| known == protocol);
        assert!(!protocols.is_empty() && protocols.is_sorted_by_key(order), "{connection}");
        assert!(allowed.iter().all(|entry| !entry["ports"].as_array().unwrap().is_empty()), "{connection}");
    }
    let everything = "{\"protocol\":\"TCP\",\"ports\":[\"1-65535\"]}";
    assert!(answer.to_string().len() > 1_000 && shop(&["-o", "json"]).contains(everything));
}

#[test]
fn the_order_of_files_and_documents_changes_no_byte() {
    let scratch = Scratch::new();
    let documents = case::split(WEB);
    let mut named = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        let name = format!("{}.yaml", documents.len() - index);
        scratch.write(&name, document);
        named.push(name);
    }
    let reversed: String = documents.iter().rev().map(|document| format!("---\n{document}")).collect();
    scratch.write("reversed/all.yaml", reversed);
    scratch.write("list/all.json", in_a_list(&documents));
    for format in FORMATS {
        let expected = reach(WEB, &["-o", format]);
        let run = |paths: &[&str]| scratch.netpol(&[&["reach", "-q", "-o", format], paths].concat()).ends_with(0).out;
        let names: Vec<&str> = named.iter().map(String::as_str).collect();
        let backwards: Vec<&str> = names.iter().rev().copied().collect();
        assert_eq!(run(&names), expected, "{format}, file by file");
        assert_eq!(run(&backwards), expected, "{format}, file by file, backwards");
        assert_eq!(run(&["reversed"]), expected, "{format}, documents backwards");
        assert_eq!(run(&["list"]), expected, "{format}, a List in JSON");
        assert_eq!(run(&["."]), expected, "{format}, everything at once, each object three times");
    }
}

/// The same objects as a `kind: List` in JSON.
fn in_a_list(documents: &[String]) -> String {
    let items: Vec<Value> = documents.iter().map(|text| serde_yaml::from_str(text).expect("a manifest")).collect();
    serde_json::json!({ "apiVersion": "v1", "items": items, "kind": "List" }).to_string()
}

#[test]
fn a_file_that_is_named_twice_counts_once() {
    let scratch = Scratch::new();
    scratch.write("web.yaml", WEB);
    let absolute = scratch.path().join("web.yaml");
    let twice = ["reach", "web.yaml", "./web.yaml", absolute.to_str().unwrap(), ".", "-o", "csv"];
    assert_eq!(scratch.netpol(&twice).ends_with(0).out, reach(WEB, &["-o", "csv"]));
}

#[test]
fn a_list_has_a_line_per_pair() {
    let lines = shop(&["-o", "list"]);
    let listed: Vec<(&str, &str, &str)> = lines
        .lines()
        .map(|line| {
            let (source, rest) = line.split_once(" -> ").expect("a line has a source");
            let (destination, connections) = rest.rsplit_once(": ").expect("a line has connections");
            (source, destination, connections)
        })
        .collect();
    let answer: Value = serde_json::from_str(&shop(&["-o", "json"])).unwrap();
    assert_eq!(listed.len(), answer["connections"].as_array().unwrap().len());
    assert!(listed.contains(&("shop-frontend/storefront[Deployment]", "shop-backend/cart[Deployment]", "TCP 7070")));
}

#[test]
fn csv_has_four_fields_a_record_and_a_record_per_protocol() {
    let text = shop(&["-o", "csv"]);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("source,destination,protocol,ports"));
    for line in lines {
        // No name of the shop needs quotes; lists of ports do.
        let unquoted: String = line.split('"').step_by(2).collect();
        assert_eq!(unquoted.split(',').count(), 4, "{line}");
        let ports = line.split('"').nth(1).unwrap_or_else(|| line.rsplit(',').next().unwrap());
        assert!(ports.split([',', '-']).all(|port| port.parse::<u16>().is_ok()), "{line}");
    }
    assert!(text.contains("kube-system/coredns[Deployment],shop-frontend/edge[Deployment],TCP,\"8080,8443\"\n"));
    assert!(text.contains("shop-data/redis[StatefulSet],kube-system/coredns[Deployment],UDP,53\n"));
}

#[test]
fn markdown_is_a_table_of_three_columns() {
    let text = shop(&["-o", "md"]);
    assert!(text.starts_with("| Source | Destination | Connections |\n|---|---|---|\n"));
    assert!(text.lines().all(|line| line.starts_with('|') && line.ends_with('|') && line.matches('|').count() == 4));
}

#[test]
fn dot_is_a_graph_whose_edges_join_its_nodes() {
    let text = shop(&["-o", "dot"]);
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    assert_eq!((lines.first(), lines.last()), (Some(&"digraph reachability {"), Some(&"}")));
    assert_eq!(text.matches('{').count(), text.matches('}').count());
    let name = |text: &str| text.split('"').nth(1).expect("names are quoted").to_owned();
    let (edges, nodes): (Vec<&str>, Vec<&str>) =
        lines.into_iter().filter(|line| line.starts_with('"')).partition(|line| line.contains(" -> "));
    let nodes: Vec<String> = nodes.into_iter().map(name).collect();
    assert_eq!(edges.len(), shop(&["-o", "list"]).lines().count());
    for edge in edges {
        let (source, destination) = edge.split_once(" -> ").unwrap();
        assert!(nodes.contains(&name(source)) && nodes.contains(&name(destination)), "{edge}");
    }
    assert!(text.contains("label=\"shop-backend\""));
}

#[test]
fn a_matrix_has_the_rows_and_columns_that_are_asked_for() {
    for (filter, rows, columns) in [
        (&[][..], 24, 24),
        (&["--from", "shop-*"], 9, 24),
        (&["--to", "shop-data"], 24, 3),
        (&["--from", "shop-backend", "--to", "shop-data/postgres"], 4, 1),
    ] {
        let text = shop(&[&["-o", "matrix"], filter].concat());
        let grid = text.split("\n\n").next().unwrap();
        let heading: Vec<&str> = grid.lines().next().unwrap().split_whitespace().collect();
        assert_eq!((grid.lines().count() - 1, heading.len()), (rows, columns), "{filter:?}\n{grid}");
        let width = grid.lines().next().unwrap().chars().count();
        assert!(grid.lines().all(|row| row.chars().count() == width), "{grid}");
    }
}

#[test]
fn a_matrix_explains_every_sign_in_it() {
    let text = shop(&["-o", "matrix"]);
    let (grid, legend) = text.split_once("\n\n").unwrap();
    let signs: std::collections::BTreeSet<&str> =
        grid.lines().skip(1).flat_map(|row| row.split_whitespace().skip(2)).collect();
    let is_explained = |sign: &str| legend.lines().any(|line| line.starts_with(&format!("{sign} ")));
    for sign in signs.iter().filter(|sign| **sign != ".") {
        assert!(is_explained(sign), "{sign} is not explained in\n{legend}");
    }
    assert!(signs.contains("\\") && legend.contains(". none") && is_explained("a blank"), "{legend}");
    let text = shop(&["-o", "matrix", "--from", "shop-backend", "--to", "shop-data"]);
    assert!(!text.contains("a blank") && !text.contains("\\ itself"), "{text}");
}

#[test]
fn a_matrix_of_namespaces_has_one_row_and_column_each() {
    let text = shop(&["-o", "matrix", "--group", "namespace"]);
    let grid = text.split("\n\n").next().unwrap();
    for namespace in ["kube-system", "monitoring", "shop-backend", "shop-data", "shop-frontend"] {
        assert_eq!(grid.lines().filter(|row| row.contains(&format!(" {namespace} "))).count(), 1, "{grid}");
    }
    let text = shop(&["-o", "matrix", "--group", "namespace", "--to", "shop-data"]);
    assert_eq!(text.lines().next().unwrap().split_whitespace().count(), 1);
}

/// Two pods that no policy isolates, in a namespace each, and a third that is closed.
const OPEN_AND_CLOSED: &str = "\
apiVersion: v1
kind: Pod
metadata: { name: a, namespace: one }
---
apiVersion: v1
kind: Pod
metadata: { name: b, namespace: one }
---
apiVersion: v1
kind: Pod
metadata: { name: c, namespace: two }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: closed, namespace: two }
spec: { podSelector: {} }
";

#[test]
fn a_matrix_of_namespaces_counts_only_the_pairs_that_are_asked_about() {
    let row = |filter: &[&str], name: &str| {
        let text = reach(OPEN_AND_CLOSED, &[&["-o", "matrix", "--group", "namespace"], filter].concat());
        let row = text.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("no {name} in\n{text}"));
        row.split_once(name).unwrap().1.to_owned()
    };
    assert_eq!(row(&[], " one ").trim(), "# . # #");
    assert_eq!(row(&["--include-self"], " one ").trim(), "# . # #");
    assert_eq!(row(&["--include-self"], " two ").trim(), "# # # #");
    assert_eq!(row(&[], " two ").trim(), "# \\ # #");
    assert_eq!(row(&["--from", "one/a"], " one ").trim(), "# . # #");
    assert_eq!(row(&["--from", "one/a", "--to", "one/a"], " one").trim(), "\\");
    assert_eq!(row(&["-n", "two"], " one ").trim(), ".");
    assert_eq!(row(&["-n", "two"], " two ").trim(), "# \\ # #");
}

#[test]
fn filters_keep_what_they_name() {
    let lines = |arguments: &[&str]| -> Vec<String> {
        shop(&[&["-o", "list"], arguments].concat()).lines().map(str::to_owned).collect()
    };
    let all = lines(&[]);
    let kept = |keep: &dyn Fn(&str, &str) -> bool| -> Vec<String> {
        let ends = |line: &str| {
            let (source, rest) = line.split_once(" -> ").unwrap();
            keep(source, rest)
        };
        all.iter().filter(|line| ends(line)).cloned().collect()
    };
    let postgres = kept(&|_, to| to.starts_with("shop-data/postgres["));
    assert_eq!(postgres.len(), 4);
    for to in ["shop-data/postgres", "shop-data/statefulset/postgres", "shop-*/post*"] {
        assert_eq!(lines(&["--to", to]), postgres, "--to {to}");
    }
    assert_eq!(lines(&["--from", "monitoring"]), kept(&|from, _| from.starts_with("monitoring/")));
    assert_eq!(lines(&["--from", "monitoring", "--to", "shop-data"]).len(), 2);
    assert_eq!(
        lines(&["-n", "shop-data"]),
        kept(&|from, to| from.starts_with("shop-data/") || to.starts_with("shop-data/"))
    );
    assert_eq!(
        lines(&["--from", "shop-data/redis", "--from", "shop-data/postgres"]),
        kept(&|from, _| from.starts_with("shop-data/redis[") || from.starts_with("shop-data/postgres["))
    );
    let from_vpn = lines(&["--from", "10.200.3.4", "--to", "monitoring"]);
    assert_eq!(from_vpn, ["10.200.0.0-10.200.255.255 -> monitoring/grafana[Deployment]: TCP 3000"]);
}

#[test]
fn filters_of_ports_and_protocols_leave_the_other_ports_out() {
    let to_edge =
        |arguments: &[&str]| shop(&[&["-o", "list", "--from", "::1", "--to", "shop-frontend"], arguments].concat());
    let pair = "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff -> shop-frontend/edge[Deployment]";
    assert_eq!(to_edge(&[]), format!("{pair}: TCP 8080,8443\n"));
    assert_eq!(to_edge(&["--port", "8443"]), format!("{pair}: TCP 8443\n"));
    assert_eq!(to_edge(&["--port", "8000-8100", "--port", "1"]), format!("{pair}: TCP 8080\n"));
    assert_eq!(to_edge(&["--port", "443"]), "");
    assert_eq!(to_edge(&["--protocol", "udp"]), "");
    let dns = shop(&["-o", "list", "--from", "shop-data/redis", "--protocol", "UDP"]);
    assert_eq!(dns, "shop-data/redis[StatefulSet] -> kube-system/coredns[Deployment]: UDP 53\n");
}

#[test]
fn a_filter_of_the_family_leaves_addresses_of_the_other_one_out() {
    for format in ["list", "json", "dot", "matrix"] {
        assert!(!shop(&["-o", format, "--family", "ipv6"]).contains("10.200."), "{format}");
        assert!(!shop(&["-o", format, "--family", "ipv4"]).contains("::-ffff"), "{format}");
    }
    netpol(&["reach", SHOP, "--from", "10.0.0.1", "--family", "ipv6"]).ends_with(2).says(&["--family"]);
}

#[test]
fn a_filter_that_nothing_answers_to_is_an_error() {
    for (filter, says) in [
        (&["--from", "shop-fronted"][..], "did you mean `shop-frontend`?"),
        (&["--to", "shop-data/postgers"], "did you mean `postgres`?"),
        (&["-n", "nowhere"], "no namespace `nowhere`"),
        (&["-n", "shop-fronted"], "did you mean `shop-frontend`?"),
        (&["--from", "edge"], "did you mean `shop-frontend/edge[Deployment]`?"),
        (&["--from", "deploy/edge"], "did you mean `shop-frontend/edge[Deployment]`?"),
        (&["--from", "ns/shop-data"], "`shop-data` as a filter"),
        (&["--from", "shop-data/deployment/redis"], "there is `shop-data/redis[StatefulSet]`"),
        (&["--from", "shop-*/x*"], "no pod or workload is like `shop-*/x*`"),
        (&["--from", "1.2.3.400"], "is not an IP address"),
        (&["--to", "service/shop-data/nobody"], "no Service `nobody`"),
    ] {
        let run = netpol(&[&["reach", SHOP], filter].concat()).ends_with(2).says(&["error: ", says]);
        assert_eq!(run.out, "");
        netpol(&[&["diff", SHOP, SHOP], filter].concat()).ends_with(2).says(&[says]);
    }
}

#[test]
fn whatever_a_list_prints_may_be_a_filter() {
    let ends = |line: &str| -> [String; 2] {
        let (source, rest) = line.split_once(" -> ").unwrap();
        [source.to_owned(), rest.rsplit_once(": ").unwrap().0.to_owned()]
    };
    let all = shop(&["-o", "list"]);
    let sources: std::collections::BTreeSet<String> = all.lines().map(|line| ends(line)[0].clone()).collect();
    for source in sources {
        let expected: Vec<&str> = all.lines().filter(|line| ends(line)[0] == source).collect();
        assert_eq!(shop(&["-o", "list", "--from", &source]).lines().collect::<Vec<_>>(), expected, "{source}");
    }
}

#[test]
fn a_filter_may_be_an_id_of_the_output() {
    for id in ["shop-data/postgres[StatefulSet]", "10.200.0.0-10.200.255.255"] {
        assert_ne!(shop(&["-o", "list", "--to", id]), "");
    }
}

#[test]
fn a_pods_own_traffic_is_listed_on_request() {
    let itself = "shop/web[Pod] -> shop/web[Pod]: all connections\n";
    assert!(!reach(WEB, &["-o", "list"]).contains(itself));
    assert!(reach(WEB, &["-o", "list", "--include-self"]).contains(itself));
    let csv = reach(WEB, &["-o", "csv", "--include-self"]);
    assert!(csv.contains(CLIENT_TO_WEB) && csv.contains("shop/web[Pod],shop/web[Pod],TCP,1-65535\n"));
}

#[test]
fn nodes_are_listed_on_request() {
    let text = format!(
        "{}---\napiVersion: v1\nkind: Node\nmetadata: {{ name: one }}\n\
         status: {{ addresses: [{{ type: InternalIP, address: 10.0.0.7 }}] }}\n",
        WEB.replace("spec: { containers", "spec: { nodeName: one, containers")
    );
    assert!(!reach(&text, &["-o", "list"]).contains("10.0.0.7-"));
    let answer: Value = serde_json::from_str(&reach(&text, &["-o", "json", "--include-nodes"])).unwrap();
    let is_node = |endpoint: &&Value| endpoint["kind"] == "Node";
    let nodes: Vec<&Value> = answer["endpoints"].as_array().unwrap().iter().filter(is_node).collect();
    assert_eq!(nodes.len(), 1, "{answer}");
    let connections = answer["connections"].as_array().unwrap();
    let into_web =
        |connection: &&Value| connection["source"] == nodes[0]["id"] && connection["destination"] == "shop/web[Pod]";
    let kubelet = connections.iter().find(into_web).expect("a pod's own node gets in");
    assert_eq!(kubelet["allowed"][0]["ports"][0], "1-65535");
}

/// A web server that lets in the address of a pod, of a node, and a network.
const BLOCKS: &str = "\
apiVersion: v1
kind: Node
metadata: { name: one }
status: { addresses: [{ type: InternalIP, address: 10.0.0.7 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: client, namespace: x }
status: { podIP: 10.1.0.5 }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: x, labels: { app: web } }
status: { podIP: 10.1.0.6 }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web, namespace: x }
spec:
  podSelector: { matchLabels: { app: web } }
  ingress:
    - from:
        - ipBlock: { cidr: 10.1.0.5/32 }
        - ipBlock: { cidr: 10.0.0.7/32 }
        - ipBlock: { cidr: 192.168.0.0/16 }
      ports: [{ port: 80 }]
";

#[test]
fn addresses_of_pods_are_no_range_and_those_of_nodes_have_their_name() {
    let into_web = reach(BLOCKS, &["-o", "list", "--to", "x/web"]);
    let expected = "x/client[Pod] -> x/web[Pod]: TCP 80\n\
                    10.0.0.7[Node/one] -> x/web[Pod]: TCP 80\n\
                    192.168.0.0-192.168.255.255 -> x/web[Pod]: TCP 80\n";
    assert_eq!(into_web, expected);
    for format in FORMATS {
        let text = reach(BLOCKS, &["-o", format]);
        assert!(!text.contains("10.1.0.5-10.1.0.5"), "{format}\n{text}");
    }
    for format in ["table", "md", "list", "dot", "matrix"] {
        for nodes in [&[][..], &["--include-nodes"]] {
            let text = reach(BLOCKS, &[&["-o", format], nodes].concat());
            assert!(text.contains("10.0.0.7[Node/one]"), "{format}\n{text}");
        }
    }
}

#[test]
fn an_address_of_a_pod_means_the_pod_and_a_cidr_what_is_in_it() {
    let from = |end: &str| reach(BLOCKS, &["-o", "list", "--to", "x/web", "--from", end]);
    for client in ["10.1.0.5", "10.1.0.5/32", "10.1.0.5-10.1.0.5", "x/client[Pod]", "po/x/client"] {
        assert_eq!(from(client), "x/client[Pod] -> x/web[Pod]: TCP 80\n", "{client}");
    }
    for node in ["10.0.0.7", "10.0.0.7[Node/one]"] {
        assert_eq!(from(node), "10.0.0.7[Node/one] -> x/web[Pod]: TCP 80\n", "{node}");
    }
    let network = "192.168.0.0-192.168.255.255 -> x/web[Pod]: TCP 80\n";
    assert_eq!(from("192.168.7.7"), network);
    assert_eq!(from("192.0.0.0-192.255.255.255"), network);
    assert_eq!(from("192.168.7.0/24"), "192.168.7.0-192.168.7.255 -> x/web[Pod]: TCP 80\n");
    assert_eq!(from("10.1.0.0/24"), "x/client[Pod] -> x/web[Pod]: TCP 80\n");
    assert_eq!(from("10.1.0.6-10.255.255.255"), "");
}

#[test]
fn a_workload_whose_pods_are_told_apart_is_found_by_its_name_and_by_theirs() {
    let sources = |from: &str| -> Vec<String> {
        let text = reach(DATABASE, &["-o", "list", "--to", "shop/client", "--from", from]);
        text.lines().map(|line| line.split_once(" -> ").unwrap().0.to_owned()).collect()
    };
    for owner in ["shop/db", "shop/db[StatefulSet]", "shop/sts/db", "shop/d*", "service/shop/db"] {
        assert_eq!(sources(owner), ["shop/db-0[Pod]", "shop/db-1[Pod]"], "{owner}");
    }
    assert_eq!(sources("shop/db-1"), ["shop/db-1[Pod]"]);
    // A name that several have means all of them here.
    assert_eq!(sources("shop/twin"), ["shop/twin[Deployment]", "shop/twin[Pod]"]);
}

#[test]
fn many_cidrs_take_no_time_to_speak_of() {
    let peers: String = (0..20_000)
        .map(|i| format!("        - ipBlock: {{ cidr: 20.{}.{}.{}/32 }}\n", i >> 14, (i >> 6) & 255, (i & 63) * 4))
        .collect();
    let head = BLOCKS.split_once("        - ipBlock").unwrap().0;
    let ask = |arguments: &[&str]| {
        let run = Call::new(&[&["reach", "-"], arguments].concat()).reading(format!("{head}{peers}")).run();
        run.ends_with(0).out
    };
    assert_eq!(ask(&["-o", "csv", "--to", "x/web"]).lines().count(), 3 * 20_000 + 1);
    let matrix = ask(&["-o", "matrix"]);
    let rows: Vec<Vec<&str>> = matrix.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["1", "x", "+", "#", "#"]);
    assert_eq!(rows[1], ["2", "IPv4", "addresses", "+"]);
}

#[test]
fn that_nothing_may_pass_is_said_to_people_and_not_to_programs() {
    let closed = format!(
        "{}---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{ name: closed }}\n\
         spec: {{ podSelector: {{}}, policyTypes: [Ingress, Egress] }}\n",
        "apiVersion: v1\nkind: Pod\nmetadata: { name: alone }\n"
    );
    assert_eq!(reach(&closed, &[]), "no connection is allowed\n");
    assert_eq!(reach(&closed, &["-o", "list"]), "");
    assert_eq!(reach(&closed, &["-o", "csv"]), "source,destination,protocol,ports\n");
    let answer: Value = serde_json::from_str(&reach(&closed, &["-o", "json"])).unwrap();
    assert_eq!(answer["connections"], serde_json::json!([]));
}

#[test]
fn names_that_formats_could_take_for_their_own_signs_do_no_harm() {
    let odd = "apiVersion: v1\nkind: Pod\nmetadata: { name: \"a|b`c\\\"d,e\", namespace: x }\n---\n\
               apiVersion: v1\nkind: Pod\nmetadata: { name: \"line\\nbreak\\e[31m\", namespace: x }\n";
    let csv = reach(odd, &["-o", "csv"]);
    assert!(csv.contains("\"x/a|b`c\"\"d,e[Pod]\""), "{csv}");
    let dot = reach(odd, &["-o", "dot"]);
    assert!(dot.contains("\"x/a|b`c\\\"d,e[Pod]\""), "{dot}");
    serde_json::from_str::<Value>(&reach(odd, &["-o", "json"])).expect("the output is JSON");
    for format in ["table", "list", "matrix", "md", "csv", "dot"] {
        let text = reach(odd, &["-o", format]);
        assert!(!text.contains(['\x1b', '\u{9b}']), "{text}");
        let shown = if format == "dot" { "line\\\\nbreak\\\\u{1b}[31m" } else { "line\\nbreak\\u{1b}[31m" };
        assert!(text.contains(shown), "{format}:\n{text}");
    }
    let text = reach(odd, &["-o", "md"]);
    let bars = |line: &str| line.replace("\\|", "").matches('|').count();
    assert!(text.lines().all(|line| bars(line) == 4), "{text}");
    assert!(text.contains("| ``x/a\\|b`c\"d,e[Pod]`` |"), "{text}");
}
