//! Over which address family two ends speak.

use crate::cluster::Endpoint;
use crate::protocol::Family;

/// The families of an end's addresses, the primary one first; neither when no address is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Families(pub Option<Family>, pub Option<Family>);

impl Families {
    /// Every combination, by [`Families::index`].
    pub const ALL: [Families; 5] = {
        let (ipv4, ipv6) = (Some(Family::Ipv4), Some(Family::Ipv6));
        [Families(None, None), Families(ipv4, None), Families(ipv6, None), Families(ipv4, ipv6), Families(ipv6, ipv4)]
    };

    /// The place in [`Families::ALL`].
    pub fn index(self) -> usize {
        match (self.0, self.1) {
            (None, _) => 0,
            (Some(Family::Ipv4), None) => 1,
            (Some(Family::Ipv6), None) => 2,
            (Some(Family::Ipv4), Some(_)) => 3,
            (Some(Family::Ipv6), Some(_)) => 4,
        }
    }

    pub fn of(endpoint: &Endpoint) -> Families {
        let first = endpoint.addresses.first().map(|address| Family::of(*address));
        let second =
            endpoint.addresses.iter().map(|address| Family::of(*address)).find(|family| Some(*family) != first);
        Families(first, second)
    }

    pub fn contains(self, family: Family) -> bool {
        self.0 == Some(family) || self.1 == Some(family)
    }
}

/// The family over which two ends speak unless a flow says otherwise.
pub(crate) fn common_family(source: Families, destination: Families) -> Option<Family> {
    match (source.0, destination.0) {
        (_, None) => source.0,
        (None, family) => family,
        _ => [destination.0, destination.1].into_iter().flatten().find(|family| source.contains(*family)),
    }
}
