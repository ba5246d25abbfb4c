//! What the name of an end means in a cluster: the pods and workloads that bear it or are owned by what bears it.

use std::collections::BTreeMap;

use super::end_text::{EndName, EndText, NAMESPACE, NODE, SERVICE, kind_named};
use super::error::some_of;
use super::{End, FlowError};
use crate::cluster::{Cluster, Endpoint, EndpointId, NamespaceId};

/// The ends that the text of an end means: an address, or the pods of a name.
///
/// # Errors
///
/// It means nothing in this cluster, or a Service or a range of addresses.
pub fn find_ends(text: &str, cluster: &Cluster) -> Result<Vec<End>, FlowError> {
    ends(cluster, text, &EndText::parse(text)?)
}

/// The ends that the source or the destination of a flow means; not for Services.
pub(super) fn ends(cluster: &Cluster, text: &str, end: &EndText) -> Result<Vec<End>, FlowError> {
    match end {
        EndText::Address(address) => Ok(vec![End::Address(*address)]),
        EndText::Block(range) | EndText::Range(range) => {
            let message = format!("`{text}` is a range of addresses, and an end of a flow is one address");
            let help = format!("ask about one of them, such as `{}`; `netpol reach` answers for ranges", range.first);
            Err(FlowError::new(message).help(help))
        }
        EndText::Service { namespace, name } => {
            let message =
                format!("`service/{namespace}/{name}` opens no connections: a Service can only be a destination");
            Err(FlowError::new(message).help("name the pod or workload that does"))
        }
        EndText::Named(name) => one(cluster, name),
    }
}

/// The endpoints of the one pod or workload of that name.
fn one(cluster: &Cluster, asked: &EndName) -> Result<Vec<End>, FlowError> {
    let named = named(cluster, asked)?;
    let mut meanings: Vec<&Vec<EndpointId>> = named.values().collect();
    meanings.dedup();
    match meanings.as_slice() {
        [endpoints] => Ok(endpoints.iter().copied().map(End::Endpoint).collect()),
        _ => {
            let ids: Vec<String> = named.into_keys().collect();
            let namespace = asked.namespace.as_deref().unwrap_or(DEFAULT);
            let message = format!("`{namespace}/{}` may be any of {}", asked.name, some_of(&ids));
            Err(FlowError::new(message).help("say which, as it is written here"))
        }
    }
}

/// Where an object is that names no namespace (D12).
const DEFAULT: &str = "default";

/// Everything that bears a name, by its id in output; never nothing.
pub(crate) fn named(cluster: &Cluster, asked: &EndName) -> Result<BTreeMap<String, Vec<EndpointId>>, FlowError> {
    let namespace = asked.namespace.as_deref().unwrap_or(DEFAULT);
    let Some(id) = cluster.find_namespace(namespace) else {
        return Err(match &asked.namespace {
            Some(_) => no_namespace(cluster, namespace, Some(&asked.name)),
            None => no_end(cluster, asked),
        });
    };
    let found = like(endpoints_in(cluster, id), cluster, asked.kind.as_deref(), |name| name == asked.name);
    if found.is_empty() { Err(no_end(cluster, asked)) } else { Ok(found) }
}

/// The endpoints that have a name and kind, or whose owner has, by the id of what has it.
pub(crate) fn like<'a>(
    endpoints: impl Iterator<Item = (EndpointId, &'a Endpoint)>,
    cluster: &Cluster,
    kind: Option<&str>,
    is_name: impl Fn(&str) -> bool,
) -> BTreeMap<String, Vec<EndpointId>> {
    let is_kind = |candidate: &str| kind.is_none_or(|kind| kind.eq_ignore_ascii_case(candidate));
    let mut found: BTreeMap<String, Vec<EndpointId>> = BTreeMap::new();
    for (id, endpoint) in endpoints {
        let itself = (&*endpoint.name, endpoint.kind.name());
        let owner = endpoint.owner.as_ref().map(|owner| (&*owner.name, &*owner.kind));
        for (name, kind) in [Some(itself), owner].into_iter().flatten() {
            if is_name(name) && is_kind(kind) {
                let label = format!("{}/{name}[{kind}]", cluster.namespace_name(endpoint.namespace));
                found.entry(label).or_default().push(id);
            }
        }
    }
    found
}

/// A namespace's endpoints.
pub(crate) fn endpoints_in(cluster: &Cluster, namespace: NamespaceId) -> impl Iterator<Item = (EndpointId, &Endpoint)> {
    let start = cluster.endpoints.partition_point(|endpoint| endpoint.namespace < namespace);
    let end = cluster.endpoints.partition_point(|endpoint| endpoint.namespace <= namespace);
    cluster.endpoint_ids().skip(start).take(end - start)
}

/// That nothing in a namespace that may well exist has the name.
fn no_end(cluster: &Cluster, asked: &EndName) -> FlowError {
    let EndName { kind, name, .. } = asked;
    let namespace = asked.namespace.as_deref().unwrap_or(DEFAULT);
    let what = kind.as_deref().unwrap_or("pod or workload");
    let message = format!("no {what} `{name}` in namespace `{namespace}`");
    if name.contains(':') {
        return FlowError::new(message).help("a port is given by itself: with --port, or last in a line of flows");
    }
    let elsewhere = ids(like(cluster.endpoint_ids(), cluster, kind.as_deref(), |candidate| candidate == name));
    if asked.namespace.is_none() {
        let help = match elsewhere.as_slice() {
            [] if cluster.find_namespace(name).is_some() => format!("`{name}` is a namespace: write `{name}/NAME`"),
            [] => "write `namespace/name`".to_owned(),
            ids => format!("write `namespace/name`: did you mean {}?", some_of(ids)),
        };
        return FlowError::new(message).help(help);
    }
    let id = cluster.find_namespace(namespace);
    let here = || id.into_iter().flat_map(|id| endpoints_in(cluster, id));
    let of_other_kind = ids(like(here(), cluster, None, |candidate| candidate == name));
    if !of_other_kind.is_empty() {
        return FlowError::new(message).help(format!("there is {}", some_of(&of_other_kind)));
    }
    if cluster.services.iter().any(|service| Some(service.namespace) == id && *service.name == **name) {
        return FlowError::new(message).help(format!("there is a Service of that name: `service/{namespace}/{name}`"));
    }
    let names =
        here().map(|(_, endpoint)| endpoint.owner.as_ref().map_or(&endpoint.name, |owner| &owner.name).to_string());
    FlowError::not_found(message, name, names)
}

/// The namespace of a name.
pub(crate) fn find_namespace(cluster: &Cluster, name: &str) -> Result<NamespaceId, FlowError> {
    cluster.find_namespace(name).ok_or_else(|| no_namespace(cluster, name, None))
}

/// That there is no such namespace; a word that kubectl would take for a kind, or a name without a namespace, is told as such.
pub(crate) fn no_namespace(cluster: &Cluster, namespace: &str, name: Option<&str>) -> FlowError {
    let error = FlowError::new(format!("no namespace `{namespace}` in the manifests"));
    let kind = kind_named(namespace);
    match (kind, name) {
        (Some(NAMESPACE), Some(name)) => error
            .help(format!("a namespace is written without its kind: `{name}` as a filter, `{name}/NAME` for an end")),
        (Some(NODE), Some(name)) => {
            let node = cluster.nodes.iter().find(|node| *node.name == *name);
            let address = node.and_then(|node| node.addresses.first());
            let such_as = address.map(|address| format!(": `{address}`")).unwrap_or_default();
            error.help(format!("a node is written as its address{such_as}"))
        }
        (Some(SERVICE), Some(name)) => {
            let services = cluster.services.iter().filter(|service| *service.name == *name);
            let ids: Vec<String> = services
                .map(|service| format!("service/{}/{}", cluster.namespace_name(service.namespace), service.name))
                .collect();
            let did_you_mean = did_you_mean(&ids);
            error.help(format!("a Service is written `service/namespace/name`{did_you_mean}"))
        }
        (Some(kind), Some(name)) => {
            let ids = ids(like(cluster.endpoint_ids(), cluster, Some(kind), |candidate| candidate == name));
            error.help(format!("with its kind, an end is written `namespace/kind/name`{}", did_you_mean(&ids)))
        }
        (_, None) => {
            let ids = ids(like(cluster.endpoint_ids(), cluster, None, |candidate| candidate == namespace));
            if ids.is_empty() {
                unknown_namespace(cluster, error, namespace)
            } else {
                error.help(format!("a workload is written `namespace/name`{}", did_you_mean(&ids)))
            }
        }
        (None, Some(_)) => unknown_namespace(cluster, error, namespace),
    }
}

fn unknown_namespace(cluster: &Cluster, error: FlowError, namespace: &str) -> FlowError {
    let names = cluster.namespaces.iter().map(|namespace| namespace.name.to_string());
    FlowError::not_found(error.message, namespace, names)
}

fn did_you_mean(ids: &[String]) -> String {
    if ids.is_empty() { String::new() } else { format!("; did you mean {}?", some_of(ids)) }
}

fn ids(found: BTreeMap<String, Vec<EndpointId>>) -> Vec<String> {
    found.into_keys().collect()
}
