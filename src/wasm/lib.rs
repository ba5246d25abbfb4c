//! The engine and its reports for JavaScript. Types cross here, and nothing is decided.
//!
//! What is asked comes as small JavaScript values and is refused with a `TypeError` that names the argument; what is answered goes
//! out as JSON of one documented schema (docs/json.md) or, where there is much of it, as typed arrays. That an end, a port or a
//! filter means nothing in a cluster is an answer and no exception. `pkg/` wraps this for people.

#![allow(unsafe_code, reason = "wasm-bindgen makes exports of it")]
#![allow(missing_docs, reason = "the types that users see, and what they mean, are in pkg/")]

#[cfg(feature = "reports")]
mod command;
mod editor;
mod inventory;
mod question;
mod style;
mod verdicts;
mod workspace;

use js_sys::{JsString, Reflect};
use netpol::lint::RULES;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|info| {
        // The façade takes the message from here when the trap reaches it.
        let message = JsString::from(info.to_string());
        let _ = Reflect::set(&js_sys::global(), &"netpolPanic".into(), &message);
        console_error_panic_hook::hook(info);
    }));
}

#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// `[{"slug","severity","summary"}]`.
#[wasm_bindgen]
pub fn rules() -> Result<String, JsValue> {
    let rule = |rule: &&netpol::lint::Rule| serde_json::json!({ "slug": rule.slug, "severity": rule.severity.name(), "summary": rule.summary });
    json(&RULES.iter().map(rule).collect::<Vec<_>>())
}

/// Gives the pages of the rules, as JSON by slug: the module has none, and SARIF and `rules` show them.
#[wasm_bindgen(js_name = givePages)]
pub fn give_pages(pages: &str) -> Result<(), JsValue> {
    let pages = serde_json::from_str(pages).map_err(|error| question::misuse(&format!("pages: {error}")))?;
    netpol_report::pages::give(pages);
    Ok(())
}

fn json(value: &impl serde::Serialize) -> Result<String, JsValue> {
    serde_json::to_string(value).map_err(|error| JsValue::from(js_sys::Error::new(&error.to_string())))
}
