//! Reads flows as people write them, `shop/web -> shop/db:5432/TCP`, and finds their ends in a cluster.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::{End, Flow, Route};
use crate::cluster::{Cluster, Endpoint, EndpointId, NamedPort, NamespaceId, Service, TargetPort};
use crate::object::WorkloadKind;
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

/// Why the text of a flow means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowError {
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl FlowError {
    fn new(message: impl Into<String>) -> FlowError {
        FlowError { message: message.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> FlowError {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for FlowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FlowError {}

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
        let Some((source, rest)) = text.split_once("->") else {
            return Err(FlowError::new(format!("`{}` is not a flow", text.trim()))
                .help("write `namespace/pod -> namespace/pod:port/PROTOCOL`"));
        };
        let (destination, port_text) = split_port(rest.trim());
        let (port, protocol) = match port_text.map(|port| port.split_once('/').unwrap_or((port, ""))) {
            None => (None, None),
            Some((port, "")) => (Some(port), None),
            Some((port, protocol)) => (Some(port), Some(parse_protocol(protocol)?)),
        };
        if source.trim().is_empty() || destination.is_empty() {
            return Err(FlowError::new(format!("`{}` has an empty end", text.trim()))
                .help("write `namespace/pod -> namespace/pod:port/PROTOCOL`"));
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
        self.check_families()?;
        let sources = ends(cluster, &self.source)?;
        if let Some((namespace, name)) = service_name(&self.destination) {
            return self.to_service(cluster, &sources, namespace, name).map(Resolution::Flows);
        }
        let destinations = ends(cluster, &self.destination)?;
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
    fn check_families(&self) -> Result<(), FlowError> {
        let family_of = |text: &str| text.parse().ok().map(Family::of);
        let families = [self.family, family_of(&self.source), family_of(&self.destination)];
        let mut known = families.into_iter().flatten();
        let first = known.next();
        match known.find(|family| Some(*family) != first) {
            None => Ok(()),
            Some(_) => Err(FlowError::new(format!("`{} -> {}` mixes IPv4 and IPv6", self.source, self.destination))
                .help("both ends and --family must be of one address family")),
        }
    }

    /// S34: a Service stands for the pods behind it, each on its target port.
    fn to_service(
        &self,
        cluster: &Cluster,
        sources: &[End],
        namespace: &str,
        name: &str,
    ) -> Result<Vec<Flow>, FlowError> {
        let namespace_id = find_namespace(cluster, namespace)?;
        let named = |service: &&Service| service.namespace == namespace_id;
        let Some(service) = cluster.services.iter().filter(named).find(|service| &*service.name == name) else {
            let names = cluster.services.iter().filter(named).map(|service| service.name.to_string());
            return Err(not_found(&format!("no Service `{name}` in namespace `{namespace}`"), names));
        };
        if service.selector.is_empty() {
            return Err(FlowError::new(format!(
                "Service `{namespace}/{name}` has no selector: its endpoints are not in the manifests"
            )));
        }
        let is_protocol = |protocol| self.protocol.is_none_or(|wanted| wanted == protocol);
        let ports: Vec<_> = service
            .ports
            .iter()
            .filter(|port| is_protocol(port.protocol))
            .filter(|port| self.port.as_ref().is_none_or(|text| &*port.name == text || port.port.to_string() == *text))
            .collect();
        if ports.is_empty() {
            let known = service
                .ports
                .iter()
                .map(|port| format!("{}/{}", port.port, port.protocol))
                .collect::<Vec<_>>()
                .join(", ");
            let asked = self.port.as_deref().unwrap_or("any");
            return Err(FlowError::new(format!("Service `{namespace}/{name}` has no port `{asked}`"))
                .help(format!("it has {known}")));
        }
        let is_behind = |endpoint: &Endpoint| {
            endpoint.namespace == namespace_id
                && service.selector.iter().all(|(key, value)| endpoint.labels.get(key) == Some(value))
        };
        let mut flows = Vec::new();
        for (id, endpoint) in cluster.endpoint_ids().filter(|(_, endpoint)| is_behind(endpoint)) {
            for port in &ports {
                let targets: Vec<Port> = match &port.target {
                    TargetPort::Number(number) => vec![*number],
                    TargetPort::Name(name) => {
                        named_ports(endpoint, name, Some(port.protocol)).map(|found| found.port).collect()
                    }
                };
                for (source, target) in
                    sources.iter().flat_map(|source| targets.iter().map(move |target| (source, target)))
                {
                    flows.push(Flow {
                        source: *source,
                        destination: End::Endpoint(id),
                        protocol: port.protocol,
                        port: *target,
                        family: self.family,
                        route: Route::Service,
                    });
                }
            }
        }
        if flows.is_empty() {
            let message =
                format!("Service `{namespace}/{name}` has no endpoints: no pod has its labels and target port");
            return Err(FlowError::new(message).help(format!("its selector is `{}`", service.selector)));
        }
        Ok(flows)
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
    if let Some((address, rest)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        return (address, rest.strip_prefix(':'));
    }
    if text.parse::<IpAddr>().is_ok() {
        return (text, None);
    }
    text.rsplit_once(':').map_or((text, None), |(end, port)| (end, Some(port)))
}

/// `service/namespace/name`, unless a namespace is called `service` and a kind follows.
fn service_name(text: &str) -> Option<(&str, &str)> {
    let (first, rest) = text.split_once('/')?;
    let (namespace, name) = rest.split_once('/')?;
    let is_service = ["service", "services", "svc"].iter().any(|word| first.eq_ignore_ascii_case(word));
    (is_service && !is_kind(namespace)).then_some((namespace, name))
}

fn is_kind(text: &str) -> bool {
    text.eq_ignore_ascii_case("pod") || WorkloadKind::ALL.iter().any(|kind| kind.name().eq_ignore_ascii_case(text))
}

/// The ends that a text names.
fn ends(cluster: &Cluster, text: &str) -> Result<Vec<End>, FlowError> {
    if let Ok(address) = text.parse() {
        return Ok(vec![End::Address(address)]);
    }
    // `namespace/name[Kind]`, as output has it.
    let (path, bracketed) = text
        .strip_suffix(']')
        .and_then(|text| text.split_once('['))
        .map_or((text, None), |(path, kind)| (path, Some(kind)));
    let parts: Vec<&str> = path.split('/').collect();
    let (namespace, kind, name) = match parts.as_slice() {
        [name] => ("default", bracketed, *name),
        [namespace, name] => (*namespace, bracketed, *name),
        [namespace, kind, name] => (*namespace, Some(*kind), *name),
        _ => {
            return Err(FlowError::new(format!("`{text}` is not an end of a flow"))
                .help("use an IP address, `namespace/name`, `namespace/kind/name` or `service/namespace/name`"));
        }
    };
    let namespace_id = find_namespace(cluster, namespace)?;
    let in_namespace = || cluster.endpoint_ids().filter(move |(_, endpoint)| endpoint.namespace == namespace_id);
    let is_kind = |candidate: &str| kind.is_none_or(|kind| kind.eq_ignore_ascii_case(candidate));
    let named: Vec<(EndpointId, &Endpoint)> =
        in_namespace().filter(|(_, endpoint)| &*endpoint.name == name && is_kind(endpoint.kind.name())).collect();
    match named.as_slice() {
        [(id, _)] => return Ok(vec![End::Endpoint(*id)]),
        [] => {}
        several => {
            let kinds: Vec<&str> = several.iter().map(|(_, endpoint)| endpoint.kind.name()).collect();
            let help = format!("say which: `{namespace}/{}/{name}`", kinds.first().unwrap_or(&"").to_ascii_lowercase());
            return Err(FlowError::new(format!(
                "`{namespace}/{name}` is {} of that name: {}",
                several.len(),
                kinds.join(", ")
            ))
            .help(help));
        }
    }
    let is_owned =
        |endpoint: &Endpoint| endpoint.owner.as_ref().is_some_and(|owner| &*owner.name == name && is_kind(&owner.kind));
    let owned: Vec<End> =
        in_namespace().filter(|(_, endpoint)| is_owned(endpoint)).map(|(id, _)| End::Endpoint(id)).collect();
    if owned.is_empty() {
        let kind = kind.map_or("pod or workload".to_owned(), |kind| format!("{kind} "));
        let names = in_namespace()
            .map(|(_, endpoint)| endpoint.owner.as_ref().map_or(&endpoint.name, |owner| &owner.name).to_string());
        return Err(not_found(&format!("no {} `{name}` in namespace `{namespace}`", kind.trim_end()), names));
    }
    Ok(owned)
}

fn find_namespace(cluster: &Cluster, name: &str) -> Result<NamespaceId, FlowError> {
    let names = cluster.namespaces.iter().map(|namespace| namespace.name.to_string());
    cluster.find_namespace(name).ok_or_else(|| not_found(&format!("no namespace `{name}` in the manifests"), names))
}

/// An error that offers the nearest of the names that there are, or a few of them.
fn not_found(message: &str, names: impl Iterator<Item = String>) -> FlowError {
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    names.dedup();
    let asked = message.split('`').nth(1).unwrap_or_default();
    let nearest = names.iter().map(|name| (strsim::levenshtein(asked, name), name)).min();
    match nearest {
        None => FlowError::new(message).help("there is none at all"),
        Some((distance, name)) if distance <= 1 + asked.len() / 4 => {
            FlowError::new(message).help(format!("did you mean `{name}`?"))
        }
        Some(_) => {
            let some: Vec<String> = names.iter().take(6).map(|name| format!("`{name}`")).collect();
            let more = if names.len() > some.len() { ", …" } else { "" };
            FlowError::new(message).help(format!("there are {}{more}", some.join(", ")))
        }
    }
}

fn named_ports<'a>(
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
fn ports_of(
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
        let names = endpoint.named_ports.iter().map(|port| port.name.to_string());
        return Err(not_found(&format!("no port `{text}` on {}", cluster.endpoint_label(id)), names));
    }
    Ok(found)
}
