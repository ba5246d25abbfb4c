//! `netpol eval`.

use std::io::{BufWriter, Write};
use std::path::Path;

use netpol::Verdict;
use netpol::flow::FlowText;
use netpol_report::eval::{self, Format, Places, Summary};

use crate::args::{Eval, EvalFormat};
use crate::context::Context;
use crate::host::{Output, delivered};
use crate::input::{self, Input};
use crate::{Failure, Status};

pub fn run(command: &Eval, context: &Context<'_>) -> Result<Status, Failure> {
    match (&command.flows, &command.from, &command.to) {
        (Some(file), _, _) => many(command, context, file),
        (None, Some(from), Some(to)) => {
            let flow = FlowText {
                source: from.clone(),
                destination: to.clone(),
                port: command.port.clone(),
                protocol: command.protocol,
                family: command.family.map(Into::into),
            };
            one(command, context, &flow)
        }
        _ => Err(Failure::Usage("say which flow: --from and --to, or --flows".to_owned())),
    }
}

fn one(command: &Eval, context: &Context<'_>, flow: &FlowText) -> Result<Status, Failure> {
    let input = input::read(&command.paths, context)?;
    let places = Places::new(input.engine.cluster(), &input.sources);
    let (text, verdict) = answer(&input, &places, flow, command.output, context)?;
    delivered(context.host.output(text.as_bytes()))?;
    Ok(if verdict == Summary::Same(Verdict::Allow) { Status::Success } else { Status::Negative })
}

/// A flow a line; a line that is no flow is reported and the others are answered all the same.
fn many(command: &Eval, context: &Context<'_>, file: &Path) -> Result<Status, Failure> {
    let is_stdin = |path: &Path| path.as_os_str() == "-";
    if is_stdin(file) && command.paths.iter().any(|path| is_stdin(path)) {
        return Err(Failure::Usage("standard input cannot be both the manifests and the flows".to_owned()));
    }
    let text = context.text(file)?;
    let input = input::read(&command.paths, context)?;
    let places = Places::new(input.engine.cluster(), &input.sources);
    let mut out = BufWriter::new(Output(context.host));
    let mut status = Status::Success;
    // Some editors begin a file with a byte order mark, which is no character of its first line.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let answered = FlowText::parse(line).map_err(Failure::Flow).and_then(|mut flow| {
            flow.family = command.family.map(Into::into);
            answer(&input, &places, &flow, command.output, context)
        });
        match answered {
            Ok((text, _)) => {
                let end = if command.output == EvalFormat::Text { "\n" } else { "" };
                if !delivered(write!(out, "{text}{end}"))? {
                    return Ok(status);
                }
            }
            Err(Failure::Flow(error)) => {
                status = Status::Failure;
                if command.output == EvalFormat::Json {
                    delivered(writeln!(out, "{}", eval::error_json(line, &error)?))?;
                }
                context.report_error(&format!("{}:{}: ", file.display(), index + 1), &error.to_string());
            }
            Err(failure) => return Err(failure),
        }
    }
    delivered(out.flush())?;
    Ok(status)
}

fn answer(
    input: &Input,
    places: &Places<'_>,
    flow: &FlowText,
    format: EvalFormat,
    context: &Context<'_>,
) -> Result<(String, Summary), Failure> {
    let format = match format {
        EvalFormat::Text => Format::Text,
        EvalFormat::Json => Format::Json,
    };
    let (text, summary) = eval::answer(&input.engine, places, flow, format, &context.output_style())?;
    Ok((text?, summary))
}
