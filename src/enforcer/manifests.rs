//! The manifests of a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

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

/// Brings a workspace up to a file, or to a folder's manifests down to its last subfolder. A failure changes nothing.
pub fn read_all(path: &Path, workspace: &mut Workspace) -> Result<Change, Failure> {
    let mut read = BTreeSet::new();
    let mut new = BTreeMap::new();
    for entry in ignore::WalkBuilder::new(path).standard_filters(false).follow_links(true).build() {
        let entry = entry?;
        let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
        if is_file && (entry.depth() == 0 || is_manifest(entry.path())) {
            let (shown, text) = text(entry.path())?;
            if workspace.text(&shown).is_none_or(|known| **known != *text) {
                new.insert(shown.clone(), text);
            }
            read.insert(shown);
        }
    }
    if read.is_empty() {
        return Err(Failure::Empty(path.display().to_string()));
    }
    let known = workspace.sources().iter().map(|(_, source)| source.path.clone());
    let gone: Vec<String> = known.filter(|path| !read.contains(path)).collect();
    for path in &gone {
        workspace.remove(path);
    }
    let mut change = set(new, workspace);
    change.is_change |= !gone.is_empty();
    change.read = read.into_iter().chain(gone).collect();
    Ok(change)
}

/// Brings a workspace up to a file that was written to, if it is a manifest.
pub fn read(path: &Path, workspace: &mut Workspace) -> Result<Change, Failure> {
    // What is gone again is told again.
    if !is_manifest(path) || !path.exists() {
        return Ok(Change::default());
    }
    let (shown, text) = text(path)?;
    let is_new = workspace.text(&shown).is_none_or(|known| **known != *text);
    let new = is_new.then(|| (shown.clone(), text)).into_iter().collect();
    Ok(Change { read: vec![shown], ..set(new, workspace) })
}

/// Gives a workspace new texts, but for those with errors where the text before has none.
fn set(new: BTreeMap<String, String>, workspace: &mut Workspace) -> Change {
    if new.is_empty() {
        return Change::default();
    }
    // Where nothing good was known before, the part that can be read is better than nothing.
    let good =
        |path: &String, faulty: &BTreeSet<String>| workspace.text(path).filter(|_| !faulty.contains(path)).cloned();
    let former: BTreeMap<String, Arc<str>> = {
        let faulty = faulty(workspace);
        new.keys().filter_map(|path| Some((path.clone(), good(path, &faulty)?))).collect()
    };
    let count = new.len();
    for (path, text) in new {
        workspace.set(&path, text);
    }
    let held: Vec<String> = faulty(workspace).into_iter().filter(|path| former.contains_key(path)).collect();
    for path in &held {
        if let Some(text) = former.get(path) {
            workspace.set(path, text.clone());
        }
    }
    Change { is_change: held.len() < count, read: Vec::new(), held }
}

/// The files of which something is left out.
fn faulty(workspace: &Workspace) -> BTreeSet<String> {
    let places = workspace.left_out().filter_map(|finding| finding.place.as_ref());
    places.map(|place| workspace.sources().resolve(place).path.to_string()).collect()
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
