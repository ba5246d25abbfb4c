//! The commands of `netpol`: what a command line asks for, and how each command answers.
//!
//! Data on standard output, everything else on standard error. What an answer is, the library decides; how it looks,
//! `netpol-report`; where files and streams are, the [`Host`]. So the native program and the one for JavaScript have the same
//! flags, the same bytes and the same exit statuses.

mod args;
mod check;
mod config;
mod context;
mod diff;
mod eval;
mod host;
mod input;
mod playground;
mod reach;

use std::io;

pub use args::{Cli, parse, port_range};
pub use config::FILE as CONFIG_FILE;
pub use host::{Found, Host, Playground, Screen, Stream};

use args::Command;
use context::Context;

/// Runs a command.
pub fn run(cli: &Cli, host: &dyn Host) -> Status {
    let context = Context { host, common: &cli.common };
    let result = match &cli.command {
        Command::Eval(command) => eval::run(command, &context),
        Command::Reach(command) => reach::run(command, &context),
        Command::Diff(command) => diff::run(command, &context),
        Command::Check(command) => check::run(command, &context),
        Command::Rules(command) => check::rules(command, &context),
        Command::Playground(command) => playground::run(command, &context),
    };
    result.unwrap_or_else(|failure| {
        context.report_error("", &failure.to_string());
        Status::Failure
    })
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The answer is yes, or there is nothing to answer yes or no to.
    Success,
    /// The answer is no: denied, or different.
    Negative,
    /// The question or the input is not as it must be.
    Failure,
}

impl Status {
    /// The exit status: 0, 1 or 2.
    pub fn code(self) -> u8 {
        match self {
            Status::Success => 0,
            Status::Negative => 1,
            Status::Failure => 2,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The command line asks for something that cannot be.
    #[error("{0}")]
    Usage(String),
    /// A path cannot be read.
    #[error("cannot read `{path}`: {reason}", reason = host::reason(.source))]
    Read { path: String, source: io::Error },
    /// A path cannot be written.
    #[error("cannot write `{path}`: {reason}", reason = host::reason(.source))]
    Write { path: String, source: io::Error },
    /// Parts of the input had to be left out, and nobody allowed that.
    #[error("{count} of the input had to be left out, so that an answer could be wrong: mend {it}, or pass --lenient to go on without {it}", it = if *.0 == 1 { "it" } else { "them" }, count = parts(*.0))]
    LeftOut(usize),
    /// The page cannot be served.
    #[error("cannot serve the playground: {reason}", reason = host::reason(.0))]
    Playground(io::Error),
    /// A flow names something that is not there.
    #[error(transparent)]
    Flow(#[from] netpol::flow::FlowError),
    /// The answer could not be written.
    #[error("cannot write the answer: {reason}", reason = host::reason(.0))]
    Output(#[from] io::Error),
    /// The answer could not be made into JSON.
    #[error("cannot write the answer: {0}")]
    Json(#[from] serde_json::Error),
}

fn parts(count: usize) -> String {
    if count == 1 { "1 part".to_owned() } else { format!("{count} parts") }
}
