//! IPv4 addresses turned into IPv6 addresses: `a.b.c.d` into the last 32 bits of `fd00::/96`, and prefix lengths along with them.
//!
//! Works on texts, so that it needs no list of the fields that hold addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The mirror image of an address; IPv6 addresses have none.
pub fn address(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => Some(ipv6(address).into()),
        IpAddr::V6(_) => None,
    }
}

/// The text with every IPv4 address and CIDR mirrored.
///
/// # Errors
///
/// Says why this text has no mirror image.
pub fn text(text: &str) -> Result<String, &'static str> {
    if words(text).any(is_ipv6) {
        return Err("it has IPv6 addresses already");
    }
    let mut mirrored = String::new();
    let mut rest = text;
    while let Some(word) = words(rest).next() {
        let start = word.as_ptr() as usize - rest.as_ptr() as usize;
        mirrored.push_str(&rest[..start]);
        match mirror_word(word)? {
            Some(image) => mirrored.push_str(&image),
            None => mirrored.push_str(word),
        }
        rest = &rest[start + word.len()..];
    }
    mirrored.push_str(rest);
    Ok(mirrored)
}

/// The image of `a.b.c.d` or `a.b.c.d/n`.
fn mirror_word(word: &str) -> Result<Option<String>, &'static str> {
    let (address, length) = word.split_once('/').map_or((word, None), |(address, length)| (address, Some(length)));
    let octets: Vec<&str> = address.split('.').collect();
    let is_number = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if octets.len() != 4 || !octets.iter().chain(&length).all(is_number) {
        return Ok(None);
    }
    if octets.iter().chain(&length).any(|number| number.len() > 1 && number.starts_with('0')) {
        return Err("it has leading zeros, which mean nothing in IPv6");
    }
    let Ok(address) = address.parse::<Ipv4Addr>() else { return Ok(None) };
    // In full: YAML reads a plain `fd00::` as a key.
    let groups: Vec<String> = ipv6(address).segments().iter().map(|group| format!("{group:x}")).collect();
    let mut image = groups.join(":");
    if let Some(length) = length {
        let length: u32 = length.parse().map_err(|_| "it has a prefix length that is no number")?;
        image.push_str(&format!("/{}", length + 96));
    }
    Ok(Some(image))
}

fn ipv6(address: Ipv4Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits((0xfd00 << 112) | u128::from(address.to_bits()))
}

fn is_ipv6(word: &str) -> bool {
    let address = word.split_once('/').map_or(word, |(address, _)| address);
    address.contains(':') && address.trim_end_matches(':').parse::<Ipv6Addr>().is_ok()
        || address.parse::<Ipv6Addr>().is_ok()
}

/// The runs of characters that addresses are made of.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '/' | '-' | '_')))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_prefix_lengths_are_mirrored_in_place() {
        let mirrored = text("cidr: 10.0.0.0/8, except: [\"10.1.0.0/16\"] # 1.2.3").unwrap();
        assert_eq!(mirrored, "cidr: fd00:0:0:0:0:0:a00:0/104, except: [\"fd00:0:0:0:0:0:a01:0/112\"] # 1.2.3");
        assert_eq!(text("{podIP: 0.0.0.0}"), Ok("{podIP: fd00:0:0:0:0:0:0:0}".to_owned()));
    }

    #[test]
    fn what_cannot_be_mirrored_gives_a_reason() {
        assert_eq!(text("ip: 10.0.0.1, fd00::1"), Err("it has IPv6 addresses already"));
        assert_eq!(text("cidr: ::/0"), Err("it has IPv6 addresses already"));
        assert_eq!(text("cidr: 010.0.0.0/8"), Err("it has leading zeros, which mean nothing in IPv6"));
    }
}
