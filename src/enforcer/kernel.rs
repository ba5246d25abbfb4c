//! The kernel's nftables, by way of the `nft` program.

use std::io::{self, Write};
use std::process::{Command, Stdio};

use netpol_nft::{Ruleset, TABLE};

/// Why the kernel does not have what it was given.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("the program `nft` cannot be run: {0}: install nftables 1.0.6 or newer")]
    NoProgram(io::Error),
    #[error("the kernel refuses the rules, and keeps those that it had:\n{0}")]
    Refused(String),
}

/// Puts a ruleset in place of the one that the kernel has, in one transaction: there is no moment without rules.
pub fn replace(ruleset: &Ruleset) -> Result<(), Failure> {
    batch(&ruleset.to_text())
}

/// Removes the table, if it is there.
pub fn cleanup() -> Result<(), Failure> {
    batch(&format!("add table inet {TABLE}\ndelete table inet {TABLE}\n"))
}

fn batch(text: &str) -> Result<(), Failure> {
    let mut nft = Command::new("nft")
        .args(["-f", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Failure::NoProgram)?;
    // What `nft` does not read to its end it refuses, and says why.
    let _ = nft.stdin.take().map(|mut stdin| stdin.write_all(text.as_bytes()));
    let output = nft.wait_with_output().map_err(Failure::NoProgram)?;
    if output.status.success() {
        return Ok(());
    }
    Err(Failure::Refused(String::from_utf8_lossy(&output.stderr).trim_end().to_owned()))
}
