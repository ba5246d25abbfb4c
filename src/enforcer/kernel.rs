//! The kernel's nftables, by way of the `nft` program.

use std::io::{self, Write};
use std::process::{Command, Stdio};

use netpol_nft::{Ruleset, TABLE, has_table};

/// Why the kernel does not have what it was given.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("the program `nft` cannot be run: {0}: install nftables 1.0.6 or newer")]
    NoProgram(io::Error),
    #[error("`nft` refuses, and the kernel keeps the rules that it had:\n{0}")]
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

/// The table as the kernel has it, in the JSON of `nft`; `None` if there is none.
pub fn list() -> Result<Option<String>, Failure> {
    let tables = nft(&["-j", "list", "tables"], "")?;
    // Asked for by name, a table that is missing could not be told from any other failure.
    if !has_table(&tables) {
        return Ok(None);
    }
    nft(&["-j", "list", "table", "inet", TABLE], "").map(Some)
}

fn batch(text: &str) -> Result<(), Failure> {
    nft(&["-f", "-"], text).map(drop)
}

fn nft(arguments: &[&str], input: &str) -> Result<String, Failure> {
    let mut nft = Command::new("nft")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Failure::NoProgram)?;
    // What `nft` does not read to its end it refuses, and says why.
    let _ = nft.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes()));
    let output = nft.wait_with_output().map_err(Failure::NoProgram)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Failure::Refused(String::from_utf8_lossy(&output.stderr).trim_end().to_owned()))
}
