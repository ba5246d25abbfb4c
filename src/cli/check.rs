//! `netpol check` and `netpol rules`: what is wrong with manifests, and what there is to find.

mod fix;

use std::io::Write;
use std::path::Path;

use include_dir::{Dir, include_dir};
use netpol::diagnostic::{Diagnostic, Severity};
use netpol::lint::{RULES, Rule};
use netpol_report::Style;
use netpol_report::check::{Baseline, Findings, Format};

use crate::args::{Check, CheckFormat, CheckOutput, Common, FailOn, Rules};
use crate::terminal::{Terminal, delivered};
use crate::{Failure, Status, input};

static PAGES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../docs/diagnostics");

/// What cannot be read at all is no finding among others: the run has failed.
const UNREAD: [&str; 2] = ["invalid-document", "unreadable-file"];

pub fn run(command: &Check, common: &Common) -> Result<Status, Failure> {
    let mut checked = input::check(&command.paths, common)?;
    if command.fix {
        checked = fix::write(checked, command, common)?;
    }
    if common.quiet {
        checked.diagnostics.retain(|diagnostic| diagnostic.severity != Severity::Note);
    }
    let mut findings = Findings::new(&checked.diagnostics, &checked.sources);
    let terminal = Terminal::of(common);
    if let Some(file) = &command.write_baseline {
        write(file, &findings.baseline().text()?)?;
        terminal.report(&format!("wrote {} to `{}`\n", findings.summary(), file.display()));
        return Ok(Status::Success);
    }
    if let Some(file) = &command.baseline {
        for gone in findings.leave_out(read_baseline(file)?) {
            terminal.report(&netpol_report::diagnostics::warning(
                &format!("stale entry in `{}`: {}", file.display(), gone.message),
                &terminal.error_style(),
            ));
        }
    }
    if command.diff {
        delivered(std::io::stdout().lock().write_all(fix::diff(&checked).as_bytes()))?;
        return Ok(status(&checked.diagnostics, &findings, command.fail_on));
    }
    for output in outputs(command) {
        match &output.file {
            None => {
                let text = findings.text(output.format.into(), &terminal.output_style())?;
                delivered(std::io::stdout().lock().write_all(text.as_bytes()))?;
            }
            Some(file) => write(file, &findings.text(output.format.into(), &Style::default())?)?,
        }
    }
    summarise_step(&findings)?;
    Ok(status(&checked.diagnostics, &findings, command.fail_on))
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

fn status(diagnostics: &[Diagnostic], findings: &Findings<'_>, fail_on: FailOn) -> Status {
    if diagnostics.iter().any(|diagnostic| UNREAD.contains(&diagnostic.slug)) {
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

/// The outputs that are asked for. In GitHub Actions, annotations go where the findings would go to be read by people.
fn outputs(command: &Check) -> Vec<CheckOutput> {
    let is_for_people = !command.output.iter().any(|output| output.file.is_none());
    let mut outputs = command.output.clone();
    if is_for_people {
        let format = if is_github() { CheckFormat::Github } else { CheckFormat::Pretty };
        outputs.push(CheckOutput { format, file: None });
    }
    outputs
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
    let text = findings.text(Format::Markdown, &Style::default())?;
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
    let page = PAGES.get_file(format!("{slug}.md")).and_then(|page| page.contents_utf8());
    Ok(page.map_or_else(|| format!("# {}\n\n{}\n", rule.slug, rule.summary), str::to_owned))
}
