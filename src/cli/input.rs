//! From paths to an engine: reads and parses files in parallel, and says what is wrong with them.

use std::collections::{BTreeSet, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use netpol::config::Config;
use netpol::diagnostic::{Diagnostic, Severity};
use netpol::ignore::Ignored;
use netpol::load::{self, MAX_TEXT, NotText};
use netpol::source::{Place, Sources};
use netpol::{Engine, Loaded};
use rayon::prelude::*;

use crate::Failure;
use crate::args::Common;
use crate::progress;
use crate::terminal::Terminal;
use crate::{config, find};

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
pub fn read(paths: &[PathBuf], common: &Common) -> Result<Input, Failure> {
    let Compiled { sources, diagnostics, engine, is_empty, .. } = compile(paths, common)?;
    report(&diagnostics, &sources, common);
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    // An object with several flaws is one part.
    let part = |diagnostic: &Diagnostic| match &diagnostic.object {
        Some(object) => (object.clone(), diagnostic.place.as_ref().map(Place::source)),
        None => (format!("{:?}", diagnostic.place), None),
    };
    let left_out = errors.map(part).collect::<BTreeSet<_>>().len();
    if left_out > 0 && !common.lenient {
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
pub fn check(paths: &[PathBuf], common: &Common) -> Result<Checked, Failure> {
    let Compiled { sources, mut diagnostics, engine, config, .. } = compile(paths, common)?;
    diagnostics.extend(netpol::lint(&engine, &sources));
    netpol::diagnostic::add_fixes(&mut diagnostics, &sources);
    let parted = netpol::ignore::part(&sources, diagnostics);
    let diagnostics = config.apply(&sources, parted.left);
    let wanted = |Ignored { diagnostic, reason }| {
        config.apply_to(&sources, diagnostic).map(|diagnostic| Ignored { diagnostic, reason })
    };
    let ignored = parted.ignored.into_iter().filter_map(wanted).collect();
    Ok(Checked { sources, diagnostics, ignored })
}

struct Compiled {
    sources: Sources,
    diagnostics: Vec<Diagnostic>,
    engine: Engine,
    /// Whether nothing in the input decides about traffic.
    is_empty: bool,
    config: Config,
}

fn compile(paths: &[PathBuf], common: &Common) -> Result<Compiled, Failure> {
    let mut diagnostics = Vec::new();
    let sources = read_sources(paths, &mut diagnostics)?;
    let config = config::read(common)?;
    let options = common.options().or(config.options).engine_options();
    let loaded = parse(&sources);
    diagnostics.extend(loaded.diagnostics);
    let is_empty = loaded.objects.is_empty();
    let resolved = netpol::resolve(loaded.objects, &options);
    diagnostics.extend(resolved.diagnostics);
    Ok(Compiled { engine: netpol::compile(resolved.cluster, options), sources, diagnostics, is_empty, config })
}

/// Says what there is to say about the input, in its order.
fn report(diagnostics: &[Diagnostic], sources: &Sources, common: &Common) {
    let terminal = Terminal::of(common);
    let style = terminal.error_style();
    terminal.report(&netpol_report::diagnostics::list(diagnostics, sources, !common.quiet, &style));
}

fn read_sources(paths: &[PathBuf], diagnostics: &mut Vec<Diagnostic>) -> Result<Sources, Failure> {
    let mut files = find::Files::default();
    for path in paths {
        files.add(path)?;
    }
    let mut sources = Sources::default();
    for (path, reason) in files.unreadable {
        refuse(&mut sources, path, reason.into(), diagnostics);
    }
    files.found.sort();
    // Links can lead to one file in several ways.
    let mut seen = HashSet::new();
    files.found.retain(|file| seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone())));
    let texts: Vec<(String, Result<String, NotText>)> = files
        .found
        .par_iter()
        .map(|file| {
            let text = read_bytes(file).map_err(|error| error.to_string().into()).and_then(load::text_of);
            (file.display().to_string(), text)
        })
        .collect();
    for (path, text) in texts {
        match text {
            Ok(text) => {
                sources.add(path, text);
            }
            Err(reason) => refuse(&mut sources, path, reason, diagnostics),
        }
    }
    Ok(sources)
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

fn read_bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    // One byte more than is accepted shows that there is more.
    let limit = MAX_TEXT as u64 + 1;
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)?;
    } else {
        let file = std::fs::File::open(path)?;
        bytes.reserve(usize::try_from(file.metadata()?.len().min(limit)).unwrap_or(0));
        file.take(limit).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn parse(sources: &Sources) -> Loaded {
    let pieces: Vec<load::Piece> =
        load::pieces(sources).into_iter().flat_map(|piece| piece.split_list(LIST_PART)).collect();
    let total = pieces.iter().map(load::Piece::len).sum();
    let readings: Vec<load::Reading> = progress::shown("reading manifests", total, |progress| {
        pieces
            .par_iter()
            .map(|piece| {
                let reading = piece.read(sources);
                progress.add(piece.len());
                reading
            })
            .collect()
    });
    load::gather(sources, readings)
}
