//! Pods that cannot ask for names (M6), or can over UDP alone (M7).
//!
//! The engine is asked, once for all pods that the same policies isolate, with the ports on which the DNS pods listen. Rules are only
//! looked at where it says no: blocks and pods with a port of DNS may be a DNS that the input does not show.

mod servers;

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::inventory::Inventory;
use super::{Lint, rules};
use crate::cluster::{Direction, EndpointId, NAMESPACE_NAME_LABEL, Policy, PolicyId};
use crate::diagnostic::{Fix, Related};
use crate::edit;
use crate::model::{self, AddressBlock, NamespaceScope, Peer, PodSelection, PortMatch, PortSelection, Rule};
use crate::object::{LabelSelector, Labels};
use crate::protocol::{Port, Protocol};
use crate::source::Place;
use crate::tables::TableId;
use servers::Servers;

/// Blocks up to this prefix are the world outside, or a whole private network: who is there is known by name.
const WIDE_PREFIX: u8 = 8;

pub(super) fn check(lint: &mut Lint<'_>, inventory: &mut Inventory<'_>) {
    let servers = Servers::new(inventory);
    let tiers = inventory.tiers.clone();
    let policies = tiers.iter().flat_map(|tier| &tier.policies).map(|policy| (policy.id, policy)).collect();
    let ports = servers.ports();
    let has_addresses = servers.has_addresses(inventory.cluster);
    let mut dns = Dns { servers, ports, has_addresses, policies, blocked: BTreeMap::new(), told: FxHashSet::default() };
    let mut tables = isolated(inventory);
    tables.retain(|members| !members.iter().any(|id| dns.servers.endpoints.contains(id)));
    // Of the policies that isolate together, the one that does so alone somewhere is told.
    tables.sort_by_key(|members| members.first().map(|id| governing(lint, *id).len()));
    for members in tables {
        dns.check_table(lint, inventory, &members);
    }
    dns.tell_blocked(lint);
}

/// The pods that policies isolate in egress, those that the same policies do together.
fn isolated(inventory: &Inventory<'_>) -> Vec<Vec<EndpointId>> {
    let engine = inventory.engine;
    let mut tables: BTreeMap<u32, Vec<EndpointId>> = BTreeMap::new();
    for (id, endpoint) in inventory.cluster.endpoint_ids() {
        let table = engine.table_id(engine.compiled.classes.of_endpoint(id.0 as usize), Direction::Egress);
        if table != TableId::default() && !inventory.is_on_host_network(endpoint) {
            tables.entry(table.0).or_default().push(id);
        }
    }
    tables.into_values().collect()
}

/// The policies that isolate the egress of a pod.
fn governing(lint: &Lint<'_>, pod: EndpointId) -> Vec<PolicyId> {
    let compiled = &lint.engine.compiled;
    let table = lint.engine.table(compiled.classes.of_endpoint(pod.0 as usize), Direction::Egress);
    table.policies.iter().filter_map(|index| Some(compiled.policies.get(*index as usize)?.id)).collect()
}

struct Dns<'t> {
    servers: Servers,
    ports: Vec<Port>,
    has_addresses: bool,
    policies: FxHashMap<PolicyId, &'t model::Policy>,
    /// By the policy that is told: the pods, and the other policies that isolate the first of them.
    blocked: BTreeMap<PolicyId, (Vec<EndpointId>, Vec<PolicyId>)>,
    /// The ports that M7 has been told of.
    told: FxHashSet<(PolicyId, u32, usize)>,
}

impl Dns<'_> {
    fn check_table(&mut self, lint: &mut Lint<'_>, inventory: &mut Inventory<'_>, members: &[EndpointId]) {
        let Some(pod) = members.first().copied() else { return };
        let ids = governing(lint, pod);
        let rules: Vec<(PolicyId, &Rule)> = ids
            .iter()
            .filter_map(|id| Some((*id, self.policies.get(id)?.egress.as_deref()?)))
            .flat_map(|(id, rules)| rules.iter().map(move |rule| (id, rule)))
            .collect();
        let may_ask = |protocol: Protocol, inventory: &mut Inventory<'_>| {
            self.servers.may_ask(lint.engine, pod, protocol)
                || rules.iter().any(|(_, rule)| self.is_for_dns(rule, protocol, inventory))
        };
        if may_ask(Protocol::Udp, inventory) {
            if self.servers.may_answer(Protocol::Tcp)
                && !may_ask(Protocol::Tcp, inventory)
                && let Some((id, path, index)) = self.udp_port(&rules)
                && self.told.insert((id, path.index, index))
                && let Some(policy) = inventory.cluster.policy(id)
            {
                self.over_udp_only(lint, policy, path, index);
            }
            return;
        }
        // That a port without a protocol is none of UDP has been said (M8).
        let forgets_protocol = |policy: &Policy| {
            let entries = policy.spec.egress.iter().flat_map(|rule| &rule.ports);
            entries.filter(|entry| entry.protocol.is_none()).any(|entry| {
                let port = entry.port.as_ref();
                port.is_some_and(|port| {
                    self.ports.iter().any(|dns| *port == crate::object::IntOrString::Int(dns.get().into()))
                })
            })
        };
        let is_told = |id: &PolicyId| inventory.cluster.policy(*id).is_some_and(forgets_protocol);
        let talking: Vec<PolicyId> = rules.iter().filter(|(_, rule)| is_for_names(rule)).map(|(id, _)| *id).collect();
        if talking.is_empty() || ids.iter().any(is_told) {
            return;
        }
        let is_chosen = |id: &&PolicyId| {
            let policy = inventory.cluster.policy(**id);
            policy.is_some_and(|policy| policy.spec.pod_selector != LabelSelector::default())
        };
        let known = talking.iter().find(|id| self.blocked.contains_key(id));
        let Some(id) = known.or_else(|| talking.iter().find(is_chosen)).or(talking.first()).copied() else { return };
        let others = || ids.iter().copied().filter(|other| *other != id).collect();
        let (pods, _) = self.blocked.entry(id).or_insert_with(|| (Vec::new(), others()));
        pods.extend(members);
    }

    /// Whether a rule may be there for a DNS that the input does not show.
    fn is_for_dns(&self, rule: &Rule, protocol: Protocol, inventory: &mut Inventory<'_>) -> bool {
        let of_protocol = |port: &&PortMatch| port.protocol == protocol;
        let is_every = |port: &PortMatch| matches!(port.ports, PortSelection::Range(Port::MIN, Port::MAX));
        let ports = || rule.ports.iter().flatten().filter(of_protocol);
        let is_explicit = ports().any(|port| !is_every(port) && self.is_dns_port(port));
        let has_every = rule.ports.is_none() || ports().any(is_every);
        if !is_explicit && !has_every {
            return false;
        }
        let is_shown = !self.servers.all.is_empty();
        let Some(peers) = &rule.peers else { return is_explicit || !is_shown };
        peers.iter().any(|peer| match peer {
            Peer::Addresses(block) => is_explicit || (!self.has_addresses && !is_address(block)),
            Peer::Pods(selection) if is_explicit && is_shown => {
                let pods = inventory.endpoints(selection);
                // Of the servers, the engine has spoken.
                !pods.iter().any(|id| self.servers.endpoints.contains(id))
                    && (!pods.is_empty() || !inventory.can_judge(selection))
            }
            Peer::Pods(_) if is_explicit => true,
            Peer::Pods(selection) => !is_shown && may_be_dns(selection, inventory),
        })
    }

    fn is_dns_port(&self, port: &PortMatch) -> bool {
        match &port.ports {
            PortSelection::Range(first, last) => self.ports.iter().any(|dns| (first..=last).contains(&dns)),
            PortSelection::Name(name) => name.contains("dns"),
        }
    }

    /// The port by which the rules allow DNS over UDP, where it is written.
    fn udp_port(&self, rules: &[(PolicyId, &Rule)]) -> Option<(PolicyId, model::RulePath, usize)> {
        rules.iter().find_map(|(id, rule)| {
            let is_it = |port: &PortMatch| port.protocol == Protocol::Udp && self.is_dns_port(port);
            let index = rule.ports.iter().flatten().position(is_it)?;
            Some((*id, rule.path, index))
        })
    }

    /// M7.
    fn over_udp_only(&self, lint: &mut Lint<'_>, policy: &Policy, path: model::RulePath, index: usize) {
        let Some(written) = policy.spec.egress.get(path.index as usize).and_then(|rule| rule.ports.get(index)) else {
            return;
        };
        let tcp = |udp: Option<i64>| {
            let server =
                self.servers.all.iter().find(|server| udp.is_none_or(|udp| udp == i64::from(server.udp.get())));
            server.and_then(|server| server.tcp).map(Port::get).or(udp.and_then(|udp| u16::try_from(udp).ok()))
        };
        let port = match (&written.port, written.end_port) {
            (Some(crate::object::IntOrString::Int(number)), None) => tcp(Some(*number)),
            (Some(crate::object::IntOrString::String(_)), None) => tcp(None),
            _ => None,
        };
        let list = format!("{path}.ports");
        let edit = port.and_then(|port| {
            edit::insert_after(lint.sources, &policy.origin, &list, index, &servers::port("TCP", port))
        });
        let message = "names may be asked for over UDP alone: an answer that does not fit in a datagram is fetched over TCP, \
                       which stays denied, so that names with many addresses or long records fail";
        let finding = lint.find(&rules::DNS_OVER_UDP_ONLY, policy, path.port(index), message);
        let port = port.map_or_else(String::new, |port| format!(" {port}"));
        finding.help = Some(format!("allow port{port} with `protocol: TCP` as well"));
        finding.fix = edit.map(|edit| Fix { title: format!("allow port{port} over TCP as well"), edits: vec![edit] });
    }

    /// M6.
    fn tell_blocked(&self, lint: &mut Lint<'_>) {
        let cluster = lint.engine.cluster();
        for (id, (pods, others)) in &self.blocked {
            let (Some(policy), Some(first)) = (cluster.policy(*id), pods.first()) else { continue };
            let more = match pods.len() - 1 {
                0 => String::new(),
                1 => " and one more pod".to_owned(),
                more => format!(" and {more} more pods"),
            };
            let server = self.servers.all.first();
            let port = server.map_or(53, |server| server.udp.get());
            let message = format!(
                "`{}`{more} cannot resolve names: egress is isolated, and no rule allows DNS, port {port} over UDP; \
                 connections to names fail, allowed or not",
                cluster.endpoint_label(*first)
            );
            let last = policy.spec.egress.len().saturating_sub(1);
            let rule = self.servers.rule();
            let edit =
                rule.and_then(|rule| edit::insert_after(lint.sources, &policy.origin, "spec.egress", last, &rule));
            let mut related: Vec<Related> = Vec::new();
            for other in others.iter().filter_map(|id| cluster.policy(*id)).take(3) {
                let message = format!("`{}` isolates egress as well and does not allow it either", other.name);
                related.push(Related { place: lint.place(other, "spec.podSelector"), message });
            }
            if let Some((server, endpoint)) =
                server.and_then(|server| Some((server, cluster.endpoint(server.endpoint)?)))
            {
                let place = Place::Field { origin: endpoint.origin.clone(), path: "metadata.name".to_owned() };
                related
                    .push(Related { place, message: format!("`{}` answers", cluster.endpoint_label(server.endpoint)) });
            }
            let finding = lint.find(&rules::DNS_BLOCKED, policy, "spec.egress", message);
            finding.related = related;
            finding.help = Some(match server {
                Some(_) => "add a rule for the DNS pods, over UDP and TCP".to_owned(),
                None => "add a rule for port 53 over UDP and TCP, to all namespaces or to the DNS pods".to_owned(),
            });
            finding.fix = edit.map(|edit| Fix { title: "allow DNS".to_owned(), edits: vec![edit] });
        }
    }
}

/// Whether a rule is for others that are known by name: pods, or a wide block.
fn is_for_names(rule: &Rule) -> bool {
    let Some(peers) = &rule.peers else { return true };
    peers.iter().any(|peer| match peer {
        Peer::Pods(_) => true,
        Peer::Addresses(block) => block.network.prefix_len() <= WIDE_PREFIX,
    })
}

fn is_address(block: &AddressBlock) -> bool {
    block.network.prefix_len() == block.network.max_prefix_len()
}

/// Whether a selection may match DNS pods that the input does not have.
fn may_be_dns(selection: &PodSelection, inventory: &Inventory<'_>) -> bool {
    match &selection.namespaces {
        NamespaceScope::One(id) => servers::NAMESPACES.contains(&inventory.cluster.namespace_name(*id)),
        NamespaceScope::Matching(selector) => servers::NAMESPACES.iter().any(|name| {
            let labels: Labels = [(NAMESPACE_NAME_LABEL, *name)].into_iter().collect();
            selector.unmet(&labels).all(|requirement| &*requirement.key != NAMESPACE_NAME_LABEL)
        }),
    }
}
