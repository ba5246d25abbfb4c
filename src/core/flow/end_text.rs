//! An end as people and outputs write it: an address, a range of addresses, a Service, or a name. Knows no cluster.

use std::net::IpAddr;

use ipnet::IpNet;

use super::FlowError;
use crate::addresses::AddressRange;
use crate::protocol::Family;

/// An end, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EndText {
    /// `10.0.0.1`, `2001:db8::1`, `[2001:db8::1]`, or a node as output has it: `10.0.0.7[Node/one]`.
    Address(IpAddr),
    /// `10.0.0.0/8`.
    Block(AddressRange),
    /// `10.0.0.0-10.255.255.255`, as output has ranges.
    Range(AddressRange),
    /// `service/namespace/name`.
    Service { namespace: String, name: String },
    /// A pod or a workload.
    Named(EndName),
}

/// `namespace/name`, `namespace/kind/name`, `kind/namespace/name`, `namespace/name[Kind]`, or a single word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EndName {
    /// `None` for a single word.
    pub namespace: Option<String>,
    /// The kind as the API spells it, or as it is written if it is none of [`KINDS`].
    pub kind: Option<String>,
    pub name: String,
}

/// Kinds that an end's text may name, with kubectl's short name.
const KINDS: [(&str, &str); 11] = [
    ("CronJob", "cj"),
    ("DaemonSet", "ds"),
    ("Deployment", "deploy"),
    ("Job", "job"),
    (NAMESPACE, "ns"),
    (NODE, "no"),
    ("Pod", "po"),
    ("ReplicaSet", "rs"),
    ("ReplicationController", "rc"),
    (SERVICE, "svc"),
    ("StatefulSet", "sts"),
];

pub(super) const NAMESPACE: &str = "Namespace";
pub(super) const NODE: &str = "Node";
pub(super) const SERVICE: &str = "Service";

/// The kind that a word names, as kubectl understands it: singular, plural or short, in any case.
pub(super) fn kind_named(word: &str) -> Option<&'static str> {
    let is_plural = |kind: &str| {
        let singular = word.get(..word.len().saturating_sub(1)).unwrap_or_default();
        word.ends_with(['s', 'S']) && singular.eq_ignore_ascii_case(kind)
    };
    let is_it = |kind: &str, short: &str| {
        word.eq_ignore_ascii_case(kind) || is_plural(kind) || word.eq_ignore_ascii_case(short)
    };
    KINDS.into_iter().find(|(kind, short)| is_it(kind, short)).map(|(kind, _)| kind)
}

impl EndText {
    /// Reads an end.
    ///
    /// # Errors
    ///
    /// It is none, or what looks like an address is not one.
    pub fn parse(text: &str) -> Result<EndText, FlowError> {
        let text = text.trim();
        if let Some(address) = address(text) {
            return Ok(EndText::Address(address));
        }
        if text.is_empty() {
            return Err(FlowError::new("an end is empty").help(FORMS));
        }
        if let Some(range) = range(text)? {
            return Ok(range);
        }
        check_address_like(text)?;
        let (path, bracketed) = match text.strip_suffix(']').and_then(|text| text.split_once('[')) {
            Some((path, kind)) => (path, Some(kind)),
            None => (text, None),
        };
        let parts: Vec<&str> = path.split('/').collect();
        if parts.iter().any(|part| part.is_empty()) {
            return Err(FlowError::new(format!("`{text}` has an empty part")).help(FORMS));
        }
        let (namespace, kind, name) = match *parts.as_slice() {
            [name] => (None, bracketed, name),
            [namespace, name] => (Some(namespace), bracketed, name),
            // A namespace may be called like a kind; the form that is documented for Services is read as one.
            [kind, namespace, name]
                if kind_named(kind).is_some() && (kind_named(namespace).is_none() || kind == "service") =>
            {
                (Some(namespace), Some(kind), name)
            }
            [namespace, kind, name] => (Some(namespace), Some(kind), name),
            _ => return Err(FlowError::new(format!("`{text}` is not an end of a flow")).help(FORMS)),
        };
        let kind = kind.map(|kind| kind_named(kind).unwrap_or(kind));
        let (namespace, name) = (namespace.map(str::to_owned), name.to_owned());
        Ok(match (kind, namespace) {
            (Some(SERVICE), Some(namespace)) => EndText::Service { namespace, name },
            (kind, namespace) => EndText::Named(EndName { namespace, kind: kind.map(str::to_owned), name }),
        })
    }

    /// The family of an address.
    pub fn family(&self) -> Option<Family> {
        match self {
            EndText::Address(address) => Some(Family::of(*address)),
            _ => None,
        }
    }
}

const FORMS: &str = "use an IP address, `namespace/name`, `namespace/kind/name` or `service/namespace/name`";

/// An address, in brackets or not, also with the node that it belongs to.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let of_node = || text.strip_suffix(']').and_then(|text| text.split_once("[Node")).map(|(address, _)| address);
    bare.parse().ok().or_else(|| of_node()?.parse().ok())
}

/// A CIDR or `first-last`; of a single address it is that address.
fn range(text: &str) -> Result<Option<EndText>, FlowError> {
    if let Some((first, last)) = text.split_once('-')
        && let (Ok(first), Ok(last)) = (first.parse::<IpAddr>(), last.parse::<IpAddr>())
    {
        if Family::of(first) != Family::of(last) || first > last {
            let help = "write the first and the last address of one family, the lower one first";
            return Err(FlowError::new(format!("`{text}` is not a range of addresses")).help(help));
        }
        let range = AddressRange { first, last };
        return Ok(Some(if first == last { EndText::Address(first) } else { EndText::Range(range) }));
    }
    if let Some((start, _)) = text.split_once('/')
        && let Ok(start) = start.parse::<IpAddr>()
    {
        let longest = if start.is_ipv4() { 32 } else { 128 };
        let Ok(block) = text.parse::<IpNet>() else {
            let help = format!("behind the `/` comes the length of the prefix, from 0 to {longest}");
            return Err(FlowError::new(format!("`{text}` is not a CIDR")).help(help));
        };
        let range = AddressRange { first: block.network(), last: block.broadcast() };
        return Ok(Some(if range.first == range.last { EndText::Address(start) } else { EndText::Block(range) }));
    }
    Ok(None)
}

/// That what looks like an address is not one.
fn check_address_like(text: &str) -> Result<(), FlowError> {
    // The name of a namespace has neither dots nor colons.
    let start = text.split('/').next().unwrap_or(text);
    let parts: Vec<&str> = start.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_ipv4_like = parts.len() > 1 && parts.iter().all(is_number);
    let is_ipv6_like = start.matches(':').count() > 1 && !text.starts_with('[');
    let help = if text.starts_with('[') && text.contains("]:") {
        "a port is given by itself: with --port, or last in a line of flows"
    } else if is_ipv4_like && parts.len() != 4 {
        "an IPv4 address has four parts"
    } else if is_ipv4_like && parts.iter().any(|part| part.len() > 1 && part.starts_with('0')) {
        "its parts have no leading zeros"
    } else if is_ipv4_like {
        "each part is at most 255"
    } else if is_ipv6_like {
        "an IPv6 address has eight groups of up to four hexadecimal digits; a port goes behind brackets, as in `[::1]:80`"
    } else {
        return Ok(());
    };
    Err(FlowError::new(format!("`{start}` is not an IP address")).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(namespace: Option<&str>, kind: Option<&str>, name: &str) -> EndText {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        EndText::Named(EndName { namespace: owned(namespace), kind: owned(kind), name: name.to_owned() })
    }

    #[test]
    fn kinds_are_read_as_kubectl_reads_them_before_or_behind_the_namespace() {
        for text in ["shop/deploy/web", "deployments/shop/web", "shop/web[Deployment]", "shop/DEPLOYMENT/web"] {
            assert_eq!(EndText::parse(text), Ok(named(Some("shop"), Some("Deployment"), "web")), "{text}");
        }
        assert_eq!(EndText::parse("shop/Rollout/web"), Ok(named(Some("shop"), Some("Rollout"), "web")));
        assert_eq!(EndText::parse("pod/pod/web"), Ok(named(Some("pod"), Some("Pod"), "web")));
        let service = EndText::Service { namespace: "shop".to_owned(), name: "web".to_owned() };
        for text in ["service/shop/web", "svc/shop/web", "shop/svc/web", "shop/web[Service]"] {
            assert_eq!(EndText::parse(text), Ok(service.clone()), "{text}");
        }
    }

    #[test]
    fn addresses_and_ranges_are_read_as_outputs_have_them() {
        let address = |text: &str| EndText::Address(text.parse().unwrap());
        for text in ["::1", "[::1]", "::1/128", "::1-::1", "::1[Node/one]", "::1[Node]"] {
            assert_eq!(EndText::parse(text), Ok(address("::1")), "{text}");
        }
        let range = AddressRange { first: "10.0.0.0".parse().unwrap(), last: "10.0.0.255".parse().unwrap() };
        assert_eq!(EndText::parse("10.0.0.0-10.0.0.255"), Ok(EndText::Range(range)));
        assert_eq!(EndText::parse("10.0.0.7/24"), Ok(EndText::Block(range)));
    }

    #[test]
    fn what_looks_like_an_address_is_not_taken_for_a_name() {
        for (text, says) in [
            ("1.2.3.400", "at most 255"),
            ("1.2.3", "four parts"),
            ("1.2.3.04", "leading zeros"),
            ("1.2.3.400/24", "at most 255"),
            ("10.0.0.0/33", "from 0 to 32"),
            ("2001:db8::12345", "hexadecimal"),
            ("10.0.0.9-10.0.0.1", "the lower one first"),
            ("10.0.0.9-::1", "one family"),
            ("2001:db8::1:zz", "hexadecimal"),
            ("[::1]:80", "--port"),
            ("shop/", "empty part"),
            ("", "is empty"),
        ] {
            let error = EndText::parse(text).unwrap_err();
            assert!(error.to_string().contains(says), "{text}: {error}");
        }
        assert_eq!(EndText::parse("shop/1.2.3.4"), Ok(named(Some("shop"), None, "1.2.3.4")));
    }
}
