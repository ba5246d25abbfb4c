//! Finds and reads the configuration.

use std::io::ErrorKind;
use std::path::Path;

use netpol::config::Config;

use crate::Failure;
use crate::context::Context;

/// The file that is read if no other is named.
pub const FILE: &str = "netpol.yaml";

/// The configuration of this run: the file that is named, or the one in the current folder, if there is one.
///
/// # Errors
///
/// The file cannot be read, or is no configuration.
pub fn read(context: &Context<'_>) -> Result<Config, Failure> {
    let named = context.common.config.as_deref();
    let file = named.unwrap_or(Path::new(FILE));
    let text = match context.text(file) {
        Err(Failure::Read { source, .. }) if named.is_none() && source.kind() == ErrorKind::NotFound => {
            return Ok(Config::default());
        }
        text => text?,
    };
    Config::parse(&text).map_err(|error| {
        let place = error.position.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
        Failure::Usage(format!("`{}`{place}: {}", file.display(), error.message))
    })
}
