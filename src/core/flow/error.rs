//! Why the text of a flow, or of one end, means nothing, and what may have been meant.

use crate::spelling::nearest;
use std::fmt;

/// Why the text of a flow means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowError {
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl FlowError {
    pub(crate) fn new(message: impl Into<String>) -> FlowError {
        FlowError { message: message.into(), help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> FlowError {
        self.help = Some(help.into());
        self
    }

    /// That a name is not there, with the nearest of the names that are, or a few of them.
    pub(crate) fn not_found(message: impl Into<String>, asked: &str, names: impl Iterator<Item = String>) -> FlowError {
        let mut names: Vec<String> = names.collect();
        names.sort_unstable();
        names.dedup();
        let error = FlowError::new(message);
        match nearest(asked, names.iter().map(String::as_str)) {
            Some(name) => error.help(format!("did you mean `{name}`?")),
            None if names.is_empty() => error.help("there is none at all"),
            None => error.help(format!("there are {}", some_of(&names))),
        }
    }
}

impl fmt::Display for FlowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FlowError {}

/// A few names, quoted, and whether there are more.
pub(crate) fn some_of(names: &[String]) -> String {
    let some: Vec<String> = names.iter().take(6).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > some.len() { ", …" } else { "" };
    format!("{}{more}", some.join(", "))
}
