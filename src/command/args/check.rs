//! The arguments of `netpol check` and `netpol rules`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

/// Checks manifests: what the API server would refuse, and what is probably not meant.
///
/// The status is 0 if nothing is found that is as bad as --fail-on says, 1 if something is, 2 if a file could not be read.
#[derive(Debug, Args, Serialize, Deserialize)]
#[command(after_help = "\
Give everything that is in the cluster, policies and workloads: rules that need to know the pods stay silent without them.
A finding that is meant is ignored by a comment on its line or above it, # netpol-ignore: SLUG REASON,
or by a line SLUG REASON in the annotation netpol.dev/ignore of the object.
In GitHub Actions findings become annotations as well, unless -o says otherwise, and a summary of the step.

Examples:
  netpol check k8s/
  netpol check k8s/ --fail-on warning
  netpol check k8s/ -o sarif=netpol.sarif -o compact
  netpol check k8s/ --write-baseline known.json           from now on, only what is new:
  netpol check k8s/ --baseline known.json
  netpol check k8s/ --diff                                what --fix would change
  helm template chart/ | netpol check -
  netpol rules ignored-rules                              what a finding means")]
pub struct Check {
    /// Manifests: files, folders, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// How to tell the findings: pretty, compact, json, sarif, junit, github, gitlab or md; with =FILE, into that file. Repeatable
    #[arg(long, short, value_name = "FORMAT[=FILE]", value_parser = check_output)]
    pub output: Vec<CheckOutput>,
    /// Mends what can be mended for certain, in the files, and tells what is left
    #[arg(long)]
    pub fix: bool,
    /// Shows what --fix would change, and changes nothing
    #[arg(long, conflicts_with_all = ["fix", "output"])]
    pub diff: bool,
    /// Leaves out the findings that this file has, and says which of them are gone
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Writes the findings into a file for --baseline, and ends with status 0 if everything could be read
    #[arg(long, value_name = "FILE", conflicts_with_all = ["baseline", "fix", "diff"])]
    pub write_baseline: Option<PathBuf>,
    /// Has SARIF tell ignored findings and those of the baseline too, as suppressed; GitHub shows them as open nevertheless
    #[arg(long)]
    pub with_ignored: bool,
    /// How bad a finding has to be for status 1
    #[arg(long, value_enum, default_value_t, value_name = "SEVERITY")]
    pub fail_on: FailOn,
}

/// A format, and the file that it goes to; standard output if there is none.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckOutput {
    pub format: CheckFormat,
    pub file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum CheckFormat {
    Pretty,
    Compact,
    Json,
    Sarif,
    Junit,
    Github,
    Gitlab,
    Md,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum FailOn {
    #[default]
    Error,
    Warning,
    Note,
    Never,
}

/// Lists the rules of `netpol check`, or explains one.
#[derive(Debug, Args, Serialize, Deserialize)]
pub struct Rules {
    /// The rule to explain
    #[arg(value_name = "SLUG")]
    pub slug: Option<String>,
}

fn check_output(text: &str) -> Result<CheckOutput, String> {
    let (format, file) = match text.split_once('=') {
        Some((_, "")) => return Err("name a file behind the `=`".to_owned()),
        Some((format, file)) => (format, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let format = CheckFormat::from_str(format, false).map_err(|_| {
        let names: Vec<String> = CheckFormat::value_variants()
            .iter()
            .filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()))
            .collect();
        format!("the formats are {}", names.join(", "))
    })?;
    Ok(CheckOutput { format, file })
}
