//! `netpol check` and `netpol rules`: what is wrong with manifests, and what there is to find.

mod fix;

use std::collections::BTreeSet;
use std::path::Path;

use netpol::diagnostic::Severity;
use netpol::lint::{RULES, Rule};
use netpol_report::Style;
use netpol_report::check::{Baseline, Findings, Format};

use crate::args::{Check, CheckFormat, CheckOutput, FailOn, Rules};
use crate::context::Context;
use crate::host::delivered;
use crate::{Failure, Status, input};

/// GitHub refuses summaries of more than 1 MiB, and shows nothing of them.
const LARGEST_SUMMARY: usize = 900_000;

pub fn run(command: &Check, context: &Context<'_>) -> Result<Status, Failure> {
    refuse_collisions(&command.output)?;
    let mut checked = input::check(&command.paths, context)?;
    if command.fix {
        checked = fix::write(checked, command, context)?;
    }
    let mut findings = Findings::new(&checked.diagnostics, &checked.ignored, &checked.sources);
    if let Some(file) = &command.write_baseline {
        context.write(file, &findings.baseline().text()?)?;
        if !context.common.quiet {
            context.host.report(&format!("wrote {} to `{}`\n", findings.summary(), file.display()));
        }
        return Ok(status(&findings, FailOn::Never));
    }
    if let Some(file) = &command.baseline {
        for gone in findings.leave_out(read_baseline(file, context)?) {
            context.host.report(&netpol_report::diagnostics::warning(
                &format!("stale entry in `{}`: {}: {}", file.display(), gone.slug, gone.message),
                &context.error_style(),
            ));
        }
    }
    let status = status(&findings, command.fail_on);
    if command.diff {
        let diff = fix::diff(&checked);
        if diff.is_empty() && !context.common.quiet {
            context.host.report("nothing can be mended for certain\n");
        }
        print(&diff, context)?;
        return Ok(status);
    }
    if context.common.quiet {
        findings.leave_out_notes();
    }
    if !command.with_ignored {
        findings.leave_out_suppressed();
    }
    for output in &command.output {
        match &output.file {
            None => print(&findings.text(output.format.into(), &context.output_style())?, context)?,
            Some(file) => context.write(file, &findings.text(output.format.into(), &Style::default())?)?,
        }
    }
    if command.output.iter().all(|output| output.file.is_some()) {
        if is_github(context) {
            print(&annotations(&findings)?, context)?;
        }
        print(&findings.text(Format::Pretty, &context.output_style())?, context)?;
    }
    summarise_step(&findings, context)?;
    Ok(status)
}

/// Two reports in one place are none.
fn refuse_collisions(outputs: &[CheckOutput]) -> Result<(), Failure> {
    let mut files = BTreeSet::new();
    match outputs.iter().find(|output| !files.insert(&output.file)) {
        None => Ok(()),
        Some(CheckOutput { file: None, .. }) => Err(Failure::Usage(
            "standard output takes one format: write the others into files, as in -o sarif=FILE".to_owned(),
        )),
        Some(CheckOutput { file: Some(file), .. }) => {
            Err(Failure::Usage(format!("two formats go into `{}`", file.display())))
        }
    }
}

fn print(text: &str, context: &Context<'_>) -> Result<(), Failure> {
    delivered(context.host.output(text.as_bytes()))?;
    Ok(())
}

fn read_baseline(file: &Path, context: &Context<'_>) -> Result<Baseline, Failure> {
    Baseline::parse(&context.text(file)?).map_err(|error| {
        Failure::Usage(format!("`{}` is no baseline: {error}; --write-baseline makes one", file.display()))
    })
}

fn status(findings: &Findings<'_>, fail_on: FailOn) -> Status {
    if !findings.is_complete() {
        return Status::Failure;
    }
    let worst = match fail_on {
        FailOn::Never => return Status::Success,
        FailOn::Error => Severity::Error,
        FailOn::Warning => Severity::Warning,
        FailOn::Note => Severity::Note,
    };
    if findings.count(worst) == 0 { Status::Success } else { Status::Negative }
}

/// Annotations, folded away in the log of GitHub Actions, which shows their texts as well.
fn annotations(findings: &Findings<'_>) -> Result<String, Failure> {
    let text = findings.text(Format::Github, &Style::default())?;
    Ok(if text.is_empty() { text } else { format!("::group::annotations\n{text}::endgroup::\n") })
}

fn is_github(context: &Context<'_>) -> bool {
    context.host.variable("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// In GitHub Actions, adds the findings to the summary of the step.
fn summarise_step(findings: &Findings<'_>, context: &Context<'_>) -> Result<(), Failure> {
    let Some(path) = context.host.variable("GITHUB_STEP_SUMMARY").filter(|_| is_github(context)) else {
        return Ok(());
    };
    let mut text = findings.text(Format::Markdown, &Style::default())?;
    if text.len() > LARGEST_SUMMARY {
        let start = text.as_bytes().get(..LARGEST_SUMMARY).unwrap_or_default();
        let end = start.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
        text.truncate(end);
        text.push_str("\n\nMore are in the log of the step.\n");
    }
    context.host.append(Path::new(&path), &text).map_err(|source| Failure::Write { path, source })
}

impl From<CheckFormat> for Format {
    fn from(format: CheckFormat) -> Format {
        match format {
            CheckFormat::Pretty => Format::Pretty,
            CheckFormat::Compact => Format::Compact,
            CheckFormat::Json => Format::Json,
            CheckFormat::Sarif => Format::Sarif,
            CheckFormat::Junit => Format::Junit,
            CheckFormat::Github => Format::Github,
            CheckFormat::Gitlab => Format::Gitlab,
            CheckFormat::Md => Format::Markdown,
        }
    }
}

pub fn rules(command: &Rules, context: &Context<'_>) -> Result<Status, Failure> {
    let text = match &command.slug {
        None => RULES
            .iter()
            .map(|rule| format!("{:<30} {:<8} {}\n", rule.slug, rule.severity.name(), rule.summary))
            .collect(),
        Some(slug) => explain(slug)?,
    };
    print(&text, context)?;
    Ok(Status::Success)
}

fn explain(slug: &str) -> Result<String, Failure> {
    let Some(rule) = Rule::find(slug) else { return Err(Failure::Usage(Rule::unknown(slug))) };
    Ok(netpol_report::pages::of(slug).map_or_else(|| format!("# {}\n\n{}\n", rule.slug, rule.summary), str::to_owned))
}
