//! One enforcer at a time.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

/// Why this enforcer may not run.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("another netpol-enforcer is running: it holds `{0}`")]
    Running(String),
    #[error("`{0}`: {1}: --runtime-dir takes a folder that can be written to")]
    Unusable(String, io::Error),
}

/// The right to run, until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Instance(#[expect(dead_code, reason = "holds the lock")] File);

impl Instance {
    /// Takes the lock in the runtime folder.
    pub fn claim(folder: &Path) -> Result<Instance, Failure> {
        let path = folder.join("lock");
        let shown = path.display().to_string();
        let opened = fs::create_dir_all(folder).and_then(|()| File::create(&path));
        let file = opened.map_err(|error| Failure::Unusable(shown.clone(), error))?;
        match file.try_lock() {
            Ok(()) => Ok(Instance(file)),
            Err(TryLockError::WouldBlock) => Err(Failure::Running(shown)),
            Err(TryLockError::Error(error)) => Err(Failure::Unusable(shown, error)),
        }
    }

    /// Whether somebody has the lock of a runtime folder.
    pub fn is_claimed(folder: &Path) -> bool {
        let file = File::open(folder.join("lock"));
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}
