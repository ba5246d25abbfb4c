//! `netpol diff`.

use std::io::Write;

use crate::args::{Common, Diff, DiffFormat};
use crate::input;
use crate::reach::query;
use crate::terminal::Terminal;
use crate::{Failure, Status};

pub fn run(command: &Diff, common: &Common) -> Result<Status, Failure> {
    let old = input::read(std::slice::from_ref(&command.old), common)?;
    let new = input::read(std::slice::from_ref(&command.new), common)?;
    let query = query(&command.filter);
    netpol::reach::check(&query, &[&old.engine, &new.engine])?;
    let difference = netpol::diff(&old.engine, &new.engine, &query);
    let text = match command.output {
        DiffFormat::Text => netpol_report::diff::text(&difference, &Terminal::of(common).output_style()),
        DiffFormat::Json => netpol_report::diff::json(&difference)? + "\n",
        DiffFormat::Md => netpol_report::diff::markdown(&difference),
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(if difference.is_empty() { Status::Success } else { Status::Negative })
}
