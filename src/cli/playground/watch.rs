//! Changes of manifests on disk.

use std::io;
use std::path::{Component, Path, PathBuf, absolute};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// Editors write a file in several steps.
const QUIET: Duration = Duration::from_millis(50);

/// Paths that are watched.
pub struct Watch {
    watcher: RecommendedWatcher,
    paths: Vec<PathBuf>,
    changes: Receiver<()>,
}

impl Watch {
    /// Watches paths: each by way of the folder that it is in, since it may be deleted or replaced, and what is in a folder.
    pub fn new(paths: &[PathBuf]) -> notify::Result<Watch> {
        let files = paths.iter().filter(|path| path.as_os_str() != "-");
        let paths = files.map(|path| as_events_have_it(path)).collect::<io::Result<Vec<PathBuf>>>()?;
        let (to, changes) = channel();
        // macOS names files without the links on the way.
        let watched: Vec<PathBuf> =
            paths.iter().cloned().chain(paths.iter().flat_map(|path| path.canonicalize())).collect();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // An error may stand for any number of events.
            if event.as_ref().map_or(true, |event| is_change(event, &watched)) {
                let _ = to.send(());
            }
        })?;
        let mut watch = Watch { watcher, paths, changes };
        watch.renew()?;
        for path in &watch.paths {
            let result = watch.watcher.watch(path.parent().unwrap_or(path), RecursiveMode::NonRecursive);
            // A folder can be followed without what it is in, until it is replaced.
            if !path.is_dir() {
                result?;
            }
        }
        Ok(watch)
    }

    /// Waits for a change, and until no more come at once; `false` when there will be none.
    pub fn settled(&mut self) -> bool {
        if self.changes.recv().is_err() {
            return false;
        }
        loop {
            match self.changes.recv_timeout(QUIET) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
        // A folder that cannot be watched is one that cannot be read, which is said of it.
        let _ = self.renew();
        true
    }

    /// Watches what is in the folders that are there: one that was made anew is another folder.
    fn renew(&mut self) -> notify::Result<()> {
        for folder in self.paths.iter().filter(|path| path.is_dir()) {
            self.watcher.watch(folder, RecursiveMode::Recursive)?;
        }
        Ok(())
    }
}

/// A path as it begins in events.
fn as_events_have_it(path: &Path) -> io::Result<PathBuf> {
    let has_detour = path.components().any(|component| component == Component::ParentDir);
    if has_detour { path.canonicalize() } else { absolute(path) }
}

fn is_change(event: &notify::Event, watched: &[PathBuf]) -> bool {
    let is_read = matches!(event.kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write));
    let is_within = |path: &PathBuf| watched.iter().any(|watched| path.starts_with(watched));
    !is_read && (event.need_rescan() || event.paths.iter().any(is_within))
}
