//! Editor features, in the shapes of the Language Server Protocol. A path without a text has nothing to say.

use netpol::source::SourceId;
use netpol_ide::Position;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::workspace::Workspace;

#[wasm_bindgen]
impl Workspace {
    /// `{"range","text"}` or `null`.
    pub fn hover(&self, path: &str, line: u32, character: u32) -> Result<String, JsValue> {
        let at = Position { line, character };
        crate::json(&self.source(path).and_then(|source| netpol_ide::hover(self.inner(), source, at)))
    }

    /// `{"range","items":[{"label","detail","kind","insert"}]}` or `null`.
    pub fn completions(&self, path: &str, line: u32, character: u32) -> Result<String, JsValue> {
        let at = Position { line, character };
        crate::json(&self.source(path).and_then(|source| netpol_ide::completions(self.inner(), source, at)))
    }

    /// `[{"range","title","policy"}]`.
    pub fn lenses(&self, path: &str) -> Result<String, JsValue> {
        crate::json(&self.source(path).map(|source| netpol_ide::lenses(self.inner(), source)).unwrap_or_default())
    }
}

impl Workspace {
    fn source(&self, path: &str) -> Option<SourceId> {
        self.inner().source(path)
    }
}
