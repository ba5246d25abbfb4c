//! `bench-node`: what the enforcer costs on this machine's kernel, as root, in network namespaces of its own. Prints Markdown for
//! docs/benchmarks.md; nothing passes or fails by a figure.

mod cluster;
mod packets;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use netlink_sys::protocols::NETLINK_NETFILTER;
use netlink_sys::{Socket, SocketAddr};
use nix::sched::{CloneFlags, unshare};

use crate::Outcome;
use crate::command::{cargo, output, run, target_folder};
use crate::format;
use cluster::Cluster;

/// Clusters of which a node runs a part.
const CLUSTERS: [Cluster; 2] = [
    Cluster { pods: 10_000, nodes: 40, namespaces: 100, policies: 1_000 },
    Cluster { pods: 15_000, nodes: 40, namespaces: 100, policies: 1_000 },
];
/// How often a change is made.
const CHANGES: usize = 41;
/// The multicast group of changes to nftables, `NFNLGRP_NFTABLES`.
const GROUP_NFTABLES: u32 = 7;

/// Builds the release, measures and prints.
///
/// # Errors
///
/// When something cannot be built, run or read.
pub fn bench_node(arguments: &[String]) -> Outcome {
    let is_about_packets = match arguments {
        [] => false,
        [argument] if argument == "--packets" => true,
        others => return Err(format!("`bench-node` does not know `{}`", others.join(" ")).into()),
    };
    if !nix::unistd::geteuid().is_root() {
        println!("skipped: the enforcer is not measured, for want of root");
        return Ok(());
    }
    run(&mut cargo(&["build", "--release", "--package", "netpol-enforcer"]))?;
    let target = target_folder()?;
    let program = target.join("release/netpol-enforcer");
    let folder = target.join("bench-node");
    // Whatever is done to the kernel's rules from here on goes with this process.
    unshare(CloneFlags::CLONE_NEWNET)?;
    if is_about_packets {
        return packets::measure(&program, &folder);
    }
    println!(
        "| pods | of the node | policies | `apply`, whole process | a pod's labels | a policy's ports | resident |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|");
    for cluster in CLUSTERS {
        let manifests = folder.join(format!("{}-{}", cluster.pods, cluster.nodes));
        cluster.write(&manifests)?;
        let first = first_apply(&program, &manifests)?;
        let stay = stay(&program, &cluster, &manifests, &folder)?;
        println!(
            "| {} | {} | {} | {} | {} | {} | {} |",
            format::count(cluster.pods),
            format::count(cluster.pods / cluster.nodes),
            format::count(cluster.policies),
            format::time(first),
            format::time(stay.relabelled),
            format::time(stay.changed),
            format::megabytes(stay.resident),
        );
    }
    packets::measure(&program, &folder)
}

/// The median time to read the manifests and to give the kernel its first rules.
fn first_apply(program: &Path, manifests: &Path) -> Outcome<Duration> {
    let mut times = Vec::new();
    for _ in 0..5 {
        let arguments = ["apply", "--node", cluster::NODE, "--manifests"];
        let start = Instant::now();
        let status = Command::new(program).args(arguments).arg(manifests).stderr(Stdio::null()).status()?;
        times.push(start.elapsed());
        if !status.success() {
            return Err("the rules cannot be applied".into());
        }
        output(Command::new(program).arg("cleanup"))?;
    }
    Ok(median(times))
}

/// What an enforcer that stays takes.
struct Stay {
    relabelled: Duration,
    changed: Duration,
    resident: u64,
}

fn stay(program: &Path, cluster: &Cluster, manifests: &Path, folder: &Path) -> Outcome<Stay> {
    let enforcer = Command::new(program)
        .args(["run", "--node", cluster::NODE, "--manifests"])
        .arg(manifests)
        .arg("--runtime-dir")
        .arg(folder.join("run"))
        .stderr(Stdio::null())
        .spawn()?;
    let mut enforcer = Ended(enforcer);
    let mut socket = Socket::new(NETLINK_NETFILTER)?;
    socket.bind(&SocketAddr::new(0, 0))?;
    socket.add_membership(GROUP_NFTABLES)?;
    let settle = Duration::from_millis(200);
    // The first rules, and until they are read back.
    socket.recv_from_full()?;
    thread::sleep(Duration::from_secs(4));
    let median_of = |path: PathBuf, texts: [String; 2]| -> Outcome<Duration> {
        let mut times = Vec::new();
        for text in texts.iter().cycle().take(CHANGES) {
            thread::sleep(settle);
            socket.set_non_blocking(true)?;
            while socket.recv_from_full().is_ok() {}
            socket.set_non_blocking(false)?;
            let start = Instant::now();
            fs::write(&path, text)?;
            socket.recv_from_full()?;
            times.push(start.elapsed());
        }
        Ok(median(times))
    };
    let relabelled = median_of(manifests.join(cluster::ONE_POD), cluster.one_pod_in_two_ways())?;
    let changed = median_of(manifests.join("policy0.json"), cluster.one_policy_in_two_ways())?;
    let status = fs::read_to_string(format!("/proc/{}/status", enforcer.0.id()))?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
    let resident = resident.and_then(|kilobytes| kilobytes.parse::<u64>().ok()).ok_or("no VmRSS")? * 1024;
    enforcer.0.kill()?;
    enforcer.0.wait()?;
    Ok(Stay { relabelled, changed, resident })
}

/// A process that ends with this.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.0.kill();
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
