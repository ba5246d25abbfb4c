//! `netpol playground`: what the page is given. Serving it is the host's.

use serde_json::json;

use crate::args;
use crate::context::Context;
use crate::host::Playground;
use crate::{Failure, Status, input};

pub fn run(command: &args::Playground, context: &Context<'_>) -> Result<Status, Failure> {
    if command.paths.iter().any(|path| path.as_os_str() == "-") {
        return Err(Failure::Usage("standard input has no changes to follow: name files or folders".to_owned()));
    }
    let manifests = || {
        let sources = input::texts(&command.paths, context).map_err(|failure| failure.to_string())?;
        let sources = sources.iter().map(|(_, source)| json!({ "path": source.path, "text": &*source.text }));
        Ok(serde_json::Value::from_iter(sources).to_string())
    };
    let playground =
        Playground { paths: &command.paths, port: command.port, is_opened: command.open, manifests: &manifests };
    context.host.playground(&playground).map_err(Failure::Playground)?;
    Ok(Status::Success)
}
