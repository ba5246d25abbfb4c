//! Connections that are tried, all at once.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use netpol::protocol::Protocol;
use socket2::{Domain, Socket, Type};

use crate::net::{Net, enter};
use crate::sctp;

/// A connection to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Probe {
    pub source: IpAddr,
    pub destination: IpAddr,
    pub protocol: Protocol,
    pub port: u16,
}

/// How a connection that is denied ends: in silence, or with word of it.
const DENIED: [ErrorKind; 4] =
    [ErrorKind::TimedOut, ErrorKind::WouldBlock, ErrorKind::HostUnreachable, ErrorKind::PermissionDenied];

/// Nobody waits longer, whatever fails.
const LONGEST: Duration = Duration::from_secs(10);

/// How long an answer may take at first: what is denied is never answered.
const PATIENCE: Duration = Duration::from_millis(300);

/// Where somebody answers.
pub type Place = (IpAddr, Protocol, u16);

impl Probe {
    pub fn place(&self) -> Place {
        (self.destination, self.protocol, self.port)
    }
}

/// Tries all that is expected to be answered or not, with somebody who answers at each destination, and tells what differs.
pub fn differences(net: &Net, expected: &BTreeMap<Probe, bool>) -> Vec<String> {
    differences_at(net, &expected.keys().map(Probe::place).collect(), expected)
}

/// The same, with somebody who answers at these places only.
pub fn differences_at(net: &Net, places: &BTreeSet<Place>, expected: &BTreeMap<Probe, bool>) -> Vec<String> {
    let tell = |probe: &Probe| format!("{probe:?}: expected {}, the kernel says {}", expected[probe], !expected[probe]);
    wrong_at(net, places, expected).iter().map(tell).collect()
}

/// Tries all that is expected to be answered or not, and gives what is not as expected.
pub fn wrong(net: &Net, expected: &BTreeMap<Probe, bool>) -> Vec<Probe> {
    wrong_at(net, &expected.keys().map(Probe::place).collect(), expected)
}

fn wrong_at(net: &Net, places: &BTreeSet<Place>, expected: &BTreeMap<Probe, bool>) -> Vec<Probe> {
    let wrong_ones = |probes: &[Probe], patience| -> Vec<Probe> {
        let answers = try_all(net, places, probes, patience);
        probes
            .iter()
            .zip(answers)
            .filter(|(probe, answer)| expected[probe] != *answer)
            .map(|(probe, _)| *probe)
            .collect()
    };
    let wrong = wrong_ones(&expected.keys().copied().collect::<Vec<_>>(), PATIENCE);
    // What was lost for want of time on a busy machine is found now; what is really wrong stays wrong.
    if wrong.is_empty() { wrong } else { wrong_ones(&wrong, 5 * PATIENCE) }
}

/// Tries all of them at once, and says which were answered in time.
fn try_all(net: &Net, places: &BTreeSet<Place>, probes: &[Probe], patience: Duration) -> Vec<bool> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let is_over = &is_over;
        let ready: Vec<_> = places
            .iter()
            .map(|place| {
                let (is_ready, ready) = std::sync::mpsc::channel();
                scope.spawn(move || answer(net, *place, &|| is_ready.send(()).expect("somebody waits"), is_over));
                ready
            })
            .collect();
        ready.iter().for_each(|ready| ready.recv().expect("a service starts"));
        let tries: Vec<_> = probes.iter().map(|probe| scope.spawn(move || is_answered(net, probe, patience))).collect();
        let answers = tries.into_iter().map(|one| one.join().expect("a probe ends")).collect();
        is_over.store(true, Ordering::Relaxed);
        answers
    })
}

/// Answers at a place until it is over.
fn answer(net: &Net, (address, protocol, port): Place, ready: &dyn Fn(), is_over: &AtomicBool) {
    let start = Instant::now();
    let is_over = || is_over.load(Ordering::Relaxed) || start.elapsed() > LONGEST;
    enter(net.name(address));
    let place = SocketAddr::new(address, port);
    let pause = || thread::sleep(Duration::from_millis(5));
    match protocol {
        Protocol::Tcp => {
            let listener = TcpListener::bind(place).unwrap_or_else(|error| panic!("{place}: {error}"));
            listener.set_nonblocking(true).expect("a socket can");
            ready();
            while !is_over() {
                let _ = listener.accept();
                pause();
            }
        }
        Protocol::Udp => {
            let socket = UdpSocket::bind(place).unwrap_or_else(|error| panic!("{place}: {error}"));
            socket.set_nonblocking(true).expect("a socket can");
            ready();
            let mut bytes = [0; 8];
            while !is_over() {
                match socket.recv_from(&mut bytes) {
                    Ok((count, from)) => drop(socket.send_to(&bytes[..count], from)),
                    Err(_) => pause(),
                }
            }
        }
        Protocol::Sctp => sctp::answer(place, ready, &is_over),
    }
}

fn is_answered(net: &Net, probe: &Probe, patience: Duration) -> bool {
    enter(net.name(probe.source));
    let (from, to) = (SocketAddr::new(probe.source, 0), SocketAddr::new(probe.destination, probe.port));
    match probe.protocol {
        Protocol::Tcp => {
            let socket = Socket::new(Domain::for_address(to), Type::STREAM, None).expect("a socket is made");
            socket.bind(&from.into()).unwrap_or_else(|error| panic!("{from}: {error}"));
            match socket.connect_timeout(&to.into(), patience) {
                Ok(()) => true,
                Err(error) if DENIED.contains(&error.kind()) => false,
                Err(error) => panic!("{probe:?}: {error}"),
            }
        }
        Protocol::Udp => {
            let socket = UdpSocket::bind(from).unwrap_or_else(|error| panic!("{from}: {error}"));
            socket.set_read_timeout(Some(patience)).expect("a socket can");
            socket.send_to(b"ask", to).unwrap_or_else(|error| panic!("{probe:?}: {error}"));
            socket.recv_from(&mut [0; 8]).is_ok()
        }
        Protocol::Sctp => sctp::is_answered(probe.source, to, patience),
    }
}
