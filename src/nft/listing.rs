//! What the kernel has, from the JSON of `nft -j list table inet netpol`.
//!
//! The listing is not what was given: masks are written otherwise, ranges come as prefixes, maps before the chains that they name. All
//! of it is brought back to the form in which [`lower`](crate::lower) makes it, so that two rulesets can be compared as values.

use std::collections::BTreeSet;
use std::net::IpAddr;

use netpol::lowering::AddressRange;
use netpol::protocol::{Family, Port, Protocol};
use serde_json::Value;

use crate::ruleset::{
    Chain, Element, Hook, Mark, Match, Rule, Ruleset, Set, SetKind, Side, Statement, States, TABLE, VerdictMap,
};

/// Something in a listing that netpol does not write: somebody else did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign(pub String);

impl std::fmt::Display for Foreign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "not written by netpol: {}", self.0)
    }
}

impl std::error::Error for Foreign {}

impl Ruleset {
    /// Reads a listing. A table that is not there, which lists as an error, is no listing.
    ///
    /// # Errors
    ///
    /// The first thing that no ruleset of ours has.
    pub fn from_listing(json: &str) -> Result<Ruleset, Foreign> {
        let listing: Value = serde_json::from_str(json).map_err(|error| Foreign(error.to_string()))?;
        let objects = listing.get("nftables").and_then(Value::as_array).ok_or_else(|| foreign(&listing))?;
        let mut ruleset = Ruleset::default();
        for object in objects {
            add(&mut ruleset, object).ok_or_else(|| foreign(object))?;
        }
        Ok(ruleset)
    }
}

/// The generation of the rules in a listing, from the mark that its chain `allow` sets within a mask; whatever else is in it.
pub fn generation(listing: &str, mask: u32) -> Option<u32> {
    let listing: Value = serde_json::from_str(listing).ok()?;
    let mut rules = listing.get("nftables")?.as_array()?.iter().filter_map(|object| object.get("rule"));
    let allow = rules.find(|rule| text(rule, "chain") == Some("allow"))?;
    let mut expressions = allow.get("expr")?.as_array()?.iter();
    let mark = expressions.find_map(|expression| set_mark(expression.get("mangle")?))?;
    (mark.mask == mask).then(|| mark.value.checked_shr(mask.trailing_zeros()))?
}

/// Whether our table is among those of `nft -j list tables`.
pub fn has_table(tables: &str) -> bool {
    let listing: Value = serde_json::from_str(tables).unwrap_or_default();
    let objects = listing.get("nftables").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut named = objects.iter().filter_map(|object| object.get("table"));
    named.any(|table| text(table, "family") == Some("inet") && text(table, "name") == Some(TABLE))
}

/// What counters have counted: by what each counts, the packets.
pub fn counted(listing: &str) -> Vec<(String, u64)> {
    let listing: Value = serde_json::from_str(listing).unwrap_or_default();
    let objects = listing.get("nftables").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let counters = objects.iter().filter_map(|object| object.get("counter"));
    counters.filter_map(|it| Some((text(it, "comment")?.to_owned(), it.get("packets")?.as_u64()?))).collect()
}

fn foreign(value: &Value) -> Foreign {
    Foreign(value.to_string())
}

/// Adds an object of a listing; `None` if none of ours looks like it.
fn add(ruleset: &mut Ruleset, object: &Value) -> Option<()> {
    let (kind, object) = single(object)?;
    let name = || text(object, "name").map(str::to_owned);
    match kind {
        "metainfo" | "table" => {}
        "counter" => {
            ruleset.counters.insert(name()?, text(object, "comment").unwrap_or_default().to_owned());
        }
        "set" => {
            ruleset.sets.insert(name()?, set(object)?);
        }
        "map" => {
            ruleset.maps.insert(name()?, map(object)?);
        }
        "chain" => {
            let hook = match text(object, "hook") {
                None => None,
                Some("forward") => Some(Hook::Forward),
                Some("input") => Some(Hook::Input),
                Some(_) => return None,
            };
            let is_ours = hook.is_none() || object.get("prio")?.as_i64()? == -5 && text(object, "policy")? == "accept";
            ruleset.chains.insert(name()?, Chain { hook, rules: Vec::new() });
            is_ours.then_some(())?;
        }
        "rule" => {
            let chain = ruleset.chains.get_mut(text(object, "chain")?)?;
            chain.rules.push(rule(object)?);
        }
        _ => return None,
    }
    Some(())
}

/// The one field of an object.
fn single(object: &Value) -> Option<(&str, &Value)> {
    let mut fields = object.as_object()?.iter();
    let (name, value) = fields.next()?;
    fields.next().is_none().then_some((name.as_str(), value))
}

fn text<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object.get(field)?.as_str()
}

fn set(object: &Value) -> Option<Set> {
    let is_interval = object.get("flags").is_some_and(|flags| *flags == serde_json::json!(["interval"]));
    (is_interval || object.get("flags").is_none()).then_some(())?;
    let types: Vec<&str> = match object.get("type")? {
        Value::String(one) => vec![one],
        Value::Array(some) => some.iter().map(Value::as_str).collect::<Option<_>>()?,
        _ => return None,
    };
    let kind = match (types.as_slice(), is_interval) {
        ([one], false) => SetKind::Addresses(family_of_type(one)?),
        (["inet_service"], true) => SetKind::Ports,
        ([one], true) => SetKind::Ranges(family_of_type(one)?),
        ([one, other], false) if one == other => SetKind::Pairs(family_of_type(one)?),
        ([one, "inet_proto", "inet_service"], false) => SetKind::Services(family_of_type(one)?),
        _ => return None,
    };
    let elements = match object.get("elem") {
        None => BTreeSet::new(),
        Some(elements) => elements.as_array()?.iter().map(|value| element(kind, value)).collect::<Option<_>>()?,
    };
    Some(Set { kind, elements })
}

fn family_of_type(name: &str) -> Option<Family> {
    match name {
        "ipv4_addr" => Some(Family::Ipv4),
        "ipv6_addr" => Some(Family::Ipv6),
        _ => None,
    }
}

fn element(kind: SetKind, value: &Value) -> Option<Element> {
    let concat = || value.get("concat")?.as_array().map(Vec::as_slice);
    match kind {
        SetKind::Addresses(_) => address(value).map(Element::Address),
        SetKind::Ranges(_) => range(value).map(Element::Range),
        SetKind::Ports => {
            let (first, last) = match value.get("range").and_then(Value::as_array).map(Vec::as_slice) {
                Some([first, last]) => (first, last),
                _ => (value, value),
            };
            Some(Element::Ports(port(first)?, port(last)?))
        }
        SetKind::Pairs(_) => match concat()? {
            [source, destination] => Some(Element::Pair(address(source)?, address(destination)?)),
            _ => None,
        },
        SetKind::Services(_) => match concat()? {
            [to, of, at] => Some(Element::Service(address(to)?, protocol(of.as_str()?)?, port(at)?)),
            _ => None,
        },
    }
}

fn address(value: &Value) -> Option<IpAddr> {
    value.as_str()?.parse().ok()
}

fn range(value: &Value) -> Option<AddressRange> {
    if let Some([first, last]) = value.get("range").and_then(Value::as_array).map(Vec::as_slice) {
        return Some(AddressRange { first: address(first)?, last: address(last)? });
    }
    if let Some(prefix) = value.get("prefix") {
        let (first, length) = (address(prefix.get("addr")?)?, u8::try_from(prefix.get("len")?.as_u64()?).ok()?);
        return ipnet::IpNet::new(first, length).ok().map(AddressRange::from);
    }
    address(value).map(|address| AddressRange { first: address, last: address })
}

fn port(value: &Value) -> Option<Port> {
    Port::new(u16::try_from(value.as_u64()?).ok()?)
}

fn protocol(name: &str) -> Option<Protocol> {
    match name {
        "tcp" => Some(Protocol::Tcp),
        "udp" => Some(Protocol::Udp),
        "sctp" => Some(Protocol::Sctp),
        _ => None,
    }
}

fn map(object: &Value) -> Option<VerdictMap> {
    let family = family_of_type(text(object, "type")?)?;
    let entry = |value: &Value| match value.as_array()?.as_slice() {
        [key, verdict] => Some((address(key)?, target(verdict.get("goto")?)?)),
        _ => None,
    };
    let elements = match object.get("elem") {
        None => Default::default(),
        Some(elements) => elements.as_array()?.iter().map(entry).collect::<Option<_>>()?,
    };
    Some(VerdictMap { family, elements })
}

fn target(goto: &Value) -> Option<String> {
    text(goto, "target").map(str::to_owned)
}

fn rule(object: &Value) -> Option<Rule> {
    let mut rule = Rule { comment: text(object, "comment").map(str::to_owned), ..Rule::default() };
    let mut rate = None;
    for expression in object.get("expr")?.as_array()? {
        let (kind, value) = single(expression)?;
        let statement = match kind {
            "match" => {
                rule.matches.push(condition(value)?);
                continue;
            }
            "limit" => {
                rate = Some(u32::try_from(value.get("rate")?.as_u64()?).ok()?);
                continue;
            }
            "log" => Statement::Log {
                group: u16::try_from(value.get("group")?.as_u64()?).ok()?,
                prefix: text(value, "prefix")?.to_owned(),
                rate: rate?,
            },
            "counter" => Statement::Counter(value.as_str()?.to_owned()),
            "mangle" => Statement::SetMark(set_mark(value)?),
            "accept" => Statement::Accept,
            "drop" => Statement::Drop,
            "reject" => Statement::Reject,
            "goto" => Statement::Goto(target(value)?),
            "vmap" => {
                let (side, family) = side_and_family(value.get("key")?)?;
                Statement::GotoBy(side, family, set_name(value.get("data")?)?)
            }
            _ => return None,
        };
        rule.statements.push(statement);
    }
    Some(rule)
}

/// `@name`.
fn set_name(value: &Value) -> Option<String> {
    value.as_str()?.strip_prefix('@').map(str::to_owned)
}

/// `ip saddr` and its like.
fn side_and_family(value: &Value) -> Option<(Side, Family)> {
    let payload = value.get("payload")?;
    let side = match text(payload, "field")? {
        "saddr" => Side::Source,
        "daddr" => Side::Destination,
        _ => return None,
    };
    match text(payload, "protocol")? {
        "ip" => Some((side, Family::Ipv4)),
        "ip6" => Some((side, Family::Ipv6)),
        _ => None,
    }
}

fn is_mark(value: &Value) -> bool {
    value.get("ct").and_then(|ct| text(ct, "key")) == Some("mark")
}

fn number(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

/// `ct mark and KEPT or VALUE`, of which the kernel keeps the bits of VALUE as well, and leaves out a KEPT of all bits.
fn set_mark(mangle: &Value) -> Option<Mark> {
    is_mark(mangle.get("key")?).then_some(())?;
    let [left, value] = mangle.get("value")?.get("|")?.as_array()?.as_slice() else { return None };
    let value = number(value)?;
    let kept = match left.get("&").and_then(Value::as_array).map(Vec::as_slice) {
        Some([mark, kept]) if is_mark(mark) => number(kept)?,
        _ if is_mark(left) => u32::MAX,
        _ => return None,
    };
    Some(Mark { mask: !kept | value, value })
}

fn condition(value: &Value) -> Option<Match> {
    let (left, right) = (value.get("left")?, value.get("right")?);
    if let Some(ct) = left.get("ct") {
        return match (text(ct, "key")?, right) {
            ("direction", right) => (right == "reply").then_some(Match::Reply),
            ("mark", right) => {
                let prefix = right.get("prefix")?;
                let length = number(prefix.get("len")?)?;
                let mask = u32::MAX.checked_shl(32 - length)?;
                Some(Match::Mark(Mark { mask, value: number(prefix.get("addr")?)? }))
            }
            ("state", right) => match right {
                Value::Array(states) if *states == ["established", "related"] => {
                    Some(Match::State(States::EstablishedOrRelated))
                }
                right if right == "established" => Some(Match::State(States::Established)),
                right if right == "related" => Some(Match::State(States::Related)),
                _ => None,
            },
            _ => None,
        };
    }
    // `ct mark and MASK == VALUE`, where the mask is no prefix.
    if let Some([mark, mask]) = left.get("&").and_then(Value::as_array).map(Vec::as_slice) {
        return is_mark(mark).then_some(Match::Mark(Mark { mask: number(mask)?, value: number(right)? }));
    }
    if let Some(parts) = left.get("concat").and_then(Value::as_array) {
        let (first, family) = side_and_family(parts.first()?)?;
        return match (first, parts.len()) {
            (Side::Source, 2) => Some(Match::Pair(family, set_name(right)?)),
            (Side::Destination, 3) => Some(Match::Service(family, set_name(right)?)),
            _ => None,
        };
    }
    if left.get("meta").and_then(|meta| text(meta, "key")) == Some("l4proto") {
        return protocol(right.as_str()?).map(Match::Protocol);
    }
    if let Some((side, family)) = side_and_family(left) {
        return set_name(right).map(|set| Match::Address(side, family, set));
    }
    let payload = left.get("payload")?;
    match (text(payload, "protocol")?, text(payload, "field")?) {
        ("icmpv6", "type") => {
            let ours = ["nd-router-solicit", "nd-neighbor-advert"];
            right.get("range")?.as_array()?.iter().eq(ours.iter()).then_some(Match::NeighbourDiscovery)
        }
        (of, "dport") => {
            let of = protocol(of)?;
            set_name(right).map(|set| Match::Ports(of, set)).or_else(|| Some(Match::Port(of, port(right)?)))
        }
        _ => None,
    }
}
