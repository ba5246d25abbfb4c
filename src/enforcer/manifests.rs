//! The manifests of a folder.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use netpol::Workspace;

/// A path that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("`{0}` cannot be read: {1}")]
    Unreadable(String, io::Error),
    #[error("{0}")]
    Folder(#[from] ignore::Error),
    #[error("there is no .yaml, .yml or .json file in `{0}`")]
    Empty(String),
}

/// The texts that a workspace was given, by path.
#[derive(Debug, Default)]
pub struct Texts(BTreeMap<String, String>);

/// What reading changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Whether the workspace has anything new.
    pub is_change: bool,
    /// Files that are known and were looked at.
    pub read: Vec<String>,
    /// Files whose new text has errors: the workspace keeps the text before.
    pub held: Vec<String>,
}

impl Texts {
    /// Brings a workspace up to a file, or to a folder's manifests down to its last subfolder. A failure changes nothing.
    pub fn read_all(&mut self, path: &Path, workspace: &mut Workspace) -> Result<Change, Failure> {
        let mut found = BTreeMap::new();
        for entry in ignore::WalkBuilder::new(path).standard_filters(false).follow_links(true).build() {
            let entry = entry?;
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
            if is_file && (entry.depth() == 0 || is_manifest(entry.path())) {
                let (shown, text) = text(entry.path())?;
                found.insert(shown, text);
            }
        }
        if found.is_empty() {
            return Err(Failure::Empty(path.display().to_string()));
        }
        let gone: Vec<String> = self.0.keys().filter(|path| !found.contains_key(*path)).cloned().collect();
        for path in &gone {
            workspace.remove(path);
            self.0.remove(path);
        }
        let mut change = self.set(found, workspace);
        change.read.extend(gone.iter().cloned());
        change.is_change |= !gone.is_empty();
        Ok(change)
    }

    /// Brings a workspace up to a file that was written to, if it is a manifest.
    pub fn read(&mut self, path: &Path, workspace: &mut Workspace) -> Result<Change, Failure> {
        // What is gone again is told again.
        if !is_manifest(path) || !path.exists() {
            return Ok(Change::default());
        }
        let (shown, text) = text(path)?;
        Ok(self.set(BTreeMap::from([(shown, text)]), workspace))
    }

    fn set(&mut self, mut found: BTreeMap<String, String>, workspace: &mut Workspace) -> Change {
        let read = found.keys().cloned().collect();
        found.retain(|path, text| self.0.get(path) != Some(text));
        for (path, text) in &found {
            workspace.set(path, text.as_str());
        }
        let faulty: Vec<String> = if found.is_empty() {
            Vec::new()
        } else {
            let places = workspace.left_out().filter_map(|finding| finding.place.as_ref());
            let mut faulty: Vec<String> =
                places.map(|place| workspace.sources().resolve(place).path.to_string()).collect();
            faulty.sort();
            faulty.dedup();
            faulty
        };
        // Where nothing was known before, the part that can be read is better than nothing.
        let held: Vec<String> =
            faulty.into_iter().filter(|path| found.contains_key(path) && self.0.contains_key(path)).collect();
        for path in &held {
            found.remove(path);
            if let Some(text) = self.0.get(path) {
                workspace.set(path, text.as_str());
            }
        }
        let is_change = !found.is_empty();
        self.0.extend(found);
        Change { is_change, read, held }
    }
}

fn text(path: &Path) -> Result<(String, String), Failure> {
    let shown = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => Ok((shown, text)),
        Err(error) => Err(Failure::Unreadable(shown, error)),
    }
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known))
}
