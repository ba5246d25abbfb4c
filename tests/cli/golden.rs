//! The outputs that people look at most, to the letter.

use std::path::PathBuf;
use std::{env, fs};

use netpol_tests::case::workspace;

use crate::manifests::SHOP;
use crate::program::{Scratch, netpol};

const ALLOWED: [&str; 8] =
    ["eval", SHOP, "--from", "shop-backend/checkout", "--to", "shop-data/postgres", "--port", "5432"];
const DENIED: [&str; 8] =
    ["eval", SHOP, "--from", "shop-frontend/storefront", "--to", "shop-data/postgres", "--port", "5432"];

#[test]
fn the_shop_as_a_table() {
    matches("reach-table.txt", &netpol(&["reach", SHOP]).ends_with(0).out);
}

#[test]
fn the_shop_as_a_matrix() {
    matches("reach-matrix.txt", &netpol(&["reach", SHOP, "-o", "matrix"]).ends_with(0).out);
}

#[test]
fn the_shop_as_json() {
    matches("reach-json.txt", &netpol(&["reach", SHOP, "-o", "json"]).ends_with(0).out);
}

#[test]
fn a_flow_that_may_pass() {
    matches("eval-allowed.txt", &netpol(&ALLOWED).ends_with(0).out);
}

#[test]
fn a_flow_that_may_not_pass() {
    matches("eval-denied.txt", &netpol(&DENIED).ends_with(1).out);
}

#[test]
fn a_branch_that_changes_the_shop() {
    let branch = branch();
    let new = branch.path().to_str().expect("the path is text");
    matches("diff-text.txt", &netpol(&["diff", SHOP, new]).ends_with(1).out);
}

#[test]
fn a_branch_that_changes_the_shop_for_a_review() {
    let branch = branch();
    let new = branch.path().to_str().expect("the path is text");
    matches("diff-md.txt", &netpol(&["diff", SHOP, new, "-o", "md"]).ends_with(1).out);
}

#[test]
fn the_change_of_the_examples() {
    for format in ["text", "md", "json"] {
        let run =
            netpol(&["diff", "examples/change/before.yaml", "examples/change/after.yaml", "-o", format]).ends_with(1);
        matches(&format!("change-{format}.txt"), &run.out);
    }
}

#[test]
fn what_is_said_of_the_refused_policies() {
    let run = netpol(&["reach", "examples/refused"]).ends_with(2);
    assert_eq!(run.out, "");
    matches("refused.txt", &run.err);
}

#[test]
fn what_is_said_of_the_mistakes() {
    let folder = "examples/mistakes";
    let entries = fs::read_dir(workspace().join(folder)).expect("the mistakes can be listed");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("a folder can be read").file_name().into_string().expect("a name")).collect();
    names.retain(|name| name.ends_with(".yaml") && name != "cluster.yaml");
    names.sort_unstable();
    // Policies add up: each mistake is asked about alone.
    let said = names.iter().map(|name| {
        let (cluster, file) = (format!("{folder}/cluster.yaml"), format!("{folder}/{name}"));
        let run = netpol(&["check", &cluster, &file, "-o", "pretty", "--fail-on", "never"]).ends_with(0);
        format!("## {name}\n\n{}\n", run.out)
    });
    matches("mistakes.txt", &said.collect::<String>());
}

/// The shop with a port moved, a hole closed, a VPN widened and the nightly report gone.
fn branch() -> Scratch {
    let branch = Scratch::new();
    for entry in fs::read_dir(workspace().join(SHOP)).expect("the shop can be listed") {
        let entry = entry.expect("the shop can be listed");
        let mut text = fs::read_to_string(entry.path()).expect("the shop can be read");
        for (old, new) in [
            ("{ protocol: TCP, port: 6379 }", "{ protocol: TCP, port: 6380 }"),
            ("\n            except: [198.51.100.240/28]", ""),
            ("cidr: 10.200.0.0/16", "cidr: 10.200.0.0/15"),
            ("kind: CronJob", "kind: Retired"),
        ] {
            text = text.replace(old, new);
        }
        branch.write(entry.file_name(), text);
    }
    branch
}

#[track_caller]
pub fn matches(name: &str, run: &str) {
    let path: PathBuf = workspace().join("tests/cli/golden").join(name);
    if env::var_os("NETPOL_BLESS").is_some_and(|bless| bless == "1") {
        fs::write(&path, run).expect("the golden output can be written");
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    let differs = golden.lines().zip(run.lines()).position(|(golden, line)| golden != line);
    let line = differs.unwrap_or_else(|| golden.lines().count().min(run.lines().count()));
    assert!(
        golden == run,
        "{name} differs in line {}:\n- {}\n+ {}\nIf that is right, run the test with NETPOL_BLESS=1 and read the difference.",
        line + 1,
        golden.lines().nth(line).unwrap_or("(the end)"),
        run.lines().nth(line).unwrap_or("(the end)"),
    );
}
