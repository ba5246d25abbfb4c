//! Address classes: addresses that no `ipBlock` tells apart.
//!
//! The boundaries of all blocks cut each family into atoms; atoms that are in the same blocks are one class.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use rustc_hash::FxHashMap;

use crate::model::AddressBlock;
use crate::protocol::Family;

/// The id of an address class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct AddressClassId(pub u32);

impl AddressClassId {
    /// Addresses in no block, and addresses that are not known.
    pub const NO_BLOCK: AddressClassId = AddressClassId(0);
}

/// The addresses of both families, cut into classes.
#[derive(Debug, Default)]
pub(crate) struct AddressSpace {
    /// The first address of each atom, ascending, and its class. Atoms before the first one are in no block.
    ipv4: Vec<(u128, AddressClassId)>,
    ipv6: Vec<(u128, AddressClassId)>,
    /// Per class, the blocks that contain it, as indices into the blocks given.
    blocks: Vec<Box<[u32]>>,
}

/// Addresses of one family, from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressRange {
    /// The first.
    pub first: IpAddr,
    /// The last.
    pub last: IpAddr,
}

impl From<IpNet> for AddressRange {
    fn from(network: IpNet) -> AddressRange {
        AddressRange { first: network.network(), last: network.broadcast() }
    }
}

impl AddressRange {
    /// Whether an address is in the range.
    pub fn contains(&self, address: IpAddr) -> bool {
        Family::of(self.first) == Family::of(address) && self.first <= address && address <= self.last
    }

    /// Whether an address is in both.
    pub(crate) fn overlaps(&self, other: &AddressRange) -> bool {
        self.contains(other.first) || other.contains(self.first)
    }

    /// The address behind the last one.
    pub(crate) fn next(&self) -> Option<IpAddr> {
        let family = Family::of(self.last);
        number_of(self.last).checked_add(1).filter(|next| *next <= top(family)).map(|next| address_of(family, next))
    }

    /// How many addresses it has beside the first.
    pub(crate) fn length(&self) -> u128 {
        number_of(self.last) - number_of(self.first)
    }

    /// This range and the next as one, if the next one starts where this one ends.
    pub fn join(&self, next: &AddressRange) -> Option<AddressRange> {
        (self.next() == Some(next.first)).then_some(AddressRange { first: self.first, last: next.last })
    }
}

impl fmt::Display for AddressRange {
    /// `first-last`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

impl AddressSpace {
    /// Cuts the address space at the boundaries of `blocks`.
    pub fn new(blocks: &[AddressBlock]) -> AddressSpace {
        let mut space = AddressSpace { blocks: vec![Box::default()], ..AddressSpace::default() };
        let mut ids = FxHashMap::from_iter([(Box::default(), AddressClassId::NO_BLOCK)]);
        space.ipv4 = space.atoms(blocks, Family::Ipv4, &mut ids);
        space.ipv6 = space.atoms(blocks, Family::Ipv6, &mut ids);
        space
    }

    fn atoms(
        &mut self,
        blocks: &[AddressBlock],
        family: Family,
        ids: &mut FxHashMap<Box<[u32]>, AddressClassId>,
    ) -> Vec<(u128, AddressClassId)> {
        let mut changes: Vec<(u128, u32, bool)> = Vec::new();
        for (index, block) in (0u32..).zip(blocks) {
            if Family::of(block.network.addr()) == family {
                for (first, last) in holed(block) {
                    changes.push((first, index, true));
                    // Past the end of the address space nothing changes any more.
                    let after = last.checked_add(1).filter(|after| *after <= top(family));
                    changes.extend(after.map(|after| (after, index, false)));
                }
            }
        }
        changes.sort_unstable();
        let mut active: Vec<u32> = Vec::new();
        let mut atoms: Vec<(u128, AddressClassId)> = Vec::new();
        for group in changes.chunk_by(|a, b| a.0 == b.0) {
            for (_, index, is_start) in group {
                match (active.binary_search(index), is_start) {
                    (Err(position), true) => active.insert(position, *index),
                    (Ok(position), false) => {
                        // A hole that ends where the next range starts leaves the block active: starts sort after ends.
                        active.remove(position);
                    }
                    _ => {}
                }
            }
            let next = AddressClassId(u32::try_from(self.blocks.len()).unwrap_or(u32::MAX));
            let class = *ids.entry(active.as_slice().into()).or_insert_with_key(|key| {
                self.blocks.push(key.clone());
                next
            });
            let Some((start, ..)) = group.first() else { continue };
            if atoms.last().map_or(AddressClassId::NO_BLOCK, |(_, last)| *last) != class {
                atoms.push((*start, class));
            }
        }
        atoms
    }

    /// The class of an address.
    pub fn class_of(&self, address: IpAddr) -> AddressClassId {
        let (atoms, number) = match address {
            IpAddr::V4(v4) => (&self.ipv4, u128::from(v4.to_bits())),
            IpAddr::V6(v6) => (&self.ipv6, v6.to_bits()),
        };
        let after = atoms.partition_point(|(start, _)| *start <= number);
        after.checked_sub(1).and_then(|index| atoms.get(index)).map_or(AddressClassId::NO_BLOCK, |(_, class)| *class)
    }

    /// The blocks that contain a class's addresses, as indices into the blocks given.
    pub fn blocks_of(&self, class: AddressClassId) -> &[u32] {
        self.blocks.get(class.0 as usize).map_or(&[], |blocks| blocks)
    }

    /// The classes that addresses of a family may have.
    pub fn classes_in(&self, family: Family) -> impl Iterator<Item = AddressClassId> {
        let atoms = if family == Family::Ipv4 { &self.ipv4 } else { &self.ipv6 };
        let is_covered = atoms.first().is_some_and(|(start, _)| *start == 0);
        let before = (!is_covered).then_some(AddressClassId::NO_BLOCK);
        before.into_iter().chain(atoms.iter().map(|(_, class)| *class))
    }

    /// Every class.
    pub fn classes(&self) -> impl Iterator<Item = AddressClassId> {
        (0u32..).map(AddressClassId).take(self.blocks.len())
    }

    /// The whole address space as ranges of one class each; IPv4 first, ascending. A range also begins at each of `starts`, and
    /// each of `alone` is a range of its own.
    pub fn ranges(&self, starts: &[IpAddr], alone: &[IpAddr]) -> Vec<(AddressRange, AddressClassId)> {
        let mut ranges = Vec::new();
        for family in Family::BOTH {
            let atoms = if family == Family::Ipv4 { &self.ipv4 } else { &self.ipv6 };
            let top = top(family);
            let of_family = |addresses: &[IpAddr]| -> Vec<u128> {
                addresses.iter().filter(|address| Family::of(**address) == family).copied().map(number_of).collect()
            };
            let alone = of_family(alone);
            let after = alone.iter().filter_map(|number| number.checked_add(1)).filter(|after| *after <= top);
            let mut starts: Vec<u128> = (std::iter::once(0).chain(atoms.iter().map(|(start, _)| *start)))
                .chain(of_family(starts))
                .chain(alone.iter().copied())
                .chain(after)
                .collect();
            starts.sort_unstable();
            starts.dedup();
            for (index, start) in starts.iter().enumerate() {
                let last = starts.get(index + 1).map_or(top, |next| next - 1);
                let first = address_of(family, *start);
                ranges.push((AddressRange { first, last: address_of(family, last) }, self.class_of(first)));
            }
        }
        ranges
    }
}

/// The ranges of a block's addresses: the block without its holes.
fn holed(block: &AddressBlock) -> Vec<(u128, u128)> {
    let mut holes: Vec<(u128, u128)> = block.except.iter().map(bounds).collect();
    holes.sort_unstable();
    let (first, last) = bounds(&block.network);
    let mut ranges = Vec::new();
    let mut next = Some(first);
    for (hole_first, hole_last) in holes {
        let Some(from) = next else { break };
        if from < hole_first {
            ranges.push((from, hole_first - 1));
        }
        next = hole_last.checked_add(1).filter(|after| *after <= last).map(|after| after.max(from));
    }
    ranges.extend(next.map(|from| (from, last)));
    ranges
}

/// The last address of a family.
fn top(family: Family) -> u128 {
    match family {
        Family::Ipv4 => u128::from(u32::MAX),
        Family::Ipv6 => u128::MAX,
    }
}

fn bounds(network: &IpNet) -> (u128, u128) {
    (number_of(network.network()), number_of(network.broadcast()))
}

fn number_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn address_of(family: Family, number: u128) -> IpAddr {
    match (family, u32::try_from(number)) {
        (Family::Ipv4, Ok(bits)) => IpAddr::V4(Ipv4Addr::from_bits(bits)),
        _ => IpAddr::V6(Ipv6Addr::from_bits(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(network: &str, except: &[&str]) -> AddressBlock {
        AddressBlock {
            network: network.parse().unwrap(),
            except: except.iter().map(|hole| hole.parse().unwrap()).collect(),
        }
    }

    #[test]
    fn addresses_are_in_the_blocks_that_contain_them_but_not_in_their_holes() {
        let blocks = [
            block("0.0.0.0/0", &["10.0.0.0/8", "10.1.0.0/16", "255.255.255.255/32"]),
            block("10.0.0.0/8", &["10.0.0.0/9", "10.128.0.0/9"]),
            block("10.1.0.0/16", &[]),
            block("::/0", &["fd00::/8"]),
            block("fd00::/64", &[]),
        ];
        let space = AddressSpace::new(&blocks);
        for (address, expected) in [
            ("9.255.255.255", &[0][..]),
            ("10.0.0.0", &[]),
            ("10.1.2.3", &[2]),
            ("10.255.255.255", &[]),
            ("11.0.0.0", &[0]),
            ("255.255.255.254", &[0]),
            ("255.255.255.255", &[]),
            ("::", &[3]),
            ("fd00::1", &[4]),
            ("fd01::", &[]),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &[3]),
        ] {
            assert_eq!(space.blocks_of(space.class_of(address.parse().unwrap())), expected, "{address}");
        }
    }

    #[test]
    fn ranges_cover_the_space_and_merge_what_no_block_tells_apart() {
        let space =
            AddressSpace::new(&[block("10.0.0.0/8", &[]), block("11.0.0.0/8", &["11.0.0.0/9", "11.128.0.0/9"])]);
        let text = |starts: &[IpAddr], alone: &[IpAddr]| -> Vec<String> {
            space.ranges(starts, alone).iter().map(|(range, _)| range.to_string()).collect()
        };
        let ipv6 = "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        assert_eq!(
            text(&[], &[]),
            ["0.0.0.0-9.255.255.255", "10.0.0.0-10.255.255.255", "11.0.0.0-255.255.255.255", ipv6]
        );
        let whole = AddressSpace::new(&[block("0.0.0.0/0", &[]), block("128.0.0.0/1", &[]), block("::/0", &[])])
            .ranges(&[], &[]);
        let whole: Vec<String> = whole.iter().map(|(range, _)| range.to_string()).collect();
        assert_eq!(whole, ["0.0.0.0-127.255.255.255", "128.0.0.0-255.255.255.255", ipv6]);
        let address = ["10.0.0.7".parse().unwrap()];
        let alone = text(&[], &address);
        assert_eq!(alone[1..4], ["10.0.0.0-10.0.0.6", "10.0.0.7-10.0.0.7", "10.0.0.8-10.255.255.255"]);
        assert_eq!(text(&address, &[])[1..3], ["10.0.0.0-10.0.0.6", "10.0.0.7-10.255.255.255"]);
    }

    #[test]
    fn ranges_join_where_they_touch_and_only_within_a_family() {
        let range =
            |first: &str, last: &str| AddressRange { first: first.parse().unwrap(), last: last.parse().unwrap() };
        let low = range("10.0.0.0", "10.0.0.6");
        assert_eq!(low.join(&range("10.0.0.7", "10.0.0.9")), Some(range("10.0.0.0", "10.0.0.9")));
        assert_eq!(low.join(&range("10.0.0.8", "10.0.0.9")), None);
        assert_eq!(range("255.255.255.255", "255.255.255.255").join(&range("::", "::1")), None);
    }
}
