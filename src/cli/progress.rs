//! Progress on a terminal, for work that takes more than a second.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How much of some bytes is done.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicUsize,
}

impl Progress {
    pub fn add(&self, bytes: usize) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Runs `work`, and shows how far it is once that has taken a second and standard error is a terminal.
pub fn shown<T>(what: &str, total: usize, work: impl FnOnce(&Progress) -> T) -> T {
    let progress = Progress::default();
    if !std::io::stderr().is_terminal() {
        return work(&progress);
    }
    std::thread::scope(|scope| {
        let (finished, is_finished) = channel::<()>();
        let shown = &progress;
        scope.spawn(move || {
            let mut wait = Duration::from_secs(1);
            let mut has_line = false;
            while is_finished.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                let percent = shown.done.load(Ordering::Relaxed).saturating_mul(100) / total.max(1);
                let _ = write!(std::io::stderr(), "\r{what}: {:.1} MB, {percent:>3}%", total as f64 / 1e6);
                wait = Duration::from_millis(100);
                has_line = true;
            }
            if has_line {
                let _ = write!(std::io::stderr(), "\r\x1b[K");
            }
        });
        let result = work(&progress);
        drop(finished);
        result
    })
}
