//! `bench`: measures what `docs/benchmarks.md` shows, and prints it as Markdown that can be put there.
//!
//! Two kinds of figures: whole runs of the release build on synthetic clusters, and criterion's benchmarks of functions. The
//! figures are of this machine; nothing passes or fails by them.

use std::fs;
use std::path::Path;

use crate::command::{cargo, output, run, target_folder};
use crate::measure::measure;
use crate::synthetic::{Shape, write};
use crate::{Outcome, criterion, format};

/// Four sizes, each with ten policies a namespace, so that growth can be seen.
const SHAPES: [Shape; 4] = [
    Shape { namespaces: 4, policies: 40 },
    Shape { namespaces: 20, policies: 200 },
    Shape { namespaces: 40, policies: 400 },
    Shape { namespaces: 200, policies: 2_000 },
];

/// How many of them `--quick` measures.
const QUICK_SHAPES: usize = 2;

struct Request {
    runs: usize,
    is_quick: bool,
}

/// Builds the release, measures and prints.
///
/// # Errors
///
/// When something cannot be built, run or read.
pub fn bench(arguments: &[String]) -> Outcome {
    let request = parse(arguments)?;
    let target = target_folder()?;
    run(&mut cargo(&["build", "--release", "--package", "netpol-cli"]))?;
    println!("{}\n", machine()?);
    whole_runs(&target, &request)?;
    if !request.is_quick {
        functions(&target)?;
    }
    Ok(())
}

fn parse(arguments: &[String]) -> Outcome<Request> {
    let mut request = Request { runs: 7, is_quick: false };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => request.is_quick = true,
            "--runs" => {
                let runs = arguments.next().and_then(|runs| runs.parse().ok()).filter(|runs| *runs > 0);
                request.runs = runs.ok_or("`--runs` takes a number of at least 1")?;
            }
            other => return Err(format!("`bench` does not know `{other}`").into()),
        }
    }
    Ok(request)
}

/// `netpol reach` from YAML to JSON, as a process.
fn whole_runs(target: &Path, request: &Request) -> Outcome {
    let program = target.join("release").join(format!("netpol{}", std::env::consts::EXE_SUFFIX));
    let clusters = target.join("bench-clusters");
    println!("`netpol reach -o json`, whole process, median of {} runs:\n", request.runs);
    println!("| workloads | policies | manifests | wall time | CPU time | peak memory |");
    println!("|---:|---:|---:|---:|---:|---:|");
    let shapes = SHAPES.iter().take(if request.is_quick { QUICK_SHAPES } else { SHAPES.len() });
    for shape in shapes {
        let folder = clusters.join(format!("{}-{}", shape.workloads(), shape.policies));
        let size = write(shape, &folder)?;
        let folder = folder.to_string_lossy();
        eprintln!("$ netpol reach {folder} -o json");
        let taken = measure(&program, &["reach", &folder, "-o", "json"], request.runs)?;
        println!(
            "| {} | {} | {} | {} | {} | {} |",
            format::count(shape.workloads()),
            format::count(shape.policies),
            format::megabytes(size),
            format::time(taken.wall),
            format::time(taken.cpu),
            format::megabytes(taken.peak_memory),
        );
    }
    println!();
    Ok(())
}

/// Criterion's benchmarks of functions.
fn functions(target: &Path) -> Outcome {
    let home = target.join("bench-criterion");
    // Findings of benchmarks that are gone would be printed too.
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    let mut command = cargo(&["bench", "--package", "netpol-tests"]);
    // Criterion's own report belongs to the progress: standard output is for the tables.
    command.env("NETPOL_BENCH_CLUSTERS", target.join("bench-clusters"));
    run(command.env("CRITERION_HOME", &home).stdout(std::io::stderr()))?;
    println!("Functions, median:\n");
    println!("| benchmark | time |");
    println!("|---|---:|");
    for finding in criterion::findings(&home)? {
        println!("| {} | {} |", finding.name, format::nanoseconds(finding.median));
    }
    Ok(())
}

/// What the figures depend on beside the program.
fn machine() -> Outcome<String> {
    let cores = std::thread::available_parallelism()?;
    let compiler = output(std::process::Command::new("rustc").arg("--version"))?;
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or(std::env::consts::ARCH, |(_, model)| model.trim());
    let cores = if cores.get() == 1 { "1 core".to_owned() } else { format!("{cores} cores") };
    Ok(format!("Measured on {cores} of {model}, {}, with {}.", std::env::consts::OS, compiler.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn runs_and_quick_are_understood() {
        let request = parse(&arguments(&["--quick", "--runs", "3"])).unwrap();
        assert_eq!((request.runs, request.is_quick), (3, true));
    }

    #[test]
    fn anything_else_is_refused() {
        assert!(parse(&arguments(&["--runs"])).is_err());
        assert!(parse(&arguments(&["--runs", "0"])).is_err());
        assert!(parse(&arguments(&["--fast"])).is_err());
    }
}
