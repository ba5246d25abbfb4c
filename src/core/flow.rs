//! A flow: one connection that someone might open.

mod end_text;
mod ends;
mod error;
mod parse;
mod service;

use std::net::IpAddr;

use crate::cluster::EndpointId;
use crate::protocol::{Family, Port, Protocol};

pub(crate) use end_text::{EndName, EndText};
pub use ends::find_ends;
pub(crate) use ends::{endpoints_in, like, named, no_namespace};
pub use error::FlowError;
pub use parse::{FlowText, Resolution, parse, parse_protocol};
pub(crate) use service::{backends, service};

/// A connection, from its initiator to its responder (S1). Replies are not flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flow {
    /// Who opens it.
    pub source: End,
    /// Who is to answer: after any DNAT, so never a Service's own address (S34).
    pub destination: End,
    /// The transport protocol.
    pub protocol: Protocol,
    /// The destination port, on the pod (S27).
    pub port: Port,
    /// The address family it runs over; `None` leaves it to the ends, see [`crate::Engine::evaluate`].
    pub family: Option<Family>,
    /// How the destination was reached.
    pub route: Route,
}

/// One end of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// A pod, or a pod of a workload.
    Endpoint(EndpointId),
    /// An address. One that belongs to a pod means that pod.
    Address(IpAddr),
}

/// How the destination of a flow was reached; it only matters when a pod reaches itself (D4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Route {
    /// By the pod's address.
    #[default]
    Direct,
    /// By way of a Service.
    Service,
}
