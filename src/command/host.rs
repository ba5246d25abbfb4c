//! What a program gives the commands: files, streams, and hands to work with.

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The world around a command. `netpol` itself is one host, a JavaScript program that runs the same commands another.
pub trait Host {
    /// The bytes of each file, at most `limit` of one; `-` is standard input.
    fn read(&self, paths: &[PathBuf], limit: usize) -> Vec<io::Result<Vec<u8>>>;

    /// Writes a file, whatever was in it.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn write(&self, path: &Path, text: &str) -> io::Result<()>;

    /// Adds to the end of a file, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn append(&self, path: &Path, text: &str) -> io::Result<()>;

    /// The manifests that a path means: a file whatever it is called, a folder's manifests down to its last subfolder, without
    /// what git ignores.
    ///
    /// # Errors
    ///
    /// What the system says about the path itself.
    fn find(&self, path: &Path) -> io::Result<Found>;

    /// The path without links, or the path as it is if that cannot be known.
    fn real_path(&self, path: &Path) -> PathBuf;

    /// A variable of the environment, if it is set and not empty.
    fn variable(&self, name: &str) -> Option<String>;

    /// What a standard stream can show.
    fn screen(&self, stream: Stream) -> Screen;

    /// Writes to standard output.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn output(&self, bytes: &[u8]) -> io::Result<()>;

    /// Writes to standard error. A closed one is no reason to stop.
    fn report(&self, text: &str);

    /// Does `work` for each index of `sizes`, in any order, and shows how far it is if that takes long. `sizes` are in bytes.
    fn for_each(&self, what: &str, sizes: &[usize], work: &(dyn Fn(usize) + Sync));

    /// Serves the playground until the program is ended.
    ///
    /// # Errors
    ///
    /// What the system says, or that this host cannot.
    fn playground(&self, _: &Playground<'_>) -> io::Result<()> {
        Err(io::Error::new(ErrorKind::Unsupported, "only the native program does, and npx netpol is not it"))
    }
}

/// What the playground serves.
pub struct Playground<'a> {
    /// Files and folders whose changes are followed.
    pub paths: &'a [PathBuf],
    /// The port; 0 is any that is free.
    pub port: u16,
    /// Whether the browser is to open it.
    pub is_opened: bool,
    /// Reads the manifests: JSON, `[{"path","text"}]`, or why they cannot be read.
    pub manifests: &'a dyn Fn() -> Result<String, String>,
}

/// What is behind a path.
#[derive(Debug, Default)]
pub struct Found {
    /// The manifests.
    pub files: Vec<PathBuf>,
    /// What may be a manifest and cannot be read.
    pub unreadable: Vec<(PathBuf, io::Error)>,
    /// How many manifests git ignores, if there is nothing else.
    pub ignored: usize,
}

/// The streams for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// What a stream can show.
#[derive(Debug, Clone, Copy, Default)]
pub struct Screen {
    /// Whether a person reads it.
    pub is_terminal: bool,
    /// Columns, where they are known.
    pub width: Option<usize>,
}

/// What the system says, in words that are the same on every system.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::IsADirectory => "it is a folder".to_owned(),
        ErrorKind::NotADirectory => "part of the path is no folder".to_owned(),
        ErrorKind::StorageFull => "no space is left".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        _ => error.to_string(),
    }
}

/// Standard output of a host, as a writer.
pub(crate) struct Output<'a>(pub &'a dyn Host);

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.output(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether an answer still has a reader. One that goes away has read what it wanted: that is no error, and the answer stays.
pub(crate) fn delivered(result: io::Result<()>) -> io::Result<bool> {
    match result {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        result => result.map(|()| true),
    }
}
