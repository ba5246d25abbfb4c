//! Findings as people, code hosts and CI servers read them. One file a format.

mod baseline;
mod github;
mod gitlab;
mod json;
mod junit;
mod markdown;
mod pretty;
mod sarif;

use std::collections::BTreeMap;
use std::fmt::Write;

use netpol::diagnostic::{Diagnostic, Severity};
use netpol::ignore::Ignored;
use netpol::lint::Rule;
use netpol::source::{Place, Region, Sources};
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::Style;

pub use baseline::{Baseline, Known};

/// Where the pages of `docs/diagnostics` are read.
const PAGES: &str = "https://github.com/netpol/netpol/blob/main/docs/diagnostics";

/// What cannot be read at all is no finding among others: the run has failed.
const UNREAD: [&str; 2] = ["invalid-document", "unreadable-file"];

/// Notes are no trouble by themselves: many that say the same would hide what is.
const MOST_NOTES_OF_A_SLUG: usize = 3;

/// The format of findings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// Frames around what is meant.
    #[default]
    Pretty,
    /// A line per finding.
    Compact,
    /// The schema of docs/json.md.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit's XML.
    Junit,
    /// Workflow commands of GitHub Actions.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    /// A Markdown table.
    Markdown,
}

/// Everything that was found, in the order in which it is told.
pub struct Findings<'a> {
    findings: Vec<Finding<'a>>,
    /// What is not told: ignored, or of an earlier run.
    suppressed: Vec<Finding<'a>>,
    is_complete: bool,
    sources: &'a Sources,
}

/// A finding and what reports need of it.
struct Finding<'a> {
    diagnostic: &'a Diagnostic,
    place: Option<Placed<'a>>,
    /// Names the finding whatever stands around it: of its slug, its object and field, never of a line.
    fingerprint: String,
    suppression: Option<Suppression<'a>>,
}

/// Why a finding is not told.
enum Suppression<'a> {
    /// A comment or an annotation asks for it, and says why.
    Ignored(&'a str),
    /// A baseline has it.
    Known,
}

/// A place with its path, which has no `./` in front.
struct Placed<'a> {
    path: &'a str,
    region: Region,
}

impl<'a> Findings<'a> {
    /// Sorts findings by file and place; those about no file come last.
    pub fn new(diagnostics: &'a [Diagnostic], ignored: &'a [Ignored], sources: &'a Sources) -> Findings<'a> {
        let finding = |diagnostic: &'a Diagnostic, suppression| Finding {
            diagnostic,
            place: diagnostic.place.as_ref().map(|place| placed(sources, place)),
            fingerprint: String::new(),
            suppression,
        };
        let told = diagnostics.iter().map(|diagnostic| finding(diagnostic, None));
        let ignored =
            ignored.iter().map(|ignored| finding(&ignored.diagnostic, Some(Suppression::Ignored(&ignored.reason))));
        let mut findings: Vec<Finding<'a>> = told.chain(ignored).collect();
        findings.sort_by(|a, b| a.key().cmp(&b.key()));
        // Of two with one identity, the second keeps its fingerprint when the first is ignored.
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for finding in &mut findings {
            let identity = finding.identity();
            let count = counts.entry(identity.clone()).or_default();
            *count += 1;
            let mut hasher = SipHasher13::new();
            std::hash::Hasher::write(&mut hasher, format!("{identity}\n{count}").as_bytes());
            finding.fingerprint = format!("{:032x}", hasher.finish128().as_u128());
        }
        let (findings, suppressed) = findings.into_iter().partition(|finding| finding.suppression.is_none());
        let is_complete = !diagnostics.iter().any(|diagnostic| UNREAD.contains(&diagnostic.slug));
        Findings { findings, suppressed, is_complete, sources }
    }

    /// Whether everything could be read, so that nothing can have gone unseen.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Leaves out notes.
    pub fn leave_out_notes(&mut self) {
        self.findings.retain(|finding| finding.diagnostic.severity != Severity::Note);
    }

    /// Leaves out what is not told even where a format has a way to say why.
    pub fn leave_out_suppressed(&mut self) {
        self.suppressed.clear();
    }

    /// How many findings are at least that bad.
    pub fn count(&self, worst: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.diagnostic.severity <= worst).count()
    }

    /// The findings in a format.
    ///
    /// # Errors
    ///
    /// Serialisation does not fail for these types; the error is passed on all the same.
    pub fn text(&self, format: Format, style: &Style) -> std::io::Result<String> {
        Ok(match format {
            Format::Pretty => pretty::text(self, style),
            Format::Compact => {
                crate::diagnostics::all(self.findings.iter().map(|finding| finding.diagnostic), self.sources, style)
            }
            Format::Json => json::text(self)?,
            Format::Sarif => sarif::text(self)?,
            Format::Junit => junit::text(self)?,
            Format::Github => github::text(self),
            Format::Gitlab => gitlab::text(self)?,
            Format::Markdown => markdown::text(self),
        })
    }

    /// The findings that people are shown, and of which rules there are how many more notes.
    fn for_people(&self) -> (Vec<&Finding<'a>>, Vec<(&'static str, usize)>) {
        let mut notes: BTreeMap<&'static str, usize> = BTreeMap::new();
        let mut is_shown = |finding: &&Finding<'_>| {
            let count = notes.entry(finding.diagnostic.slug).or_default();
            *count += usize::from(finding.diagnostic.severity == Severity::Note);
            *count <= MOST_NOTES_OF_A_SLUG || finding.diagnostic.severity != Severity::Note
        };
        let shown = self.findings.iter().filter(|finding| is_shown(finding)).collect();
        let more = notes.into_iter().map(|(slug, count)| (slug, count.saturating_sub(MOST_NOTES_OF_A_SLUG)));
        (shown, more.filter(|(_, count)| *count > 0).collect())
    }

    /// How many there are of each severity, in words: `2 errors, 1 warning`.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        for severity in [Severity::Error, Severity::Warning, Severity::Note] {
            let count = self.findings.iter().filter(|finding| finding.diagnostic.severity == severity).count();
            if count > 0 {
                let (separator, plural) = (if text.is_empty() { "" } else { ", " }, if count == 1 { "" } else { "s" });
                let _ = write!(text, "{separator}{count} {}{plural}", severity.name());
            }
        }
        if text.is_empty() { "nothing found".to_owned() } else { text }
    }
}

impl Finding<'_> {
    fn key(&self) -> impl Ord {
        let place = self.place.as_ref().map(|place| (place.path, place.region.bytes.start, place.region.bytes.end));
        (place.is_none(), place, self.diagnostic.severity, self.diagnostic.slug, &self.diagnostic.message)
    }

    fn identity(&self) -> String {
        let diagnostic = self.diagnostic;
        let field = match &diagnostic.place {
            Some(Place::Field { path, .. }) => path,
            _ => &diagnostic.message,
        };
        let object = diagnostic.object.as_deref().or_else(|| self.place.as_ref().map(|place| place.path));
        format!("{}\n{}\n{field}", diagnostic.slug, object.unwrap_or_default())
    }

    /// The message with the object in front.
    fn message(&self) -> String {
        let object = self.diagnostic.object.as_ref().map(|object| format!("{object}: ")).unwrap_or_default();
        format!("{object}{}", self.diagnostic.message)
    }

    /// The message with what to do behind it.
    fn message_and_help(&self) -> String {
        let help = self.diagnostic.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        self.message() + &help
    }

    fn path(&self) -> &str {
        self.place.as_ref().map_or("", |place| place.path)
    }
}

fn placed<'a>(sources: &'a Sources, place: &Place) -> Placed<'a> {
    let region = sources.region(place);
    let path = sources.get(region.source).map_or("", |source| source.path.as_str());
    Placed { path: path.strip_prefix("./").unwrap_or(path), region }
}

fn page(rule: &Rule) -> String {
    format!("{PAGES}/{}.md", rule.slug)
}
