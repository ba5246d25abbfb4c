//! The manifests of a folder.

use std::io;
use std::path::Path;

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

/// The texts of a file, or of a folder's manifests down to its last subfolder, by path.
pub fn read(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    let mut texts = Vec::new();
    for entry in ignore::WalkBuilder::new(path).standard_filters(false).follow_links(true).build() {
        let entry = entry?;
        let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
        if is_file && (entry.depth() == 0 || is_manifest(entry.path())) {
            let shown = entry.path().display().to_string();
            match std::fs::read_to_string(entry.path()) {
                Ok(text) => texts.push((shown, text)),
                Err(error) => return Err(Failure::Unreadable(shown, error)),
            }
        }
    }
    if texts.is_empty() { Err(Failure::Empty(path.display().to_string())) } else { Ok(texts) }
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known))
}
