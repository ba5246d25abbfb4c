//! A Service as a destination: the pods behind it, each on its target port (S34).

use std::net::IpAddr;

use super::end_text::EndText;
use super::ends::{endpoints_in, find_namespace};
use super::parse::{named_ports, ports_of};
use super::{End, Flow, FlowError, FlowText, Resolution, Route};
use crate::cluster::{Cluster, EndpointId, Service, ServiceKind, ServicePort, TargetPort};
use crate::protocol::{Family, Port, Protocol};

/// The Service that an end's text means, if it means one: by its name, or by its own address.
pub(crate) fn service<'a>(cluster: &'a Cluster, text: &EndText) -> Result<Option<&'a Service>, FlowError> {
    match text {
        EndText::Address(address) => Ok(service_at(cluster, *address)),
        EndText::Service { namespace, name } => {
            let id = find_namespace(cluster, namespace)?;
            let in_namespace = || cluster.services.iter().filter(|service| service.namespace == id);
            let named = in_namespace().find(|service| *service.name == **name);
            let missing = || {
                let names = in_namespace().map(|service| service.name.to_string());
                FlowError::not_found(format!("no Service `{name}` in namespace `{namespace}`"), name, names)
            };
            named.map(Some).ok_or_else(missing)
        }
        _ => Ok(None),
    }
}

fn service_at(cluster: &Cluster, address: IpAddr) -> Option<&Service> {
    cluster.services.iter().find(|service| service.addresses.contains(&address))
}

/// The pods behind a Service, never none.
pub(crate) fn backends(cluster: &Cluster, service: &Service) -> Result<Vec<EndpointId>, FlowError> {
    let label = label(cluster, service);
    if service.kind == ServiceKind::ExternalName {
        return Err(FlowError::new(format!("{label} is an ExternalName: it stands for a DNS name, not for pods"))
            .help("ask about an address that the name resolves to"));
    }
    if service.selector.is_empty() {
        return Err(FlowError::new(format!("{label} has no selector: its endpoints are not in the manifests"))
            .help("ask about the pod or the address that it leads to"));
    }
    let found: Vec<EndpointId> = endpoints_in(cluster, service.namespace)
        .filter(|(_, endpoint)| service.selector.iter().all(|(key, value)| endpoint.labels.get(key) == Some(value)))
        .map(|(id, _)| id)
        .collect();
    if found.is_empty() {
        let message = format!("{label} has no endpoints: no pod in its namespace has the labels that it selects");
        return Err(FlowError::new(message).help(format!("its selector is `{}`", service.selector)));
    }
    Ok(found)
}

/// The flows to a Service.
pub(super) fn flows(
    cluster: &Cluster,
    service: &Service,
    sources: &[End],
    asked: &FlowText,
    family: Option<Family>,
) -> Result<Resolution, FlowError> {
    let backends = backends(cluster, service)?;
    let is_headless = service.kind == ServiceKind::Headless;
    let flow = |source: End, destination: EndpointId, (protocol, port): (Protocol, Port)| Flow {
        source,
        destination: End::Endpoint(destination),
        protocol,
        port,
        family,
        // A headless Service is a name for its pods' own addresses.
        route: if is_headless { Route::Direct } else { Route::Service },
    };
    let port = asked.port.as_deref();
    let is_known = |name: &str| service.ports.iter().any(|port| *port.name == *name);
    let mut found = Vec::new();
    if is_headless && !port.is_some_and(is_known) {
        for backend in backends {
            let ports = match port {
                None => vec![(asked.protocol.unwrap_or_default(), Port::MIN)],
                Some(text) => ports_of(cluster, End::Endpoint(backend), text, asked.protocol)?,
            };
            found.extend(pairs(sources, &ports).map(|(source, port)| flow(source, backend, port)));
        }
        return Ok(if port.is_none() { Resolution::AnyPort(found) } else { Resolution::Flows(found) });
    }
    let service_ports = ports(cluster, service, asked)?;
    for backend in backends {
        let targets: Vec<(Protocol, Port)> =
            service_ports.iter().flat_map(|port| targets(cluster, backend, port)).collect();
        found.extend(pairs(sources, &targets).map(|(source, port)| flow(source, backend, port)));
    }
    if found.is_empty() {
        let names = service_ports.iter().filter_map(|port| match &port.target {
            TargetPort::Name(name) => Some(format!("`{name}`")),
            TargetPort::Number(_) => None,
        });
        let names: Vec<String> = names.collect();
        let label = label(cluster, service);
        let message = format!("{label} has no endpoints: no pod behind it has a port named {}", names.join(" or "));
        return Err(FlowError::new(message).help("name the container's port, or make `targetPort` a number"));
    }
    Ok(Resolution::Flows(found))
}

fn pairs<'a, P: Copy>(sources: &'a [End], ports: &'a [P]) -> impl Iterator<Item = (End, P)> + 'a {
    ports.iter().flat_map(move |port| sources.iter().map(move |source| (*source, *port)))
}

/// The Service's ports that are asked about, never none.
fn ports<'a>(cluster: &Cluster, service: &'a Service, asked: &FlowText) -> Result<Vec<&'a ServicePort>, FlowError> {
    let is_asked = |port: &&ServicePort| {
        asked.protocol.is_none_or(|wanted| wanted == port.protocol)
            && asked.port.as_ref().is_none_or(|text| *port.name == **text || port.port.to_string() == *text)
    };
    let ports: Vec<&ServicePort> = service.ports.iter().filter(is_asked).collect();
    if !ports.is_empty() {
        return Ok(ports);
    }
    let known: Vec<String> = service.ports.iter().map(described).collect();
    let asked_port = match (&asked.port, asked.protocol) {
        (Some(port), None) => format!("port `{port}`"),
        (Some(port), Some(protocol)) => format!("port `{port}/{protocol}`"),
        (None, Some(protocol)) => format!("{protocol} port"),
        (None, None) => "port".to_owned(),
    };
    let message = format!("{} has no {asked_port}", label(cluster, service));
    let help = if known.is_empty() { "it has none at all".to_owned() } else { format!("it has {}", known.join(", ")) };
    Err(FlowError::new(message).help(help))
}

/// `80/TCP`, with its name and with where it leads, if that is another port.
fn described(port: &ServicePort) -> String {
    let name = if port.name.is_empty() { String::new() } else { format!(" `{}`", port.name) };
    let target = match &port.target {
        TargetPort::Number(number) if *number == port.port => String::new(),
        TargetPort::Number(number) => format!(" to {number} of its pods"),
        TargetPort::Name(name) => format!(" to `{name}` of its pods"),
    };
    format!("{}/{}{name}{target}", port.port, port.protocol)
}

/// Where a port of a Service leads on one of its pods.
fn targets(cluster: &Cluster, backend: EndpointId, port: &ServicePort) -> Vec<(Protocol, Port)> {
    match &port.target {
        TargetPort::Number(number) => vec![(port.protocol, *number)],
        TargetPort::Name(name) => cluster.endpoint(backend).map_or_else(Vec::new, |endpoint| {
            named_ports(endpoint, name, Some(port.protocol)).map(|found| (found.protocol, found.port)).collect()
        }),
    }
}

fn label(cluster: &Cluster, service: &Service) -> String {
    format!("Service `{}/{}`", cluster.namespace_name(service.namespace), service.name)
}
