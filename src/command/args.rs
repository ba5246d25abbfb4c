//! The command line.

mod check;
mod playground;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use netpol::config::OptionsConfig;
use netpol::options::{Cidrs, Enforcement, HostNetwork, IpBlocks};
use netpol::protocol::{Family, Port, Protocol};
use serde::{Deserialize, Serialize};

pub use check::{Check, CheckFormat, CheckOutput, FailOn, Rules};
pub use playground::Playground;

/// Help is not set wider than this.
const MAX_COLUMNS: usize = 100;

/// Reads a command line, the program's name first. What is wrong with it is said in the colours that it asks for.
///
/// `columns` is how wide a help is set; without it, as wide as the terminal is, where that is known.
///
/// # Errors
///
/// There is nothing to run: help or the version is asked for, or the command line is wrong.
pub fn parse(arguments: impl IntoIterator<Item = OsString>, columns: Option<usize>) -> Result<Cli, clap::Error> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let command = Cli::command().color(color_of(&arguments));
    let command = match columns {
        Some(columns) => command.term_width(columns.min(MAX_COLUMNS)),
        None => command,
    };
    Cli::from_arg_matches(&command.try_get_matches_from(arguments)?)
}

/// Kubernetes network policy: may this flow pass, who can reach whom, and why.
#[derive(Debug, Parser, Serialize, Deserialize)]
#[command(
    name = "netpol",
    version,
    max_term_width = MAX_COLUMNS,
    after_help = "\
Examples:
  netpol reach examples/shop                              who can reach whom
  netpol eval examples/shop --from shop-backend/cart --to shop-data/redis --port 6379
  netpol diff main/ branch/                               what a change opens and closes

PATH is a file, a folder (searched for .yaml, .yml and .json, respecting .gitignore) or - for standard input."
)]
pub struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// What `--color` says, read before the rest can be known to be right.
fn color_of(arguments: &[OsString]) -> ColorChoice {
    let mut choice = ColorChoice::Auto;
    let mut is_value = false;
    for argument in arguments {
        let argument = argument.to_string_lossy();
        let value = if is_value { Some(argument.as_ref()) } else { argument.strip_prefix("--color=") };
        choice = match value {
            Some("always") => ColorChoice::Always,
            Some("never") => ColorChoice::Never,
            _ => choice,
        };
        is_value = argument == "--color";
    }
    choice
}

#[derive(Debug, Subcommand, Serialize, Deserialize)]
pub enum Command {
    Eval(Eval),
    Reach(Reach),
    Diff(Diff),
    Check(Check),
    Rules(Rules),
    Playground(Playground),
}

/// Options of every command.
#[derive(Debug, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// Goes on without the parts of the input that had to be left out
    #[arg(long, global = true)]
    pub lenient: bool,
    /// Says errors and warnings only
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// A configuration [default: netpol.yaml in the current folder, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// When to use colour; NO_COLOR is respected
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorWhen,
    /// Whether an ipBlock matches pods' addresses, or external ones only (D1) [default: any]
    #[arg(long, global = true, value_enum, help_heading = "Semantics (docs/semantics.md)")]
    pub ip_blocks: Option<Blocks>,
    /// Whether a hostNetwork pod is its node, out of reach for selectors, or a pod like any other (D2) [default: node]
    #[arg(long, global = true, value_enum, help_heading = "Semantics (docs/semantics.md)")]
    pub host_network: Option<Host>,
    /// Whether policy applies from a pod to its own node (D3) [default: police]
    #[arg(long, global = true, value_enum, help_heading = "Semantics (docs/semantics.md)")]
    pub own_node_egress: Option<Policing>,
    /// Whether policy applies from a pod to itself by way of a Service (D4) [default: police]
    #[arg(long, global = true, value_enum, help_heading = "Semantics (docs/semantics.md)")]
    pub service_hairpin: Option<Policing>,
    /// Whether CIDRs with host bits or leading zeros make a policy invalid (D8) [default: strict]
    #[arg(long, global = true, value_enum, help_heading = "Semantics (docs/semantics.md)")]
    pub cidrs: Option<CidrReading>,
}

impl Common {
    /// The options that flags set.
    pub fn options(&self) -> OptionsConfig {
        let enforcement = |policing| match policing {
            Policing::Allow => Enforcement::Allow,
            Policing::Police => Enforcement::Police,
        };
        OptionsConfig {
            ip_blocks: self.ip_blocks.map(|blocks| match blocks {
                Blocks::Any => IpBlocks::Any,
                Blocks::External => IpBlocks::External,
            }),
            host_network: self.host_network.map(|host| match host {
                Host::Node => HostNetwork::Node,
                Host::Pod => HostNetwork::Pod,
            }),
            own_node_egress: self.own_node_egress.map(enforcement),
            service_hairpin: self.service_hairpin.map(enforcement),
            cidrs: self.cidrs.map(|reading| match reading {
                CidrReading::Strict => Cidrs::Strict,
                CidrReading::Legacy => Cidrs::Legacy,
            }),
        }
    }
}

#[derive(Debug, Clone, Copy, Default, ValueEnum, Serialize, Deserialize)]
pub enum ColorWhen {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, ValueEnum, Serialize, Deserialize)]
pub enum Blocks {
    Any,
    External,
}

#[derive(Debug, Clone, Copy, ValueEnum, Serialize, Deserialize)]
pub enum Host {
    Node,
    Pod,
}

#[derive(Debug, Clone, Copy, ValueEnum, Serialize, Deserialize)]
pub enum Policing {
    Allow,
    Police,
}

#[derive(Debug, Clone, Copy, ValueEnum, Serialize, Deserialize)]
pub enum CidrReading {
    Strict,
    Legacy,
}

/// Says whether a flow may pass, and who decided it.
///
/// The status is 0 if it may, 1 if not (for a Service: if any of its endpoints is out of reach), 2 if the question or the input is
/// not right. With --flows it is 0 whatever the answers are.
#[derive(Debug, Args, Serialize, Deserialize)]
#[command(after_help = "\
Ends are an IP address, namespace/name, namespace/kind/name (kinds as kubectl has them, such as deploy), an id as outputs \
print it, or, as a destination, service/namespace/name or the address of a Service.

Examples:
  netpol eval k8s/ --from shop/web --to data/orders-db --port 5432
  netpol eval k8s/ --from 203.0.113.7 --to service/shop/web --port https
  netpol eval k8s/ --from shop/web --to data/orders-db              every port that may pass
  kubectl get ns,pods,netpol -A -o yaml | netpol eval - --flows flows.txt -o json
with flows.txt:
  shop/web -> data/orders-db:5432/TCP
  shop/web -> 198.51.100.1:443")]
pub struct Eval {
    /// Manifests: files, folders, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Who opens the connection
    #[arg(long, value_name = "END", required_unless_present = "flows", requires = "to")]
    pub from: Option<String>,
    /// Who is to answer
    #[arg(long, value_name = "END", requires = "from")]
    pub to: Option<String>,
    /// The destination port: a number, or the name of a container port or Service port
    #[arg(long, value_name = "PORT", requires = "from")]
    pub port: Option<String>,
    /// TCP, UDP or SCTP [default: TCP, or that of the named port]
    #[arg(long, value_name = "PROTOCOL", value_parser = protocol, requires = "from")]
    pub protocol: Option<Protocol>,
    /// The address family, where a pod has both [default: the destination's first that the source has]
    #[arg(long, value_enum)]
    pub family: Option<FamilyName>,
    /// A file with a flow a line; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "to"])]
    pub flows: Option<PathBuf>,
    /// The format of the answer
    #[arg(long, short, value_enum, default_value_t)]
    pub output: EvalFormat,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum EvalFormat {
    #[default]
    Text,
    Json,
}

/// Lists who can reach whom: every pair of workloads and of the external address ranges that policies tell apart.
#[derive(Debug, Args, Serialize, Deserialize)]
#[command(after_help = "\
A pod's traffic to itself and from its own node always passes and is not listed, unless asked for.

The ends of --from and --to are those of netpol eval, and namespaces. * is any text; an id as outputs print it is that end. An \
address of a pod means the pod. A CIDR means the addresses in it and the pods that have them; first-last, as outputs print \
it, means addresses that are no pod's. What matches nothing is an error, with status 2.

Examples:
  netpol reach k8s/
  netpol reach k8s/ -o matrix
  netpol reach k8s/ --to data --port 5432                 who reaches port 5432 in namespace data
  netpol reach k8s/ --from 'shop/web*' -o list
  netpol reach k8s/ -o dot | dot -Tsvg > reach.svg")]
pub struct Reach {
    /// Manifests: files, folders, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub filter: Filter,
    /// Lists a workload's traffic to itself too
    #[arg(long)]
    pub include_self: bool,
    /// The format of the answer
    #[arg(long, short, value_enum, default_value_t)]
    pub output: ReachFormat,
    /// What the rows and columns of a matrix are
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    pub group: GroupBy,
}

/// Which part of an answer is wanted.
#[derive(Debug, Args, Serialize, Deserialize)]
pub struct Filter {
    /// Only these sources: an IP address, CIDR, namespace, namespace/name, namespace/kind/name, or an id as printed; * is any text
    #[arg(long, value_name = "END")]
    pub from: Vec<String>,
    /// Only these destinations
    #[arg(long, value_name = "END")]
    pub to: Vec<String>,
    /// Only pairs with an end in this namespace; * is any text
    #[arg(long, short, value_name = "NAMESPACE")]
    pub namespace: Vec<String>,
    /// Only these destination ports: 80 or 8000-8080
    #[arg(long, value_name = "PORT", value_parser = port_range)]
    pub port: Vec<(Port, Port)>,
    /// Only this protocol: TCP, UDP or SCTP
    #[arg(long, value_name = "PROTOCOL", value_parser = protocol)]
    pub protocol: Vec<Protocol>,
    /// Only flows over this address family, without addresses of the other [default: for each pair, the destination's first that the source has]
    #[arg(long, value_enum)]
    pub family: Option<FamilyName>,
    /// Lists the addresses of nodes, and what a pod's own node may do
    #[arg(long)]
    pub include_nodes: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum, Serialize, Deserialize)]
pub enum FamilyName {
    Ipv4,
    Ipv6,
}

impl From<FamilyName> for Family {
    fn from(name: FamilyName) -> Family {
        match name {
            FamilyName::Ipv4 => Family::Ipv4,
            FamilyName::Ipv6 => Family::Ipv6,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum ReachFormat {
    /// Columns, each source named once
    #[default]
    Table,
    /// A line per pair
    List,
    /// Sources down, destinations across
    Matrix,
    /// The schema of docs/json.md
    Json,
    /// A record per pair and protocol
    Csv,
    /// A Markdown table
    Md,
    /// A Graphviz graph
    Dot,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum GroupBy {
    /// Workloads, or namespaces if there are many of them
    #[default]
    Auto,
    Workload,
    Namespace,
}

/// Compares two sets of manifests: the connections that NEW gains and loses against OLD, per pair and port.
///
/// The status is 0 if there is no difference, 1 if there is one, 2 if the input is not right.
#[derive(Debug, Args, Serialize, Deserialize)]
#[command(after_help = "\
Examples:
  netpol diff main/ branch/
  netpol diff before.yaml after.yaml -o md >> \"$GITHUB_STEP_SUMMARY\"")]
pub struct Diff {
    /// The manifests as they were: a file or a folder
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// The manifests as they are to be: a file, a folder, or - for standard input
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    #[command(flatten)]
    pub filter: Filter,
    /// The format of the answer
    #[arg(long, short, value_enum, default_value_t)]
    pub output: DiffFormat,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum DiffFormat {
    #[default]
    Text,
    Json,
    Md,
}

fn protocol(text: &str) -> Result<Protocol, String> {
    netpol::flow::parse_protocol(text).map_err(|error| error.to_string())
}

/// Reads `80` or `8000-8080`.
///
/// # Errors
///
/// Says what to write.
pub fn port_range(text: &str) -> Result<(Port, Port), String> {
    let port = |text: &str| text.trim().parse::<u16>().ok().and_then(Port::new);
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (port(first), port(last)) {
        (Some(first), Some(last)) if first <= last => Ok((first, last)),
        _ => Err("use a port from 1 to 65535, or a range such as 8000-8080".to_owned()),
    }
}
