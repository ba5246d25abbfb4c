//! The shop of the examples on one node: the real programs, every pod to every other, the kernel's answers beside those of
//! `netpol reach`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

use netpol::Workspace;
use netpol::cluster::{Cluster, Endpoint};
use netpol::protocol::{Family, Port, Protocol};
use netpol_tests::case::workspace;
use netpol_tests::programs::build;
use serde_json::{Value, json};

use crate::net::{Net, Node};
use crate::probe::{Probe, wrong};

/// Somebody in each network that a policy of the shop names, and somebody in none.
const OUTSIDE: [&str; 6] = ["10.200.0.5", "172.20.0.5", "192.0.2.130", "198.51.100.5", "203.0.113.7", "2001:db8::7"];
/// Tried on everyone outside.
const OUTSIDE_PORTS: [(Protocol, u16); 3] = [(Protocol::Tcp, 443), (Protocol::Tcp, 6443), (Protocol::Udp, 53)];
/// A port that no container declares.
const UNDECLARED: (Protocol, u16) = (Protocol::Tcp, 9);
const NODE: &str = "worker-1";

/// An end of the mesh.
struct End {
    label: String,
    addresses: Vec<IpAddr>,
    ports: Vec<(Protocol, u16)>,
    /// Its id in what `netpol reach` prints, by family.
    ids: Vec<String>,
}

pub fn the_shop_is_enforced_as_reach_says() {
    let folder = env::temp_dir().join(format!("netpol-shop-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder can be made");
    let pods = write_manifests(&folder);
    let reach = reach(&folder);
    let ends = ends(&pods, &reach);
    let net = {
        let pods = pods.iter().map(|(_, _, addresses)| addresses.clone()).collect();
        Net::with_nodes(&[Node { addresses: Vec::new(), pods }], &OUTSIDE.map(parsed))
    };
    let enforcer = build("netpol-enforcer");
    let arguments = ["apply", "--node", NODE, "--manifests"].map(str::to_owned);
    let command: Vec<String> =
        [vec![enforcer.display().to_string()], arguments.to_vec(), vec![folder.display().to_string()]].concat();
    net.run_on(0, &command.iter().map(String::as_str).collect::<Vec<_>>(), "");

    let expected = expected(&ends, &reach);
    let wrong: BTreeSet<Probe> = wrong(&net, &expected).into_iter().collect();
    fs::remove_dir_all(&folder).expect("it is removed");
    println!("{}", table(&ends, &expected, &wrong));
    let says = |probe: &Probe| format!("{probe:?}: reach says {}, the kernel {}", expected[probe], !expected[probe]);
    assert!(wrong.is_empty(), "they differ:\n{}", wrong.iter().map(says).collect::<Vec<_>>().join("\n"));
    println!("{} connections tried: the kernel and `netpol reach` say the same of each\n", expected.len());
    let open = expected.values().filter(|is_open| **is_open).count();
    assert!(
        open > 100 && expected.len() - open > 100,
        "there is something to tell apart: {open} of {}",
        expected.len()
    );
}

fn parsed(address: &str) -> IpAddr {
    address.parse().expect("it is an address")
}

/// Writes the shop's manifests into a folder, with a Pod of two addresses for each of its workloads.
fn write_manifests(folder: &Path) -> Vec<(String, Endpoint, Vec<IpAddr>)> {
    let mut workloads = Workspace::default();
    for file in fs::read_dir(workspace().join("examples/shop")).expect("the shop is there") {
        let path = file.expect("it can be read").path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = fs::read_to_string(&path).expect("it is text");
            let name = path.file_name().expect("a file has a name");
            fs::write(folder.join(name), &text).expect("it is copied");
            workloads.set(&path.display().to_string(), text);
        }
    }
    let cluster = workloads.engine().cluster();
    let pods: Vec<(String, Endpoint, Vec<IpAddr>)> = (1u16..)
        .zip(&cluster.endpoints)
        .map(|(number, endpoint)| {
            let addresses = [format!("10.244.0.{number}"), format!("fd00:10:244::{number:x}")];
            (label(cluster, endpoint), endpoint.clone(), addresses.iter().map(|address| parsed(address)).collect())
        })
        .collect();
    let items: Vec<Value> = pods.iter().map(|(_, endpoint, addresses)| pod(cluster, endpoint, addresses)).collect();
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    fs::write(folder.join("pods.json"), list.to_string()).expect("it is written");
    pods
}

fn label(cluster: &Cluster, endpoint: &Endpoint) -> String {
    format!("{}/{}", cluster.namespace_name(endpoint.namespace), endpoint.name)
}

/// The only pod of a workload.
fn pod(cluster: &Cluster, workload: &Endpoint, addresses: &[IpAddr]) -> Value {
    let named = workload
        .named_ports
        .iter()
        .map(|port| json!({ "name": &*port.name, "protocol": port.protocol.name(), "containerPort": port.port.get() }));
    let ips: Vec<Value> = addresses.iter().map(|address| json!({ "ip": address })).collect();
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": format!("{}-0", workload.name),
            "namespace": cluster.namespace_name(workload.namespace),
            "labels": workload.labels,
            "ownerReferences": [{ "apiVersion": "apps/v1", "kind": workload.kind.name(), "name": &*workload.name, "uid": "1", "controller": true }],
        },
        "spec": { "nodeName": NODE, "containers": [{ "name": "main", "ports": named.collect::<Vec<_>>() }] },
        "status": { "podIP": addresses[0], "podIPs": ips },
    })
}

/// What `netpol reach` prints.
fn reach(folder: &Path) -> Value {
    let output = Command::new(build("netpol"))
        .args(["reach", "-o", "json"])
        .arg(folder)
        .stderr(Stdio::inherit())
        .output()
        .expect("the program runs");
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}

fn ends(pods: &[(String, Endpoint, Vec<IpAddr>)], reach: &Value) -> Vec<End> {
    let listed = reach["endpoints"].as_array().expect("there are endpoints");
    let ids = || listed.iter().filter_map(|endpoint| endpoint["id"].as_str());
    let mut ends: Vec<End> = pods
        .iter()
        .map(|(label, endpoint, addresses)| {
            let id =
                ids().find(|id| id.starts_with(&format!("{label}["))).unwrap_or_else(|| panic!("{label} is listed"));
            let mut ports: Vec<_> =
                endpoint.container_ports.iter().map(|(protocol, port)| (*protocol, port.get())).collect();
            ports.push(UNDECLARED);
            End { label: label.clone(), addresses: addresses.clone(), ports, ids: vec![id.to_owned(); 2] }
        })
        .collect();
    for address in OUTSIDE.map(parsed) {
        let holds = |id: &&str| {
            let Some((first, last)) = id.split_once('-') else { return false };
            let (Ok(first), Ok(last)) = (first.parse::<IpAddr>(), last.parse::<IpAddr>()) else { return false };
            Family::of(first) == Family::of(address) && (first..=last).contains(&address)
        };
        let id = ids().find(holds).unwrap_or_else(|| panic!("{address} is in a range")).to_owned();
        let ports = OUTSIDE_PORTS.to_vec();
        ends.push(End { label: address.to_string(), addresses: vec![address], ports, ids: vec![id.clone(), id] });
    }
    ends
}

/// Every connection to try, and whether `netpol reach` has it.
fn expected(ends: &[End], reach: &Value) -> BTreeMap<Probe, bool> {
    let mut allowed: BTreeMap<(&str, &str), &Value> = BTreeMap::new();
    for connection in reach["connections"].as_array().expect("there are connections") {
        let end = |side: &str| connection[side].as_str().expect("an end is an id");
        allowed.insert((end("source"), end("destination")), &connection["allowed"]);
    }
    let mut expected = BTreeMap::new();
    for (source, destination, probe) in probes(ends) {
        let family = usize::from(Family::of(probe.source) == Family::Ipv6);
        let ports = allowed.get(&(source.ids[family].as_str(), destination.ids[family].as_str()));
        expected.insert(probe, ports.is_some_and(|ports| has(ports, probe.protocol, probe.port)));
    }
    expected
}

/// Everything that can be tried: one end at least is a pod.
fn probes(ends: &[End]) -> impl Iterator<Item = (&End, &End, Probe)> {
    let is_pod = |end: &End| end.addresses.len() == 2;
    let pairs = ends.iter().flat_map(move |source| ends.iter().map(move |destination| (source, destination)));
    pairs
        .filter(move |(source, destination)| {
            source.label != destination.label && (is_pod(source) || is_pod(destination))
        })
        .flat_map(|(source, destination)| {
            let addresses =
                source.addresses.iter().flat_map(|from| destination.addresses.iter().map(move |to| (*from, *to)));
            let same_family = addresses.filter(|(from, to)| Family::of(*from) == Family::of(*to));
            same_family.flat_map(move |(from, to)| {
                destination.ports.iter().map(move |(protocol, port)| {
                    (source, destination, Probe { source: from, destination: to, protocol: *protocol, port: *port })
                })
            })
        })
}

/// Whether ports as `netpol reach` writes them hold one.
fn has(allowed: &Value, protocol: Protocol, port: u16) -> bool {
    let of_protocol = allowed.as_array().into_iter().flatten().filter(|entry| entry["protocol"] == protocol.name());
    of_protocol.flat_map(|entry| entry["ports"].as_array().into_iter().flatten()).any(|range| {
        let range = range.as_str().expect("a range is text");
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let number = |text: &str| text.parse::<u16>().ok().and_then(Port::new).expect("it is a port").get();
        (number(first)..=number(last)).contains(&port)
    })
}

/// How many of the tried ports are open, from each end to each, in the kernel and beside it in `netpol reach`.
fn table(ends: &[End], expected: &BTreeMap<Probe, bool>, wrong: &BTreeSet<Probe>) -> String {
    let width = ends.iter().map(|end| end.label.len()).max().unwrap_or_default();
    let columns: String = (1..=ends.len()).map(|number| format!("{number:>3}")).collect();
    let gap = columns.len();
    let mut lines = vec![
        format!("{:width$}     {:gap$}     netpol reach", "", "the kernel"),
        format!("{:width$}     {columns}     {columns}", ""),
    ];
    for (number, source) in (1..).zip(ends) {
        let row = |is_open: &dyn Fn(&Probe) -> bool| -> String {
            let cell = |destination: &End| {
                let asked: Vec<Probe> = probes(ends)
                    .filter(|(from, to, _)| from.label == source.label && to.label == destination.label)
                    .map(|(_, _, probe)| probe)
                    .collect();
                let open: BTreeSet<_> =
                    asked.iter().filter(|probe| is_open(probe)).map(|probe| (probe.protocol, probe.port)).collect();
                match open.len() {
                    _ if asked.is_empty() => String::new(),
                    0 => ".".to_owned(),
                    count => count.to_string(),
                }
            };
            ends.iter().map(|destination| format!("{:>3}", cell(destination))).collect()
        };
        let reach = row(&|probe| expected[probe]);
        let kernel = row(&|probe| expected[probe] != wrong.contains(probe));
        let mark = if kernel == reach { "" } else { "  <- they differ" };
        lines.push(format!("{number:>2} {:width$}  {kernel}     {reach}{mark}", source.label));
    }
    lines.push(String::new());
    lines.push(
        "rows are sources, columns destinations; a figure is how many of the ports that were tried are open, over IPv4 and IPv6 alike:\n\
         those that the destination declares and one that it does not; . none; a blank was not tried"
            .to_owned(),
    );
    lines.join("\n")
}
