//! `netpol diff`.

use netpol_report::diff as report;

use crate::args::{Diff, DiffFormat};
use crate::context::Context;
use crate::host::{Output, delivered};
use crate::input;
use crate::reach::query;
use crate::{Failure, Status};

pub fn run(command: &Diff, context: &Context<'_>) -> Result<Status, Failure> {
    if [&command.old, &command.new].into_iter().all(|path| path.as_os_str() == "-") {
        let message = "standard input cannot be both OLD and NEW: name a file or a folder for one of them";
        return Err(Failure::Usage(message.to_owned()));
    }
    let old = input::read(std::slice::from_ref(&command.old), context)?;
    let new = input::read(std::slice::from_ref(&command.new), context)?;
    let query = query(&command.filter);
    netpol::reach::check(&query, &[&old.engine, &new.engine])?;
    let difference = netpol::diff(&old.engine, &new.engine, &query);
    let mut out = Output(context.host);
    delivered(match command.output {
        DiffFormat::Text => report::text(&difference, &context.output_style(), &mut out),
        DiffFormat::Json => report::json(&difference, &mut out),
        DiffFormat::Md => report::markdown(&difference, &mut out),
    })?;
    // The process ends here, and the system frees its memory faster than one by one.
    std::mem::forget((old, new));
    Ok(if difference.is_empty() { Status::Success } else { Status::Negative })
}
