//! The files that paths mean: a file whatever it is called, a folder's manifests down to its last subfolder, without what git ignores.

use std::path::{Path, PathBuf};

use ignore::{Walk, WalkBuilder};

use crate::{Failure, config};

/// What was found.
#[derive(Default)]
pub struct Files {
    pub found: Vec<PathBuf>,
    /// Places in folders that cannot be read, and why.
    pub unreadable: Vec<(String, String)>,
}

impl Files {
    /// Adds the files that a path means; `-` is standard input.
    ///
    /// # Errors
    ///
    /// The path is not there, or it is a folder without manifests.
    pub fn add(&mut self, path: &Path) -> Result<(), Failure> {
        let is_folder = path.as_os_str() != "-"
            && std::fs::metadata(path)
                .map_err(|source| Failure::Read { path: path.display().to_string(), source })?
                .is_dir();
        if !is_folder {
            self.found.push(path.to_owned());
            return Ok(());
        }
        let before = self.found.len() + self.unreadable.len();
        for entry in walk(path, true) {
            match entry {
                Ok(entry) if is_manifest(entry.path()) && entry.file_type().is_some_and(|kind| kind.is_file()) => {
                    self.found.push(entry.into_path());
                }
                Ok(_) => {}
                Err(error) => self.skip(&error),
            }
        }
        if self.found.len() + self.unreadable.len() > before {
            return Ok(());
        }
        let folder = path.display();
        Err(Failure::Usage(match walk(path, false).flatten().filter(|entry| is_manifest(entry.path())).count() {
            0 => format!("no .yaml, .yml or .json file in `{folder}`"),
            count => {
                format!("all {count} manifests in `{folder}` are ignored by .gitignore: name the files to read them")
            }
        }))
    }

    /// A link in a circle leads to what is read anyway; anything else that cannot be read may be a manifest.
    fn skip(&mut self, error: &ignore::Error) {
        let Some(path) = path_of(error) else { return };
        if !is_circle(error) && (is_manifest(path) || !path.is_symlink()) {
            let reason = match error.io_error().map(std::io::Error::kind) {
                Some(std::io::ErrorKind::NotFound) => "it is a link to nothing".to_owned(),
                Some(kind) => kind.to_string(),
                None => error.to_string(),
            };
            self.unreadable.push((path.display().to_string(), reason));
        }
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
    path.file_name().is_some_and(|name| name != config::FILE)
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
