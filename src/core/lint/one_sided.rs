//! Rules that allow what the policies of the other end deny, for every pair of pods that they are about (M34).

use rustc_hash::FxHashSet;

use super::inventory::{Inventory, selection_of};
use super::{Lint, rules};
use crate::cluster::{Direction, EndpointId, Policy};
use crate::connections::{ConnectionId, Connections};
use crate::diagnostic::Related;
use crate::engine::{Engine, Identity};
use crate::model::{PodSelection, RulePath};
use crate::options::IpBlocks;
use crate::protocol::Family;
use crate::reach::resolve;
use crate::source::Place;
use crate::tables::{PeerSet, RuleConnections};

/// Peers with more pairs of different pods than this are not looked at.
const MOST_PAIRS: usize = 4096;

/// Findings that say already why a rule allows nothing.
const REASONS: [&str; 3] = ["missing-protocol", "service-port", "unknown-port-name"];

pub(super) fn check(lint: &mut Lint<'_>, inventory: &mut Inventory<'_>) {
    let tiers = inventory.tiers.clone();
    let engine = inventory.engine;
    let mut connections = engine.compiled.connections.clone();
    for (policy, compiled) in tiers.iter().flat_map(|tier| &tier.policies).zip(&engine.compiled.policies) {
        let Some(written) = inventory.cluster.policy(policy.id).filter(|_| policy.id == compiled.id) else { continue };
        for direction in Direction::BOTH {
            let rules = policy.rules(direction).unwrap_or_default();
            for (rule, compiled) in rules.iter().zip(compiled.rules(direction).unwrap_or_default()) {
                let pairs = Pairs { engine, direction, allowed: compiled.connections };
                for (index, peer) in rule.peers.iter().flatten().enumerate() {
                    let Some(peer) = selection_of(peer).filter(|peer| !peer.pods.requirements().is_empty()) else {
                        continue;
                    };
                    if let Some(pair) = pairs.denied(inventory, &policy.subject, peer, &mut connections)
                        && !is_explained(lint, written, rule.path)
                    {
                        tell(lint, written, rule.path.peer(index), direction, pair);
                    }
                }
            }
        }
    }
}

/// What one peer of a rule is about.
struct Pairs<'e> {
    engine: &'e Engine,
    direction: Direction,
    allowed: RuleConnections,
}

/// A pod as policies see it.
struct Seen {
    id: EndpointId,
    /// Without an address, and with that of each family.
    identities: [Identity; 3],
    has_address: bool,
}

impl Pairs<'_> {
    /// A selected pod and a peer, if for these and all others the policies of the peer deny whatever the rule allows.
    fn denied(
        &self,
        inventory: &mut Inventory<'_>,
        subject: &PodSelection,
        peer: &PodSelection,
        connections: &mut Connections,
    ) -> Option<(EndpointId, EndpointId)> {
        let (subjects, peers) = (inventory.endpoints(subject), inventory.endpoints(peer));
        let first = |ids: &[EndpointId]| ids.iter().find_map(|id| self.seen(inventory, *id));
        if self.may_connect(&first(&subjects)?, &first(&peers)?, connections) || !inventory.can_judge(peer) {
            return None;
        }
        let (subjects, peers) = (self.distinct(inventory, &subjects), self.distinct(inventory, &peers));
        if subjects.len().saturating_mul(peers.len()) > MOST_PAIRS {
            return None;
        }
        let mut denied = None;
        for subject in &subjects {
            for peer in &peers {
                if self.may_connect(subject, peer, connections) {
                    return None;
                }
                if subject.id != peer.id && self.allowed(subject, peer) != ConnectionId::NONE {
                    denied = denied.or(Some((subject.id, peer.id)));
                }
            }
        }
        denied
    }

    /// What selectors see of a pod; nothing of those on the host network.
    fn seen(&self, inventory: &Inventory<'_>, id: EndpointId) -> Option<Seen> {
        let endpoint = inventory.cluster.endpoint(id).filter(|endpoint| !inventory.is_on_host_network(endpoint))?;
        let families = [None, Some(Family::Ipv4), Some(Family::Ipv6)];
        let identities = families.map(|family| self.engine.identity(id, endpoint, family, self.engine.options()));
        Some(Seen { id, identities, has_address: !endpoint.addresses.is_empty() })
    }

    /// One pod of each sort that policies can tell apart.
    fn distinct(&self, inventory: &Inventory<'_>, ids: &[EndpointId]) -> Vec<Seen> {
        let mut known = FxHashSet::default();
        let seen = ids.iter().filter_map(|id| self.seen(inventory, *id));
        seen.filter(|seen| known.insert((seen.identities, seen.has_address))).collect()
    }

    /// What the rule allows between two pods.
    fn allowed(&self, subject: &Seen, peer: &Seen) -> ConnectionId {
        let [destination, ..] = match self.direction {
            Direction::Egress => peer.identities,
            Direction::Ingress => subject.identities,
        };
        self.engine.connections_of(self.allowed, self.engine.named_ports_of(destination))
    }

    /// Whether the policies of the peer allow any of it, or may do so.
    fn may_connect(&self, subject: &Seen, peer: &Seen, connections: &mut Connections) -> bool {
        let allowed = self.allowed(subject, peer);
        let [class, ..] = peer.identities;
        let table = self.engine.table(class.class, opposite(self.direction));
        let is_unknown = !subject.has_address && self.engine.options().ip_blocks == IpBlocks::Any;
        let mut entries = table.tiers.iter().flat_map(|tier| &tier.entries);
        if is_unknown && entries.any(|entry| matches!(entry.peers, PeerSet::Addresses(_))) {
            return true;
        }
        std::iter::zip(subject.identities, peer.identities).any(|(subject, peer)| {
            let destination = if self.direction == Direction::Egress { peer } else { subject };
            let theirs = resolve(self.engine, table, subject, destination, connections);
            connections.intersection(allowed, theirs) != ConnectionId::NONE
        })
    }
}

fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::Egress => Direction::Ingress,
        Direction::Ingress => Direction::Egress,
    }
}

/// Whether something else has been said of the rule that keeps it from allowing anything.
fn is_explained(lint: &Lint<'_>, policy: &Policy, path: RulePath) -> bool {
    let path = format!("{path}.");
    lint.findings.iter().any(|finding| {
        let is_here = |place: &Place| {
            matches!(place, Place::Field { origin, path: other } if *origin == policy.origin && other.starts_with(&path))
        };
        REASONS.contains(&finding.slug) && finding.place.as_ref().is_some_and(is_here)
    })
}

fn tell(
    lint: &mut Lint<'_>,
    policy: &Policy,
    path: String,
    direction: Direction,
    (subject, peer): (EndpointId, EndpointId),
) {
    let cluster = lint.engine.cluster();
    let (own, other) = (cluster.endpoint_label(subject), cluster.endpoint_label(peer));
    let theirs = opposite(direction);
    let message = match direction {
        Direction::Egress => format!(
            "nothing comes of this: it lets `{own}` out to `{other}`, whose ingress is isolated, and no policy there lets it in"
        ),
        Direction::Ingress => format!(
            "nothing comes of this: it lets `{other}` in to `{own}`, and no policy of `{other}`, whose egress is isolated, lets it out"
        ),
    };
    let compiled = &lint.engine.compiled;
    let table = lint.engine.table(compiled.classes.of_endpoint(peer.0 as usize), theirs);
    let isolating = table.policies.iter().filter_map(|index| compiled.policies.get(*index as usize)).take(3);
    let related: Vec<Related> = isolating
        .filter_map(|isolating| cluster.policy(isolating.id))
        .map(|isolating| Related {
            place: lint.place(isolating, "spec.podSelector"),
            message: format!("`{}` isolates {theirs} of `{other}`", isolating.name),
        })
        .collect();
    let finding = lint.find(&rules::ONE_SIDED_ALLOW, policy, path, message);
    finding.related = related;
    finding.help = Some(match direction {
        Direction::Egress => {
            format!("a connection needs both ends: let `{own}` in to `{other}` on the same ports, or remove this peer")
        }
        Direction::Ingress => {
            format!("a connection needs both ends: let `{other}` out to `{own}` on the same ports, or remove this peer")
        }
    });
}
