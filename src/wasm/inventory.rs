//! What is in a cluster, and what selects what.

use netpol::cluster::{Direction, EndpointId, PolicyId};
use netpol::source::Place;
use serde_json::{Value, json};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::workspace::Workspace;

#[wasm_bindgen]
impl Workspace {
    /// `[{"id","namespace","name","kind","labels","addresses","hostNetwork","place","ingress","egress"}]`: the last two are the
    /// policies that isolate it.
    pub fn endpoints(&self) -> Result<String, JsValue> {
        let cluster = self.engine().cluster();
        let isolating = |id: EndpointId, direction| -> Vec<String> {
            self.engine().isolating(id, direction).map(|policy| cluster.policy_label(policy)).collect()
        };
        let endpoints = cluster.endpoint_ids().map(|(id, endpoint)| {
            json!({
                "id": cluster.endpoint_label(id),
                "namespace": cluster.namespace_name(endpoint.namespace),
                "name": &*endpoint.name,
                "kind": endpoint.kind.name(),
                "labels": endpoint.labels.iter().map(|(key, value)| (key.to_string(), Value::from(value.to_string()))).collect::<serde_json::Map<_, _>>(),
                "addresses": endpoint.addresses,
                "hostNetwork": endpoint.host_network,
                "place": self.place(&endpoint.origin),
                "ingress": isolating(id, Direction::Ingress),
                "egress": isolating(id, Direction::Egress),
            })
        });
        crate::json(&endpoints.collect::<Vec<_>>())
    }

    /// `[{"id","namespace","name","place","directions","selects","allows"}]`: `selects` lists ids of endpoints, `allows` a sentence a rule.
    pub fn policies(&self) -> Result<String, JsValue> {
        let cluster = self.engine().cluster();
        let mut selected: Vec<Vec<String>> = vec![Vec::new(); cluster.policies.len()];
        for (id, _) in cluster.endpoint_ids() {
            let mut policies: Vec<PolicyId> =
                Direction::BOTH.into_iter().flat_map(|direction| self.engine().isolating(id, direction)).collect();
            policies.sort_unstable();
            policies.dedup();
            for policy in policies {
                if let Some(selected) = selected.get_mut(policy.0 as usize) {
                    selected.push(cluster.endpoint_label(id));
                }
            }
        }
        let policies = cluster.policy_ids().zip(&selected).map(|((id, policy), selected)| {
            let directions: Vec<&str> = Direction::BOTH
                .into_iter()
                .filter(|direction| netpol::model::governs(&policy.spec, *direction))
                .map(Direction::name)
                .collect();
            json!({
                "id": cluster.policy_label(id),
                "namespace": cluster.namespace_name(policy.namespace),
                "name": &*policy.name,
                "place": self.place(&policy.origin),
                "directions": directions,
                "selects": selected,
                "allows": netpol_ide::sentences(self.engine(), id),
            })
        });
        crate::json(&policies.collect::<Vec<_>>())
    }
}

impl Workspace {
    fn place(&self, origin: &netpol::source::Origin) -> Value {
        let location =
            self.sources().resolve(&Place::Field { origin: origin.clone(), path: "metadata.name".to_owned() });
        json!({ "path": location.path, "line": location.line, "column": location.column })
    }
}
