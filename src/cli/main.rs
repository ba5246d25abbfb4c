//! `netpol`: Kubernetes network policy on the command line.
//!
//! Files in, answers out: data on standard output, everything else on standard error. What an answer is, the library decides; how
//! it looks, `netpol-report`; this program finds files and terminals and picks the exit status.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "a program reads files, asks for the terminal and keeps time"
)]

mod args;
mod check;
mod config;
mod diff;
mod eval;
mod find;
mod input;
mod progress;
mod reach;
mod terminal;

use std::process::ExitCode;

use args::Command;

fn main() -> ExitCode {
    let cli = args::parse();
    let result = match &cli.command {
        Command::Eval(command) => eval::run(command, &cli.common),
        Command::Reach(command) => reach::run(command, &cli.common),
        Command::Diff(command) => diff::run(command, &cli.common),
        Command::Check(command) => check::run(command, &cli.common),
        Command::Rules(command) => check::rules(command),
    };
    match result {
        Ok(status) => status.into(),
        Err(failure) => {
            terminal::Terminal::of(&cli.common).report_error("", &failure.to_string());
            Status::Failure.into()
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    /// The answer is yes, or there is nothing to answer yes or no to.
    Success,
    /// The answer is no: denied, or different.
    Negative,
    /// The question or the input is not as it must be.
    Failure,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(match status {
            Status::Success => 0,
            Status::Negative => 1,
            Status::Failure => 2,
        })
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The command line asks for something that cannot be.
    #[error("{0}")]
    Usage(String),
    /// A path cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Read { path: String, source: std::io::Error },
    /// A path cannot be written.
    #[error("cannot write `{path}`: {source}")]
    Write { path: String, source: std::io::Error },
    /// Parts of the input had to be left out, and nobody allowed that.
    #[error("{count} of the input had to be left out, so that an answer could be wrong: mend {it}, or pass --lenient to go on without {it}", it = if *.0 == 1 { "it" } else { "them" }, count = parts(*.0))]
    LeftOut(usize),
    /// A flow names something that is not there.
    #[error(transparent)]
    Flow(#[from] netpol::flow::FlowError),
    /// The answer could not be written.
    #[error("cannot write the answer: {0}")]
    Output(#[from] std::io::Error),
    /// The answer could not be made into JSON.
    #[error("cannot write the answer: {0}")]
    Json(#[from] serde_json::Error),
}

fn parts(count: usize) -> String {
    if count == 1 { "1 part".to_owned() } else { format!("{count} parts") }
}
