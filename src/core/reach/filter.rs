//! What the filters of a query mean in a cluster: which endpoints, which addresses, or nothing, which is an error.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{ReachQuery, Unit};
use crate::addresses::AddressRange;
use crate::cluster::EndpointId;
use crate::engine::Engine;
use crate::flow::{EndName, EndText, FlowError, backends, endpoints_in, like, named, no_namespace, service};
use crate::protocol::Family;

/// What one text of a filter means.
#[derive(Debug, Default)]
pub(super) struct Target {
    endpoints: BTreeSet<EndpointId>,
    /// Addresses that are no pod's.
    range: Option<AddressRange>,
    /// Whether the range is what is asked about, and not the one in which an address happens to be.
    is_range: bool,
}

impl Target {
    /// What a text means.
    ///
    /// # Errors
    ///
    /// Nothing.
    pub fn find(engine: &Engine, text: &str) -> Result<Target, FlowError> {
        let cluster = engine.cluster();
        let end = EndText::parse(text)?;
        if let Some(service) = service(cluster, &end)? {
            return Ok(Target::of_endpoints(backends(cluster, service)?));
        }
        match end {
            EndText::Address(address) => Ok(match engine.pod_at(address) {
                Some(id) => Target::of_endpoints([id]),
                None => Target { range: Some(AddressRange { first: address, last: address }), ..Target::default() },
            }),
            EndText::Block(range) => {
                let endpoints = engine.pods_in(&range).iter().map(|(_, id)| *id).collect();
                Ok(Target { endpoints, range: Some(range), is_range: true })
            }
            EndText::Range(range) => Ok(Target { range: Some(range), is_range: true, ..Target::default() }),
            EndText::Service { .. } => Ok(Target::default()),
            EndText::Named(name) => endpoints_named(engine, text, &name).map(Target::of_endpoints),
        }
    }

    fn of_endpoints(endpoints: impl IntoIterator<Item = EndpointId>) -> Target {
        Target { endpoints: endpoints.into_iter().collect(), ..Target::default() }
    }

    /// Whether a unit, or part of it, is meant.
    pub fn matches(&self, unit: &Unit) -> bool {
        let overlaps = |range: AddressRange| self.range.is_some_and(|wanted| wanted.overlaps(&range));
        match unit.range() {
            Some(range) => overlaps(range),
            None => unit.members().iter().any(|id| self.endpoints.contains(id)),
        }
    }

    /// Where ranges are to be cut, so that no more is answered than is asked.
    pub fn cuts(&self) -> impl Iterator<Item = IpAddr> {
        self.range.filter(|_| self.is_range).into_iter().flat_map(|range| [Some(range.first), range.next()]).flatten()
    }
}

/// The endpoints that a name means, in which `*` is any text; a single word is a namespace.
fn endpoints_named(engine: &Engine, text: &str, asked: &EndName) -> Result<Vec<EndpointId>, FlowError> {
    let cluster = engine.cluster();
    let (namespace, name) = match &asked.namespace {
        Some(namespace) => (namespace.as_str(), asked.name.as_str()),
        None => (asked.name.as_str(), "*"),
    };
    if !namespace.contains('*') && !name.contains('*') {
        return named(cluster, asked).map(|found| found.into_values().flatten().collect());
    }
    let namespaces = namespaces_like(engine, namespace)?;
    let endpoints = namespaces.into_iter().flat_map(|id| endpoints_in(cluster, id));
    let found = like(endpoints, cluster, asked.kind.as_deref(), |candidate| is_like(name, candidate));
    if found.is_empty() {
        let message = match (&asked.namespace, &asked.kind) {
            (None, None) => format!("no pod or workload is in namespace `{text}`"),
            _ => format!("no pod or workload is like `{text}`"),
        };
        let labels = (0u32..).map(EndpointId).take(cluster.endpoints.len()).map(|id| cluster.endpoint_label(id));
        return Err(FlowError::not_found(message, text, labels));
    }
    Ok(found.into_values().flatten().collect())
}

/// The namespaces that are like a pattern, never none.
fn namespaces_like(engine: &Engine, pattern: &str) -> Result<Vec<crate::cluster::NamespaceId>, FlowError> {
    let cluster = engine.cluster();
    let is_asked = |name: &str| is_like(pattern, name);
    let names = cluster.namespaces.iter().filter(|namespace| is_asked(&namespace.name));
    let found: Vec<_> = names.filter_map(|namespace| cluster.find_namespace(&namespace.name)).collect();
    if found.is_empty() { Err(no_namespace(cluster, pattern, None)) } else { Ok(found) }
}

/// Whether a namespace passes a query.
pub(super) fn is_namespace_asked(query: &ReachQuery, namespace: &str) -> bool {
    query.namespaces.is_empty() || query.namespaces.iter().any(|pattern| is_like(pattern, namespace))
}

/// Whether text is like a pattern, in which `*` stands for any text.
fn is_like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|tail| {
            tail.char_indices()
                .map(|(at, _)| at)
                .chain([tail.len()])
                .any(|at| tail.get(at..).is_some_and(|tail| is_like(rest, tail)))
        }),
    }
}

/// Says if a filter of a query means nothing in any of these clusters: an answer would say that nothing is allowed.
///
/// # Errors
///
/// The first such filter, and what may have been meant.
pub fn check(query: &ReachQuery, engines: &[&Engine]) -> Result<(), FlowError> {
    let in_any = |check: &dyn Fn(&Engine) -> Result<(), FlowError>| {
        let mut errors = Vec::new();
        for engine in engines {
            match check(engine) {
                Ok(()) => return Ok(()),
                Err(error) => errors.push(error),
            }
        }
        errors.pop().map_or(Ok(()), Err)
    };
    for text in query.sources.iter().chain(&query.destinations) {
        in_any(&|engine| check_end(query, engine, text))?;
    }
    for text in &query.namespaces {
        let everything = EndName { namespace: None, kind: None, name: text.clone() };
        in_any(&|engine| endpoints_named(engine, text, &everything).map(|_| ()))?;
    }
    Ok(())
}

fn check_end(query: &ReachQuery, engine: &Engine, text: &str) -> Result<(), FlowError> {
    let target = Target::find(engine, text)?;
    let Some(range) = target.range.filter(|_| target.endpoints.is_empty()) else { return Ok(()) };
    if query.family.is_some_and(|family| family != Family::of(range.first)) {
        return Err(FlowError::new(format!("`{text}` is not of the family that --family asks for")));
    }
    if engine.is_pods_alone(&range) {
        let message = format!("every address of `{text}` is a pod's");
        return Err(FlowError::new(message).help("name the pods, or write the range as a CIDR"));
    }
    Ok(())
}
