//! Manifests and options that can be asked, made smaller while the executors still disagree, and written down as a case.

use std::panic::{AssertUnwindSafe, catch_unwind};

use netpol::flow::{Flow, Route};
use netpol::options::{Cidrs, Enforcement, EngineOptions, HostNetwork, IpBlocks};
use netpol::protocol::Family;
use netpol::source::Sources;
use serde_json::Value;

use crate::ask::{Prepared, list};
use crate::named_flow::NamedFlow;
use crate::oracle;

/// An input of the engine, as data that can be taken apart.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The manifests.
    pub documents: Vec<Value>,
    /// The options.
    pub options: EngineOptions,
}

/// A scenario and a flow about which the executors disagree.
#[derive(Debug, Clone)]
pub struct Disagreement {
    /// The manifests and the options.
    pub scenario: Scenario,
    /// The flow; `None` if the input alone is enough for a panic.
    pub flow: Option<NamedFlow>,
    /// What they say.
    pub text: String,
}

impl Scenario {
    /// Reads, resolves and compiles it.
    pub fn prepare(&self) -> Prepared {
        let mut sources = Sources::default();
        let text: Vec<String> = self.documents.iter().map(Value::to_string).collect();
        sources.add("cluster.json", text.join("\n"));
        Prepared::new(&sources, self.options)
    }

    /// The first of the flows about which the executors disagree, or that makes one of them panic.
    pub fn disagreement(&self, flows: impl FnOnce(&Prepared) -> Vec<Flow>) -> Option<Disagreement> {
        let found = |flow, text| Some(Disagreement { scenario: self.clone(), flow, text });
        let prepared = match catch_unwind(AssertUnwindSafe(|| self.prepare())) {
            Ok(prepared) => prepared,
            Err(_) => return found(None, "      a panic before any flow is asked\n".to_owned()),
        };
        let Ok(asked) = catch_unwind(AssertUnwindSafe(|| prepared.asked())) else {
            return found(None, "      a panic while reachability is prepared\n".to_owned());
        };
        for flow in flows(&prepared) {
            let named = || Some(NamedFlow::of(&flow, prepared.engine.cluster()));
            match catch_unwind(AssertUnwindSafe(|| asked.replies(&flow))) {
                Ok(replies) if replies.iter().all(|reply| replies.iter().all(|other| reply.agrees(other))) => {}
                Ok(replies) => return found(named(), list(&replies)),
                Err(_) => return found(named(), "      a panic\n".to_owned()),
            }
        }
        None
    }

    /// The scenario as a case that expects the oracle's answer.
    pub fn to_case(&self, name: &str, flows: &[NamedFlow]) -> String {
        let prepared = self.prepare();
        let mut text = format!("name: {name}\nrule: S2\noptions: {}\nmanifests: |\n", options(&self.options));
        for document in &self.documents {
            let yaml = serde_yaml::to_string(document).expect("JSON is YAML");
            text.push_str("  ---\n");
            yaml.lines().for_each(|line| text.push_str(&format!("  {line}\n")));
        }
        text.push_str("flows:\n");
        for named in flows {
            let flow = named.within(prepared.engine.cluster()).expect("the flow is one of this scenario's");
            let answer = oracle::evaluate(prepared.engine.cluster(), &self.options, &flow);
            let verdict = if answer.allowed() { "allow" } else { "deny" };
            let family = match named.family {
                None => "",
                Some(Family::Ipv4) => ", family: ipv4",
                Some(Family::Ipv6) => ", family: ipv6",
            };
            let route = if named.route == Route::Service { ", route: service" } else { "" };
            text.push_str(&format!(
                "  - {{ flow: \"{named}\", verdict: {verdict}, egress: \"{}\", ingress: \"{}\"{family}{route} }}\n",
                answer.egress.decider, answer.ingress.decider
            ));
        }
        let slugs: Vec<String> = prepared.slugs().into_iter().collect();
        text.push_str(&format!("diagnostics: [{}]\n", slugs.join(", ")));
        text
    }
}

impl Disagreement {
    /// Takes away document after document, field after field, while the executors still disagree about the flow.
    pub fn shrink(mut self) -> Disagreement {
        while let Some(smaller) = self.shrink_once() {
            self = smaller;
        }
        self
    }

    fn shrink_once(&self) -> Option<Disagreement> {
        self.smaller().find_map(|(scenario, flow)| {
            let flow = flow.as_ref();
            let within = |prepared: &Prepared| flow.and_then(|flow| flow.within(prepared.engine.cluster()));
            let disagreement = scenario.disagreement(|prepared| within(prepared).into_iter().collect())?;
            // A panic before the flow is asked is another fault than one that needs the flow.
            (disagreement.flow.as_ref() == flow).then_some(disagreement)
        })
    }

    /// What is left of it after taking away one thing.
    fn smaller(&self) -> impl Iterator<Item = (Scenario, Option<NamedFlow>)> {
        let with_documents = |documents| Scenario { documents, options: self.scenario.options };
        let documents = &self.scenario.documents;
        let fewer = (0..documents.len()).map(move |index| {
            let mut fewer = documents.clone();
            fewer.remove(index);
            (with_documents(fewer), self.flow.clone())
        });
        let plainer = (0..documents.len()).flat_map(move |index| {
            without_a_part(&documents[index]).into_iter().map(move |document| {
                let mut documents = documents.clone();
                documents[index] = document;
                (with_documents(documents), self.flow.clone())
            })
        });
        let options = default_options(self.scenario.options)
            .map(|options| (Scenario { documents: documents.clone(), options }, self.flow.clone()));
        let flows = self.flow.iter().flat_map(|flow| {
            [NamedFlow { family: None, ..flow.clone() }, NamedFlow { route: Route::Direct, ..flow.clone() }]
                .into_iter()
                .filter(move |plainer| plainer != flow)
                .map(|plainer| (self.scenario.clone(), Some(plainer)))
        });
        fewer.chain(plainer).chain(options).chain(flows)
    }

    /// As a case, or as near to one as a panic permits.
    pub fn to_case(&self, name: &str) -> String {
        let flows: Vec<NamedFlow> = self.flow.iter().cloned().collect();
        catch_unwind(AssertUnwindSafe(|| self.scenario.to_case(name, &flows))).unwrap_or_else(|_| {
            let documents: Vec<String> = self.scenario.documents.iter().map(Value::to_string).collect();
            format!("# {name}\n# {:?}\n{}\n", self.scenario.options, documents.join("\n---\n"))
        })
    }
}

/// The value with one field or item gone, anywhere in it; large parts first.
fn without_a_part(value: &Value) -> Vec<Value> {
    let mut smaller = Vec::new();
    match value {
        Value::Array(items) => {
            for index in 0..items.len() {
                let mut fewer = items.clone();
                fewer.remove(index);
                smaller.push(Value::Array(fewer));
            }
            for (index, item) in items.iter().enumerate() {
                for part in without_a_part(item) {
                    let mut items = items.clone();
                    items[index] = part;
                    smaller.push(Value::Array(items));
                }
            }
        }
        Value::Object(fields) => {
            for key in fields.keys().filter(|key| !["apiVersion", "kind", "name", "namespace"].contains(&key.as_str()))
            {
                let mut fewer = fields.clone();
                fewer.remove(key);
                smaller.push(Value::Object(fewer));
            }
            for (key, field) in fields {
                for part in without_a_part(field) {
                    let mut fields = fields.clone();
                    fields.insert(key.clone(), part);
                    smaller.push(Value::Object(fields));
                }
            }
        }
        _ => {}
    }
    smaller
}

/// The options with one of them set back to its default.
fn default_options(options: EngineOptions) -> impl Iterator<Item = EngineOptions> {
    [
        EngineOptions { ip_blocks: IpBlocks::default(), ..options },
        EngineOptions { host_network: HostNetwork::default(), ..options },
        EngineOptions { own_node_egress: Enforcement::default(), ..options },
        EngineOptions { service_hairpin: Enforcement::default(), ..options },
        EngineOptions { cidrs: Cidrs::default(), ..options },
    ]
    .into_iter()
    .filter(move |plainer| *plainer != options)
}

fn options(options: &EngineOptions) -> String {
    let enforcement = |enforcement| if enforcement == Enforcement::Allow { "allow" } else { "police" };
    format!(
        "{{ ip-blocks: {}, host-network: {}, own-node-egress: {}, service-hairpin: {}, cidrs: {} }}",
        if options.ip_blocks == IpBlocks::External { "external" } else { "any" },
        if options.host_network == HostNetwork::Pod { "pod" } else { "node" },
        enforcement(options.own_node_egress),
        enforcement(options.service_hairpin),
        if options.cidrs == Cidrs::Legacy { "legacy" } else { "strict" },
    )
}
