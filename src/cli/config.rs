//! Finds and reads the configuration.

use std::path::Path;

use netpol::config::Config;

use crate::Failure;
use crate::args::Common;

/// The file that is read if no other is named.
pub const FILE: &str = "netpol.yaml";

/// The configuration of this run: the file that is named, or the one in the current folder, if there is one.
///
/// # Errors
///
/// The file cannot be read, or is no configuration.
pub fn read(common: &Common) -> Result<Config, Failure> {
    let file = match &common.config {
        Some(file) => file.as_path(),
        None if Path::new(FILE).is_file() => Path::new(FILE),
        None => return Ok(Config::default()),
    };
    let path = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|source| Failure::Read { path: path.clone(), source })?;
    Config::parse(&text).map_err(|error| {
        let place = error.position.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
        Failure::Usage(format!("`{path}`{place}: {}", error.message))
    })
}
