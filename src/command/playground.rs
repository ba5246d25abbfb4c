//! `netpol playground`: what the page is given. Serving it is the host's.

use std::path::PathBuf;

use serde_json::json;

use crate::args;
use crate::context::Context;
use crate::host::Playground;
use crate::{Failure, Status, config, input};

pub fn run(command: &args::Playground, context: &Context<'_>) -> Result<Status, Failure> {
    if command.paths.iter().any(|path| path.as_os_str() == "-") {
        return Err(Failure::Usage("standard input has no changes to follow: name files or folders".to_owned()));
    }
    let manifests = || manifests(command, context).map_err(|failure| failure.to_string());
    let config = config::path(context).to_owned();
    let watched: Vec<PathBuf> = command.paths.iter().cloned().chain([config]).collect();
    let playground = Playground { paths: &watched, port: command.port, is_opened: command.open, manifests: &manifests };
    context.host.playground(&playground).map_err(Failure::Playground)?;
    Ok(Status::Success)
}

/// The manifests, and the configuration under the name by which the page knows it.
fn manifests(command: &args::Playground, context: &Context<'_>) -> Result<String, Failure> {
    let sources = input::texts(&command.paths, context)?;
    let config = config::text(context)?.map(|text| json!({ "path": config::FILE, "text": text }));
    let sources = sources.iter().filter(|(_, source)| source.path != config::FILE);
    let sources = sources.map(|(_, source)| json!({ "path": source.path, "text": &*source.text }));
    Ok(sources.chain(config).collect::<serde_json::Value>().to_string())
}
