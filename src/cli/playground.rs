//! The server of `netpol playground`: the page and the manifests, for this machine alone.
//!
//! What is served is part of the program or has been read as a manifest: no request leads to a file. Names that others could give
//! this address (DNS rebinding) are refused.

mod page;
mod watch;

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use netpol_command::{Host, Playground};
use tiny_http::{Header, Method, Request, Response, Server};
use watch::Watch;

/// A reader that has gone is noticed when it is written to.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// More requests than this no reader has open.
const MOST_OPEN: usize = 64;

/// The manifests as they are now.
#[derive(Default)]
struct Manifests {
    now: Mutex<Now>,
    changed: Condvar,
}

#[derive(Default)]
struct Now {
    json: String,
    version: u64,
    /// Requests that are being answered, pages that listen among them.
    open: usize,
}

impl Manifests {
    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, json: String) {
        let mut now = self.now();
        if now.json != json {
            now.json = json;
            now.version += 1;
            self.changed.notify_all();
        }
    }
}

/// Serves until the program is ended.
pub fn serve(host: &dyn Host, playground: &Playground<'_>) -> io::Result<()> {
    if page::file("index.html").is_none() {
        let missing =
            "this program was built without the page: run `cargo xtask www` in netpol's repository, then build again";
        return Err(io::Error::other(missing));
    }
    let manifests = Arc::new(Manifests::default());
    manifests.set((playground.manifests)().map_err(io::Error::other)?);
    // Before anything is said: what changes from here on is seen.
    let mut watch = Watch::new(playground.paths).map_err(io::Error::other)?;
    let server = Server::http((Ipv4Addr::LOCALHOST, playground.port)).map_err(io::Error::other)?;
    let address = server.server_addr().to_ip().ok_or_else(|| io::Error::other("there is no address"))?;
    let url = format!("http://{address}/");
    let shared = manifests.clone();
    std::thread::spawn(move || accept(&server, address, &shared));
    host.output(format!("{url}\n").as_bytes())?;
    host.report("the page is for this machine alone, and follows the files until Ctrl-C ends it\n");
    if playground.is_opened {
        open(&url, host);
    }
    while watch.settled() {
        match (playground.manifests)() {
            Ok(json) => manifests.set(json),
            Err(reason) => host.report(&format!("the manifests stay as they were: {reason}\n")),
        }
    }
    Ok(())
}

/// Each request has a thread, so that a slow reader holds up nobody else.
fn accept(server: &Server, address: SocketAddr, manifests: &Arc<Manifests>) {
    for request in server.incoming_requests() {
        if manifests.now().open >= MOST_OPEN {
            respond(request, 503, "text/plain", b"too many requests at once\n");
            continue;
        }
        manifests.now().open += 1;
        let shared = manifests.clone();
        std::thread::spawn(move || {
            answer(request, address, &shared);
            shared.now().open -= 1;
        });
    }
}

fn answer(request: Request, address: SocketAddr, manifests: &Manifests) {
    if !is_for(&request, address) {
        return respond(request, 403, "text/plain", b"this address is served to this machine alone\n");
    }
    if !matches!(request.method(), Method::Get | Method::Head) {
        return respond(request, 405, "text/plain", b"nothing is changed here\n");
    }
    let url = request.url().to_owned();
    let path = url.split(['?', '#']).next().unwrap_or_default().trim_start_matches('/');
    match path {
        "api/sources" => {
            let json = manifests.now().json.clone();
            respond(request, 200, "application/json", json.as_bytes());
        }
        // A page that goes ends it.
        "api/events" => drop(tell(&mut *request.into_writer(), manifests)),
        path => match page::file(if path.is_empty() { "index.html" } else { path }) {
            Some((kind, bytes)) => respond(request, 200, kind, bytes),
            None => respond(request, 404, "text/plain", b"there is no such page\n"),
        },
    }
}

/// Whether a request names this address: a page of somebody else names its own, wherever that leads.
fn is_for(request: &Request, address: SocketAddr) -> bool {
    let mut hosts = request.headers().iter().filter(|header| header.field.equiv("Host"));
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let port = address.port();
    [format!("127.0.0.1:{port}"), format!("localhost:{port}")].iter().any(|own| host.value.as_str() == own)
}

fn respond(request: Request, status: u16, kind: &str, bytes: &[u8]) {
    let headers = [
        format!("Content-Type: {kind}"),
        "Cache-Control: no-store".to_owned(),
        "X-Content-Type-Options: nosniff".to_owned(),
        "Cross-Origin-Resource-Policy: same-origin".to_owned(),
    ];
    let mut response = Response::from_data(bytes).with_status_code(status);
    for header in headers.iter().filter_map(|header| header.parse::<Header>().ok()) {
        response.add_header(header);
    }
    // Who asked may be gone.
    let _ = request.respond(response);
}

/// Tells a page of each change, as server-sent events, until it goes.
fn tell(out: &mut dyn Write, manifests: &Manifests) -> io::Result<()> {
    out.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\
          X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
    )?;
    let mut told = None;
    loop {
        let version = {
            let wait =
                manifests.changed.wait_timeout_while(manifests.now(), SIGN_OF_LIFE, |now| told == Some(now.version));
            wait.unwrap_or_else(PoisonError::into_inner).0.version
        };
        match told.replace(version) {
            Some(old) if old == version => out.write_all(b":\n\n")?,
            _ => write!(out, "event: sources\ndata: {version}\n\n")?,
        }
        out.flush()?;
    }
}

/// Opens the user's browser; that there is none is no reason to stop.
fn open(url: &str, host: &dyn Host) {
    let (program, arguments): (&str, &[&str]) = match std::env::consts::OS {
        "macos" => ("open", &[]),
        "windows" => ("cmd", &["/c", "start", ""]),
        _ => ("xdg-open", &[]),
    };
    if let Err(error) = std::process::Command::new(program).args(arguments).arg(url).spawn() {
        host.report(&format!("cannot open a browser: {program}: {error}\n"));
    }
}
