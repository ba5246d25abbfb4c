//! What a packet costs: the CPU time of the thread that sends it, which between network namespaces does all the work up to the receiver.
//!
//! Connections are not tracked, so that every packet is judged as the first one of a connection.

use std::fmt::Write;
use std::fs::File;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{fs, thread};

use nix::sched::{CloneFlags, setns};
use nix::time::{ClockId, clock_gettime};
use socket2::{Domain, Socket, Type};

use super::cluster::{Cluster, NODE};
use crate::Outcome;
use crate::command::output;

const FEW: Cluster = Cluster { pods: 10, nodes: 1, namespaces: 1, policies: 10 };
const MANY: Cluster = Cluster { pods: 10_000, nodes: 1, namespaces: 100, policies: 1_000 };
/// Flows that packets are sent on in turn, as far as there are pods.
const FLOWS: usize = 1024;
const PACKETS: usize = 50_000;
const BURSTS: usize = 9;
const PORT: u16 = 53;

/// Measures and prints.
pub fn measure(program: &Path, folder: &Path) -> Outcome {
    let _ends = Ends::new()?;
    println!("\n| a packet that is allowed | 10 pods, 10 policies | 10,000 pods, 1,000 policies |");
    println!("|---|---:|---:|");
    let mut rows: [Vec<Duration>; 3] = Default::default();
    for cluster in [FEW, MANY] {
        let manifests = folder.join(format!("packets-{}", cluster.pods));
        cluster.write(&manifests)?;
        let rules = output(Command::new(program).args(["render", "--node", NODE, "--manifests"]).arg(&manifests))?;
        let none = "table inet netpol {\nchain forward {\ntype filter hook forward priority filter - 5;\n}\n}";
        for (row, rules) in rows.iter_mut().zip([none, &rules, &linear(&cluster)]) {
            eprintln!("packets to {} pods, by {} kB of rules", cluster.pods, rules.len() / 1000);
            load(rules)?;
            row.push(cost(&cluster)?);
        }
    }
    let [none, ours, linear] = rows;
    for (name, row) in
        [("an empty chain", &none), ("our rules", &ours), ("a rule for each pod, one after the other", &linear)]
    {
        let cells = row.iter().map(|cost| format!("{} ns |", cost.as_nanos())).collect::<String>();
        println!("| {name} | {cells}");
    }
    Ok(())
}

/// The layout that most others have: each pod's rule is asked in turn, and leads to the chain of its policy.
fn linear(cluster: &Cluster) -> String {
    let mut text = String::from("table inet netpol {\n");
    let mut rules = String::new();
    for pod in 0..cluster.pods {
        let (server, client) = cluster.pair(pod);
        let _ = writeln!(rules, "ip daddr {server} goto pod{pod}");
        let _ = writeln!(text, "chain pod{pod} {{\nip saddr {client} udp dport {PORT} accept\ndrop\n}}");
    }
    let _ = writeln!(text, "chain forward {{\ntype filter hook forward priority filter - 5;\n{rules}}}\n}}");
    text
}

/// Gives the kernel these rules and no others; nothing is tracked.
fn load(rules: &str) -> Outcome {
    let notrack = "table inet untracked {\nchain before {\ntype filter hook prerouting priority raw;\nnotrack\n}\n}";
    let file = std::env::temp_dir().join(format!("netpol-bench-{}.nft", std::process::id()));
    let rules = rules.replacen("add table inet netpol\ndelete table inet netpol\n", "", 1);
    fs::write(&file, format!("flush ruleset\n{notrack}\n{rules}\n"))?;
    let status = Command::new("nft").arg("-f").arg(&file).status()?;
    fs::remove_file(&file)?;
    if status.success() { Ok(()) } else { Err("the kernel does not take the rules".into()) }
}

/// The least CPU time for a packet, of several bursts.
fn cost(cluster: &Cluster) -> Outcome<Duration> {
    let flows: Vec<(Ipv4Addr, Ipv4Addr)> = {
        let step = (cluster.pods / FLOWS).max(1);
        (0..cluster.pods)
            .step_by(step)
            .map(|pod| cluster.pair(pod))
            .filter(|(server, client)| server != client)
            .collect()
    };
    let sent = thread::spawn(move || -> Result<Duration, String> {
        let told = |error: &dyn std::fmt::Display| error.to_string();
        let server = in_namespace(SERVER, || Socket::new(Domain::IPV4, Type::DGRAM, None))?;
        server.bind(&std::net::SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT)).into()).map_err(|error| told(&error))?;
        server.set_read_timeout(Some(Duration::from_secs(2))).map_err(|error| told(&error))?;
        let sockets = in_namespace(CLIENT, || {
            flows.iter().map(|(server, client)| flow(*server, *client)).collect::<std::io::Result<Vec<Socket>>>()
        })?;
        let burst = || -> Result<Duration, String> {
            let start = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_err(|error| told(&error))?;
            for socket in sockets.iter().cycle().take(PACKETS) {
                socket.send(b"x").map_err(|error| told(&error))?;
            }
            let end = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_err(|error| told(&error))?;
            Ok((Duration::from(end) - Duration::from(start)) / u32::try_from(PACKETS).unwrap_or(u32::MAX))
        };
        burst()?;
        let costs = (0..BURSTS).map(|_| burst()).collect::<Result<Vec<Duration>, String>>()?;
        let arrived = server.recv_from(&mut [std::mem::MaybeUninit::uninit(); 8]);
        arrived.map_err(|error| format!("nothing arrives: {error}"))?;
        costs.into_iter().min().ok_or_else(|| "no bursts".to_owned())
    });
    Ok(sent.join().map_err(|_| "the sender fails")??)
}

fn flow(server: Ipv4Addr, client: Ipv4Addr) -> std::io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    // Any pod's address, though none is this namespace's.
    socket.set_ip_transparent_v4(true)?;
    socket.bind(&std::net::SocketAddr::from((client, 0)).into())?;
    socket.connect(&std::net::SocketAddr::from((server, PORT)).into())?;
    Ok(socket)
}

/// Does something in a namespace, where this thread stays.
fn in_namespace<T>(name: &str, does: impl FnOnce() -> std::io::Result<T>) -> Result<T, String> {
    let file = File::open(format!("/run/netns/{name}")).map_err(|error| error.to_string())?;
    setns(file, CloneFlags::CLONE_NEWNET).map_err(|error| error.to_string())?;
    does().map_err(|error| error.to_string())
}

const CLIENT: &str = "netpol-bench-client";
const SERVER: &str = "netpol-bench-server";

/// A network of a client and a server behind this namespace, until it is dropped.
struct Ends;

impl Ends {
    fn new() -> Outcome<Ends> {
        let ends = Ends;
        let script = format!(
            "set -e
            sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
            for end in {CLIENT} {SERVER}; do ip netns add $end; done
            ip link add c address 02:00:00:00:00:01 type veth peer name eth0 address 02:00:00:00:00:02 netns {CLIENT}
            ip link add s address 02:00:00:00:00:03 type veth peer name eth0 address 02:00:00:00:00:04 netns {SERVER}
            sysctl -qw net.ipv4.conf.c.rp_filter=0 net.ipv4.conf.s.rp_filter=0
            ip link set lo up; ip link set c up; ip link set s up
            ip address add 169.254.1.1/24 dev c; ip address add 169.254.2.1/24 dev s
            ip neighbour add 169.254.2.2 lladdr 02:00:00:00:00:04 dev s
            ip route add 10.0.0.0/8 via 169.254.2.2 dev s
            ip -n {CLIENT} link set eth0 up; ip -n {CLIENT} address add 169.254.1.2/24 dev eth0
            ip -n {CLIENT} neighbour add 169.254.1.1 lladdr 02:00:00:00:00:01 dev eth0
            ip -n {CLIENT} route add default via 169.254.1.1
            ip -n {SERVER} link set lo up; ip -n {SERVER} link set eth0 up
            ip netns exec {SERVER} sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0 net.ipv4.conf.all.accept_local=1
            ip -n {SERVER} route add local 10.0.0.0/8 dev lo
            ip -n {SERVER} address add 169.254.2.2/24 dev eth0; ip -n {SERVER} route add default via 169.254.2.1"
        );
        let status = Command::new("sh").args(["-c", &script]).status()?;
        if status.success() { Ok(ends) } else { Err("the network cannot be set up".into()) }
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        for end in [CLIENT, SERVER] {
            // One of them may never have been there.
            let _ = Command::new("ip").args(["netns", "delete", end]).stderr(Stdio::null()).status();
        }
    }
}
