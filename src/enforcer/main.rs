//! `netpol-enforcer`: makes the policies of a folder of manifests effective on a node.
//!
//! What the rules are, `netpol-nft` says; this program reads the manifests and hands the rules to the kernel.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "a program reads files, runs others and prints"
)]

mod args;
mod bridge;
mod instance;
mod kernel;
mod manifests;
mod netlink;
mod notice;
mod quarantine;
mod run;
mod serve;
mod status;
mod trace;

use std::collections::BTreeSet;
use std::io::{ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use args::{Command, Enforcer, LogFormat, MASK, RuntimeDir, Source};
use clap::Parser;
use netlink::Connection;
use netpol::Workspace;
use netpol::cluster::{Endpoint, EndpointKind};
use netpol::flow::FlowError;
use netpol_nft::{Foreign, Lowered, Ruleset, generation, lower};

/// Why a command could not do what it is for.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Manifests(#[from] manifests::Failure),
    #[error("{0}")]
    Kernel(#[from] kernel::Failure),
    #[error(
        "no Pod in the manifests runs on node `{node}`{}: --node takes the `spec.nodeName` of pods",
        if .known.is_empty() { String::new() } else { format!("; there are {}", .known.join(", ")) }
    )]
    NoSuchNode { node: String, known: Vec<String> },
    #[error("standard output: {0}")]
    Output(std::io::Error),
    #[error("{0}")]
    Instance(#[from] instance::Failure),
    #[error("nothing can listen at {0}: {1}")]
    Listen(std::net::SocketAddr, std::io::Error),
    #[error("`{0}` has no status: {1}: --runtime-dir takes that of `netpol-enforcer run`")]
    NoStatus(String, std::io::Error),
    #[error("{0}")]
    Flow(#[from] FlowError),
    #[error("the kernel's rules cannot be walked: {0}: `netpol-enforcer verify` says more")]
    Rules(#[from] Foreign),
    #[error("netlink cannot be spoken: {0}: it takes the capability CAP_NET_ADMIN")]
    Netlink(std::io::Error),
    #[error("changes cannot be listened to: {0}")]
    Watch(std::io::Error),
}

fn main() -> ExitCode {
    match execute(&Enforcer::parse().command) {
        Ok(status) => ExitCode::from(status),
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Does a command, and gives the exit status: 1 if the answer is no.
fn execute(command: &Command) -> Result<u8, Failure> {
    match command {
        Command::Render(source) => {
            let lowered = lowered_once(source, 1)?;
            print(&lowered.ruleset.to_text()).map(|()| 0)
        }
        Command::Apply(source) => {
            let listing = kernel::list()?;
            let lowered = lowered_once(source, next_generation(listing.as_deref()))?;
            let connection = Connection::open().map_err(Failure::Netlink)?;
            kernel::give(&connection, kernel::found(listing.as_deref()).as_ref(), &lowered.ruleset)?;
            let (addresses, chains) = (lowered.isolated_addresses(), lowered.ruleset.chains.len());
            eprintln!("applied: {addresses} addresses of isolated pods, {chains} chains");
            Ok(0)
        }
        Command::Verify(source) => {
            let listing = kernel::list()?;
            let generation = listing.as_deref().and_then(|listing| generation(listing, MASK)).unwrap_or(1);
            let wanted = lowered_once(source, generation)?.ruleset;
            let differences = kernel::differences(&wanted, listing.as_deref());
            print(&differences.iter().map(|difference| format!("{difference}\n")).collect::<String>())?;
            if differences.is_empty() {
                eprintln!("the kernel has the rules of these manifests");
            }
            Ok(u8::from(!differences.is_empty()))
        }
        Command::Trace(arguments) => {
            let workspace = workspace(&arguments.source)?;
            let ruleset = kernel::list()?.map_or_else(|| Ok(Ruleset::default()), |it| Ruleset::from_listing(&it))?;
            let (told, do_agree) = trace::trace(workspace.engine(), &ruleset, arguments)?;
            print(&told)?;
            Ok(u8::from(!do_agree))
        }
        Command::Status(RuntimeDir { runtime_dir }) => {
            let is_running = instance::Instance::is_claimed(runtime_dir);
            let status = status::Status::read(runtime_dir)
                .map_err(|error| Failure::NoStatus(runtime_dir.display().to_string(), error))?;
            let (text, is_good) = status.to_text(is_running);
            print(&text)?;
            Ok(u8::from(!is_good))
        }
        Command::Run(arguments) => {
            log_as(arguments.log_format);
            run::run(arguments).map(|()| 0)
        }
        Command::Cleanup => {
            kernel::cleanup()?;
            Ok(0)
        }
    }
}

/// A generation that no connection was allowed by lately: the one after the kernel's. Where the kernel has none, connections may still
/// be marked by rules that are gone, and the clock gives one that is unlikely to be theirs.
fn next_generation(listing: Option<&str>) -> u32 {
    let last = listing.and_then(|listing| generation(listing, MASK));
    let clock = || status::now() % (1 << MASK.count_ones());
    last.or_else(|| u32::try_from(clock()).ok()).unwrap_or_default() + 1
}

/// Writes to standard output; who reads it may stop to.
fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::Output(error)),
        _ => Ok(()),
    }
}

fn log_as(format: LogFormat) {
    let subscriber = tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false);
    match format {
        LogFormat::Text => subscriber.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => subscriber.json().init(),
    }
}

/// The manifests, which know the node.
fn workspace(source: &Source) -> Result<Workspace, Failure> {
    let mut workspace = Workspace::default();
    workspace.configure(netpol::config::Config::default(), source.engine_options());
    manifests::read_all(&source.manifests, &mut workspace)?;
    let cluster = workspace.engine().cluster();
    let is_known = |node: &str| {
        cluster.endpoints.iter().any(|endpoint| endpoint.node.as_deref() == Some(node))
            || cluster.nodes.iter().any(|known| &*known.name == node)
    };
    if !is_known(&source.node) {
        let mut known: Vec<String> =
            cluster.endpoints.iter().filter_map(|endpoint| endpoint.node.as_deref().map(str::to_owned)).collect();
        known.sort();
        known.dedup();
        return Err(Failure::NoSuchNode { node: source.node.clone(), known });
    }
    Ok(workspace)
}

/// The rules for a node. What they leave out is told on standard error.
fn lowered_once(source: &Source, generation: u32) -> Result<Lowered, Failure> {
    let workspace = workspace(source)?;
    let lowered = lower(workspace.engine(), &source.node, &source.lower_options(generation, BTreeSet::new()));
    tell_left_out(&workspace, &lowered, |line| eprintln!("warning: {line}"));
    Ok(lowered)
}

/// Whether rules of a node are about an endpoint: its pods, but not those on its own network.
fn is_pod_of(endpoint: &Endpoint, node: &str) -> bool {
    endpoint.kind == EndpointKind::Pod && endpoint.node.as_deref() == Some(node) && !endpoint.host_network
}

/// Tells what the rules leave out, a line for each.
fn tell_left_out(workspace: &Workspace, lowered: &Lowered, tell: impl Fn(String)) {
    for finding in workspace.left_out() {
        let place = finding.place.as_ref().map(|place| workspace.sources().resolve(place));
        let place = place.map_or_else(String::new, |place| format!("{}:{}:{}: ", place.path, place.line, place.column));
        tell(format!("{place}{}", finding.message));
    }
    for unenforced in &lowered.unenforced {
        let pod = workspace.engine().cluster().endpoint_label(unenforced.pod);
        tell(format!("{pod} {}: it is not isolated", unenforced.reason));
    }
}
