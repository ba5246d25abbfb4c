//! A flow whose ends go by their names, so that it can be asked of more than one cluster and written down.

use std::fmt;
use std::net::IpAddr;

use netpol::cluster::{Cluster, EndpointId};
use netpol::flow::{End, Flow, Route};
use netpol::protocol::{Family, Port, Protocol};

/// A flow, without the ids of one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFlow {
    /// Who opens it.
    pub source: NamedEnd,
    /// Who is to answer.
    pub destination: NamedEnd,
    /// The transport protocol.
    pub protocol: Protocol,
    /// The destination port.
    pub port: Port,
    /// The address family, if it is chosen.
    pub family: Option<Family>,
    /// How the destination was reached.
    pub route: Route,
}

/// One end of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedEnd {
    /// An endpoint.
    Endpoint {
        /// The name of its namespace.
        namespace: String,
        /// Its kind.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// An address.
    Address(IpAddr),
}

impl NamedFlow {
    /// The names behind a flow of a cluster.
    pub fn of(flow: &Flow, cluster: &Cluster) -> NamedFlow {
        NamedFlow {
            source: NamedEnd::of(flow.source, cluster),
            destination: NamedEnd::of(flow.destination, cluster),
            protocol: flow.protocol,
            port: flow.port,
            family: flow.family,
            route: flow.route,
        }
    }

    /// The same flow in a cluster; `None` if that has no such endpoint.
    pub fn within(&self, cluster: &Cluster) -> Option<Flow> {
        Some(Flow {
            source: self.source.within(cluster)?,
            destination: self.destination.within(cluster)?,
            protocol: self.protocol,
            port: self.port,
            family: self.family,
            route: self.route,
        })
    }
}

impl NamedEnd {
    fn of(end: End, cluster: &Cluster) -> NamedEnd {
        match end {
            End::Address(address) => NamedEnd::Address(address),
            End::Endpoint(id) => {
                let endpoint = cluster.endpoint(id).expect("the endpoint is one of this cluster's");
                NamedEnd::Endpoint {
                    namespace: cluster.namespace_name(endpoint.namespace).to_owned(),
                    kind: endpoint.kind.name(),
                    name: endpoint.name.to_string(),
                }
            }
        }
    }

    fn within(&self, cluster: &Cluster) -> Option<End> {
        match self {
            NamedEnd::Address(address) => Some(End::Address(*address)),
            NamedEnd::Endpoint { namespace, kind, name } => {
                let is_it = |id: &EndpointId| {
                    cluster.endpoint(*id).is_some_and(|endpoint| {
                        endpoint.name.as_ref() == name.as_str()
                            && endpoint.kind.name() == *kind
                            && cluster.namespace_name(endpoint.namespace) == namespace.as_str()
                    })
                };
                cluster.endpoint_ids().map(|(id, _)| id).find(is_it).map(End::Endpoint)
            }
        }
    }
}

impl fmt::Display for NamedFlow {
    /// As flows are written; an IPv6 destination is in brackets, so that its port can be told apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> ", self.source)?;
        match &self.destination {
            NamedEnd::Address(IpAddr::V6(address)) => write!(f, "[{address}]")?,
            destination => destination.fmt(f)?,
        }
        write!(f, ":{}/{}", self.port, self.protocol)
    }
}

impl fmt::Display for NamedEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NamedEnd::Address(address) => address.fmt(f),
            NamedEnd::Endpoint { namespace, kind, name } => write!(f, "{namespace}/{kind}/{name}"),
        }
    }
}
