//! Ports of rules and the ports of the pods: those of a Service in place of its target (M10), names that no pod has (M12).
//!
//! Containers need not declare the ports that they listen on. A number is only called wrong where a Service leads elsewhere and
//! every pod says what it listens on; a name, which must be declared, where no pod has it.

use std::rc::Rc;

use super::inventory::{Inventory, selection_of};
use super::{Lint, rules};
use crate::cluster::{Direction, Endpoint, EndpointId, Policy, Service, ServiceKind, TargetPort};
use crate::diagnostic::{Fix, Related};
use crate::edit;
use crate::model::{PodSelection, PortMatch, PortSelection, Rule};
use crate::protocol::{Port, Protocol};
use crate::source::Place;

pub(super) fn check(lint: &mut Lint<'_>, inventory: &mut Inventory<'_>) {
    let tiers = inventory.tiers.clone();
    for compiled in tiers.iter().flat_map(|tier| &tier.policies) {
        let Some(policy) = inventory.cluster.policy(compiled.id) else { continue };
        for direction in Direction::BOTH {
            for rule in compiled.rules(direction).unwrap_or_default() {
                if let Some(ports) = &rule.ports {
                    let destinations = Destinations::of(inventory, &compiled.subject, direction, rule);
                    for (index, port) in ports.iter().enumerate() {
                        let path = rule.path.port(index);
                        match &port.ports {
                            PortSelection::Name(name) => {
                                destinations.check_name(lint, policy, &path, name, port.protocol)
                            }
                            PortSelection::Range(first, last) if first == last => {
                                destinations.check_number(
                                    lint,
                                    inventory,
                                    policy,
                                    &path,
                                    (port.protocol, *first),
                                    ports,
                                );
                            }
                            PortSelection::Range(..) => {}
                        }
                    }
                    destinations.check_undeclared(lint, inventory, policy, &rule.path.port(0), ports);
                }
            }
        }
    }
}

/// The pods that connections of a rule may go to.
struct Destinations<'a> {
    direction: Direction,
    pods: Vec<(EndpointId, &'a Endpoint)>,
    /// Whether connections may go to nothing else.
    are_all: bool,
}

impl<'a> Destinations<'a> {
    fn of(
        inventory: &mut Inventory<'a>,
        subject: &PodSelection,
        direction: Direction,
        rule: &Rule,
    ) -> Destinations<'a> {
        let selections: Vec<&PodSelection> = match (direction, &rule.peers) {
            (Direction::Ingress, _) => vec![subject],
            (Direction::Egress, peers) => peers.iter().flatten().filter_map(selection_of).collect(),
        };
        let count = rule.peers.as_ref().map(Vec::len);
        let is_known = direction == Direction::Ingress || count == Some(selections.len());
        let are_all = is_known && selections.iter().all(|selection| inventory.can_judge(selection));
        let sets: Vec<Rc<[EndpointId]>> = selections.iter().map(|selection| inventory.endpoints(selection)).collect();
        let cluster = inventory.cluster;
        let pods = sets.iter().flat_map(|set| set.iter()).filter_map(|id| Some((*id, cluster.endpoint(*id)?)));
        let pods = pods.filter(|(_, endpoint)| !inventory.is_on_host_network(endpoint)).collect();
        Destinations { direction, pods, are_all }
    }

    fn whose(&self) -> &'static str {
        match self.direction {
            Direction::Ingress => "pod that the policy selects",
            Direction::Egress => "pod that the peers match",
        }
    }

    /// M12.
    fn check_name(&self, lint: &mut Lint<'_>, policy: &Policy, path: &str, name: &str, protocol: Protocol) {
        let ports = || self.pods.iter().flat_map(|(_, endpoint)| &endpoint.named_ports);
        let has_name = ports().any(|port| &*port.name == name && port.protocol == protocol);
        if has_name || self.pods.is_empty() || !self.are_all {
            return;
        }
        let whose = self.whose();
        let (message, help) = match ports().find(|port| &*port.name == name) {
            Some(other) => (
                format!("`{name}` is a {} port of the pods, and this is {protocol}: it allows nothing", other.protocol),
                Some(format!("write `protocol: {}`", other.protocol)),
            ),
            None => {
                let mut names: Vec<String> = ports().map(|port| format!("`{}`", port.name)).collect();
                names.sort_unstable();
                names.dedup();
                let more = if names.len() > 6 { ", …" } else { "" };
                names.truncate(6);
                let help = if names.is_empty() {
                    "name the port in the pod's containers, or write its number".to_owned()
                } else {
                    format!("the names that they have are {}{more}", names.join(", "))
                };
                (format!("no {whose} has a port named `{name}`: this allows nothing"), Some(help))
            }
        };
        let finding = lint.find(&rules::UNKNOWN_PORT_NAME, policy, format!("{path}.port"), message);
        finding.help = help;
        if let Some((_, endpoint)) = self.pods.first() {
            let place = Place::Field { origin: endpoint.origin.clone(), path: String::new() };
            let message = format!("{} `{}`", endpoint.kind.name(), endpoint.name);
            finding.related.push(Related { place, message });
        }
    }

    /// M10.
    fn check_number(
        &self,
        lint: &mut Lint<'_>,
        inventory: &mut Inventory<'a>,
        policy: &Policy,
        path: &str,
        port: (Protocol, Port),
        allowed: &[PortMatch],
    ) {
        if !self.are_all {
            return;
        }
        let services = inventory.services_of();
        let mut translations = Vec::new();
        for (id, endpoint) in &self.pods {
            let services = services.get(id.0 as usize).map_or(&[][..], Vec::as_slice);
            match Listening::of(endpoint, services, port) {
                Listening::Elsewhere(found) => translations.push(found),
                Listening::Other => {}
                Listening::Here | Listening::Unknown => return,
            }
        }
        let Some(first) = translations.first() else { return };
        let is_allowed = |translation: &Translation<'_>| {
            allowed.iter().any(|entry| {
                entry.protocol == port.0
                    && match &entry.ports {
                        PortSelection::Range(from, to) => (from..=to).contains(&&translation.target),
                        PortSelection::Name(name) => translation.name == Some(name),
                    }
            })
        };
        if translations.iter().any(is_allowed) {
            return;
        }
        let (protocol, number) = port;
        let service = first.service;
        let label = format!("{}/{}", inventory.cluster.namespace_name(service.namespace), service.name);
        let message = format!(
            "{number} is the port of Service `{label}`, and no {} listens on it: policies see the connection on {}/{protocol}, \
             which this does not allow",
            self.whose(),
            first.target
        );
        let is_certain = translations.iter().all(|translation| translation.target == first.target);
        let path = format!("{path}.port");
        let new = first.target.to_string();
        let edit = edit::replace(lint.sources, &policy.origin, &path, &new).filter(|_| is_certain);
        let finding = lint.find(&rules::SERVICE_PORT, policy, path, message);
        finding.help = Some(match first.name {
            Some(name) => format!("write the target port, {new}, or its name, `{name}`"),
            None => format!("write the target port, {new}"),
        });
        let place = Place::Field { origin: service.origin.clone(), path: format!("spec.ports[{}]", first.index) };
        finding.related.push(Related { place, message: format!("Service `{label}` leads to {new}") });
        finding.fix = edit.map(|edit| Fix { title: format!("write {new}"), edits: vec![edit] });
    }
}

impl<'a> Destinations<'a> {
    /// A rule of which no port is one that a pod is known to listen on, where every pod says on which it does.
    fn check_undeclared(
        &self,
        lint: &mut Lint<'_>,
        inventory: &mut Inventory<'a>,
        policy: &Policy,
        path: &str,
        ports: &[PortMatch],
    ) {
        if !self.are_all || self.pods.is_empty() {
            return;
        }
        let services = inventory.services_of();
        for (id, endpoint) in &self.pods {
            let services = services.get(id.0 as usize).map_or(&[][..], Vec::as_slice);
            for port in ports {
                let PortSelection::Range(first, last) = &port.ports else { return };
                // A pod that declares nothing of the protocol may be silent about it.
                let is_near = endpoint
                    .container_ports
                    .iter()
                    .any(|(protocol, declared)| *protocol == port.protocol || declared == first);
                let listening = Listening::of(endpoint, services, (port.protocol, *first));
                if first != last || !is_near || !matches!(listening, Listening::Other) {
                    return;
                }
            }
        }
        let mut declared: Vec<_> = self.pods.iter().flat_map(|(_, endpoint)| &endpoint.container_ports).collect();
        declared.sort_unstable();
        declared.dedup();
        let more = if declared.len() > 6 { ", …" } else { "" };
        let some: Vec<String> = declared.iter().take(6).map(|(protocol, port)| format!("{port}/{protocol}")).collect();
        let message =
            format!("no {} declares such a port: those that they declare are {}{more}", self.whose(), some.join(", "));
        lint.find(&rules::UNDECLARED_PORT, policy, format!("{path}.port"), message).help =
            Some("write one of these, or declare the port in the pod's containers".to_owned());
    }
}

/// Where a Service leads.
struct Translation<'a> {
    service: &'a Service,
    index: usize,
    target: Port,
    name: Option<&'a std::sync::Arc<str>>,
}

/// What is known about a pod and a port.
enum Listening<'a> {
    Here,
    /// It is the port of a Service that leads to another one of the pod.
    Elsewhere(Translation<'a>),
    /// The pod declares other ports.
    Other,
    Unknown,
}

impl<'a> Listening<'a> {
    fn of(endpoint: &Endpoint, services: &[&'a Service], port: (Protocol, Port)) -> Listening<'a> {
        if endpoint.container_ports.contains(&port) {
            return Listening::Here;
        }
        let mut found = None;
        for service in services.iter().filter(|service| service.kind == ServiceKind::Cluster) {
            for (index, entry) in service.ports.iter().enumerate().filter(|(_, entry)| entry.protocol == port.0) {
                let (target, name) = match &entry.target {
                    TargetPort::Number(target) => (*target, None),
                    TargetPort::Name(name) => {
                        let is_it =
                            |port: &&crate::cluster::NamedPort| port.name == *name && port.protocol == entry.protocol;
                        match endpoint.named_ports.iter().find(is_it) {
                            Some(port) => (port.port, Some(name)),
                            None => continue,
                        }
                    }
                };
                if target == port.1 {
                    return Listening::Here;
                }
                if entry.port == port.1 {
                    found = found.or(Some(Translation { service, index, target, name }));
                }
            }
        }
        match found {
            Some(found) => Listening::Elsewhere(found),
            None if endpoint.container_ports.is_empty() => Listening::Unknown,
            None => Listening::Other,
        }
    }
}
