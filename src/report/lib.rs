//! What leaves the program, as text: explanations, tables, JSON, diagnostics. One file a format.
//!
//! Reads the engine's answers and never the policies' meaning. Writes into what the caller gives; does no I/O of its own and knows
//! neither terminal nor environment: [`Style`] says what the caller found out about them.

pub mod check;
pub mod describe;
pub mod diagnostics;
pub mod diff;
pub mod eval;
pub mod pages;
pub mod plain;
pub mod reach;
mod style;

pub use style::Style;
