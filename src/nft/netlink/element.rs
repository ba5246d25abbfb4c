//! Elements of sets and maps, as the kernel has them.

use std::net::IpAddr;

use netlink_packet_netfilter::nftables::{
    DataAttribute, ListAttribute, SetElementAttribute, SetElementFlags, Verdict, VerdictAttribute,
};
use netpol::protocol::{Family, Protocol};

use crate::ruleset::{Element, SetKind};

type Part = ListAttribute<SetElementAttribute>;

/// What an element of ours is in the kernel: one element, or the two ends of an interval.
pub type Parts = Vec<Part>;

/// How `nft` numbers the types of keys; a concatenation has six bits for each.
const ADDRESS4: u32 = 7;
const ADDRESS6: u32 = 8;
const PROTOCOL: u32 = 12;
const PORT: u32 = 13;

/// The type that `nft` shows for the keys of a set, and their length in bytes.
pub fn key(kind: SetKind) -> (u32, u32) {
    let address = |family| match family {
        Family::Ipv4 => (ADDRESS4, 4),
        Family::Ipv6 => (ADDRESS6, 16),
    };
    match kind {
        SetKind::Addresses(family) | SetKind::Ranges(family) => address(family),
        SetKind::Pairs(family) => {
            let (kind, length) = address(family);
            (kind << 6 | kind, 2 * length)
        }
        SetKind::Services(family) => {
            let (kind, length) = address(family);
            ((kind << 6 | PROTOCOL) << 6 | PORT, length + 8)
        }
        SetKind::Ports => (PORT, 2),
    }
}

/// An element of a set.
pub fn of_set(element: &Element) -> Parts {
    match element {
        Element::Address(address) => vec![at(bytes(*address))],
        Element::Range(range) => interval(bytes(range.first), bytes(range.last)),
        Element::Pair(source, destination) => vec![at([bytes(*source), bytes(*destination)].concat())],
        Element::Service(address, protocol, port) => {
            // Each field begins at a multiple of four bytes.
            let [high, low] = port.get().to_be_bytes();
            let service = [number(*protocol), 0, 0, 0, high, low, 0, 0];
            vec![at([bytes(*address), service.to_vec()].concat())]
        }
        Element::Ports(first, last) => interval(first.get().to_be_bytes().to_vec(), last.get().to_be_bytes().to_vec()),
    }
}

/// An element of a map, with the chain that it leads to; to delete one, its address is enough.
pub fn of_map(address: IpAddr, chain: Option<&str>) -> Part {
    let mut attributes = vec![key_of(bytes(address))];
    attributes.extend(chain.map(|chain| SetElementAttribute::Data(goto(chain))));
    Part::Element(attributes)
}

/// What continues in a chain.
pub fn goto(chain: &str) -> DataAttribute {
    DataAttribute::Verdict(vec![VerdictAttribute::Code(Verdict::Goto), VerdictAttribute::Chain(chain.to_owned())])
}

/// The number of a protocol in packets.
pub fn number(protocol: Protocol) -> u8 {
    match protocol {
        Protocol::Tcp => 6,
        Protocol::Udp => 17,
        Protocol::Sctp => 132,
    }
}

/// From the first key to the one before the second's, which the last of all keys has none behind.
fn interval(first: Vec<u8>, last: Vec<u8>) -> Parts {
    let end = successor(last)
        .map(|key| Part::Element(vec![key_of(key), SetElementAttribute::Flags(SetElementFlags::IntervalEnd)]));
    [at(first)].into_iter().chain(end).collect()
}

fn at(key: Vec<u8>) -> Part {
    Part::Element(vec![key_of(key)])
}

fn key_of(key: Vec<u8>) -> SetElementAttribute {
    SetElementAttribute::Key(DataAttribute::Value(key))
}

fn bytes(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// The number after a big-endian one; `None` after the largest.
fn successor(mut number: Vec<u8>) -> Option<Vec<u8>> {
    for byte in number.iter_mut().rev() {
        let (next, is_over) = byte.overflowing_add(1);
        *byte = next;
        if !is_over {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_successor_carries() {
        assert_eq!(successor(vec![0, 1]), Some(vec![0, 2]));
        assert_eq!(successor(vec![0, 0xff]), Some(vec![1, 0]));
        assert_eq!(successor(vec![0xff, 0xff]), None);
    }
}
