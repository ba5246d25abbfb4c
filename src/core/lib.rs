//! Kubernetes network policy, evaluated: text → objects → cluster → compiled policies → verdicts, explanations, reachability.
//!
//! The passes, in order: [`load`] reads texts into objects, [`resolve`] joins them into a [`Cluster`], [`compile`] makes an
//! [`Engine`] of it, and the engine answers. Each pass returns a value and diagnostics; no input makes a pass fail as a whole.
//!
//! Deliberately absent: files, clocks, environment, threads, and any text meant for a terminal.

mod addresses;
mod bitset;
pub mod cidr;
mod classes;
pub mod cluster;
mod compile;
pub mod connections;
pub mod diagnostic;
pub mod diff;
mod engine;
pub mod explain;
pub mod flow;
pub mod load;
pub mod model;
pub mod object;
pub mod options;
pub mod protocol;
pub mod reach;
pub mod resolve;
mod select;
pub mod selector;
pub mod source;
pub mod span;
pub mod validate;

pub use cluster::Cluster;
pub use compile::compile;
pub use diff::{Difference, diff};
pub use engine::{Engine, Exemption, Verdict};
pub use explain::Explanation;
pub use flow::{End, Flow};
pub use load::{Loaded, load};
pub use reach::{Connectivity, ReachQuery};
pub use resolve::{Resolved, resolve};
