//! `netpol check` and `netpol rules`: what is wrong with manifests, and what there is to find.

mod fix;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use netpol::diagnostic::Severity;
use netpol::lint::{RULES, Rule};
use netpol_report::Style;
use netpol_report::check::{Baseline, Findings, Format};

use crate::args::{Check, CheckFormat, CheckOutput, Common, FailOn, Rules};
use crate::terminal::{Terminal, delivered};
use crate::{Failure, Status, input};

/// GitHub refuses summaries of more than 1 MiB, and shows nothing of them.
const LARGEST_SUMMARY: usize = 900_000;

pub fn run(command: &Check, common: &Common) -> Result<Status, Failure> {
    refuse_collisions(&command.output)?;
    let mut checked = input::check(&command.paths, common)?;
    if command.fix {
        checked = fix::write(checked, command, common)?;
    }
    let mut findings = Findings::new(&checked.diagnostics, &checked.ignored, &checked.sources);
    let terminal = Terminal::of(common);
    if let Some(file) = &command.write_baseline {
        write(file, &findings.baseline().text()?)?;
        if !common.quiet {
            terminal.report(&format!("wrote {} to `{}`\n", findings.summary(), file.display()));
        }
        return Ok(status(&findings, FailOn::Never));
    }
    if let Some(file) = &command.baseline {
        for gone in findings.leave_out(read_baseline(file)?) {
            terminal.report(&netpol_report::diagnostics::warning(
                &format!("stale entry in `{}`: {}: {}", file.display(), gone.slug, gone.message),
                &terminal.error_style(),
            ));
        }
    }
    let status = status(&findings, command.fail_on);
    if command.diff {
        let diff = fix::diff(&checked);
        if diff.is_empty() && !common.quiet {
            terminal.report("nothing can be mended for certain\n");
        }
        print(&diff)?;
        return Ok(status);
    }
    if common.quiet {
        findings.leave_out_notes();
    }
    if !command.with_ignored {
        findings.leave_out_suppressed();
    }
    for output in &command.output {
        match &output.file {
            None => print(&findings.text(output.format.into(), &terminal.output_style())?)?,
            Some(file) => write(file, &findings.text(output.format.into(), &Style::default())?)?,
        }
    }
    if command.output.iter().all(|output| output.file.is_some()) {
        if is_github() {
            print(&annotations(&findings)?)?;
        }
        print(&findings.text(Format::Pretty, &terminal.output_style())?)?;
    }
    summarise_step(&findings)?;
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

fn print(text: &str) -> Result<(), Failure> {
    delivered(std::io::stdout().lock().write_all(text.as_bytes()))?;
    Ok(())
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text).map_err(|source| Failure::Write { path: file.display().to_string(), source })
}

fn read_baseline(file: &Path) -> Result<Baseline, Failure> {
    let path = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|source| Failure::Read { path: path.clone(), source })?;
    Baseline::parse(&text)
        .map_err(|error| Failure::Usage(format!("`{path}` is no baseline: {error}; --write-baseline makes one")))
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

fn is_github() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// In GitHub Actions, adds the findings to the summary of the step.
fn summarise_step(findings: &Findings<'_>) -> Result<(), Failure> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| is_github() && !path.is_empty()) else {
        return Ok(());
    };
    let failure = |source| Failure::Write { path: path.display().to_string(), source };
    let mut text = findings.text(Format::Markdown, &Style::default())?;
    if text.len() > LARGEST_SUMMARY {
        let start = text.as_bytes().get(..LARGEST_SUMMARY).unwrap_or_default();
        let end = start.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
        text.truncate(end);
        text.push_str("\n\nMore are in the log of the step.\n");
    }
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(&path).map_err(failure)?;
    file.write_all(text.as_bytes()).map_err(failure)
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

pub fn rules(command: &Rules) -> Result<Status, Failure> {
    let text = match &command.slug {
        None => RULES
            .iter()
            .map(|rule| format!("{:<30} {:<8} {}\n", rule.slug, rule.severity.name(), rule.summary))
            .collect(),
        Some(slug) => explain(slug)?,
    };
    delivered(std::io::stdout().lock().write_all(text.as_bytes()))?;
    Ok(Status::Success)
}

fn explain(slug: &str) -> Result<String, Failure> {
    let Some(rule) = Rule::find(slug) else { return Err(Failure::Usage(Rule::unknown(slug))) };
    Ok(netpol_report::pages::of(slug).map_or_else(|| format!("# {}\n\n{}\n", rule.slug, rule.summary), str::to_owned))
}
