//! The command line of `netpol playground`.

use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};

/// Serves a page on this machine that shows the manifests and what their policies do, and follows their changes.
#[derive(Debug, Args, Serialize, Deserialize)]
#[command(after_help = "\
The page is at the address that is printed, for programs on this machine alone, until the program is ended (Ctrl-C). What is edited in the \
page stays in the page: no file is written.

Exit status: 2 if a path cannot be read or the port is taken.

Examples:
  netpol playground                                       an empty page
  netpol playground k8s/ --open                           with the manifests of a folder, in the browser
  netpol playground shop.yaml policies/ --port 8080")]
pub struct Playground {
    /// Manifests: files or folders
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The port to listen at [default: a free one]
    #[arg(long, default_value_t, hide_default_value = true)]
    pub port: u16,
    /// Opens the page in the browser
    #[arg(long)]
    pub open: bool,
}
