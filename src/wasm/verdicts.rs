//! Answers in bulk: ends as numbers, verdicts and connections as typed arrays.

use netpol::connections::ConnectionSet;
use netpol::flow::{End, Flow, Route, find_ends};
use netpol::protocol::{Port, Protocol};
use netpol::{Engine, Verdict};
use rustc_hash::FxHashMap;
use serde_json::json;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::question::misuse;
use crate::workspace::{Workspace, error_json};

const DENY: u8 = 0;
const ALLOW: u8 = 1;
const MIXED: u8 = 2;

/// The part of a flow in numbers that cannot be meant.
#[derive(Clone, Copy)]
enum Mistaken {
    Source,
    Destination,
    Port,
    Protocol,
}

impl Mistaken {
    fn argument(self) -> &'static str {
        match self {
            Mistaken::Source => "source",
            Mistaken::Destination => "destination",
            Mistaken::Port => "port",
            Mistaken::Protocol => "protocol",
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Mistaken::Source | Mistaken::Destination => "no handle of this engine's present state",
            Mistaken::Port => "not from 1 to 65535",
            Mistaken::Protocol => "not 0, 1 or 2",
        }
    }
}

/// Ends by number. A number is good until a text or an option changes, and is not given again after that.
#[derive(Default)]
pub struct Handles {
    first: u32,
    ends: Vec<Vec<End>>,
    by_text: FxHashMap<String, u32>,
}

impl Handles {
    /// Handles whose numbers start there.
    pub fn starting_at(first: u32) -> Handles {
        Handles { first, ..Handles::default() }
    }

    /// Makes every handle that was given mean nothing.
    pub fn forget(&mut self) {
        *self = Handles::starting_at(self.next().unwrap_or_default());
    }

    fn next(&self) -> Option<u32> {
        u32::try_from(self.ends.len()).ok().and_then(|count| self.first.checked_add(count))
    }

    fn get(&self, handle: u32) -> Option<&[End]> {
        let index = handle.checked_sub(self.first)?;
        self.ends.get(index as usize).map(Vec::as_slice)
    }
}

/// A table of connections: three columns, and what the numbers in them mean.
#[wasm_bindgen(getter_with_clone)]
pub struct ReachTable {
    /// JSON: `{"endpoints":[…],"connections":[[{"protocol","ports"}]]}`, or `{"error"}`.
    pub legend: String,
    pub sources: Vec<u32>,
    pub destinations: Vec<u32>,
    pub connections: Vec<u32>,
}

#[wasm_bindgen]
impl Workspace {
    /// The number of an end, as JSON: `{"handle"}` or `{"error"}`.
    pub fn handle(&mut self, end: &str) -> Result<String, JsValue> {
        if let Some(handle) = self.handles.by_text.get(end) {
            return crate::json(&json!({ "handle": handle }));
        }
        let ends = match find_ends(end, self.engine().cluster()) {
            Ok(ends) => ends,
            Err(error) => return error_json(&error),
        };
        let handle = self.handles.next().ok_or_else(|| misuse("end: there are too many handles"))?;
        self.handles.ends.push(ends);
        self.handles.by_text.insert(end.to_owned(), handle);
        crate::json(&json!({ "handle": handle }))
    }

    /// 0 denied, 1 allowed, 2 if an end stands for several pods and they differ.
    pub fn verdict(&self, source: u32, destination: u32, port: u16, protocol: u8) -> Result<u8, JsValue> {
        let decided = self.decided(self.engine(), source, destination, port, protocol);
        decided.map_err(|mistaken| misuse(&format!("{}: {}", mistaken.argument(), mistaken.reason())))
    }

    /// Many verdicts: element by element of four columns of one length.
    pub fn verdicts(
        &self,
        sources: &[u32],
        destinations: &[u32],
        ports: &[u16],
        protocols: &[u8],
    ) -> Result<Vec<u8>, JsValue> {
        let count = sources.len();
        if destinations.len() != count || ports.len() != count || protocols.len() != count {
            return Err(misuse("the columns are not of one length"));
        }
        let engine = self.engine();
        let mut verdicts = Vec::with_capacity(count);
        let rows = sources.iter().zip(destinations).zip(ports.iter().zip(protocols));
        for (row, ((source, destination), (port, protocol))) in rows.enumerate() {
            let decided = self.decided(engine, *source, *destination, *port, *protocol);
            verdicts.push(decided.map_err(|mistaken| {
                misuse(&format!("columns.{}s[{row}]: {}", mistaken.argument(), mistaken.reason()))
            })?);
        }
        Ok(verdicts)
    }

    /// Who can reach whom, for large clusters: equal connections have equal numbers.
    #[wasm_bindgen(js_name = reachTable)]
    pub fn reach_table(&self, asked: JsValue) -> Result<ReachTable, JsValue> {
        let mut table = ReachTable {
            legend: String::new(),
            sources: Vec::new(),
            destinations: Vec::new(),
            connections: Vec::new(),
        };
        table.legend = self.with_query(asked, &[], |query| {
            let connectivity = self.engine().reach(query);
            let mut sets: Vec<ConnectionSet> = Vec::new();
            let mut numbers = FxHashMap::default();
            connectivity.for_each(|source, destination, id, connections| {
                let number = *numbers.entry(id).or_insert_with(|| {
                    sets.push(connections.clone());
                    sets.len() - 1
                });
                for (column, value) in [
                    (&mut table.sources, source),
                    (&mut table.destinations, destination),
                    (&mut table.connections, number),
                ] {
                    column.push(u32::try_from(value).unwrap_or(u32::MAX));
                }
            });
            netpol_report::reach::legend(&connectivity, &sets)
                .map_err(|error| js_sys::Error::new(&error.to_string()).into())
        })?;
        Ok(table)
    }
}

impl Workspace {
    fn decided(&self, engine: &Engine, source: u32, destination: u32, port: u16, protocol: u8) -> Result<u8, Mistaken> {
        let protocol = Protocol::ALL.get(usize::from(protocol)).ok_or(Mistaken::Protocol)?;
        let port = Port::new(port).ok_or(Mistaken::Port)?;
        let sources = self.handles.get(source).ok_or(Mistaken::Source)?;
        let destinations = self.handles.get(destination).ok_or(Mistaken::Destination)?;
        let flow = |source: &End, destination: &End| Flow {
            source: *source,
            destination: *destination,
            protocol: *protocol,
            port,
            family: None,
            route: Route::Direct,
        };
        let mut seen = None;
        for source in sources {
            for destination in destinations {
                let verdict = engine.evaluate(&flow(source, destination));
                if seen.is_some_and(|seen| seen != verdict) {
                    return Ok(MIXED);
                }
                seen = Some(verdict);
            }
        }
        Ok(if seen == Some(Verdict::Allow) { ALLOW } else { DENY })
    }
}
