//! Reads flows as people write them, `shop/web -> shop/db:5432/TCP`, and finds their ends in a cluster.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::end_text::EndText;
use super::ends::ends;
use super::{End, Flow, FlowError, Route, service};
use crate::cluster::{Cluster, Endpoint, NamedPort};
use crate::protocol::{Family, Port, Protocol};

/// A flow as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowText {
    /// Who opens it: an address, `namespace/name`, or `namespace/kind/name`.
    pub source: String,
    /// Who is to answer: as the source, or `service/namespace/name`.
    pub destination: String,
    /// A number or a name; `None` when none is given.
    pub port: Option<String>,
    /// The protocol; `None` when none is given.
    pub protocol: Option<Protocol>,
    /// The family; `None` leaves it to the ends.
    pub family: Option<Family>,
}

impl fmt::Display for FlowText {
    /// `source -> destination:port/PROTOCOL`, without what is not given.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> ", self.source)?;
        match &self.port {
            Some(port) if self.destination.parse::<Ipv6Addr>().is_ok() => write!(f, "[{}]:{port}", self.destination)?,
            Some(port) => write!(f, "{}:{port}", self.destination)?,
            None => f.write_str(&self.destination)?,
        }
        match self.protocol {
            Some(protocol) => write!(f, "/{protocol}"),
            None => Ok(()),
        }
    }
}

/// What the text of a flow means in a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// These flows: several when an end or a port stands for several.
    Flows(Vec<Flow>),
    /// No port was given: these pairs of ends, in flows whose port and protocol say nothing.
    AnyPort(Vec<Flow>),
}

/// Reads `source -> destination:port/PROTOCOL` and finds the flows that it means.
///
/// # Errors
///
/// The text is no flow, names an end or a port that the cluster does not have, or gives no port.
pub fn parse(text: &str, cluster: &Cluster) -> Result<Vec<Flow>, FlowError> {
    match FlowText::parse(text)?.resolve(cluster)? {
        Resolution::Flows(flows) => Ok(flows),
        Resolution::AnyPort(_) => {
            Err(FlowError::new("no port is given").help("write it behind the destination, as in `shop/db:5432`"))
        }
    }
}

impl FlowText {
    /// Reads `source -> destination:port/PROTOCOL`; the port and the protocol may be left out.
    ///
    /// # Errors
    ///
    /// There is no arrow, an end is empty, or the protocol is not one.
    pub fn parse(text: &str) -> Result<FlowText, FlowError> {
        const FORM: &str = "write `namespace/pod -> namespace/pod:port/PROTOCOL`";
        let Some((source, rest)) = text.split_once("->") else {
            return Err(FlowError::new(format!("`{}` is not a flow", text.trim())).help(FORM));
        };
        if rest.contains("->") {
            return Err(FlowError::new(format!("`{}` has more than one arrow", text.trim()))
                .help("a flow has one source and one destination: write a line for each"));
        }
        let (destination, port_text) = split_port(rest.trim());
        let (port, protocol) = match port_text.map(|port| port.split_once('/').unwrap_or((port, ""))) {
            None => (None, None),
            Some((port, "")) => (Some(port), None),
            Some((port, protocol)) => (Some(port), Some(parse_protocol(protocol)?)),
        };
        if source.trim().is_empty() || destination.is_empty() {
            return Err(FlowError::new(format!("`{}` has an empty end", text.trim())).help(FORM));
        }
        Ok(FlowText {
            source: source.trim().to_owned(),
            destination: destination.to_owned(),
            port: port.map(|port| port.trim().to_owned()).filter(|port| !port.is_empty()),
            protocol,
            family: None,
        })
    }

    /// Finds the flows in a cluster.
    ///
    /// # Errors
    ///
    /// An end or a port is not there.
    pub fn resolve(&self, cluster: &Cluster) -> Result<Resolution, FlowError> {
        let (source, destination) = (EndText::parse(&self.source)?, EndText::parse(&self.destination)?);
        self.check_families(&source, &destination)?;
        let sources = ends(cluster, &self.source, &source)?;
        if let Some(service) = service::service(cluster, &destination)? {
            return service::flows(cluster, service, &sources, self, self.family.or(destination.family()));
        }
        let destinations = ends(cluster, &self.destination, &destination)?;
        let mut flows = Vec::new();
        for source in &sources {
            for destination in &destinations {
                let flow = |protocol, port| Flow {
                    source: *source,
                    destination: *destination,
                    protocol,
                    port,
                    family: self.family,
                    route: Route::Direct,
                };
                match &self.port {
                    None => flows.push(flow(self.protocol.unwrap_or_default(), Port::MIN)),
                    Some(text) => {
                        let found = ports_of(cluster, *destination, text, self.protocol)?;
                        flows.extend(found.into_iter().map(|(protocol, port)| flow(protocol, port)));
                    }
                }
            }
        }
        Ok(if self.port.is_none() { Resolution::AnyPort(flows) } else { Resolution::Flows(flows) })
    }

    /// A connection has one address family.
    fn check_families(&self, source: &EndText, destination: &EndText) -> Result<(), FlowError> {
        let families = [self.family, source.family(), destination.family()];
        let mut known = families.into_iter().flatten();
        let first = known.next();
        match known.find(|family| Some(*family) != first) {
            None => Ok(()),
            Some(_) => Err(FlowError::new(format!("`{} -> {}` mixes IPv4 and IPv6", self.source, self.destination))
                .help("both ends and --family must be of one address family")),
        }
    }
}

/// Reads a protocol in any case.
///
/// # Errors
///
/// It is not TCP, UDP or SCTP; others are not evaluated (D5).
pub fn parse_protocol(text: &str) -> Result<Protocol, FlowError> {
    Protocol::from_name(&text.trim().to_ascii_uppercase()).ok_or_else(|| {
        FlowError::new(format!("`{}` is not a protocol that NetworkPolicy knows", text.trim()))
            .help("use TCP, UDP or SCTP")
    })
}

/// Splits `:port` from a destination; an IPv6 address with a port is in brackets.
fn split_port(text: &str) -> (&str, Option<&str>) {
    if text.parse::<IpAddr>().is_ok() || text.ends_with(']') {
        return (text, None);
    }
    match text.rsplit_once(':') {
        // Brackets are there for the port alone.
        Some((end, port)) => (end.strip_prefix('[').and_then(|end| end.strip_suffix(']')).unwrap_or(end), Some(port)),
        None => (text, None),
    }
}

/// The ports of that name on an endpoint.
pub(super) fn named_ports<'a>(
    endpoint: &'a Endpoint,
    name: &str,
    protocol: Option<Protocol>,
) -> impl Iterator<Item = &'a NamedPort> {
    let name = name.to_owned();
    endpoint
        .named_ports
        .iter()
        .filter(move |port| *port.name == *name && protocol.is_none_or(|wanted| wanted == port.protocol))
}

/// The ports that a text means on a destination: the number, or those of that name on the pod.
pub(super) fn ports_of(
    cluster: &Cluster,
    destination: End,
    text: &str,
    protocol: Option<Protocol>,
) -> Result<Vec<(Protocol, Port)>, FlowError> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let port = text.parse::<u16>().ok().and_then(Port::new);
        let port = port.ok_or_else(|| {
            FlowError::new(format!("`{text}` is not a port")).help("use 1 to 65535, or a port's name")
        })?;
        return Ok(vec![(protocol.unwrap_or_default(), port)]);
    }
    let End::Endpoint(id) = destination else {
        return Err(
            FlowError::new(format!("port `{text}` is a name, and addresses have no named ports")).help("use a number")
        );
    };
    let Some(endpoint) = cluster.endpoint(id) else { return Ok(Vec::new()) };
    let found: Vec<_> = named_ports(endpoint, text, protocol).map(|port| (port.protocol, port.port)).collect();
    if found.is_empty() {
        let label = cluster.endpoint_label(id);
        let others: Vec<&str> = named_ports(endpoint, text, None).map(|port| port.protocol.name()).collect();
        if let Some(protocol) = protocol.filter(|_| !others.is_empty()) {
            return Err(FlowError::new(format!(
                "port `{text}` of {label} is {}, not {protocol}",
                others.join(" and ")
            )));
        }
        if text.split_once('-').is_some_and(|(first, last)| first.parse::<u16>().is_ok() && last.parse::<u16>().is_ok())
        {
            let error = FlowError::new(format!("a flow has one port, and `{text}` is a range"));
            return Err(error.help("`netpol reach --port` answers for ranges"));
        }
        let names = endpoint.named_ports.iter().map(|port| port.name.to_string());
        let message = format!("no port `{text}` on {label}");
        return Err(FlowError::not_found(message, text, names));
    }
    Ok(found)
}
