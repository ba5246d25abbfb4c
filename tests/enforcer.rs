//! `netpol-enforcer` as its users meet it: real processes, and the kernel of a network namespace.
//!
//! `NETPOL_BLESS=1` rewrites the golden rules; read the difference before it is committed.

#![cfg(target_os = "linux")]

use std::process::{Command, Output};
use std::sync::OnceLock;
use std::{env, fs};

use netpol_tests::case::workspace;
use netpol_tests::programs::build;

const NODE: [&str; 4] = ["--manifests", "examples/node", "--node", "worker-1"];

fn enforcer(arguments: &[&str]) -> Command {
    static PROGRAM: OnceLock<std::path::PathBuf> = OnceLock::new();
    let mut command = Command::new(PROGRAM.get_or_init(|| build("netpol-enforcer")));
    command.args(arguments).current_dir(workspace());
    command
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    texts(&enforcer(arguments).output().expect("the program starts"))
}

fn texts(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_rules_of_a_node() {
    let (status, out, said) = run(&[&["render"], &NODE[..]].concat());
    assert_eq!((status, said.as_str()), (Some(0), ""));
    let path = workspace().join("tests/enforcer/node.nft");
    if env::var_os("NETPOL_BLESS").is_some() {
        fs::write(&path, &out).expect("the file can be written");
    }
    assert_eq!(out, fs::read_to_string(&path).expect("the file is there"));
}

#[test]
fn mistakes_are_told() {
    let mistakes = [
        (vec!["render", "--manifests", "examples/node", "--node", "worker-9"], "there are worker-1, worker-2"),
        (vec!["render", "--manifests", "examples/nowhere", "--node", "worker-1"], "examples/nowhere"),
        (vec!["render", "--manifests", "LICENSE-MIT", "--node", "worker-1"], "no Pod in the manifests"),
        (vec!["render", "--node", "worker-1"], "--manifests"),
    ];
    for (arguments, expected) in mistakes {
        let (status, out, said) = run(&arguments);
        assert_eq!((status, out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
}

#[test]
fn what_is_left_out_is_told_with_its_place() {
    let folder = env::temp_dir().join(format!("netpol-enforcer-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder can be made");
    fs::copy(workspace().join("examples/node/pods.yaml"), folder.join("pods.yaml")).expect("it is copied");
    fs::write(folder.join("broken.yaml"), "kind: [\n").expect("it is written");
    let path = folder.to_str().expect("the path is text");
    let (status, _, said) = run(&["render", "--manifests", path, "--node", "worker-1"]);
    fs::remove_dir_all(&folder).expect("it is removed");
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("broken.yaml:2:1: "), "{said}");
}

/// In a network namespace of its own: gives the rules to the kernel, has it list them, takes them away.
#[test]
fn the_kernel_takes_rules_and_gives_them_up() {
    let script = r#"set -e
"$0" apply "$@"
nft list table inet netpol
"$0" verify "$@"
"$0" trace "$@" shop/web shop/db 5432/tcp
"$0" trace "$@" shop/job shop/db sql
"$0" trace "$@" 192.0.2.1 shop/db 5432
"$0" trace "$@" shop/db shop/db 5432
"$0" trace "$@" shop/web fd00:0:0:0:0:0:0:5 80
"$0" trace "$@" shop/job fd00::5 80
nft add element inet netpol in4 '{ 10.9.9.9 : goto deny }'
nft delete rule inet netpol egress handle "$(nft -a list chain inet netpol egress | sed -n 's/.*eg6 # handle //p')"
"$0" verify "$@" && exit 7
"$0" trace "$@" shop/web shop/db 53/udp
nft insert rule inet netpol ingress accept
"$0" trace "$@" shop/web shop/db 5432 && exit 6
nft add table inet netpol '{ comment "x"; }'
nft add rule inet netpol deny ip saddr 10.0.0.0/8 accept
"$0" verify "$@" && exit 8
for i in 1 2; do "$0" apply "$@" 2>/dev/null; nft list chain inet netpol allow | grep 'ct mark set'; done
"$0" verify "$@"
"$0" apply --deny reject --established keep --police-node --log-group 5 "$@" 2>/dev/null
"$0" cleanup
"$0" verify "$@" && exit 9
nft list tables"#;
    let program = enforcer(&[]).get_program().to_owned();
    let output = Command::new("unshare")
        .args(["--net", "sh", "-c", script])
        .arg(program)
        .args(NODE)
        .current_dir(workspace())
        .output()
        .expect("unshare is there");
    let (status, out, said) = texts(&output);
    if is_impossible(&said) {
        return println!("skipped: the kernel is given no rules, for want of root or the program `nft`");
    }
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("applied: 4 addresses of isolated pods"), "{said}");
    assert!(out.contains("10.244.1.12 : goto eg_"), "{out}");
    assert!(said.contains("the kernel has the rules of these manifests"), "{said}");
    let told = [
        "map in4 has besides 10.9.9.9 : deny\nchain egress has as rule 2: goto ingress\n  in place of: ip6 saddr vmap @eg6\n",
        "not written by netpol: ",
        "there is no table inet netpol: nothing is isolated\n",
    ];
    for line in told {
        assert!(out.contains(line), "{line} is not in {out}");
    }
    let docs = fs::read_to_string(workspace().join("docs/enforcer.md")).expect("the page is there");
    let (_, traced) = docs.split_once("shop/web shop/db 5432/tcp\n").expect("the page shows a trace");
    let (traced_in_the_docs, _) = traced.split_once("```").expect("its block ends");
    let traces = [
        traced_in_the_docs,
        "  kernel  passes 10.244.1.11 -> 10.244.1.11: what a pod sends to itself does not leave it\n",
        "  kernel  passes fd00:10:244:1::a -> fd00::5:\n",
        "  no packet: the ends have no addresses of one family\n",
        "shop/job[Pod] -> shop/db[Pod], TCP 5432\n",
        "192.0.2.1 -> shop/db[Pod], TCP 5432\n  engine  egress allow: external, which is not for this node to say\n",
        "shop/web[Pod] -> shop/db[Pod], UDP 53\n",
        "THEY DIFFER",
    ];
    for lines in traces {
        assert!(out.contains(lines), "{lines} is not in {out}");
    }
    assert_eq!(out.matches("THEY DIFFER").count(), 1, "{out}");
    // Connections that the rules before allowed are asked about again.
    let marks: Vec<&str> = out.lines().filter(|line| line.contains("ct mark set")).collect();
    assert!(marks.len() >= 3 && marks[marks.len() - 1] != marks[marks.len() - 2], "{marks:?}");
    assert!(out.ends_with(told[2]), "something is left after cleanup: {out}");
}

/// In a network namespace of its own: an enforcer that stays, while manifests and the kernel change.
#[test]
fn an_enforcer_that_stays_keeps_the_kernel_right() {
    stays("stays", include_str!("enforcer/stays.sh"));
}

/// The same, with an `nft` that hangs.
#[test]
fn an_nft_that_hangs_is_killed_and_tried_again() {
    stays("hangs", include_str!("enforcer/hangs.sh"));
}

/// The same, with no capability but one and no place to write but one.
#[test]
fn an_enforcer_needs_net_admin_and_its_folder_and_nothing_else() {
    stays("alone", include_str!("enforcer/alone.sh"));
}

/// The same, with pods behind a bridge whose packets the kernel does not show.
#[test]
fn a_bridge_that_the_rules_do_not_see_into_is_told() {
    stays("bridged", include_str!("enforcer/bridged.sh"));
}

/// Runs a script in namespaces of its own, on a folder with a node's manifests.
fn stays(name: &str, script: &str) {
    let folder = env::temp_dir().join(format!("netpol-{name}-{}", std::process::id()));
    fs::create_dir_all(folder.join("manifests")).expect("a folder can be made");
    for file in ["pods.yaml", "policies.yaml"] {
        let from = workspace().join("examples/node").join(file);
        fs::copy(from, folder.join("manifests").join(file)).expect("it is copied");
    }
    let script = [include_str!("enforcer/common.sh"), script].concat();
    let output = Command::new("unshare")
        .args(["--net", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", &script])
        .arg(enforcer(&[]).get_program())
        .arg(&folder)
        .output()
        .expect("unshare is there");
    fs::remove_dir_all(&folder).expect("it is removed");
    let (status, out, said) = texts(&output);
    if is_impossible(&said) {
        return println!("skipped: no enforcer runs, for want of root or the program `nft`");
    }
    assert_eq!((status, out.as_str()), (Some(0), ""), "{said}");
}

/// Whether this machine cannot run what needs root and `nft`. CI can.
fn is_impossible(said: &str) -> bool {
    let obstacles = ["unshare failed", "not found", "cannot be run"];
    obstacles.iter().any(|obstacle| said.contains(obstacle)) && env::var_os("CI").is_none()
}
