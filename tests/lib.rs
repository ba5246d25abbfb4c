//! What the cross-cutting tests share: the oracle, the conformance cases and the ways to run them, and random clusters.
//!
//! The tests themselves are `conformance.rs`, `coverage.rs`, `random_clusters.rs` and `structure.rs`; their data is in `cases`
//! and `fixtures`.

pub mod arrange;
pub mod ask;
pub mod case;
pub mod generate;
pub mod listing;
pub mod mirror;
pub mod named_flow;
pub mod oracle;
pub mod programs;
pub mod random;
pub mod run;
pub mod scenario;
pub mod simulator;
pub mod strict;
