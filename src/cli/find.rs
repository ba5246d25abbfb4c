//! The files that paths mean.

use std::io;
use std::path::Path;

use ignore::{Walk, WalkBuilder};
use netpol_command::{CONFIG_FILE, Found};

/// The manifests that a path means; `-` is standard input.
pub fn manifests(path: &Path) -> io::Result<Found> {
    let mut found = Found::default();
    if path.as_os_str() == "-" || !std::fs::metadata(path)?.is_dir() {
        found.files.push(path.to_owned());
        return Ok(found);
    }
    for entry in walk(path, true) {
        match entry {
            Ok(entry) if is_manifest(entry.path()) && entry.file_type().is_some_and(|kind| kind.is_file()) => {
                found.files.push(entry.into_path());
            }
            Ok(_) => {}
            Err(error) => skip(error, &mut found),
        }
    }
    if found.files.is_empty() && found.unreadable.is_empty() {
        found.ignored = walk(path, false).flatten().filter(|entry| is_manifest(entry.path())).count();
    }
    Ok(found)
}

/// A link in a circle leads to what is read anyway; anything else that cannot be read may be a manifest.
fn skip(error: ignore::Error, found: &mut Found) {
    // One without depth is about a pattern in a .gitignore above the folder.
    let Some(path) = path_of(&error).map(Path::to_owned).filter(|_| error.depth().is_some()) else { return };
    if !is_circle(&error) && (is_manifest(&path) || !path.is_symlink()) {
        let message = error.to_string();
        // As the system words it, where it still says so.
        let said = path.metadata().err().or_else(|| error.into_io_error());
        found.unreadable.push((path, said.unwrap_or_else(|| io::Error::other(message))));
    }
}

fn walk(folder: &Path, is_ignoring: bool) -> Walk {
    // Only what the project ignores counts, not what its user or the folders around it do.
    let is_in_repository =
        folder.canonicalize().is_ok_and(|folder| folder.ancestors().any(|ancestor| ancestor.join(".git").exists()));
    WalkBuilder::new(folder)
        .follow_links(true)
        .ignore(false)
        .git_global(false)
        .git_ignore(is_ignoring)
        .git_exclude(is_ignoring)
        .require_git(is_in_repository)
        .parents(is_in_repository)
        .build()
}

fn is_manifest(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name != CONFIG_FILE)
        && path.extension().is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known))
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::Loop { child, .. } => Some(child),
        ignore::Error::WithLineNumber { err, .. } | ignore::Error::WithDepth { err, .. } => path_of(err),
        _ => None,
    }
}

fn is_circle(error: &ignore::Error) -> bool {
    match error {
        ignore::Error::Loop { .. } => true,
        ignore::Error::WithPath { err, .. }
        | ignore::Error::WithLineNumber { err, .. }
        | ignore::Error::WithDepth { err, .. } => is_circle(err),
        _ => false,
    }
}
