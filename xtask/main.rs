//! `cargo xtask <job>`: the project's chores, the same on a developer's machine and in CI.
//!
//! Owns which commands a job runs and in what order. Progress goes to standard error, so that what a job makes, such as the
//! tables of `bench`, can be redirected.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "a program, not a library: it runs others, reads clocks and files, and prints"
)]

mod bench;
mod checks;
mod command;
mod criterion;
mod format;
mod measure;
#[cfg(target_os = "linux")]
mod node;
mod synthetic;
mod wasm;
mod www;

use std::error::Error;
use std::process::ExitCode;

/// What a job ends in. Nobody but the reader tells its errors apart.
type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A job that can be asked for by name.
struct Job {
    name: &'static str,
    arguments: &'static str,
    does: &'static str,
    run: fn(&[String]) -> Outcome,
}

const JOBS: [Job; 9] = [
    Job {
        name: "ci",
        arguments: "",
        does: "runs all that has to pass: formatting, clippy, WebAssembly, tests, docs",
        run: checks::ci,
    },
    Job {
        name: "test",
        arguments: "[ARGUMENT]...",
        does: "runs every test; arguments go to `cargo test`",
        run: checks::test,
    },
    Job {
        name: "kernel",
        arguments: "",
        does: "tries the enforcer on this machine's kernel, as root: the shop's mesh as a table, then its tests",
        run: checks::kernel,
    },
    Job {
        name: "wasm",
        arguments: "",
        does: "builds the WebAssembly modules into pkg/ and node-wrapper/, and says how large they are",
        run: wasm::wasm,
    },
    Job {
        name: "www",
        arguments: "",
        does: "builds the page of the playground into www/dist, and says how large it is",
        run: www::www,
    },
    Job {
        name: "bench",
        arguments: "[--runs N] [--quick]",
        does: "prints the tables of docs/benchmarks.md; --quick only the first, and half",
        run: bench::bench,
    },
    Job {
        name: "bench-node",
        arguments: "[--packets]",
        does: "measures the enforcer on this machine's kernel, as root; --packets only what packets cost",
        run: bench_node,
    },
    Job {
        name: "cluster",
        arguments: "FOLDER [NAMESPACES] [POLICIES]",
        does: "writes a synthetic cluster like those that `bench` measures",
        run: synthetic::write_cluster,
    },
    Job { name: "help", arguments: "", does: "lists the jobs", run: help },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.split_first() {
        Some((name, rest)) if name == measure::JOB => measure::run_measured(rest),
        Some((name, rest)) => match JOBS.iter().find(|job| job.name == name) {
            Some(job) => (job.run)(rest),
            None => Err(format!("there is no job `{name}`: `cargo xtask help` lists them").into()),
        },
        None => help(&[]),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(target_os = "linux")]
use node::bench_node;

#[cfg(not(target_os = "linux"))]
fn bench_node(_: &[String]) -> Outcome {
    Err("nftables is Linux's".into())
}

fn help(_: &[String]) -> Outcome {
    println!("usage: cargo xtask JOB\n");
    for job in &JOBS {
        let call = format!("{} {}", job.name, job.arguments);
        println!("  {:<38} {}", call.trim_end(), job.does);
    }
    Ok(())
}
