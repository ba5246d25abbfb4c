//! Texts, and the questions that can be asked about them.

use netpol::config::{Config, OptionsConfig};
use netpol::flow::FlowError;
use netpol::{ReachQuery, fix};
use netpol_report::check::Findings;
use netpol_report::eval::{self, Format as EvalFormat, Places};
use netpol_report::reach::{self, Grouping};
use netpol_report::{Style, check, diff};
use serde_json::json;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::question::{flow, misuse, options, query};
use crate::style::style;
use crate::verdicts::Handles;

/// Texts by path, compiled when something is asked.
#[wasm_bindgen]
#[derive(Default)]
pub struct Workspace {
    inner: netpol::Workspace,
    pub(crate) handles: Handles,
}

#[wasm_bindgen]
impl Workspace {
    /// `first_handle` is the first number that [`Workspace::handle`] gives.
    #[wasm_bindgen(constructor)]
    pub fn new(first_handle: Option<u32>) -> Workspace {
        Workspace { handles: Handles::starting_at(first_handle.unwrap_or_default()), ..Workspace::default() }
    }

    #[wasm_bindgen(js_name = setSource)]
    pub fn set_source(&mut self, path: &str, text: String) {
        self.handles.forget();
        self.inner.set(path, text);
    }

    #[wasm_bindgen(js_name = removeSource)]
    pub fn remove_source(&mut self, path: &str) -> bool {
        self.handles.forget();
        self.inner.remove(path)
    }

    /// Sets the text of a `netpol.yaml`, and options of the engine that win over it. What is wrong with the text is an answer.
    pub fn configure(&mut self, config: &str, engine_options: JsValue) -> Result<Option<String>, JsValue> {
        let set: OptionsConfig = options(engine_options)?;
        let config = match Config::parse(config) {
            Ok(config) => config,
            Err(error) => {
                let (line, column) = error.position.unzip();
                let error = json!({ "message": error.message, "line": line, "column": column });
                return crate::json(&error).map(Some);
            }
        };
        self.handles.forget();
        let options = set.or(config.options).engine_options();
        self.inner.configure(config, options);
        Ok(None)
    }

    /// A format of `netpol check`; `json` is that of docs/json.md.
    pub fn check(&self, format: &str, look: JsValue) -> Result<String, JsValue> {
        use check::Format;
        let format = match format {
            #[cfg(feature = "reports")]
            "pretty" => Format::Pretty,
            #[cfg(feature = "reports")]
            "compact" => Format::Compact,
            "json" => Format::Json,
            #[cfg(feature = "reports")]
            "sarif" => Format::Sarif,
            #[cfg(feature = "reports")]
            "junit" => Format::Junit,
            #[cfg(feature = "reports")]
            "github" => Format::Github,
            #[cfg(feature = "reports")]
            "gitlab" => Format::Gitlab,
            "md" => Format::Markdown,
            other => return Err(unknown_format(other, "pretty, compact, json, sarif, junit, github, gitlab or md")),
        };
        let mut findings = Findings::new(self.inner.findings(), self.inner.ignored(), self.inner.sources());
        findings.leave_out_suppressed();
        findings.text(format, &style(look)?).map_err(internal)
    }

    /// Why parts of the texts decide nothing, in the JSON of `check`.
    #[wasm_bindgen(js_name = leftOut)]
    pub fn left_out(&self) -> Result<String, JsValue> {
        let left_out: Vec<_> = self.inner.left_out().cloned().collect();
        Findings::new(&left_out, &[], self.inner.sources())
            .text(check::Format::Json, &Style::default())
            .map_err(internal)
    }

    /// `[{"path","text"}]` of the texts that fixes change, and how many `fixes` there are.
    pub fn fixed(&self) -> Result<String, JsValue> {
        let fixed = fix::apply(self.inner.sources(), self.inner.findings());
        let text = |(id, text): (&netpol::source::SourceId, &String)| {
            let source = self.inner.sources().get(*id)?;
            Some(json!({ "path": source.path, "text": text }))
        };
        let sources: Vec<_> = fixed.texts.iter().filter_map(text).collect();
        crate::json(&json!({ "fixes": fixed.count, "sources": sources }))
    }

    /// An answer of `netpol eval`, `text` or `json`; a flow that means nothing is answered in JSON, with `error`.
    pub fn evaluate(&self, asked: JsValue, format: &str, look: JsValue) -> Result<String, JsValue> {
        let format = match format {
            #[cfg(feature = "reports")]
            "text" => EvalFormat::Text,
            "json" => EvalFormat::Json,
            other => return Err(unknown_format(other, "text or json")),
        };
        let (asked, flow) = flow(asked)?;
        let engine = self.inner.engine();
        let places = Places::new(engine.cluster(), self.inner.sources());
        let style = style(look)?;
        match flow.and_then(|flow| eval::answer(engine, &places, &flow, format, &style)) {
            Ok((text, _)) => text.map_err(internal),
            Err(error) => eval::error_json(&asked, &error).map_err(internal),
        }
    }

    /// A format of `netpol reach`.
    pub fn reach(&self, asked: JsValue, format: &str, group: &str, look: JsValue) -> Result<String, JsValue> {
        use reach::Format;
        let format = match format {
            #[cfg(feature = "reports")]
            "table" => Format::Table,
            #[cfg(feature = "reports")]
            "list" => Format::List,
            #[cfg(feature = "reports")]
            "matrix" => Format::Matrix,
            "json" => Format::Json,
            #[cfg(feature = "reports")]
            "csv" => Format::Csv,
            #[cfg(feature = "reports")]
            "md" => Format::Markdown,
            #[cfg(feature = "reports")]
            "dot" => Format::Dot,
            other => return Err(unknown_format(other, "table, list, matrix, json, csv, md or dot")),
        };
        let grouping = match group {
            "auto" => Grouping::Auto,
            "workload" => Grouping::Workload,
            "namespace" => Grouping::Namespace,
            other => return Err(unknown_format(other, "auto, workload or namespace")),
        };
        let style = style(look)?;
        self.with_query(asked, &[], |query| {
            let connectivity = self.inner.engine().reach(query);
            text(|out| reach::write(&connectivity, format, grouping, &style, out))
        })
    }

    /// A format of `netpol diff`, with this as NEW.
    pub fn diff(&self, old: &Workspace, asked: JsValue, format: &str, look: JsValue) -> Result<String, JsValue> {
        #[cfg_attr(not(feature = "reports"), expect(unused_variables, reason = "JSON has no looks"))]
        let style: Style = style(look)?;
        self.with_query(asked, &[old], |query| {
            let difference = netpol::diff(old.inner.engine(), self.inner.engine(), query);
            match format {
                #[cfg(feature = "reports")]
                "text" => text(|out| diff::text(&difference, &style, out)),
                "json" => text(|out| diff::json(&difference, out)),
                #[cfg(feature = "reports")]
                "md" => text(|out| diff::markdown(&difference, out)),
                other => Err(unknown_format(other, "text, json or md")),
            }
        })
    }
}

impl Workspace {
    pub(crate) fn inner(&self) -> &netpol::Workspace {
        &self.inner
    }

    pub(crate) fn engine(&self) -> &netpol::Engine {
        self.inner.engine()
    }

    pub(crate) fn sources(&self) -> &netpol::source::Sources {
        self.inner.sources()
    }

    /// Answers a query about this and others; one that means nothing is answered with `{"error"}`.
    pub(crate) fn with_query(
        &self,
        asked: JsValue,
        others: &[&Workspace],
        answer: impl FnOnce(&ReachQuery) -> Result<String, JsValue>,
    ) -> Result<String, JsValue> {
        let engines: Vec<_> = others.iter().chain([&self]).map(|workspace| workspace.engine()).collect();
        let checked = query(asked)?.and_then(|query| netpol::reach::check(&query, &engines).map(|()| query));
        match checked {
            Ok(query) => answer(&query),
            Err(error) => error_json(&error),
        }
    }
}

pub fn error_json(error: &FlowError) -> Result<String, JsValue> {
    crate::json(&json!({ "error": error.to_string() }))
}

fn unknown_format(asked: &str, known: &str) -> JsValue {
    misuse(&format!("format: `{asked}` is none of {known}"))
}

fn internal(error: impl std::fmt::Display) -> JsValue {
    js_sys::Error::new(&error.to_string()).into()
}

fn text(write: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>) -> Result<String, JsValue> {
    let mut bytes = Vec::new();
    write(&mut bytes).map_err(internal)?;
    String::from_utf8(bytes).map_err(internal)
}
