//! `netpol`: Kubernetes network policy on the command line.
//!
//! What the commands do is in `netpol-command`; this program gives them files, streams and threads.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "a program reads files, asks for the terminal and keeps time"
)]

mod find;
mod playground;
mod progress;
mod system;

use std::process::ExitCode;

fn main() -> ExitCode {
    match netpol_command::parse(std::env::args_os(), None) {
        Ok(cli) => netpol_command::run(&cli, &system::System).code().into(),
        Err(error) => error.exit(),
    }
}
