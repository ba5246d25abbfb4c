//! What the standard streams can show.

use std::io::{self, IsTerminal, Write};

use netpol_report::Style;

use crate::args::{ColorWhen, Common};

/// Whether an answer still has a reader. One that goes away has read what it wanted: that is no error, and the answer stays.
pub fn delivered(result: io::Result<()>) -> io::Result<bool> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        result => result.map(|()| true),
    }
}

/// The standard streams of this run.
pub struct Terminal {
    color: ColorWhen,
}

impl Terminal {
    pub fn of(common: &Common) -> Terminal {
        Terminal { color: common.color }
    }

    /// How standard output is to look.
    pub fn output_style(&self) -> Style {
        let is_terminal = io::stdout().is_terminal();
        let width = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
        Style { color: self.has_color(is_terminal), glyphs: is_terminal, width: width.filter(|_| is_terminal) }
    }

    /// How standard error is to look.
    pub fn error_style(&self) -> Style {
        let is_terminal = io::stderr().is_terminal();
        Style { color: self.has_color(is_terminal), glyphs: is_terminal, width: None }
    }

    fn has_color(&self, is_terminal: bool) -> bool {
        match self.color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => {
                let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
                let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                is_terminal && !is_set("NO_COLOR") && !is_dumb
            }
        }
    }

    /// Says what is wrong, behind the place where it is.
    pub fn report_error(&self, place: &str, message: &str) {
        let error = netpol_report::diagnostics::error(message, &self.error_style());
        self.report(&format!("{}{error}", netpol_report::plain::plain(place)));
    }

    /// Says something that is not data. A closed standard error is no reason to stop.
    pub fn report(&self, text: &str) {
        let _ = io::stderr().write_all(text.as_bytes());
    }
}
