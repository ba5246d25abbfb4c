//! ICMP: what has no ports goes by rules without ports, and an error comes back to who caused it.

use std::fs;
use std::io::{ErrorKind, Read};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use netpol::Engine;
use netpol::options::EngineOptions;
use netpol_nft::{Established, LowerOptions, lower};
use socket2::{Domain, Protocol, Socket, Type};

use crate::manifests::{address, addresses, engine, from_application, pod, policy};
use crate::net::{Net, enter};

const CLIENT: [&str; 2] = ["10.0.0.1", "fd00::1"];
/// Nothing isolates it.
const OPEN: [&str; 2] = ["10.0.0.2", "fd00::2"];
/// Lets everyone in, to a port of each protocol.
const BY_PORT: [&str; 2] = ["10.0.0.3", "fd00::3"];
/// Lets everyone in, to all ports of each protocol.
const BY_PORTS: [&str; 2] = ["10.0.0.7", "fd00::7"];
/// Lets the client in, to any port.
const BY_PEER: [&str; 2] = ["10.0.0.4", "fd00::4"];
/// Lets nobody in, and nothing out but UDP to one port.
const CAGED: [&str; 2] = ["10.0.0.5", "fd00::5"];
/// Lets nothing out, and nobody in but by UDP to that port.
const SILENT: [&str; 2] = ["10.0.0.6", "fd00::6"];

/// Nobody listens there.
const CLOSED_PORT: u16 = 9;
const PATIENCE: Duration = Duration::from_millis(500);

fn cluster() -> Engine {
    let names = [
        ("client", CLIENT),
        ("open", OPEN),
        ("byport", BY_PORT),
        ("byports", BY_PORTS),
        ("bypeer", BY_PEER),
        ("caged", CAGED),
        ("silent", SILENT),
    ];
    let pods = names.map(|(name, addresses)| pod(name, name, "worker", &addresses));
    let ports = format!("ports: [{{ protocol: UDP, port: {CLOSED_PORT} }}]");
    let policies = [
        policy(
            "byport",
            "ingress: [{ ports: [{ port: 80 }, { protocol: UDP, port: 80 }, { protocol: SCTP, port: 80 }] }]",
        ),
        policy("byports", "ingress: [{ ports: [{ protocol: TCP }, { protocol: UDP }, { protocol: SCTP }] }]"),
        policy("bypeer", &format!("ingress: [{{ from: [{}] }}]", from_application("client"))),
        policy("caged", &format!("policyTypes: [Ingress, Egress], egress: [{{ {ports} }}]")),
        policy("silent", &format!("policyTypes: [Ingress, Egress], ingress: [{{ {ports} }}]")),
    ];
    engine(&[pods.concat(), policies.concat()], EngineOptions::default())
}

fn net(established: Established) -> Net {
    let pods = [CLIENT, OPEN, BY_PORT, BY_PORTS, BY_PEER, CAGED, SILENT].map(|pod| addresses(&pod));
    let net = Net::new(&pods, &[]);
    let options = LowerOptions { established, ..LowerOptions::default() };
    net.apply(&lower(&cluster(), "worker", &options).ruleset.to_text());
    net
}

/// An echo request has no port, so no rule with ports lets it through.
pub fn an_echo_needs_a_rule_without_ports() {
    let net = net(Established::default());
    let expected = [
        (CLIENT, OPEN, true),
        (OPEN, CLIENT, true),
        (CLIENT, BY_PORT, false),
        (CLIENT, BY_PORTS, false),
        (CLIENT, BY_PEER, true),
        (OPEN, BY_PEER, false),
        // A reply belongs to its request.
        (BY_PORT, CLIENT, true),
        (BY_PEER, OPEN, true),
        (CAGED, OPEN, false),
        (CLIENT, CAGED, false),
        (SILENT, CLIENT, false),
    ];
    let wrong: Vec<String> = thread::scope(|scope| {
        let net = &net;
        let tries: Vec<_> = expected
            .into_iter()
            .flat_map(|(from, to, is_expected)| (0..2).map(move |family| (from[family], to[family], is_expected)))
            .map(|(from, to, is_expected)| {
                scope.spawn(move || {
                    // A request may be lost on a busy machine; none that is denied ever arrives.
                    let is_echoed = (0..3).any(|_| is_echoed(net, address(from), address(to)));
                    (is_echoed != is_expected).then(|| format!("{from} to {to}: the kernel says {is_echoed}"))
                })
            })
            .collect();
        tries.into_iter().filter_map(|one| one.join().expect("a try ends")).collect()
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Sends one echo request, and says whether its reply comes in time.
fn is_echoed(net: &Net, from: IpAddr, to: IpAddr) -> bool {
    enter(net.name(from));
    fs::write("/proc/sys/net/ipv4/ping_group_range", "0 2147483647").expect("root may let itself send echoes");
    let (protocol, request) = if to.is_ipv4() { (Protocol::ICMPV4, 8) } else { (Protocol::ICMPV6, 128) };
    let socket = Socket::new(Domain::for_address(SocketAddr::new(to, 0)), Type::DGRAM, Some(protocol))
        .expect("the range holds every group");
    socket.bind(&SocketAddr::new(from, 0).into()).unwrap_or_else(|error| panic!("{from}: {error}"));
    socket.connect(&SocketAddr::new(to, 0).into()).unwrap_or_else(|error| panic!("{to}: {error}"));
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket can");
    // The kernel fills in the checksum and the number by which it knows the reply.
    socket.send(&[request, 0, 0, 0, 0, 0, 0, 1]).unwrap_or_else(|error| panic!("{from} to {to}: {error}"));
    (&socket).read(&mut [0; 64]).is_ok_and(|count| count == 8)
}

/// That nobody listens at a port is told, though both pods are isolated and no rule allows ICMP.
pub fn errors_come_back_to_who_caused_them() {
    for established in [Established::default(), Established::Keep] {
        let net = net(established);
        thread::scope(|scope| {
            let net = &net;
            for (from, to) in [CAGED, CLIENT].into_iter().flat_map(|from| [OPEN, SILENT].map(|to| (from, to))) {
                for family in 0..2 {
                    let (from, to) = (address(from[family]), address(to[family]));
                    scope.spawn(move || {
                        assert!(is_refused(net, from, to), "{established:?}: {from} is not told that {to} is closed");
                    });
                }
            }
        });
    }
}

/// Whether the sender of a packet to the closed port is told so.
fn is_refused(net: &Net, from: IpAddr, to: IpAddr) -> bool {
    enter(net.name(from));
    let socket = UdpSocket::bind((from, 0)).unwrap_or_else(|error| panic!("{from}: {error}"));
    socket.connect((to, CLOSED_PORT)).unwrap_or_else(|error| panic!("{to}: {error}"));
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket can");
    let start = Instant::now();
    while start.elapsed() < 3 * PATIENCE {
        let told = socket.send(b"x").and_then(|_| socket.recv(&mut [0; 8]));
        if told.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused) {
            return true;
        }
    }
    false
}
