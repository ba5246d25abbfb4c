//! A node with its pods and the world outside, in network namespaces.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::net::IpAddr;
use std::process::{Command, Stdio, id};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sched::{CloneFlags, setns};

/// Namespaces that exist until this is dropped: a node that forwards, one for each pod, and one for every address outside.
pub struct Net {
    node: String,
    /// Per address, its namespace.
    of_address: BTreeMap<IpAddr, String>,
    all: Vec<String>,
}

/// The node, as its pods see it.
const GATEWAY4: &str = "169.254.1.1";
const GATEWAY6: &str = "fe80::1";

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Net {
    /// A node with pods of these addresses, and these addresses outside.
    pub fn new(pods: &[Vec<IpAddr>], outside: &[IpAddr]) -> Net {
        let prefix = format!("np{}-{}", id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let node = format!("{prefix}-node");
        let mut net = Net { node: node.clone(), of_address: BTreeMap::new(), all: vec![node.clone()] };
        let mut links = format!("netns add {node}\n");
        let mut on_node = "link set lo up\n".to_owned();
        let mut insides = Vec::new();
        let ends = pods.iter().map(Vec::as_slice).chain([outside]).filter(|addresses| !addresses.is_empty());
        for (index, addresses) in ends.enumerate() {
            let (end, link) = (format!("{prefix}-{index}"), format!("v{index}"));
            let _ =
                writeln!(links, "netns add {end}\nlink add {link} netns {node} type veth peer name eth0 netns {end}");
            let _ = writeln!(
                on_node,
                "link set {link} up\naddr add {GATEWAY4}/32 dev {link}\naddr add {GATEWAY6}/64 dev {link} nodad"
            );
            let mut inside = "link set lo up\nlink set eth0 up\n".to_owned();
            for address in addresses {
                let (length, nodad) = if address.is_ipv4() { (32, "") } else { (128, "nodad") };
                let _ = writeln!(inside, "addr add {address}/{length} dev eth0 {nodad}");
                let _ = writeln!(on_node, "route add {address}/{length} dev {link}");
                net.of_address.insert(*address, end.clone());
            }
            if addresses.iter().any(IpAddr::is_ipv4) {
                let _ = writeln!(inside, "route add {GATEWAY4} dev eth0\nroute add default via {GATEWAY4} dev eth0");
            }
            if addresses.iter().any(IpAddr::is_ipv6) {
                let _ = writeln!(inside, "route add ::/0 via {GATEWAY6} dev eth0");
            }
            net.all.push(end.clone());
            insides.push((end, inside));
        }
        ip(&[], &links);
        for (end, inside) in &insides {
            ip(&["-n", end], inside);
        }
        ip(&["-n", &node], &on_node);
        let sysctl = "net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0";
        let mut arguments = vec!["netns", "exec", &node, "sysctl", "-qw"];
        arguments.extend(sysctl.split(' '));
        run("ip", &arguments, "");
        net
    }

    /// Gives the node's kernel a ruleset.
    pub fn apply(&self, ruleset: &str) {
        run("ip", &["netns", "exec", &self.node, "nft", "-f", "-"], ruleset);
    }

    /// What the node's kernel has, as `nft` lists it.
    pub fn listing(&self) -> String {
        run("ip", &["netns", "exec", &self.node, "nft", "-j", "list", "table", "inet", "netpol"], "")
    }

    /// The namespace of an address.
    pub fn name(&self, address: IpAddr) -> &str {
        &self.of_address[&address]
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        let lines: String = self.all.iter().map(|name| format!("netns delete {name}\n")).collect();
        ip(&["-force"], &lines);
    }
}

/// Moves this thread into a namespace.
pub fn enter(name: &str) {
    let file = File::open(format!("/run/netns/{name}")).expect("the namespace is there");
    setns(file, CloneFlags::CLONE_NEWNET).expect("a thread may change its namespace");
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
