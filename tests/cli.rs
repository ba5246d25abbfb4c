//! The command line as a user meets it: real processes, real files, exit statuses, and both streams.
//!
//! What bad input does is in `bad_input.rs`. `NETPOL_BLESS=1 cargo test --package netpol-tests --test cli` rewrites the golden
//! outputs; read the difference before it is committed.

#[path = "cli/check.rs"]
mod check;
#[path = "cli/decisions.rs"]
mod decisions;
#[path = "cli/diff.rs"]
mod diff;
#[path = "cli/eval.rs"]
mod eval;
#[path = "cli/golden.rs"]
mod golden;
#[path = "cli/manifests.rs"]
mod manifests;
#[path = "cli/options.rs"]
mod options;
#[path = "cli/playground.rs"]
mod playground;
#[allow(dead_code, reason = "two test programs share this file")]
#[path = "cli/program.rs"]
mod program;
#[path = "cli/reach.rs"]
mod reach;
#[path = "cli/readme.rs"]
mod readme;
#[path = "cli/sarif.rs"]
mod sarif;
#[path = "cli/schema.rs"]
mod schema;
