//! What each rule allows whom, kept so that those which allow at least as much as another are found without asking all.
//!
//! Selectors are compared by what they ask, never by the pods of today: what is found here holds in every cluster.

use std::sync::Arc;

use ipnet::IpNet;
use rustc_hash::FxHashMap;

use super::Lint;
use super::written::Written;
use crate::cluster::{Cluster, Direction};
use crate::conditions::{Conditions, Handle};
use crate::connections::ConnectionSet;
use crate::model::{self, AddressBlock, Peer, PortMatch, PortSelection};
use crate::protocol::Protocol;
use crate::tables::connections_on;

/// Index of a rule in [`Allowed::rules`], and of one of its peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PeerAt {
    pub rule: usize,
    pub peer: usize,
}

/// A rule and what it allows.
pub(super) struct AllowedRule<'a> {
    pub written: Written<'a>,
    pub subject: usize,
    pub peers: Vec<Whom>,
    pub ports: Ports,
}

/// Whom a peer allows.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Whom {
    Anyone,
    Pods(Conditions),
    Addresses(AddressBlock),
}

/// Where a peer is kept, for those that it covers to find it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Anyone,
    Pods(Handle),
    Addresses(IpNet),
}

/// The ports of a rule, names apart: what they mean is the destination's business.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ports {
    /// Every protocol, those that policies cannot name among them (S11).
    All,
    Some {
        numbers: ConnectionSet,
        names: Vec<(Protocol, Arc<str>)>,
    },
}

/// All rules that take part.
pub(super) struct Allowed<'a> {
    pub rules: Vec<AllowedRule<'a>>,
    pub subjects: Subjects,
    peers: FxHashMap<(usize, Direction, Key), Vec<PeerAt>>,
}

impl<'a> Allowed<'a> {
    pub fn new(lint: &Lint<'a>) -> Allowed<'a> {
        let cluster = lint.engine.cluster();
        let subjects = Subjects::new(cluster);
        let mut allowed = Allowed { rules: Vec::new(), subjects, peers: FxHashMap::default() };
        for written in lint.rules() {
            let Some(&subject) = allowed.subjects.of_policy.get(written.id.0 as usize) else { continue };
            let Some(rule) = model::rule(cluster, written.id, written.direction, written.index) else { continue };
            let peers: Vec<Whom> = match &rule.peers {
                None => vec![Whom::Anyone],
                Some(peers) => peers.iter().map(|peer| Whom::of(cluster, peer)).collect(),
            };
            for (peer, whom) in peers.iter().enumerate().filter(|(_, whom)| whom.is_possible()) {
                for key in whom.keys() {
                    let at = PeerAt { rule: allowed.rules.len(), peer };
                    allowed.peers.entry((subject, written.direction, key)).or_default().push(at);
                }
            }
            let ports = rule.ports.as_deref().map_or(Ports::All, Ports::of);
            allowed.rules.push(AllowedRule { written, subject, peers, ports });
        }
        allowed
    }

    /// The peers of whichever rules that let the pods of a rule have, on the same ports at least, all of whom `whom` is.
    pub fn covering(&self, rule: &AllowedRule<'a>, whom: &Whom) -> impl Iterator<Item = PeerAt> {
        self.candidates(rule, whom.implied()).filter(move |(_, found)| found.covers(whom)).map(|(at, _)| at)
    }

    /// The blocks and the rules for everyone that let the pods of a rule have, on the same ports at least, addresses of a network.
    pub fn containing(&self, rule: &AllowedRule<'a>, network: IpNet) -> impl Iterator<Item = (PeerAt, &Whom)> {
        self.candidates(rule, supernets(network))
    }

    fn candidates(&self, rule: &AllowedRule<'a>, keys: Vec<Key>) -> impl Iterator<Item = (PeerAt, &Whom)> {
        let direction = rule.written.direction;
        let wider = self.subjects.wider.get(rule.subject).map_or(&[][..], Vec::as_slice);
        let lists = wider.iter().flat_map(move |subject| {
            keys.clone().into_iter().filter_map(move |key| self.peers.get(&(*subject, direction, key)))
        });
        lists.flatten().filter_map(move |at| {
            let found = self.rules.get(at.rule)?;
            found.ports.cover(&rule.ports).then_some((*at, found.peers.get(at.peer)?))
        })
    }
}

/// Who is selected by policies: equal selectors of one namespace are one subject.
pub(super) struct Subjects {
    /// Per policy.
    pub of_policy: Vec<usize>,
    /// Per subject, those that select at least the same pods: itself among them.
    pub wider: Vec<Vec<usize>>,
}

impl Subjects {
    fn new(cluster: &Cluster) -> Subjects {
        // A policy whose manifest names no namespace may be meant for another one than `default`.
        let mut ids: FxHashMap<(bool, Conditions), usize> = FxHashMap::default();
        let of_policy = cluster.policy_ids().map(|(id, policy)| {
            let conditions = model::subject(cluster, id).map(|subject| Conditions::of(cluster, &subject));
            let next = ids.len();
            *ids.entry((policy.is_namespace_assumed, conditions.unwrap_or_default())).or_insert(next)
        });
        let of_policy = of_policy.collect();
        let mut subjects: Vec<_> = ids.into_iter().map(|(subject, id)| (id, subject)).collect();
        subjects.sort_unstable_by_key(|(id, _)| *id);
        let mut kept: FxHashMap<Handle, Vec<usize>> = FxHashMap::default();
        for (id, (_, conditions)) in &subjects {
            conditions.handles().into_iter().for_each(|handle| kept.entry(handle).or_default().push(*id));
        }
        let wider = |(is_assumed, conditions): &(bool, Conditions)| {
            let candidates = conditions.implied().into_iter().filter_map(|handle| kept.get(&handle)).flatten();
            let mut wider: Vec<usize> = candidates
                .filter(|id| {
                    let other = subjects.get(**id).map(|(_, other)| other);
                    other.is_some_and(|other| other.0 == *is_assumed && conditions.imply(&other.1))
                })
                .copied()
                .collect();
            wider.sort_unstable();
            wider.dedup();
            wider
        };
        let wider = subjects.iter().map(|(_, subject)| wider(subject)).collect();
        Subjects { of_policy, wider }
    }
}

impl Whom {
    fn of(cluster: &Cluster, peer: &Peer) -> Whom {
        match peer {
            Peer::Pods(selection) => Whom::Pods(Conditions::of(cluster, selection)),
            Peer::Addresses(block) => Whom::Addresses(block.clone()),
        }
    }

    /// Whether it can be anybody.
    pub fn is_possible(&self) -> bool {
        match self {
            Whom::Anyone => true,
            Whom::Pods(conditions) => conditions.is_possible(),
            Whom::Addresses(block) => !is_covered(block, block.network),
        }
    }

    /// Whether whoever is the other is this as well. Pods and addresses are told apart, whatever addresses pods may have.
    fn covers(&self, other: &Whom) -> bool {
        match (self, other) {
            (Whom::Anyone, _) => true,
            (Whom::Pods(wide), Whom::Pods(narrow)) => narrow.imply(wide),
            (Whom::Addresses(wide), Whom::Addresses(narrow)) => {
                wide.network.contains(&narrow.network)
                    && wide
                        .except
                        .iter()
                        .all(|hole| common(*hole, narrow.network).is_none_or(|part| is_covered(narrow, part)))
            }
            _ => false,
        }
    }

    fn keys(&self) -> Vec<Key> {
        match self {
            Whom::Anyone => vec![Key::Anyone],
            Whom::Pods(conditions) => conditions.handles().into_iter().map(Key::Pods).collect(),
            Whom::Addresses(block) => vec![Key::Addresses(block.network)],
        }
    }

    /// Where all are kept that may cover it.
    fn implied(&self) -> Vec<Key> {
        match self {
            Whom::Anyone => vec![Key::Anyone],
            Whom::Pods(conditions) => {
                std::iter::once(Key::Anyone).chain(conditions.implied().into_iter().map(Key::Pods)).collect()
            }
            Whom::Addresses(block) => supernets(block.network),
        }
    }
}

/// Where all are kept that may have a network in them.
fn supernets(network: IpNet) -> Vec<Key> {
    let networks = std::iter::successors(Some(network), IpNet::supernet);
    std::iter::once(Key::Anyone).chain(networks.map(Key::Addresses)).collect()
}

/// The network that is in both: two of them are apart, or one is in the other.
fn common(a: IpNet, b: IpNet) -> Option<IpNet> {
    if a.contains(&b) { Some(b) } else { b.contains(&a).then_some(a) }
}

/// Whether the holes of a block leave nothing of a network.
pub(super) fn is_covered(block: &AddressBlock, network: IpNet) -> bool {
    block.except.iter().any(|hole| hole.contains(&network))
        || (block.except.len() > 1 && IpNet::aggregate(&block.except).iter().any(|hole| hole.contains(&network)))
}

impl Ports {
    pub fn of(ports: &[PortMatch]) -> Ports {
        let names = ports.iter().filter_map(|port| match &port.ports {
            PortSelection::Name(name) => Some((port.protocol, name.clone())),
            PortSelection::Range(..) => None,
        });
        Ports::Some { numbers: connections_on(ports, &[]), names: names.collect() }
    }

    /// Whether they are all of the other's, on whichever destination.
    pub fn cover(&self, other: &Ports) -> bool {
        match (self, other) {
            (Ports::All, _) => true,
            (Ports::Some { .. }, Ports::All) => false,
            (Ports::Some { numbers, names }, Ports::Some { numbers: other_numbers, names: other_names }) => {
                Protocol::ALL
                    .into_iter()
                    .all(|protocol| other_numbers.ports(protocol).is_subset(numbers.ports(protocol)))
                    && other_names.iter().all(|name| numbers.ports(name.0).is_all() || names.contains(name))
            }
        }
    }
}
