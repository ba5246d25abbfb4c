//! Kubernetes network policy, evaluated: text → objects → cluster → compiled policies → verdicts, explanations, reachability.
//!
//! The passes, in order: [`load`] reads texts into objects, [`resolve`] joins them into a [`Cluster`], [`compile`] makes an
//! [`Engine`] of it, and the engine answers. Each pass returns a value and diagnostics; no input makes a pass fail as a whole.
//!
//! Deliberately absent: files, clocks, environment, threads, and any text meant for a terminal.

pub mod cidr;
pub mod cluster;
pub mod diagnostic;
pub mod flow;
pub mod load;
pub mod object;
pub mod options;
pub mod protocol;
pub mod resolve;
pub mod selector;
pub mod source;
pub mod span;
pub mod validate;

pub use load::{Loaded, load};
pub use resolve::{Resolved, resolve};
