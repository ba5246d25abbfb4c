//! The command line.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use netpol::options::{Enforcement, EngineOptions};
use netpol_nft::{Deny, Established, Log, LowerOptions};

/// The bits of the conntrack mark that are ours.
pub const MASK: u32 = 0xfff0_0000;

/// Makes network policies effective on a node, by nftables.
#[derive(Debug, Parser)]
#[command(
    name = "netpol-enforcer",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  netpol-enforcer render --manifests manifests/ --node worker-1     what the kernel would be given
  netpol-enforcer apply --manifests manifests/ --node worker-1      gives it to the kernel, in one step
  netpol-enforcer verify --manifests manifests/ --node worker-1     whether the kernel still has it
  netpol-enforcer run --manifests manifests/ --node worker-1        stays, and keeps the kernel up to the folder
  netpol-enforcer status                                            what it does there
  netpol-enforcer trace --manifests manifests/ --node worker-1 shop/web shop/db 5432/tcp
                                                                    why the kernel lets a packet pass, or not
  netpol-enforcer cleanup                                           takes the rules away again"
)]
pub struct Enforcer {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prints the rules of a node, as `nft -f` reads them
    Render(Source),
    /// Gives the rules of a node to the kernel once, in place of those that it has, and ends
    Apply(Source),
    /// Compares the rules that the kernel has with those of the manifests; the status is 1 if they differ
    Verify(Source),
    /// Stays: watches the manifests and the kernel, and keeps the kernel's rules up to the manifests; at the end, the rules stay
    Run(Run),
    /// Shows the pods of the node, what isolates each, and whether the enforcer that runs is right; the status is 1 if not
    Status(RuntimeDir),
    /// Shows what the policies say of a flow, and its way through the kernel's rules; the status is 1 if the two differ
    Trace(Trace),
    /// Removes the rules from the kernel: nothing is isolated any more
    Cleanup,
}

/// An enforcer that stays.
#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    pub source: Source,
    #[command(flatten)]
    pub runtime: RuntimeDir,
    /// Address at which `/healthz`, `/readyz` and `/metrics` are answered; without, nothing is listened to
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// How the log is written, on standard error
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// Where a running enforcer has its files.
#[derive(Debug, Args)]
pub struct RuntimeDir {
    /// Folder of the enforcer's own files; two that share one do not run at a time
    #[arg(long, value_name = "PATH", default_value = "/run/netpol")]
    pub runtime_dir: PathBuf,
}

/// A flow to trace.
#[derive(Debug, Args)]
pub struct Trace {
    #[command(flatten)]
    pub source: Source,
    /// Who opens the connection: `namespace/pod` or an address
    pub from: String,
    /// Who is to answer: `namespace/pod`, `namespace/service/name` or an address
    pub to: String,
    /// The port, or its name, and the protocol if it is not TCP: `53/udp`
    pub port: String,
}

/// How a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line for people
    Text,
    /// A JSON object a line
    Json,
}

/// What is enforced, and how.
#[derive(Debug, Args)]
pub struct Source {
    /// Folder or file with Pods, with their addresses and nodes, Namespaces and policies
    #[arg(long, value_name = "PATH")]
    pub manifests: PathBuf,
    /// The node: `spec.nodeName` of the pods that run here
    #[arg(long, value_name = "NAME")]
    pub node: String,
    /// What happens to connections that are open when policies change
    #[arg(long, value_enum, default_value_t = Connections::Cut)]
    established: Connections,
    /// What happens to a packet that is denied
    #[arg(long, value_enum, default_value_t = Denial::Drop)]
    deny: Denial,
    /// Applies policies to traffic from pods to this node as well; without, pods reach their node
    #[arg(long)]
    police_node: bool,
    /// Tells the NFLOG group of denied packets, at most 10 in a second for each combination of policies
    #[arg(long, value_name = "GROUP")]
    log_group: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Connections {
    /// What is denied now is cut, by its next packet
    Cut,
    /// What was allowed once stays allowed
    Keep,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Denial {
    /// It is lost: who sent it tries again
    Drop,
    /// Its sender is told
    Reject,
}

impl Source {
    /// How the engine reads what NetworkPolicy leaves open.
    pub fn engine_options(&self) -> EngineOptions {
        let own_node_egress = if self.police_node { Enforcement::Police } else { Enforcement::Allow };
        EngineOptions { own_node_egress, ..EngineOptions::default() }
    }

    /// How the rules of a generation enforce, with the chains of some policies closed.
    pub fn lower_options(&self, generation: u32, closed: BTreeSet<String>) -> LowerOptions {
        LowerOptions {
            closed,
            established: match self.established {
                Connections::Cut => Established::Cut { mask: MASK, generation },
                Connections::Keep => Established::Keep,
            },
            deny: match self.deny {
                Denial::Drop => Deny::Drop,
                Denial::Reject => Deny::Reject,
            },
            log: self.log_group.map(|group| Log { group, rate: 10 }),
        }
    }
}
