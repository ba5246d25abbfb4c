//! The command line of `netpol`, read for JavaScript: words in, a command as JSON out.
//!
//! A module of its own, because clap takes a seventh of what everything else takes and a browser has no command line.

#![allow(unsafe_code, reason = "wasm-bindgen makes exports of it")]

use netpol_command::{Cli, parse};
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;

/// What a command line comes to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Parsed {
    /// A command to run.
    Command(Box<Cli>),
    /// A text to print, and the status to end with.
    #[serde(rename_all = "camelCase")]
    Text { text: String, is_error: bool, status: i32 },
}

/// Reads the words behind the program's name. `columns` is the width of the terminal that a text goes to, if it goes to one.
#[wasm_bindgen(js_name = readArguments)]
pub fn read_arguments(words: Vec<String>, color: bool, columns: Option<usize>) -> String {
    let words = std::iter::once("netpol".to_owned()).chain(words);
    let parsed = match parse(words.map(Into::into), columns) {
        Ok(cli) => Parsed::Command(Box::new(cli)),
        Err(error) => {
            let text = error.render();
            Parsed::Text {
                text: if color { text.ansi().to_string() } else { text.to_string() },
                is_error: error.use_stderr(),
                status: error.exit_code(),
            }
        }
    };
    serde_json::to_string(&parsed).unwrap_or_default()
}
