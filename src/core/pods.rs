//! Where pods are: by their addresses, and by the nodes that they run on.

use std::net::IpAddr;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::addresses::AddressRange;
use crate::cluster::{Cluster, EndpointId};

/// The pods of a cluster that have a network of their own, and all endpoints by node.
#[derive(Default)]
pub(crate) struct Pods {
    /// The first pod with an address: others share their node's (S42).
    by_address: FxHashMap<IpAddr, EndpointId>,
    /// The same, sorted by address.
    sorted: Vec<(IpAddr, EndpointId)>,
    by_node: FxHashMap<Arc<str>, Vec<EndpointId>>,
}

impl Pods {
    pub fn new(cluster: &Cluster) -> Pods {
        let mut pods = Pods::default();
        for (id, endpoint) in cluster.endpoint_ids() {
            if let Some(node) = &endpoint.node {
                pods.by_node.entry(node.clone()).or_default().push(id);
            }
            for address in endpoint.addresses.iter().filter(|_| !endpoint.host_network) {
                pods.by_address.entry(*address).or_insert(id);
            }
        }
        pods.sorted = pods.by_address.iter().map(|(address, id)| (*address, *id)).collect();
        pods.sorted.sort_unstable();
        pods
    }

    pub fn at(&self, address: IpAddr) -> Option<EndpointId> {
        self.by_address.get(&address).copied()
    }

    /// All, sorted by address.
    pub fn addresses(&self) -> &[(IpAddr, EndpointId)] {
        &self.sorted
    }

    /// Those with an address of a range, sorted by address.
    pub fn within(&self, range: &AddressRange) -> &[(IpAddr, EndpointId)] {
        let start = self.sorted.partition_point(|(address, _)| *address < range.first);
        let end = self.sorted.partition_point(|(address, _)| *address <= range.last);
        self.sorted.get(start..end).unwrap_or_default()
    }

    pub fn on(&self, node: &str) -> &[EndpointId] {
        self.by_node.get(node).map_or(&[], Vec::as_slice)
    }
}
