//! The distinct identities among the ends of an answer, and which of them each rule's peers match.

use rustc_hash::FxHashMap;

use super::UnitIdentities;
use crate::cluster::{Endpoint, EndpointId};
use crate::engine::{Engine, Identity};
use crate::protocol::Family;
use crate::tables::PeerSet;

/// Index of a distinct identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct IdentityId(pub u32);

/// Collects identities while units are made.
#[derive(Debug, Default)]
pub(super) struct Interner {
    ids: FxHashMap<Identity, IdentityId>,
    identities: Vec<Identity>,
    of_endpoints: usize,
}

impl Interner {
    /// What comes from now on is addresses.
    pub fn end_of_endpoints(&mut self) {
        self.of_endpoints = self.identities.len();
    }

    pub fn of_endpoint(&mut self, engine: &Engine, id: EndpointId, endpoint: &Endpoint) -> UnitIdentities {
        let families = [None, Some(Family::Ipv4), Some(Family::Ipv6)];
        UnitIdentities(families.map(|family| self.intern(engine.identity(id, endpoint, family, engine.options()))))
    }

    pub fn of_address(&mut self, identity: Identity) -> UnitIdentities {
        UnitIdentities([self.intern(identity); 3])
    }

    fn intern(&mut self, identity: Identity) -> IdentityId {
        let next = IdentityId(u32::try_from(self.identities.len()).unwrap_or(u32::MAX));
        *self.ids.entry(identity).or_insert_with(|| {
            self.identities.push(identity);
            next
        })
    }

    pub fn finish(self) -> Identities {
        let mut by_class: FxHashMap<u32, Vec<IdentityId>> = FxHashMap::default();
        let mut by_address: FxHashMap<u32, Vec<IdentityId>> = FxHashMap::default();
        for (id, identity) in (0u32..).map(IdentityId).zip(&self.identities) {
            if let Some(class) = identity.class {
                by_class.entry(class.0).or_default().push(id);
            }
            by_address.entry(identity.address.0).or_default().push(id);
        }
        Identities { identities: self.identities, of_endpoints: self.of_endpoints, by_class, by_address }
    }
}

/// The distinct identities.
#[derive(Debug)]
pub(super) struct Identities {
    identities: Vec<Identity>,
    /// How many of them are endpoints'; they come first.
    of_endpoints: usize,
    by_class: FxHashMap<u32, Vec<IdentityId>>,
    by_address: FxHashMap<u32, Vec<IdentityId>>,
}

impl Identities {
    pub fn len(&self) -> usize {
        self.identities.len()
    }

    /// How many destinations a source has: addresses are not asked about addresses.
    pub fn destinations_of(&self, source: IdentityId) -> usize {
        if (source.0 as usize) < self.of_endpoints { self.identities.len() } else { self.of_endpoints }
    }

    pub fn get(&self, id: IdentityId) -> Option<Identity> {
        self.identities.get(id.0 as usize).copied()
    }

    pub fn iter(&self) -> impl Iterator<Item = (IdentityId, Identity)> {
        (0u32..).map(IdentityId).zip(self.identities.iter().copied())
    }

    /// The identities that a rule's peer matches.
    pub fn matching(&self, engine: &Engine, peers: PeerSet, mut visit: impl FnMut(IdentityId)) {
        let sets = &engine.compiled.sets;
        let mut visit_all = |ids: Option<&Vec<IdentityId>>| ids.into_iter().flatten().copied().for_each(&mut visit);
        match peers {
            PeerSet::Anyone => self.iter().for_each(|(id, _)| visit(id)),
            PeerSet::Pods(set) => sets.iter(set).for_each(|class| visit_all(self.by_class.get(&class))),
            PeerSet::Addresses(set) => sets.iter(set).for_each(|address| visit_all(self.by_address.get(&address))),
        }
    }
}
