//! What JavaScript asks, as the library wants it.

use js_sys::TypeError;
use netpol::ReachQuery;
use netpol::config::OptionsConfig;
use netpol::flow::{FlowError, FlowText, parse_protocol};
use netpol::protocol::{Family, Port};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

/// A mistake in the call itself, not in what it asks.
pub fn misuse(message: &str) -> JsValue {
    TypeError::new(message).into()
}

/// An argument, which may be left out.
pub fn argument<T: Default + DeserializeOwned>(name: &str, value: JsValue) -> Result<T, JsValue> {
    if value.is_undefined() || value.is_null() {
        return Ok(T::default());
    }
    serde_wasm_bindgen::from_value(value).map_err(|error| misuse(&format!("{name}: {error}")))
}

pub fn options(value: JsValue) -> Result<OptionsConfig, JsValue> {
    argument("options", value)
}

/// Text or a number: ports are written either way.
#[derive(Deserialize)]
#[serde(untagged)]
enum PortText {
    Number(u16),
    Text(String),
}

impl PortText {
    fn into_text(self) -> String {
        match self {
            PortText::Number(number) => number.to_string(),
            PortText::Text(text) => text,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FlowFields {
    from: String,
    to: String,
    port: Option<PortText>,
    protocol: Option<String>,
    family: Option<Family>,
}

/// A flow: `a -> b:80/TCP`, or its parts. The inner error is an answer.
pub fn flow(value: JsValue) -> Result<(String, Result<FlowText, FlowError>), JsValue> {
    if let Some(text) = value.as_string() {
        let flow = FlowText::parse(&text);
        return Ok((text, flow));
    }
    let fields: FlowFields =
        serde_wasm_bindgen::from_value(value).map_err(|error| misuse(&format!("flow: {error}")))?;
    let mut flow = FlowText {
        source: fields.from,
        destination: fields.to,
        port: fields.port.map(PortText::into_text),
        protocol: None,
        family: fields.family,
    };
    let protocol = fields.protocol.as_deref().map(parse_protocol).transpose();
    let asked = match &fields.protocol {
        Some(protocol) => format!("{flow}/{protocol}"),
        None => flow.to_string(),
    };
    Ok((
        asked,
        protocol.map(|protocol| {
            flow.protocol = protocol;
            flow
        }),
    ))
}

/// One text or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Several(Vec<String>),
}

impl Default for Texts {
    fn default() -> Texts {
        Texts::Several(Vec::new())
    }
}

impl From<Texts> for Vec<String> {
    fn from(texts: Texts) -> Vec<String> {
        match texts {
            Texts::One(text) => vec![text],
            Texts::Several(texts) => texts,
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Ports {
    One(PortText),
    Several(Vec<PortText>),
}

impl Default for Ports {
    fn default() -> Ports {
        Ports::Several(Vec::new())
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Query {
    from: Texts,
    to: Texts,
    namespace: Texts,
    port: Ports,
    protocol: Texts,
    family: Option<Family>,
    include_self: bool,
    include_nodes: bool,
}

/// The part of an answer that is asked for. The inner error is an answer.
pub fn query(value: JsValue) -> Result<Result<ReachQuery, FlowError>, JsValue> {
    let query: Query = argument("query", value)?;
    let ports = match query.port {
        Ports::One(port) => vec![port],
        Ports::Several(ports) => ports,
    };
    let protocols: Vec<String> = query.protocol.into();
    let read = || {
        Ok(ReachQuery {
            ports: ports.into_iter().map(|port| port_range(&port.into_text())).collect::<Result<_, FlowError>>()?,
            protocols: protocols.iter().map(|text| parse_protocol(text)).collect::<Result<_, FlowError>>()?,
            sources: query.from.into(),
            destinations: query.to.into(),
            namespaces: query.namespace.into(),
            family: query.family,
            include_self: query.include_self,
            include_nodes: query.include_nodes,
            ..ReachQuery::default()
        })
    };
    Ok(read())
}

fn port_range(text: &str) -> Result<(Port, Port), FlowError> {
    netpol_command::port_range(text)
        .map_err(|message| FlowError { message: format!("port `{text}`"), help: Some(message) })
}
