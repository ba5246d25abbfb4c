//! `netpol playground`: serves the page and the manifests on this machine alone, and follows changes.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use netpol_tests::case::workspace;
use serde_json::{Value, json};

use crate::program::{Scratch, netpol, program};

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: { name: web }\n";

/// Longer than any change takes to be told.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that ends with its test.
struct Served {
    child: Child,
    address: String,
    /// Lines of standard error.
    said: Receiver<String>,
}

impl Served {
    fn new(folder: &Scratch) -> Served {
        let mut child = program()
            .args(["playground", "manifests"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("netpol runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").and_then(|rest| rest.strip_suffix('/'));
        let address = address.unwrap_or_else(|| panic!("no address in `{line}`")).to_owned();
        let (say, said) = channel();
        let err = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            err.lines().map_while(Result::ok).take_while(|line| say.send(line.clone()).is_ok()).for_each(drop)
        });
        Served { child, address, said }
    }

    /// Waits for a line on standard error.
    fn says(&self, part: &str) {
        while !self.said.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("`{part}` is not said")).contains(part) {}
    }

    fn send(&self, method: &str, path: &str, host: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        stream
    }

    /// Status and body.
    fn get(&self, path: &str, host: &str) -> (u16, String) {
        let mut answer = String::new();
        self.send("GET", path, host).read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    fn sources(&self) -> Value {
        let (status, body) = self.get("/api/sources", &self.address);
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).expect("JSON")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The page is built by `cargo xtask www`, and part of the native program alone.
fn has_page() -> bool {
    if std::env::var_os("NETPOL_PROGRAM").is_some() {
        return false;
    }
    let is_there = workspace().join("www/dist/index.html").is_file();
    assert!(is_there || std::env::var_os("CI").is_none(), "the page is built before the tests");
    if !is_there {
        eprintln!("skipped: nothing is served without the page, which `cargo xtask www` builds");
    }
    is_there
}

#[test]
fn without_a_page_one_line_says_how_to_get_it() {
    if !has_page() {
        let run = netpol(&["playground"]).ends_with(2).says(&["error: cannot serve the playground: "]);
        assert_eq!(run.err.lines().count(), 1, "{}", run.err);
        assert_eq!(run.out, "");
    }
    netpol(&["playground", "-"]).ends_with(2).says(&["standard input"]);
    netpol(&["playground", "--help"]).ends_with(0).prints(&["Examples:", "netpol playground k8s/ --open"]);
}

#[test]
fn the_page_and_the_manifests_are_served_and_nothing_else() {
    if !has_page() {
        return;
    }
    let folder = Scratch::new();
    folder.write("manifests/pod.yaml", POD);
    folder.write("secret.yaml", "secret: 1\n");
    let served = Served::new(&folder);
    served.says("this machine alone");
    assert_eq!(served.sources(), json!([{ "path": "manifests/pod.yaml", "text": POD }]));
    let page = fs::read_to_string(workspace().join("www/dist/index.html")).unwrap();
    assert_eq!(served.get("/", &served.address), (200, page));
    for path in
        ["/secret.yaml", "/../secret.yaml", "/manifests/pod.yaml", "/%2e%2e/secret.yaml", "//etc/passwd", "/api"]
    {
        assert_eq!(served.get(path, &served.address).0, 404, "{path}");
    }
    let port = served.address.rsplit(':').next().unwrap();
    assert_eq!(served.get("/api/sources", &format!("localhost:{port}")).0, 200);
    for host in [
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:1",
        &format!("evil.example:{port}"),
        &format!("localhost.evil.example:{port}"),
    ] {
        let (status, body) = served.get("/api/sources", host);
        assert_eq!(status, 403, "{host}");
        assert!(!body.contains("kind"), "{body}");
    }
    let mut answer = String::new();
    served.send("POST", "/api/sources", &served.address).read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
}

#[test]
fn a_change_on_disk_is_an_event() {
    if !has_page() {
        return;
    }
    let folder = Scratch::new();
    folder.write("manifests/pod.yaml", POD);
    let served = Served::new(&folder);
    let events = BufReader::new(served.send("GET", "/api/events", &served.address));
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let events = events.lines().map_while(Result::ok).filter(|line| line == "event: sources");
        events.take_while(|_| tell.send(()).is_ok()).for_each(drop);
    });
    let next = |what: &str| told.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{what} is not told"));
    next("what is there");
    let steps = [
        ("a.yaml", Some("a: 1\n")),
        ("pod.yaml", Some("b: 2\n")),
        ("a.yaml", None),
        // The folder goes, and comes again as another one.
        ("", None),
        ("c.yaml", Some("c: 3\n")),
        ("c.yaml", Some("c: 4\n")),
    ];
    for (name, text) in steps {
        match text {
            None if name.is_empty() => {
                fs::remove_dir_all(folder.path().join("manifests")).unwrap();
                served.says("the manifests stay as they were");
                continue;
            }
            Some(text) => drop(folder.write(format!("manifests/{name}"), text)),
            None => fs::remove_file(folder.path().join("manifests").join(name)).unwrap(),
        }
        let wanted = |sources: &Value| {
            let path = format!("manifests/{name}");
            let found = sources.as_array().unwrap().iter().find(|source| source["path"] == path);
            found.map(|source| source["text"].as_str().unwrap().to_owned()) == text.map(str::to_owned)
        };
        // A file may be seen before all of it is written: then another event comes.
        loop {
            next("a change");
            if wanted(&served.sources()) {
                break;
            }
        }
    }
}

#[test]
fn a_reader_that_does_not_read_holds_up_nobody() {
    if !has_page() {
        return;
    }
    let folder = Scratch::new();
    folder.write("manifests/pod.yaml", format!("{POD}# {}\n", "x".repeat(8_000_000)));
    let served = Served::new(&folder);
    let slow: Vec<TcpStream> = (0..12).map(|_| served.send("GET", "/api/sources", &served.address)).collect();
    assert_eq!(served.get("/", &served.address).0, 200);
    drop(slow);
}

#[test]
fn the_configuration_is_served_and_manifests_that_cannot_be_read_leave_the_former_ones() {
    if !has_page() {
        return;
    }
    let folder = Scratch::new();
    folder.write("manifests/pod.yaml", POD);
    folder.write("netpol.yaml", "lint: {}\n");
    let served = Served::new(&folder);
    let wanted =
        json!([{ "path": "manifests/pod.yaml", "text": POD }, { "path": "netpol.yaml", "text": "lint: {}\n" }]);
    assert_eq!(served.sources(), wanted);
    fs::remove_dir_all(folder.path().join("manifests")).unwrap();
    served.says("the manifests stay as they were: ");
    assert_eq!(served.sources(), wanted);
}
