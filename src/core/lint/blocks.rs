//! Blocks of addresses that hold more or less than they seem to (M16, M25, M26, M28).

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::allowed::{Allowed, AllowedRule, PeerAt, Whom, is_covered};
use super::written::Written;
use super::{Lint, rules};
use crate::addresses::AddressRange;
use crate::cluster::Direction;
use crate::connections::ConnectionSet;
use crate::diagnostic::Related;
use crate::model::{self, AddressBlock};
use crate::object::IpBlock;
use crate::options::IpBlocks;
use crate::protocol::{Family, Port, Protocol};
use crate::tables::connections_on;

/// Where clouds answer questions about a machine, its credentials among them.
const METADATA: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));

pub(super) fn check(lint: &mut Lint<'_>, allowed: &Allowed<'_>) {
    let has_both_families = has_both_families(lint);
    for rule in lint.rules() {
        for (index, peer) in rule.rule.peers.iter().enumerate() {
            let Some((written, block)) =
                peer.ip_block.as_ref().and_then(|written| Some((written, model::address_block(written)?)))
            else {
                continue;
            };
            let path = format!("{}.ipBlock", rule.peer_path(index));
            if is_covered(&block, block.network) {
                empty_block(lint, &rule, &path, written);
            } else {
                redundant_excepts(lint, &rule, &path, written, &block);
            }
            if block.network.prefix_len() == 0 {
                whole_internet(lint, &rule, &path, &block);
                if has_both_families {
                    one_family(lint, &rule, &path, &block);
                }
            }
        }
    }
    moot_excepts(lint, allowed);
}

/// M28: the holes leave nothing of the block.
fn empty_block(lint: &mut Lint<'_>, rule: &Written<'_>, path: &str, written: &IpBlock) {
    let message = format!("the exceptions are all of `{}` together: this peer matches no address", written.cidr);
    lint.find(&rules::EMPTY_BLOCK, rule.policy, format!("{path}.except"), message).help =
        Some("remove the peer, or the exceptions that are not meant".to_owned());
}

/// M28: an exception in an exception.
fn redundant_excepts(lint: &mut Lint<'_>, rule: &Written<'_>, path: &str, written: &IpBlock, block: &AddressBlock) {
    for (index, hole) in block.except.iter().enumerate() {
        let covers = |(other, network): &(usize, &IpNet)| {
            network.contains(hole) && *other != index && (*network != hole || *other < index)
        };
        let Some((other, _)) = block.except.iter().enumerate().find(covers) else { continue };
        let text = |index: usize| written.except.get(index).map_or("", |text| text);
        let message = format!("`{}` is in the exception `{}` already", text(index), text(other));
        let place = lint.place(rule.policy, format!("{path}.except[{other}]"));
        let finding = lint.find(&rules::REDUNDANT_EXCEPT, rule.policy, format!("{path}.except[{index}]"), message);
        finding.help = Some("remove it".to_owned());
        finding.related.push(Related { place, message: "the exception that it is in".to_owned() });
    }
}

/// M16: a hole is no denial. What another peer for the same pods and ports has in it comes in, the hole included.
fn moot_excepts(lint: &mut Lint<'_>, allowed: &Allowed<'_>) {
    for (index, rule) in allowed.rules.iter().enumerate() {
        for (peer, whom) in rule.peers.iter().enumerate().filter(|(_, whom)| whom.is_possible()) {
            let Whom::Addresses(block) = whom else { continue };
            let at = PeerAt { rule: index, peer };
            let openers: Vec<_> = block.except.iter().map(|hole| opener(allowed, at, rule, *hole)).collect();
            let path = format!("{}.ipBlock.except", rule.written.peer_path(peer));
            match openers.first() {
                Some(Some(first)) if openers.iter().all(|other| other.as_ref() == Some(first)) => {
                    moot_except(lint, allowed, &rule.written, path, *first);
                }
                _ => {
                    for (hole, opener) in openers.into_iter().enumerate() {
                        let Some(opener) = opener else { continue };
                        moot_except(lint, allowed, &rule.written, format!("{path}[{hole}]"), opener);
                    }
                }
            }
        }
    }
}

/// The first other peer that has a hole in it, and whether it has all of it.
fn opener(allowed: &Allowed<'_>, at: PeerAt, rule: &AllowedRule<'_>, hole: IpNet) -> Option<(PeerAt, bool)> {
    allowed.containing(rule, hole).filter(|(other, _)| *other != at).find_map(|(other, whom)| match whom {
        Whom::Anyone => Some((other, true)),
        Whom::Addresses(block) if !is_covered(block, hole) => {
            Some((other, !block.except.iter().any(|kept| hole.contains(kept))))
        }
        _ => None,
    })
}

fn moot_except(
    lint: &mut Lint<'_>,
    allowed: &Allowed<'_>,
    rule: &Written<'_>,
    path: String,
    (at, is_whole): (PeerAt, bool),
) {
    let Some(other) = allowed.rules.get(at.rule) else { return };
    let written = &other.written;
    let (whom, place) = match other.peers.get(at.peer) {
        Some(Whom::Addresses(block)) => (format!("`{}`", block.network), written.peer_path(at.peer)),
        _ => ("everyone".to_owned(), written.path()),
    };
    let consequence = if is_whole { "this exception changes nothing" } else { "this exception holds in part only" };
    let message = format!(
        "{consequence}: `{}` allows {whom} on the same ports, and an exception denies nobody",
        written.policy.name
    );
    let place = lint.place(written.policy, place);
    let finding = lint.find(&rules::MOOT_EXCEPT, rule.policy, path, message);
    finding.help = Some("have one rule say who is allowed, with the exception, and remove the other".to_owned());
    finding.related.push(Related { place, message: format!("allows {whom}") });
}

/// The ports of a rule where no port name resolves.
fn connections(lint: &Lint<'_>, rule: &Written<'_>) -> ConnectionSet {
    match model::rule(lint.engine.cluster(), rule.id, rule.direction, rule.index) {
        Some(model::Rule { ports: Some(ports), .. }) => connections_on(&ports, &[]),
        _ => ConnectionSet::all(),
    }
}

/// M25: silent where the excepts leave out both what the cluster has and the metadata service, or ports do.
fn whole_internet(lint: &mut Lint<'_>, rule: &Written<'_>, path: &str, block: &AddressBlock) {
    if rule.direction != Direction::Egress || !block.network.addr().is_ipv4() {
        return;
    }
    let is_left_out = |address: IpAddr| block.except.iter().any(|hole| hole.contains(&address));
    let asks_metadata = Port::new(80).is_some_and(|http| connections(lint, rule).ports(Protocol::Tcp).contains(http));
    let has_metadata = asks_metadata && !is_left_out(METADATA);
    let has_pods = lint.engine.options().ip_blocks == IpBlocks::Any
        && block.except.is_empty()
        && !lint.engine.pods_in(&AddressRange::from(block.network)).is_empty();
    let included = match (has_pods, has_metadata) {
        (true, true) => "the pods of this cluster and the metadata service of clouds, `169.254.169.254`",
        (true, false) => "the pods of this cluster",
        (false, true) => "the metadata service of clouds, `169.254.169.254`, which hands out credentials",
        (false, false) => return,
    };
    let message = format!("`{}` is more than the internet: it has in it {included}", block.network);
    lint.find(&rules::WHOLE_INTERNET, rule.policy, format!("{path}.cidr"), message).help = Some(
        "if the internet is meant, write `except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16]`, and \
         the pods' own block if it is another one"
            .to_owned(),
    );
}

/// M26.
fn one_family(lint: &mut Lint<'_>, rule: &Written<'_>, path: &str, block: &AddressBlock) {
    let (other, address) = match block.network {
        IpNet::V4(_) => ("IPv6", "::/0"),
        IpNet::V6(_) => ("IPv4", "0.0.0.0/0"),
    };
    let spec = &rule.policy.spec;
    let is_other = |written: &IpBlock| {
        model::address_block(written)
            .is_some_and(|written| written.network.addr().is_ipv4() != block.network.addr().is_ipv4())
    };
    let has_other = spec.rules(rule.direction).iter().any(|rule| {
        rule.peers.is_empty() || rule.peers.iter().any(|peer| peer.ip_block.as_ref().is_some_and(is_other))
    });
    if has_other {
        return;
    }
    let consequence = match rule.direction {
        Direction::Ingress => format!("nobody comes in over {other}"),
        Direction::Egress => format!("nobody is reached over {other}"),
    };
    let message = format!(
        "`{}` has no {other} address in it, which this cluster uses as well: by this rule {consequence}",
        block.network
    );
    lint.find(&rules::ONE_FAMILY, rule.policy, format!("{path}.cidr"), message).help =
        Some(format!("add a peer with `cidr: {address}`"));
}

/// Whether pods or nodes have addresses of both families.
fn has_both_families(lint: &Lint<'_>) -> bool {
    let cluster = lint.engine.cluster();
    let pods = cluster.endpoints.iter().flat_map(|endpoint| &endpoint.addresses);
    let nodes = cluster.nodes.iter().flat_map(|node| &node.addresses);
    let mut families = pods.chain(nodes).map(|address| Family::of(*address));
    let Some(first) = families.next() else { return false };
    families.any(|family| family != first)
}
