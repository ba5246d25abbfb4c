//! `reach -o json`: the documented schema, an element a line. Texts that recur are rendered once.

use std::io::{self, Write};

use netpol::Connectivity;
use netpol::connections::ConnectionSet;
use netpol::reach::{Unit, UnitKind};
use serde::Serialize;

use super::{AllowedPorts, allowed_ports};

pub(super) fn write(connectivity: &Connectivity<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(1 << 16, out);
    out.write_all(b"{\"endpoints\":[")?;
    for (index, unit) in connectivity.units().iter().filter(|unit| unit.is_listed).enumerate() {
        out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut out, &Endpoint::new(unit, connectivity))?;
    }
    out.write_all(b"\n],\"connections\":[")?;

    let ids = connectivity.units().iter().map(|unit| serde_json::to_string(&unit.id)).collect::<Result<Vec<_>, _>>()?;
    let id = |unit: usize| ids.get(unit).map_or("\"\"", String::as_str);
    // By the index of the connection set.
    let mut allowed: Vec<Option<String>> = Vec::new();
    let mut line = String::new();
    let mut separator = "\n";
    let mut result: io::Result<()> = Ok(());
    connectivity.for_each(|source, destination, connections_id, connections| {
        if result.is_err() {
            return;
        }
        if allowed.len() <= connections_id.index() {
            allowed.resize(connections_id.index() + 1, None);
        }
        let Some(slot) = allowed.get_mut(connections_id.index()) else { return };
        let allowed =
            slot.get_or_insert_with(|| serde_json::to_string(&allowed_ports(connections)).unwrap_or_default());
        line.clear();
        line.push_str(separator);
        line.push_str("{\"source\":");
        line.push_str(id(source));
        line.push_str(",\"destination\":");
        line.push_str(id(destination));
        line.push_str(",\"allowed\":");
        line.push_str(allowed);
        line.push('}');
        separator = ",\n";
        result = out.write_all(line.as_bytes());
    });
    result?;
    out.write_all(b"\n]}\n")?;
    out.flush()
}

/// What the numbers of a table of connections mean: units by index, `null` for those that are never listed, and sets in their order.
pub(super) fn legend(connectivity: &Connectivity<'_>, sets: &[ConnectionSet]) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct Legend<'a> {
        endpoints: Vec<Option<Endpoint<'a>>>,
        connections: Vec<Vec<AllowedPorts>>,
    }
    let endpoints = connectivity.units().iter().map(|unit| unit.is_listed.then(|| Endpoint::new(unit, connectivity)));
    serde_json::to_string(&Legend {
        endpoints: endpoints.collect(),
        connections: sets.iter().map(allowed_ports).collect(),
    })
}

#[derive(Serialize)]
struct Endpoint<'a> {
    id: &'a str,
    namespace: &'a str,
    name: &'a str,
    kind: &'a str,
    /// How many pods of the input it stands for; absent for workloads without pods and for addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pods: Option<usize>,
    /// The workload of pods that policies tell apart from its other pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    workload: Option<String>,
}

impl<'a> Endpoint<'a> {
    fn new(unit: &'a Unit, connectivity: &Connectivity<'_>) -> Endpoint<'a> {
        let workload = match &unit.kind {
            UnitKind::Endpoints { variant_of: Some(owner), .. } => {
                Some(format!("{}/{}[{}]", unit.namespace, owner.name, owner.kind))
            }
            _ => None,
        };
        let cluster = connectivity.engine().cluster();
        let is_pod = |id: &netpol::cluster::EndpointId| {
            cluster.endpoint(*id).is_some_and(|endpoint| endpoint.kind == netpol::cluster::EndpointKind::Pod)
        };
        let pods = unit.members().iter().filter(|id| is_pod(id)).count();
        Endpoint {
            id: &unit.id,
            namespace: &unit.namespace,
            name: &unit.name,
            kind: &unit.kind_name,
            pods: (pods > 0).then_some(pods),
            workload,
        }
    }
}
