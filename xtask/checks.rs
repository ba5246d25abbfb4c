//! The jobs that say yes or no: `ci`, `test` and `kernel`.

use std::process::Command;
use std::thread;
use std::time::Instant;

use crate::command::{cargo, run, workspace};
use crate::{Outcome, wasm, www};

/// Everything that has to pass before a change is taken. The quick checks come first, and each thing is built once: clippy
/// and the documentation share what `cargo check` makes, the tests need code. The modules and the page, which take one core for most of
/// their time, are built meanwhile.
///
/// # Errors
///
/// When a command fails; those after it are not run.
pub fn ci(arguments: &[String]) -> Outcome {
    if let Some(argument) = arguments.first() {
        return Err(format!("`ci` takes no arguments, but got `{argument}`").into());
    }
    let start = Instant::now();
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    let page = thread::spawn(|| www::www(&[]).map_err(|error| error.to_string()));
    let checked = clippy();
    page.join().map_err(|_| "building the page panicked")??;
    checked?;
    tests(&[])?;
    run(cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    println!("ci: everything passed in {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}

fn clippy() -> Outcome {
    run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    // What a browser is to run has to build for it: no threads, no clock, no files.
    let modules = ["--package", "netpol-wasm", "--package", "netpol-arguments", "--target", "wasm32-unknown-unknown"];
    run(cargo(&["clippy"]).args(modules).args(["--", "-D", "warnings"]))?;
    let page = ["--package", "netpol-wasm", "--no-default-features", "--target", "wasm32-unknown-unknown"];
    run(cargo(&["clippy"]).args(page).args(["--", "-D", "warnings"]))
}

/// Every test: units, conformance cases, random clusters, commands, examples in the documentation, the npm packages and the playground
/// with the modules that they are made of. The page comes before what serves it. Arguments are for `cargo test` alone.
///
/// # Errors
///
/// When a test fails or does not build.
pub fn test(arguments: &[String]) -> Outcome {
    let start = Instant::now();
    if arguments.is_empty() && has_node() {
        www::www(&[])?;
    }
    tests(arguments)?;
    println!("test: everything passed in {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}

/// The tests themselves; the modules and the page have been built.
fn tests(arguments: &[String]) -> Outcome {
    run(cargo(&["test", "--workspace"]).args(arguments))?;
    if !has_node() {
        println!("skipped: the npm packages and the playground, for want of Node 20.19 or newer");
    } else if arguments.is_empty() {
        wasm::test_packages()?;
        www::test_page()?;
    }
    Ok(())
}

fn has_node() -> bool {
    wasm::has_node() || std::env::var_os("CI").is_some()
}

/// The node's enforcer against a real kernel, in network namespaces that go when it ends: first the shop of the examples, with a table,
/// then all tests that send packets or run the enforcer. `test` runs these as well.
///
/// # Errors
///
/// When a packet passes that should not, or the other way round.
pub fn kernel(arguments: &[String]) -> Outcome {
    if let Some(argument) = arguments.first() {
        return Err(format!("`kernel` takes no arguments, but got `{argument}`").into());
    }
    const SHOP: &str = "the_shop_is_enforced_as_reach_says";
    run(&mut alone(&["test", "--quiet", "--package", "netpol-tests", "--test", "kernel", "--", "--nocapture", SHOP]))?;
    let others = ["test", "--package", "netpol-tests", "--test", "kernel", "--test", "enforcer", "--", "--skip", SHOP];
    run(&mut alone(&others))
}

/// A cargo whose network namespaces and processes go with it, however it ends. Where that takes root, the tests say so.
fn alone(arguments: &[&str]) -> Command {
    if !is_root() {
        return cargo(arguments);
    }
    let cargo = cargo(arguments);
    let mut command = Command::new("unshare");
    command.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c"]);
    command.arg("mkdir -p /run/netns && mount -t tmpfs netns /run/netns && exec \"$@\"").arg("sh");
    command.arg(cargo.get_program()).args(cargo.get_args()).current_dir(workspace());
    command
}

#[cfg(unix)]
fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
