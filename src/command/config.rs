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
    let Some(text) = text(context)? else { return Ok(Config::default()) };
    Config::parse(&text).map_err(|error| {
        let place = error.position.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
        Failure::Usage(format!("`{}`{place}: {}", path(context).display(), error.message))
    })
}

/// Where the configuration is, if there is one.
pub fn path<'a>(context: &Context<'a>) -> &'a Path {
    context.common.config.as_deref().unwrap_or(Path::new(FILE))
}

/// The text of the configuration; none if no file is named and there is none in the current folder.
///
/// # Errors
///
/// The file cannot be read.
pub fn text(context: &Context<'_>) -> Result<Option<String>, Failure> {
    let is_named = context.common.config.is_some();
    match context.text(path(context)) {
        Err(Failure::Read { source, .. }) if !is_named && source.kind() == ErrorKind::NotFound => Ok(None),
        text => text.map(Some),
    }
}
