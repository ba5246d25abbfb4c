//! What the sender of a denied packet is told, and what user space is.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use netpol::Engine;
use netpol::options::EngineOptions;
use netpol_nft::{Deny, Log, LowerOptions, Ruleset, lower};
use socket2::{Domain, Protocol, Socket, Type};

use crate::manifests::{address, addresses, engine, pod, policy};
use crate::net::{Net, enter};

const CLIENT: [&str; 2] = ["10.0.0.1", "fd00::1"];
const SERVER: [&str; 2] = ["10.0.0.2", "fd00::2"];
const PATIENCE: Duration = Duration::from_secs(3);
const GROUP: u16 = 77;

/// A server that lets nobody in.
fn cluster() -> Engine {
    let pods = [pod("client", "client", "worker", &CLIENT), pod("server", "server", "worker", &SERVER)];
    engine(&[pods.concat(), policy("server", "ingress: []")], EngineOptions::default())
}

fn net(options: &LowerOptions) -> Net {
    let net = Net::new(&[addresses(&CLIENT), addresses(&SERVER)], &[]);
    let ruleset = lower(&cluster(), "worker", options).ruleset;
    net.apply(&ruleset.to_text());
    let listed = Ruleset::from_listing(&net.listing(0)).unwrap_or_else(|foreign| panic!("{options:?}: {foreign}"));
    assert_eq!(ruleset.differences(&listed), [""; 0], "{options:?}: what is listed is what was given");
    net
}

/// Who connects to what is denied is told at once if that is asked for, and else waits in vain.
pub fn a_rejected_connection_fails_at_once() {
    let (rejecting, dropping) =
        (net(&LowerOptions { deny: Deny::Reject, ..LowerOptions::default() }), net(&LowerOptions::default()));
    thread::scope(|scope| {
        for family in 0..2 {
            let (from, to) = (address(CLIENT[family]), SocketAddr::new(address(SERVER[family]), 80));
            let (rejecting, dropping) = (&rejecting, &dropping);
            scope.spawn(move || {
                for (what, trial) in [("TCP", connect as fn(&Net, _, _, _) -> _), ("UDP", ask)] {
                    let start = Instant::now();
                    let error = trial(rejecting, from, to, PATIENCE);
                    // By its own answer, the server would have refused.
                    let is_told = matches!(error, ErrorKind::HostUnreachable | ErrorKind::PermissionDenied);
                    assert!(is_told && start.elapsed() < PATIENCE, "{what} from {from} to {to}: {error:?}");
                }
            });
            scope.spawn(move || {
                for (what, trial) in [("TCP", connect as fn(&Net, _, _, _) -> _), ("UDP", ask)] {
                    let error = trial(dropping, from, to, PATIENCE / 10);
                    let is_late = matches!(error, ErrorKind::TimedOut | ErrorKind::WouldBlock);
                    assert!(is_late, "{what} from {from} to {to}: {error:?}");
                }
            });
        }
    });
}

/// How a connection fails.
fn connect(net: &Net, from: IpAddr, to: SocketAddr, patience: Duration) -> ErrorKind {
    enter(net.name(from));
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, None).expect("a socket is made");
    socket.connect_timeout(&to.into(), patience).expect_err("nobody listens").kind()
}

/// How the wait for an answer fails.
fn ask(net: &Net, from: IpAddr, to: SocketAddr, patience: Duration) -> ErrorKind {
    enter(net.name(from));
    let socket = UdpSocket::bind((from, 0)).unwrap_or_else(|error| panic!("{from}: {error}"));
    socket.connect(to).unwrap_or_else(|error| panic!("{to}: {error}"));
    socket.set_read_timeout(Some(patience)).expect("a socket can");
    socket.send(b"x").unwrap_or_else(|error| panic!("{from} to {to}: {error}"));
    socket.recv(&mut [0; 8]).expect_err("nobody answers").kind()
}

/// A denied packet is told to the group, with the policies that denied it.
pub fn denied_packets_are_logged() {
    let log = Log { group: GROUP, rate: 100 };
    let net = net(&LowerOptions { log: Some(log), ..LowerOptions::default() });
    for family in 0..2 {
        let (from, to) = (address(CLIENT[family]), SocketAddr::new(address(SERVER[family]), 80));
        let prefix = thread::scope(|scope| {
            let listener = scope.spawn(|| {
                enter(net.node(0));
                let socket = listen(GROUP);
                // A denied packet, once somebody listens.
                scope.spawn(|| {
                    enter(net.name(from));
                    UdpSocket::bind((from, 0)).and_then(|socket| socket.send_to(b"x", to)).expect("it is sent");
                });
                next_prefix(&socket)
            });
            listener.join().expect("the listener ends")
        });
        assert_eq!(prefix.as_deref(), Some("netpol: ingress denied by shop/server "));
    }
}

/// Of a flood that is denied, the group is told no more than the rate and the five at once that nft grants by itself.
pub fn the_log_is_limited() {
    const SENT: usize = 200;
    let (rate, at_once) = (1, 5);
    let net = net(&LowerOptions { log: Some(Log { group: GROUP, rate }), ..LowerOptions::default() });
    let (from, to) = (address(CLIENT[0]), SocketAddr::new(address(SERVER[0]), 80));
    thread::scope(|scope| {
        scope.spawn(|| {
            enter(net.node(0));
            let socket = listen(GROUP);
            socket.set_read_timeout(Some(PATIENCE / 10)).expect("a socket can");
            let start = Instant::now();
            let flood = scope.spawn(|| {
                enter(net.name(from));
                let socket = UdpSocket::bind((from, 0)).expect("it is the client's");
                (0..SENT).for_each(|_| assert_eq!(socket.send_to(b"x", to).expect("it is sent"), 1));
            });
            flood.join().expect("all are sent");
            let told = std::iter::from_fn(|| next_prefix(&socket)).count();
            let granted = at_once + (start.elapsed().as_secs() + 1) * u64::from(rate);
            assert!(told > 0 && (told as u64) <= granted, "{told} of {SENT} are told, and {granted} are granted");
        });
    });
}

/// The kernel's netlink family for netfilter, and its subsystem for logs.
const NETLINK: i32 = 16;
const NETLINK_NETFILTER: i32 = 12;
const LOG_SUBSYSTEM: u16 = 4 << 8;

/// Messages: a packet, and the settings of a group.
const PACKET: u16 = LOG_SUBSYSTEM;
const SETTINGS: u16 = LOG_SUBSYSTEM | 1;
const ERROR: u16 = 2;

/// Attributes of the settings, and one of a packet.
const COMMAND: u16 = 1;
const MODE: u16 = 2;
const THRESHOLD: u16 = 5;
const PREFIX: u16 = 10;

const MESSAGE_HEADER: usize = 16;
const FAMILY_HEADER: usize = 4;
const ATTRIBUTE_HEADER: usize = 4;

/// A socket that gets the packets logged to a group, each at once.
fn listen(group: u16) -> Socket {
    let socket = Socket::new(Domain::from(NETLINK), Type::RAW, Some(Protocol::from(NETLINK_NETFILTER)))
        .expect("the kernel has netlink");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket can");
    let attributes = [
        attribute(COMMAND, &[1]),
        // Nothing of the packet itself.
        attribute(MODE, &[0, 0, 0, 0, 1, 0]),
        attribute(THRESHOLD, &1_u32.to_be_bytes()),
    ]
    .concat();
    let length = u32::try_from(MESSAGE_HEADER + FAMILY_HEADER + attributes.len()).expect("it is short");
    let (request_and_acknowledge, sequence, sender) = (5_u16, 1_u32, 0_u32);
    let mut message = length.to_ne_bytes().to_vec();
    message.extend(SETTINGS.to_ne_bytes());
    message.extend(request_and_acknowledge.to_ne_bytes());
    message.extend(sequence.to_ne_bytes());
    message.extend(sender.to_ne_bytes());
    message.extend([0, 0]);
    message.extend(group.to_be_bytes());
    message.extend(attributes);
    let start = Instant::now();
    loop {
        (&socket).write_all(&message).expect("the kernel reads");
        let mut answer = [0; 256];
        let count = (&socket).read(&mut answer).expect("the kernel answers");
        let is_error = half(&answer[..count], 4) == ERROR;
        if is_error && answer[MESSAGE_HEADER..MESSAGE_HEADER + 4] == [0; 4] {
            break;
        }
        // The kernel takes its time to take the group from a socket that was closed.
        assert!(start.elapsed() < PATIENCE, "the group is not given: {answer:?}");
        thread::sleep(Duration::from_millis(5));
    }
    socket
}

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(ATTRIBUTE_HEADER + value.len()).expect("it is short");
    let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// The prefix of the next packet that is logged.
fn next_prefix(mut socket: &Socket) -> Option<String> {
    let mut bytes = [0; 4096];
    let count = socket.read(&mut bytes).ok()?;
    let message = &bytes[..count];
    assert_eq!(half(message, 4), PACKET, "{message:?}");
    let mut at = MESSAGE_HEADER + FAMILY_HEADER;
    while at + ATTRIBUTE_HEADER <= count {
        let length = usize::from(half(message, at));
        if half(message, at + 2) == PREFIX {
            let text = message[at + ATTRIBUTE_HEADER..at + length].strip_suffix(&[0])?;
            return String::from_utf8(text.to_vec()).ok();
        }
        at += length.next_multiple_of(4).max(ATTRIBUTE_HEADER);
    }
    None
}

fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_ne_bytes([bytes[at], bytes[at + 1]])
}
