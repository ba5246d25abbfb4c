//! The first two packets of an SCTP association, made by hand: a kernel without SCTP can send them, and conntrack follows them.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

/// A chunk that opens an association, and the one that answers it.
const INIT: u8 = 1;
const INIT_ACK: u8 = 2;

/// The tag that each side asks the other to put into its packets.
const CLIENT_TAG: u32 = 0x1234_5678;
const SERVER_TAG: u32 = 0x8765_4321;

const HEADER: usize = 12;
const CHUNK: u16 = 20;
const CHECKSUM: std::ops::Range<usize> = 8..12;

/// Every try has a port of its own, so that what comes late answers no other.
static NEXT_PORT: AtomicU16 = AtomicU16::new(0);

/// What a packet with one of the two chunks says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Packet {
    source_port: u16,
    destination_port: u16,
    /// The tag that the receiver asked for: none yet, when an association opens.
    verification: u32,
    chunk: u8,
    /// The tag that the sender asks for.
    tag: u32,
}

/// Sends an INIT and says whether an INIT ACK comes in time.
pub fn is_answered(from: IpAddr, to: SocketAddr, patience: Duration) -> bool {
    let start = Instant::now();
    let socket = open(from);
    let source_port = 20_000 + NEXT_PORT.fetch_add(1, Ordering::Relaxed) % 40_000;
    let init = Packet { source_port, destination_port: to.port(), verification: 0, chunk: INIT, tag: CLIENT_TAG };
    send(&socket, init, to.ip()).unwrap_or_else(|error| panic!("{from} to {to}: {error}"));
    let awaited = init.answer();
    while let Some(left) = patience.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
        if receive(&socket, left) == Some((to.ip(), awaited)) {
            return true;
        }
    }
    false
}

/// Answers every INIT at a place until it is over.
pub fn answer(place: SocketAddr, ready: &dyn Fn(), is_over: &dyn Fn() -> bool) {
    let socket = open(place.ip());
    ready();
    while !is_over() {
        let received = receive(&socket, Duration::from_millis(5));
        if let Some((source, packet)) = received
            && packet.chunk == INIT
            && packet.destination_port == place.port()
        {
            let _ = send(&socket, packet.answer(), source);
        }
    }
}

/// A raw socket. It sends and receives as one for UDP does, which needs no buffers without content.
fn open(address: IpAddr) -> UdpSocket {
    let place = SocketAddr::new(address, 0);
    let socket =
        Socket::new(Domain::for_address(place), Type::RAW, Some(Protocol::SCTP)).expect("root may open raw sockets");
    socket.bind(&place.into()).unwrap_or_else(|error| panic!("{address}: {error}"));
    socket.into()
}

fn send(socket: &UdpSocket, packet: Packet, to: IpAddr) -> std::io::Result<usize> {
    socket.send_to(&packet.to_bytes(), SocketAddr::new(to, 0))
}

/// The next packet, if it is one of the two, and who sent it.
fn receive(socket: &UdpSocket, patience: Duration) -> Option<(IpAddr, Packet)> {
    socket.set_read_timeout(Some(patience)).expect("a socket can");
    let mut bytes = [0; 128];
    let (count, source) = socket.recv_from(&mut bytes).ok()?;
    // Raw sockets get the header of IPv4, which has its length in words, and not that of IPv6.
    let start = if source.is_ipv4() { usize::from(bytes[0] & 0xf) * 4 } else { 0 };
    Some((source.ip(), Packet::from_bytes(bytes.get(start..count)?)?))
}

impl Packet {
    /// The INIT ACK that answers this INIT.
    fn answer(self) -> Packet {
        Packet {
            source_port: self.destination_port,
            destination_port: self.source_port,
            verification: self.tag,
            chunk: INIT_ACK,
            tag: SERVER_TAG,
        }
    }

    fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(self.source_port.to_be_bytes());
        bytes.extend(self.destination_port.to_be_bytes());
        bytes.extend(self.verification.to_be_bytes());
        bytes.extend([0; 4]);
        bytes.extend([self.chunk, 0]);
        bytes.extend(CHUNK.to_be_bytes());
        bytes.extend(self.tag.to_be_bytes());
        let (window, streams, first_number) = (65_536_u32, 1_u16, 1_u32);
        bytes.extend(window.to_be_bytes());
        bytes.extend(streams.to_be_bytes());
        bytes.extend(streams.to_be_bytes());
        bytes.extend(first_number.to_be_bytes());
        let checksum = checksum(&bytes);
        bytes[CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Packet> {
        let half = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
        let word = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let chunk = *bytes.get(HEADER)?;
        let packet = Packet {
            source_port: half(0)?,
            destination_port: half(2)?,
            verification: word(4)?,
            chunk,
            tag: word(HEADER + 4)?,
        };
        [INIT, INIT_ACK].contains(&chunk).then_some(packet)
    }
}

/// CRC-32C, bit by bit.
fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0x82f6_3b78 } else { sum >> 1 })
    })
}

#[test]
fn the_checksum_is_the_one_that_others_compute() {
    assert_eq!(checksum(b"123456789"), 0xe306_9283);
}
