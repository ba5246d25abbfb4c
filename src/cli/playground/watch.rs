//! Changes of manifests on disk.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecursiveMode, Watcher};

/// Editors write a file in several steps.
const QUIET: Duration = Duration::from_millis(50);

/// Watches paths: what is in a folder, and a file by way of its folder, since editors put another one in its place.
pub fn watch(paths: &[PathBuf]) -> notify::Result<(impl Watcher + use<>, Receiver<()>)> {
    let (to, changes) = channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let is_read = |kind: EventKind| matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write));
        if !event.is_ok_and(|event| is_read(event.kind)) {
            let _ = to.send(());
        }
    })?;
    for path in paths.iter().filter(|path| path.as_os_str() != "-") {
        if path.is_dir() {
            watcher.watch(path, RecursiveMode::Recursive)?;
        } else {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            watcher.watch(folder.unwrap_or(Path::new(".")), RecursiveMode::NonRecursive)?;
        }
    }
    Ok((watcher, changes))
}

/// Waits for a change, and until no more come at once; `false` when there will be none.
pub fn settled(changes: &Receiver<()>) -> bool {
    if changes.recv().is_err() {
        return false;
    }
    loop {
        match changes.recv_timeout(QUIET) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}
