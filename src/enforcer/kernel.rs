//! The kernel's nftables, by way of the `nft` program.

use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use netpol_nft::{Batch, Ruleset, TABLE, has_table};
use tracing::warn;

use crate::netlink::Connection;

/// Why the kernel does not have what it was given.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("the program `nft` cannot be run: {0}: install nftables 1.0.6 or newer")]
    NoProgram(io::Error),
    #[error("`nft` refuses, and the kernel keeps the rules that it had:\n{0}")]
    Refused(String),
    #[error("the program `nft` does not end, and was killed: the kernel keeps the rules that it had")]
    Hanging,
}

/// How long `nft` may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Gives the kernel a ruleset: what differs from the one that it has, if that is known, or all of it.
pub fn give(connection: &Connection, before: Option<&Ruleset>, wanted: &Ruleset) -> Result<(), Failure> {
    match before.and_then(|before| Batch::between(before, wanted)) {
        None => replace(wanted),
        Some(batch) => connection.change(&batch).or_else(|failure| {
            warn!("{failure}: all rules are replaced");
            replace(wanted)
        }),
    }
}

/// The ruleset of a listing, if it is one of ours.
pub fn found(listing: Option<&str>) -> Option<Ruleset> {
    Ruleset::from_listing(listing?).ok()
}

/// Puts a ruleset in place of the one that the kernel has, in one transaction: there is no moment without rules. All the same a packet
/// that is on its way meanwhile, on a processor that stands still for as long, can meet the old table as it is afterwards, which is
/// empty: hence only where `give` does not know better.
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

/// What our counters have counted, in the JSON of `nft`.
pub fn counters() -> Result<String, Failure> {
    nft(&["-j", "list", "counters", "table", "inet", TABLE], "")
}

/// How the table of a listing differs from a ruleset, a line each.
pub fn differences(wanted: &Ruleset, listing: Option<&str>) -> Vec<String> {
    match listing.map(Ruleset::from_listing) {
        None => vec![format!("there is no table inet {TABLE}: nothing is isolated")],
        Some(Ok(found)) => wanted.differences(&found),
        Some(Err(foreign)) => vec![foreign.to_string()],
    }
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
    let (stdin, stdout, stderr) = (nft.stdin.take(), nft.stdout.take(), nft.stderr.take());
    let (status, output, said) = thread::scope(|scope| {
        // What `nft` does not read to its end it refuses, and says why.
        scope.spawn(|| stdin.map(|mut stdin| stdin.write_all(input.as_bytes())));
        let output = scope.spawn(|| text(stdout));
        let said = scope.spawn(|| text(stderr));
        let status = wait(&mut nft);
        (status, output.join().unwrap_or_default(), said.join().unwrap_or_default())
    });
    match status.map_err(Failure::NoProgram)? {
        None => Err(Failure::Hanging),
        Some(status) if status.success() => Ok(output),
        Some(_) => Err(Failure::Refused(said.trim_end().to_owned())),
    }
}

fn text(pipe: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    // What came until a pipe broke is what there is to tell.
    let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Waits for the program to end; one that does not is killed.
fn wait(nft: &mut Child) -> io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(status) = nft.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(Duration::from_millis(1));
    }
    nft.kill()?;
    nft.wait().map(|_| None)
}
