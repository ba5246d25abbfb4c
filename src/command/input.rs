//! From paths to an engine: reads and parses files in parallel, and says what is wrong with them.

use std::collections::{BTreeSet, HashSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use netpol::config::Config;
use netpol::diagnostic::{Diagnostic, Severity};
use netpol::ignore::Ignored;
use netpol::load::{self, MAX_TEXT, NotText};
use netpol::source::{Place, Sources};
use netpol::{Engine, Loaded};

use crate::context::Context;
use crate::host::reason;
use crate::{Failure, config};

/// A list is read in parts of this many items.
const LIST_PART: usize = 64;

/// A compiled cluster, and the texts it comes from.
pub struct Input {
    pub sources: Sources,
    pub engine: Engine,
}

/// Reads paths and compiles what is in them.
///
/// # Errors
///
/// A path cannot be read, nothing is in it, or parts had to be left out and `--lenient` is not given.
pub fn read(paths: &[PathBuf], context: &Context<'_>) -> Result<Input, Failure> {
    let Compiled { sources, diagnostics, engine, is_empty, .. } = compile(paths, context)?;
    report(&diagnostics, &sources, context);
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    // An object with several flaws is one part.
    let part = |diagnostic: &Diagnostic| match &diagnostic.object {
        Some(object) => (object.clone(), diagnostic.place.as_ref().map(Place::source)),
        None => (format!("{:?}", diagnostic.place), None),
    };
    let left_out = errors.map(part).collect::<BTreeSet<_>>().len();
    if left_out > 0 && !context.common.lenient {
        return Err(Failure::LeftOut(left_out));
    }
    if is_empty {
        let names: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
        return Err(Failure::Usage(format!("no Kubernetes objects that decide about traffic in {}", names.join(", "))));
    }
    Ok(Input { engine, sources })
}

/// Everything that is found in manifests.
pub struct Checked {
    pub sources: Sources,
    pub diagnostics: Vec<Diagnostic>,
    /// What the manifests ask to ignore.
    pub ignored: Vec<Ignored>,
}

/// Reads paths and says everything that there is to say about them.
///
/// # Errors
///
/// A path cannot be read.
pub fn check(paths: &[PathBuf], context: &Context<'_>) -> Result<Checked, Failure> {
    let Compiled { sources, diagnostics, engine, config, .. } = compile(paths, context)?;
    let (diagnostics, ignored) = netpol::findings(&engine, &sources, diagnostics, &config);
    Ok(Checked { sources, diagnostics, ignored })
}

/// The texts of manifests, without those that cannot be read.
///
/// # Errors
///
/// A path cannot be read.
pub fn texts(paths: &[PathBuf], context: &Context<'_>) -> Result<Sources, Failure> {
    let mut diagnostics = Vec::new();
    let sources = read_sources(paths, context, &mut diagnostics)?;
    report(&diagnostics, &sources, context);
    Ok(sources)
}

struct Compiled {
    sources: Sources,
    diagnostics: Vec<Diagnostic>,
    engine: Engine,
    /// Whether nothing in the input decides about traffic.
    is_empty: bool,
    config: Config,
}

fn compile(paths: &[PathBuf], context: &Context<'_>) -> Result<Compiled, Failure> {
    let mut diagnostics = Vec::new();
    let sources = read_sources(paths, context, &mut diagnostics)?;
    let config = config::read(context)?;
    let options = context.common.options().or(config.options).engine_options();
    let loaded = parse(&sources, context);
    diagnostics.extend(loaded.diagnostics);
    let is_empty = loaded.objects.is_empty();
    let resolved = netpol::resolve(loaded.objects, &options);
    diagnostics.extend(resolved.diagnostics);
    Ok(Compiled { engine: netpol::compile(resolved.cluster, options), sources, diagnostics, is_empty, config })
}

/// Says what there is to say about the input, in its order.
fn report(diagnostics: &[Diagnostic], sources: &Sources, context: &Context<'_>) {
    let style = context.error_style();
    context.host.report(&netpol_report::diagnostics::list(diagnostics, sources, !context.common.quiet, &style));
}

fn read_sources(
    paths: &[PathBuf],
    context: &Context<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Sources, Failure> {
    let mut files = Vec::new();
    let mut sources = Sources::default();
    for path in paths {
        files.extend(find(path, context, &mut sources, diagnostics)?);
    }
    files.sort();
    // Links can lead to one file in several ways.
    let mut seen = HashSet::new();
    files.retain(|file| seen.insert(context.host.real_path(file)));
    // One byte more than is accepted shows that there is more.
    let texts = context.host.read(&files, MAX_TEXT + 1);
    for (path, bytes) in files.iter().zip(texts) {
        let path = path.display().to_string();
        match bytes.map_err(|error| reason(&error).into()).and_then(load::text_of) {
            Ok(text) => {
                sources.add(path, text);
            }
            Err(reason) => refuse(&mut sources, path, reason, diagnostics),
        }
    }
    Ok(sources)
}

/// The files that a path means.
fn find(
    path: &Path,
    context: &Context<'_>,
    sources: &mut Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Vec<PathBuf>, Failure> {
    let shown = path.display().to_string();
    let found = context.host.find(path).map_err(|source| Failure::Read { path: shown.clone(), source })?;
    if found.files.is_empty() && found.unreadable.is_empty() {
        return Err(Failure::Usage(match found.ignored {
            0 => format!("no .yaml, .yml or .json file in `{shown}`"),
            count => {
                format!("all {count} manifests in `{shown}` are ignored by .gitignore: name the files to read them")
            }
        }));
    }
    for (path, error) in found.unreadable {
        let reason = match error.kind() {
            ErrorKind::NotFound => "it is a link to nothing".to_owned(),
            _ => reason(&error),
        };
        refuse(sources, path.display().to_string(), reason.into(), diagnostics);
    }
    Ok(found.files)
}

fn refuse(sources: &mut Sources, path: String, reason: NotText, diagnostics: &mut Vec<Diagnostic>) {
    let offset = u32::try_from(reason.before.len()).unwrap_or(u32::MAX);
    let source = sources.add_unreadable(path, reason.before);
    let message = format!("this file is left out: {}", reason.message);
    diagnostics.push(Diagnostic::error("unreadable-file", message).at(Place::Span {
        source,
        start: offset,
        end: offset,
    }));
}

fn parse(sources: &Sources, context: &Context<'_>) -> Loaded {
    let pieces: Vec<load::Piece> =
        load::pieces(sources).into_iter().flat_map(|piece| piece.split_list(LIST_PART)).collect();
    let readings: Vec<OnceLock<load::Reading>> = pieces.iter().map(|_| OnceLock::new()).collect();
    let sizes: Vec<usize> = pieces.iter().map(load::Piece::len).collect();
    context.host.for_each("reading manifests", &sizes, &|index| {
        if let (Some(piece), Some(reading)) = (pieces.get(index), readings.get(index)) {
            reading.get_or_init(|| piece.read(sources));
        }
    });
    load::gather(sources, readings.into_iter().filter_map(OnceLock::into_inner))
}
