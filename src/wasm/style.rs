//! How text is to look.

use netpol_report::Style;
use serde::Deserialize;
use wasm_bindgen::JsValue;

use crate::question::argument;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Look {
    color: bool,
    glyphs: bool,
    width: Option<u16>,
}

pub fn style(look: JsValue) -> Result<Style, JsValue> {
    let look: Look = argument("style", look)?;
    Ok(Style { color: look.color, glyphs: look.glyphs, width: look.width.map(usize::from) })
}
