//! Small clusters, written as manifests.

use std::net::IpAddr;

use netpol::Engine;
use netpol::flow::{End, Flow, Route};
use netpol::options::EngineOptions;
use netpol::protocol::{Family, Port};
use netpol_tests::ask::Prepared;
use netpol_tests::case::Case;

use crate::probe::Probe;

/// The namespace of all pods and policies.
pub const NAMESPACE: &str = "shop";

pub fn address(text: &str) -> IpAddr {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| address(text)).collect()
}

/// A pod that policies select by its application.
pub fn pod(name: &str, application: &str, node: &str, addresses: &[&str]) -> String {
    let ips: Vec<String> = addresses.iter().map(|address| format!("{{ ip: '{address}' }}")).collect();
    format!(
        "apiVersion: v1\nkind: Pod\n\
         metadata: {{ name: {name}, namespace: {NAMESPACE}, labels: {{ app: {application} }} }}\n\
         spec: {{ nodeName: {node} }}\n\
         status: {{ podIP: '{}', podIPs: [{}] }}\n---\n",
        addresses[0],
        ips.join(", ")
    )
}

pub fn node(name: &str, addresses: &[&str]) -> String {
    let of_status: Vec<String> =
        addresses.iter().map(|address| format!("{{ type: InternalIP, address: '{address}' }}")).collect();
    format!(
        "apiVersion: v1\nkind: Node\nmetadata: {{ name: {name} }}\nstatus: {{ addresses: [{}] }}\n---\n",
        of_status.join(", ")
    )
}

/// A policy for the pods of an application, with the rest of its spec in YAML's flow style.
pub fn policy(application: &str, spec: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
         metadata: {{ name: {application}, namespace: {NAMESPACE} }}\n\
         spec: {{ podSelector: {{ matchLabels: {{ app: {application} }} }}, {spec} }}\n---\n"
    )
}

/// A peer: the pods of an application.
pub fn from_application(application: &str) -> String {
    format!("{{ podSelector: {{ matchLabels: {{ app: {application} }} }} }}")
}

pub fn engine(documents: &[String], options: EngineOptions) -> Engine {
    let prepared = Prepared::new(&Case::sources([documents.concat().as_str()]), options);
    assert!(prepared.slugs().is_empty(), "{:?}", prepared.diagnostics);
    prepared.engine
}

/// The flow that a probe is.
pub fn flow(probe: &Probe) -> Flow {
    Flow {
        source: End::Address(probe.source),
        destination: End::Address(probe.destination),
        protocol: probe.protocol,
        port: Port::new(probe.port).expect("probes have ports"),
        family: Some(Family::of(probe.destination)),
        route: Route::Direct,
    }
}
