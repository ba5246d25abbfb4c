//! `netpol playground`: serves the page and the manifests on this machine alone, and follows changes.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use netpol_tests::case::workspace;
use serde_json::{Value, json};

use crate::program::{Scratch, netpol, program};

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: { name: web }\n";

/// A server that ends with its test.
struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn new(folder: &Scratch) -> Served {
        let mut child = program()
            .args(["playground", "manifests"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("netpol runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").and_then(|rest| rest.strip_suffix('/'));
        let address = address.unwrap_or_else(|| panic!("no address in `{line}`")).to_owned();
        Served { child, address }
    }

    fn send(&self, method: &str, path: &str, host: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
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

/// The page is built by another job, and part of the native program alone.
fn has_page() -> bool {
    workspace().join("www/dist/index.html").is_file() && std::env::var_os("NETPOL_PROGRAM").is_none()
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
    let mut events = events.lines().map(|line| line.expect("an event comes")).filter(|line| line == "event: sources");
    events.next().expect("what is there is told at once");
    let steps: [(&str, Option<&str>); 3] = [("a.yaml", Some("a: 1\n")), ("pod.yaml", Some("b: 2\n")), ("a.yaml", None)];
    for (name, text) in steps {
        match text {
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
            events.next().expect("a change is told");
            if wanted(&served.sources()) {
                break;
            }
        }
    }
}
