//! CIDRs as Kubernetes reads them, tolerant of what it tolerates and saying what that was.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// A CIDR that could be read, and what is unusual about how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    /// The network, with host bits masked away (S22).
    pub network: IpNet,
    /// What is unusual, if anything is.
    pub oddity: Option<Oddity>,
}

/// The ways to write a CIDR that Kubernetes warns about or, when it is strict, refuses (V19s, W1, W2). The first that applies
/// is the one it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// `010.0.0.0/8`: decimal here, octal elsewhere.
    LeadingZeros,
    /// `::ffff:10.0.0.0/104`.
    Ipv4Mapped,
    /// `10.1.2.3/8`.
    HostBits,
}

/// Reads a CIDR as Go's `ParseCIDRSloppy` does: leading zeros are decimal, host bits are masked away.
pub fn parse(text: &str) -> Option<Cidr> {
    let (address_text, length_text) = text.split_once('/')?;
    let (address, has_zeros) = parse_address(address_text)?;
    if length_text.is_empty() || length_text.len() > 4 || !length_text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let length: u8 = length_text.parse().ok()?;
    let has_zeros = has_zeros || (length_text.len() > 1 && length_text.starts_with('0'));
    let written = IpNet::new(address, length).ok()?;
    let mapped = match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped(),
        IpAddr::V4(_) => None,
    };
    let network = match (mapped, length.checked_sub(96)) {
        (Some(v4), Some(length)) => IpNet::new(IpAddr::V4(v4), length).ok()?.trunc(),
        _ => written.trunc(),
    };
    let oddity = if has_zeros {
        Some(Oddity::LeadingZeros)
    } else if mapped.is_some() {
        Some(Oddity::Ipv4Mapped)
    } else if written != written.trunc() {
        Some(Oddity::HostBits)
    } else {
        None
    };
    Some(Cidr { network, oddity })
}

/// An address, and whether an octet of it has leading zeros.
fn parse_address(text: &str) -> Option<(IpAddr, bool)> {
    if text.contains(':') {
        return text.parse::<Ipv6Addr>().ok().map(|address| (IpAddr::V6(address), false));
    }
    let mut octets = [0u8; 4];
    let mut has_zeros = false;
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next()?;
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        has_zeros |= part.len() > 1 && part.starts_with('0');
        *octet = part.parse().ok()?;
    }
    parts.next().is_none().then_some((IpAddr::V4(Ipv4Addr::from(octets)), has_zeros))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, Option<Oddity>)> {
        parse(text).map(|cidr| (cidr.network.to_string(), cidr.oddity))
    }

    #[test]
    fn ordinary_cidrs_are_themselves() {
        assert_eq!(read("10.0.0.0/8"), Some(("10.0.0.0/8".into(), None)));
        assert_eq!(read("0.0.0.0/0"), Some(("0.0.0.0/0".into(), None)));
        assert_eq!(read("2001:DB8::/32"), Some(("2001:db8::/32".into(), None)));
    }

    #[test]
    fn odd_cidrs_are_read_and_named() {
        assert_eq!(read("010.1.2.3/08"), Some(("10.0.0.0/8".into(), Some(Oddity::LeadingZeros))));
        assert_eq!(read("::ffff:10.0.0.0/104"), Some(("10.0.0.0/8".into(), Some(Oddity::Ipv4Mapped))));
        assert_eq!(read("10.1.2.3/8"), Some(("10.0.0.0/8".into(), Some(Oddity::HostBits))));
    }

    #[test]
    fn what_is_no_cidr_is_not_read() {
        for text in
            ["", "10.0.0.0", "10.0.0/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "256.0.0.0/8", "::/129", "a/8"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
