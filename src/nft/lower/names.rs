//! Names of sets, counters and chains: from what a thing means, not from what is in it, so that a pod that comes or goes changes
//! elements and nothing else. Equal meanings get equal names, here and in the next ruleset.

use std::hash::{Hash, Hasher};

use netpol::Cluster;
use netpol::lowering::WrittenPeer;
use netpol::model::NamespaceScope;
use netpol::protocol::Family;
use siphasher::sip::SipHasher13;

/// A prefix, and a number of 64 bits that stands for a meaning. The prefix keeps names apart from the words of nftables.
pub fn name(prefix: &str, meaning: impl Hash) -> String {
    let mut hasher = SipHasher13::new();
    meaning.hash(&mut hasher);
    format!("{prefix}_{:016x}", hasher.finish())
}

/// What a peer means, whatever numbers its namespace has.
pub fn meaning(cluster: &Cluster, peer: &WrittenPeer) -> impl Hash {
    match peer {
        WrittenPeer::Pods(selection) => match &selection.namespaces {
            NamespaceScope::One(namespace) => {
                format!("{:?} {:?}", cluster.namespace_name(*namespace), selection.pods.to_string())
            }
            NamespaceScope::Matching(namespaces) => format!("({namespaces}) {:?}", selection.pods.to_string()),
        },
        WrittenPeer::Addresses(block) => format!("{} {:?}", block.network, block.except),
    }
}

/// The digit by which names tell families apart.
pub fn digit(family: Family) -> char {
    match family {
        Family::Ipv4 => '4',
        Family::Ipv6 => '6',
    }
}
