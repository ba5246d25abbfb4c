//! The operating system as a host of the commands.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use netpol_command::{Found, Host, Playground, Screen, Stream};
use rayon::prelude::*;
use terminal_size::terminal_size_of;

use crate::{find, playground, progress};

pub struct System;

impl Host for System {
    fn read(&self, paths: &[PathBuf], limit: usize) -> Vec<io::Result<Vec<u8>>> {
        paths.par_iter().map(|path| read(path, limit as u64)).collect()
    }

    fn write(&self, path: &Path, text: &str) -> io::Result<()> {
        fs::write(path, text)
    }

    fn append(&self, path: &Path, text: &str) -> io::Result<()> {
        OpenOptions::new().append(true).create(true).open(path)?.write_all(text.as_bytes())
    }

    fn find(&self, path: &Path) -> io::Result<Found> {
        find::manifests(path)
    }

    fn real_path(&self, path: &Path) -> PathBuf {
        path.canonicalize().unwrap_or_else(|_| path.to_owned())
    }

    fn variable(&self, name: &str) -> Option<String> {
        std::env::var_os(name).filter(|value| !value.is_empty()).map(|value| value.to_string_lossy().into_owned())
    }

    fn screen(&self, stream: Stream) -> Screen {
        let (is_terminal, size) = match stream {
            Stream::Output => (io::stdout().is_terminal(), terminal_size_of(io::stdout())),
            Stream::Error => (io::stderr().is_terminal(), terminal_size_of(io::stderr())),
        };
        Screen { is_terminal, width: size.map(|(width, _)| usize::from(width.0)) }
    }

    fn output(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    fn report(&self, text: &str) {
        let _ = io::stderr().write_all(text.as_bytes());
    }

    fn playground(&self, wanted: &Playground<'_>) -> io::Result<()> {
        playground::serve(self, wanted)
    }

    fn for_each(&self, what: &str, sizes: &[usize], work: &(dyn Fn(usize) + Sync)) {
        progress::shown(what, sizes.iter().sum(), |progress| {
            sizes.par_iter().enumerate().for_each(|(index, size)| {
                work(index);
                progress.add(*size);
            });
        });
    }
}

fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)?;
    } else {
        let file = File::open(path)?;
        bytes.reserve(usize::try_from(file.metadata()?.len().min(limit)).unwrap_or(0));
        file.take(limit).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}
