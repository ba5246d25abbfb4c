//! Nodes with their pods and the world outside, in network namespaces.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::net::IpAddr;
use std::process::{Command, Stdio, id};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use netlink_sys::protocols::NETLINK_NETFILTER;
use netlink_sys::{Socket, SocketAddr};
use netpol_nft::{Batch, Refusal};
use nix::sched::{CloneFlags, setns};
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::SndBufForce;

/// Namespaces that exist until this is dropped: nodes that forward, one for each pod, and one for every address outside.
pub struct Net {
    nodes: Vec<String>,
    /// Per address, its namespace.
    of_address: BTreeMap<IpAddr, String>,
    all: Vec<String>,
}

/// A node to be.
#[derive(Debug, Clone, Default)]
pub struct Node {
    /// Its own.
    pub addresses: Vec<IpAddr>,
    /// Those of each pod.
    pub pods: Vec<Vec<IpAddr>>,
}

/// The node, as its pods see it.
const GATEWAY4: &str = "169.254.1.1";
const GATEWAY6: &str = "fe80::1";

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Net {
    /// A node with pods of these addresses, and these addresses outside.
    pub fn new(pods: &[Vec<IpAddr>], outside: &[IpAddr]) -> Net {
        Net::with_nodes(&[Node { addresses: Vec::new(), pods: pods.to_vec() }], outside)
    }

    /// Nodes that all have a link to each other and one to the world outside.
    pub fn with_nodes(nodes: &[Node], outside: &[IpAddr]) -> Net {
        let mut plan = Plan::new(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            plan.place_node(index, &node.addresses);
            for addresses in node.pods.iter().filter(|addresses| !addresses.is_empty()) {
                let pod = plan.add_end(addresses);
                plan.link(index, pod, "eth0", addresses);
                plan.route_by_default(pod, addresses);
            }
        }
        for (here, node) in nodes.iter().enumerate() {
            for (there, other) in nodes.iter().enumerate().take(here) {
                plan.link_nodes((here, node), (there, other));
            }
        }
        if !outside.is_empty() {
            let end = plan.add_end(outside);
            for (index, node) in nodes.iter().enumerate() {
                let interface = format!("eth{index}");
                let link = plan.link(index, end, &interface, outside);
                let _ = writeln!(plan.on_nodes[index], "route add default dev {link}\nroute add ::/0 dev {link}");
                if index == 0 {
                    plan.route_by_default(end, outside);
                } else {
                    node.all_addresses().for_each(|address| plan.route(end, address, &gateway(address), &interface));
                }
            }
        }
        plan.carry_out()
    }

    /// A node whose pods are ports of a bridge: what they send each other is not routed.
    pub fn bridged(pods: &[Vec<IpAddr>]) -> Net {
        let mut plan = Plan::new(1);
        plan.on_nodes[0].push_str("link add bridge type bridge\nlink set bridge up\n");
        for (index, addresses) in pods.iter().enumerate() {
            let pod = plan.add_end(addresses);
            let link = plan.connect(0, pod, "eth0");
            let _ = writeln!(plan.on_nodes[0], "link set {link} master bridge");
            plan.give(pod, "eth0", addresses);
            let others = pods.iter().enumerate().filter(|(other, _)| *other != index).flat_map(|(_, other)| other);
            for other in others.filter(|other| addresses.iter().any(|own| own.is_ipv4() == other.is_ipv4())) {
                let _ = writeln!(plan.insides[pod].1, "route add {} dev eth0", alone(*other));
            }
        }
        plan.carry_out()
    }

    /// Gives the first node's kernel a ruleset.
    pub fn apply(&self, ruleset: &str) {
        self.apply_on(0, ruleset);
    }

    /// Gives a node's kernel a ruleset.
    pub fn apply_on(&self, node: usize, ruleset: &str) {
        self.run_on(node, &["nft", "-f", "-"], ruleset);
    }

    /// Changes what a node's kernel has, by netlink.
    pub fn change_on(&self, node: usize, batch: &Batch) -> Result<(), Refusal> {
        let namespace = &self.nodes[node];
        let answers = thread::scope(|scope| scope.spawn(|| send(namespace, &batch.to_netlink())).join());
        batch.outcome(&answers.expect("netlink can be spoken"))
    }

    /// What a node's kernel has, as `nft` lists it.
    pub fn listing(&self, node: usize) -> String {
        self.run_on(node, &["nft", "-j", "list", "table", "inet", "netpol"], "")
    }

    /// The same as text, if there is anything yet.
    pub fn try_listing(&self, node: usize) -> Option<String> {
        let listed = Command::new("ip")
            .args(["netns", "exec", &self.nodes[node], "nft", "list", "table", "inet", "netpol"])
            .output()
            .expect("it runs");
        listed.status.success().then(|| String::from_utf8(listed.stdout).expect("it prints text"))
    }

    /// Runs a program on a node, and gives what it prints.
    pub fn run_on(&self, node: usize, command: &[&str], input: &str) -> String {
        run("ip", &[&["netns", "exec", &self.nodes[node]], command].concat(), input)
    }

    /// The namespace of an address.
    pub fn name(&self, address: IpAddr) -> &str {
        &self.of_address[&address]
    }

    /// The namespace of a node.
    pub fn node(&self, node: usize) -> &str {
        &self.nodes[node]
    }
}

impl Node {
    fn all_addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.addresses.iter().chain(self.pods.iter().flatten()).copied()
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        let lines: String = self.all.iter().map(|name| format!("netns delete {name}\n")).collect();
        ip(&["-force"], &lines);
    }
}

/// What `ip` is to do: first the namespaces and links, then what is within each.
struct Plan {
    prefix: String,
    links: String,
    on_nodes: Vec<String>,
    /// Per end, its namespace and what is done there.
    insides: Vec<(String, String)>,
    /// How many links there are.
    count: usize,
    net: Net,
}

impl Plan {
    fn new(nodes: usize) -> Plan {
        let prefix = format!("np{}-{}", id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let names: Vec<String> = (0..nodes).map(|index| format!("{prefix}-node{index}")).collect();
        let net = Net { nodes: names.clone(), of_address: BTreeMap::new(), all: names.clone() };
        let links = names.iter().map(|name| format!("netns add {name}\n")).collect();
        let on_nodes = vec!["link set lo up\n".to_owned(); nodes];
        Plan { prefix, links, on_nodes, insides: Vec::new(), count: 0, net }
    }

    fn place_node(&mut self, node: usize, addresses: &[IpAddr]) {
        for address in addresses {
            let _ = writeln!(self.on_nodes[node], "addr add {} dev lo", alone(*address));
            self.net.of_address.insert(*address, self.net.nodes[node].clone());
        }
    }

    /// A namespace for a pod or for the world outside.
    fn add_end(&mut self, addresses: &[IpAddr]) -> usize {
        let name = format!("{}-{}", self.prefix, self.insides.len());
        let _ = writeln!(self.links, "netns add {name}");
        self.net.of_address.extend(addresses.iter().map(|address| (*address, name.clone())));
        self.net.all.push(name.clone());
        self.insides.push((name, "link set lo up\n".to_owned()));
        self.insides.len() - 1
    }

    /// A link from a node to an end's interface, by its name on the node.
    fn connect(&mut self, node: usize, end: usize, interface: &str) -> String {
        let link = format!("v{}", self.count);
        self.count += 1;
        let (node_name, end_name) = (&self.net.nodes[node], &self.insides[end].0);
        let _ =
            writeln!(self.links, "link add {link} netns {node_name} type veth peer name {interface} netns {end_name}");
        let _ = writeln!(self.on_nodes[node], "link set {link} up");
        let _ = writeln!(self.insides[end].1, "link set {interface} up");
        link
    }

    fn give(&mut self, end: usize, interface: &str, addresses: &[IpAddr]) {
        for address in addresses {
            let nodad = if address.is_ipv4() { "" } else { "nodad" };
            let _ = writeln!(self.insides[end].1, "addr add {} dev {interface} {nodad}", alone(*address));
        }
    }

    /// A link over which a node routes what is for an end, by its name on the node.
    fn link(&mut self, node: usize, end: usize, interface: &str, addresses: &[IpAddr]) -> String {
        let link = self.connect(node, end, interface);
        let on_node = &mut self.on_nodes[node];
        let _ = writeln!(on_node, "addr add {GATEWAY4}/32 dev {link}\naddr add {GATEWAY6}/64 dev {link} nodad");
        for address in addresses {
            let _ = writeln!(on_node, "route add {} dev {link}", alone(*address));
        }
        self.give(end, interface, addresses);
        link
    }

    fn route_by_default(&mut self, end: usize, addresses: &[IpAddr]) {
        let inside = &mut self.insides[end].1;
        if addresses.iter().any(IpAddr::is_ipv4) {
            let _ = writeln!(inside, "route add {GATEWAY4} dev eth0\nroute add default via {GATEWAY4} dev eth0");
        }
        if addresses.iter().any(IpAddr::is_ipv6) {
            let _ = writeln!(inside, "route add ::/0 via {GATEWAY6} dev eth0");
        }
    }

    fn route(&mut self, end: usize, address: IpAddr, gateway: &str, interface: &str) {
        let _ = writeln!(self.insides[end].1, "route add {} via {gateway} dev {interface} onlink", alone(address));
    }

    fn link_nodes(&mut self, (here, node): (usize, &Node), (there, other): (usize, &Node)) {
        let (from, to) = (format!("to{there}"), format!("to{here}"));
        let (from_name, to_name) = (&self.net.nodes[here], &self.net.nodes[there]);
        let _ = writeln!(self.links, "link add {from} netns {from_name} type veth peer name {to} netns {to_name}");
        for (index, link, peer, peer_index) in [(here, &from, other, there), (there, &to, node, here)] {
            let on_node = &mut self.on_nodes[index];
            let _ = writeln!(
                on_node,
                "link set {link} up\naddr add 169.254.2.{index}/32 dev {link}\naddr add fe80::2:{index}/64 dev {link} nodad"
            );
            for address in peer.all_addresses() {
                let gateway = if address.is_ipv4() { "169.254.2." } else { "fe80::2:" };
                let _ = writeln!(on_node, "route add {} via {gateway}{peer_index} dev {link} onlink", alone(address));
            }
        }
    }

    fn carry_out(self) -> Net {
        ip(&[], &self.links);
        for (name, lines) in &self.insides {
            ip(&["-n", name], lines);
        }
        for (node, lines) in self.on_nodes.iter().enumerate() {
            ip(&["-n", &self.net.nodes[node]], lines);
            let settings = ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.ipv4.conf.all.rp_filter=0"];
            self.net.run_on(node, &[&["sysctl", "-qw"], &settings[..]].concat(), "");
        }
        self.net
    }
}

/// The network of one address.
fn alone(address: IpAddr) -> String {
    format!("{address}/{}", if address.is_ipv4() { 32 } else { 128 })
}

/// What routes to the node for an address's family go by.
fn gateway(address: IpAddr) -> String {
    if address.is_ipv4() { GATEWAY4 } else { GATEWAY6 }.to_owned()
}

/// Moves this thread into a namespace.
pub fn enter(name: &str) {
    let file = File::open(format!("/run/netns/{name}")).expect("the namespace is there");
    setns(file, CloneFlags::CLONE_NEWNET).expect("a thread may change its namespace");
}

/// Sends a namespace's netfilter a datagram, and gives all that it answers.
fn send(namespace: &str, datagram: &[u8]) -> Vec<u8> {
    enter(namespace);
    let socket = Socket::new(NETLINK_NETFILTER).expect("a socket can be opened");
    socket.set_non_blocking(true).expect("a socket can");
    setsockopt(&socket, SndBufForce, &(64 << 20)).expect("root may");
    socket.send_to(datagram, &SocketAddr::new(0, 0), 0).expect("the kernel takes datagrams");
    let mut answers = Vec::new();
    while let Ok((answer, _)) = socket.recv_from_full() {
        answers.extend(answer);
    }
    answers
}

fn ip(options: &[&str], lines: &str) {
    let mut arguments = options.to_vec();
    arguments.extend(["-batch", "-"]);
    run("ip", &arguments, lines);
}

fn run(program: &str, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    child.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}\n{input}");
    String::from_utf8(output.stdout).expect("it prints text")
}
