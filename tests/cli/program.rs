//! Runs the real `netpol`, the way a shell would: arguments, standard input, a folder, an environment.
//!
//! Whatever a test asks, no run may panic, die of a signal, or take for ever.
//!
//! `NETPOL_PROGRAM="node node-wrapper/bin/netpol.js"` has the same tests run another program that is to be the same. Its memory is not
//! looked at: that of the runtime is no business of these tests.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use netpol_tests::case::workspace;
use netpol_tests::programs::build;

/// Long enough for an unoptimised build on a busy machine: what takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a run did.
#[derive(Debug)]
pub struct Run {
    /// The exit status.
    pub status: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// The most memory that it was seen to hold, in MiB; nothing is seen where the system does not tell.
    pub memory: u64,
}

impl Run {
    /// Asserts the exit status, and shows the run if it is another one.
    #[track_caller]
    pub fn ends_with(self, status: i32) -> Run {
        assert_eq!(
            self.status,
            status,
            "exit status\n--- stdout\n{}\n--- stderr\n{}",
            head(&self.out),
            head(&self.err)
        );
        self
    }

    /// Asserts that standard error says each of these.
    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Run {
        for part in parts {
            assert!(self.err.contains(part), "no `{part}` in\n--- stderr\n{}", head(&self.err));
        }
        self
    }

    /// Asserts that standard output holds each of these.
    #[track_caller]
    pub fn prints(self, parts: &[&str]) -> Run {
        for part in parts {
            assert!(self.out.contains(part), "no `{part}` in\n--- stdout\n{}", head(&self.out));
        }
        self
    }
}

/// The beginning of a text that may be long.
pub fn head(text: &str) -> &str {
    let end = text.char_indices().nth(4_000).map_or(text.len(), |(end, _)| end);
    &text[..end]
}

/// Runs `netpol` with these arguments in the workspace's folder.
pub fn netpol<A: AsRef<OsStr>>(arguments: &[A]) -> Run {
    Call::new(arguments).run()
}

/// A run that is not started yet.
pub struct Call {
    command: Command,
    input: Vec<u8>,
}

impl Call {
    /// With these arguments, in the workspace's folder, without input.
    pub fn new<A: AsRef<OsStr>>(arguments: &[A]) -> Call {
        let mut command = program();
        command.args(arguments).current_dir(workspace());
        // What the tests' own environment says about colours, CI and files that git ignores is not the question.
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "TERM", "GITHUB_ACTIONS"] {
            command.env_remove(name);
        }
        command.env("XDG_CONFIG_HOME", "/nonexistent");
        Call { command, input: Vec::new() }
    }

    /// In another folder.
    pub fn within(mut self, folder: &Path) -> Call {
        self.command.current_dir(folder);
        self
    }

    /// With this standard input.
    pub fn reading(mut self, input: impl Into<Vec<u8>>) -> Call {
        self.input = input.into();
        self
    }

    /// With this environment variable.
    pub fn with(mut self, name: &str, value: impl AsRef<OsStr>) -> Call {
        self.command.env(name, value);
        self
    }

    /// Starts it and waits for its end.
    pub fn run(mut self) -> Run {
        let described = format!("{:?}", self.command);
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("netpol starts");
        let mut stdin = child.stdin.take().expect("standard input is piped");
        let input = std::mem::take(&mut self.input);
        // A program that stops reading is no failure of the test.
        let writer = thread::spawn(move || drop(stdin.write_all(&input)));
        let out = collect(child.stdout.take().expect("standard output is piped"));
        let err = collect(child.stderr.take().expect("standard error is piped"));
        let (status, memory) = wait(&mut child, &described);
        writer.join().expect("the input was offered");
        let text = |bytes: thread::JoinHandle<Vec<u8>>| {
            String::from_utf8(bytes.join().expect("the output was read")).expect("output is UTF-8")
        };
        let run = Run { status, out: text(out), err: text(err), memory };
        for word in ["panicked", "RUST_BACKTRACE", "overflowed its stack", "memory allocation"] {
            assert!(!run.err.contains(word), "{described} {word}:\n{}", head(&run.err));
        }
        run
    }
}

fn collect(mut stream: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("output can be read");
        bytes
    })
}

/// The exit status, and the most memory seen on the way there.
fn wait(child: &mut Child, described: &str) -> (i32, u64) {
    let started = Instant::now();
    let mut memory = 0;
    loop {
        if let Some(status) = child.try_wait().expect("netpol can be waited for") {
            let status = status.code().unwrap_or_else(|| panic!("{described} was ended by a signal: {status}"));
            return (status, memory);
        }
        memory = memory.max(peak_memory(child.id()));
        if started.elapsed() > PATIENCE {
            child.kill().expect("netpol can be stopped");
            panic!("{described} still runs after {} s", PATIENCE.as_secs());
        }
        thread::sleep(Duration::from_millis(3));
    }
}

/// In MiB, as far as Linux tells.
fn peak_memory(process: u32) -> u64 {
    if other_program().is_some() {
        return 0;
    }
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// A run of the program, or of the one in its place.
pub fn program() -> Command {
    let Some(other) = other_program() else { return Command::new(binary()) };
    let mut words = other.split_whitespace();
    let mut command = Command::new(words.next().expect("NETPOL_PROGRAM names a program"));
    // Paths in it are the workspace's, but each run has a folder of its own.
    command.args(words.map(|word| match workspace().join(word) {
        path if path.is_file() => path.into_os_string(),
        _ => word.into(),
    }));
    command
}

fn other_program() -> Option<String> {
    std::env::var("NETPOL_PROGRAM").ok().filter(|program| !program.trim().is_empty())
}

/// The program, built the way these tests are.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| build("netpol"))
}

/// A folder of its own for a test, removed at its end.
pub struct Scratch(PathBuf);

impl Scratch {
    /// An empty one.
    pub fn new() -> Scratch {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("netpol-tests-{}-{number}", std::process::id()));
        // A process of that number may have left one.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder can be made");
        Scratch(path)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder can be made");
        fs::write(&path, content).expect("a file can be written");
        path
    }

    /// Runs `netpol` inside.
    pub fn netpol<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Run {
        Call::new(arguments).within(&self.0).run()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
