//! What the commands share: the host, the common options, and how text is to look.

use std::path::{Path, PathBuf};

use netpol_report::Style;

use crate::Failure;
use crate::args::{ColorWhen, Common};
use crate::host::{Host, Screen, Stream};

/// The circumstances of a run.
pub struct Context<'a> {
    pub host: &'a dyn Host,
    pub common: &'a Common,
}

impl Context<'_> {
    /// How standard output is to look.
    pub fn output_style(&self) -> Style {
        self.style(self.host.screen(Stream::Output))
    }

    /// How standard error is to look.
    pub fn error_style(&self) -> Style {
        self.style(Screen { width: None, ..self.host.screen(Stream::Error) })
    }

    fn style(&self, screen: Screen) -> Style {
        let is_terminal = screen.is_terminal;
        Style { color: self.has_color(is_terminal), glyphs: is_terminal, width: screen.width.filter(|_| is_terminal) }
    }

    fn has_color(&self, is_terminal: bool) -> bool {
        match self.common.color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => {
                let is_dumb = self.host.variable("TERM").is_some_and(|term| term == "dumb");
                is_terminal && self.host.variable("NO_COLOR").is_none() && !is_dumb
            }
        }
    }

    /// Says what is wrong, behind the place where it is.
    pub fn report_error(&self, place: &str, message: &str) {
        let error = netpol_report::diagnostics::error(message, &self.error_style());
        self.host.report(&format!("{}{error}", netpol_report::plain::plain(place)));
    }

    /// A file as text; `-` is standard input.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is no UTF-8.
    pub fn text(&self, path: &Path) -> Result<String, Failure> {
        let failure = |source| Failure::Read { path: path.display().to_string(), source };
        let read = self.host.read(&[PathBuf::from(path)], usize::MAX).pop();
        let bytes = read.unwrap_or_else(|| Err(std::io::ErrorKind::NotFound.into())).map_err(failure)?;
        String::from_utf8(bytes).map_err(|_| failure(std::io::Error::other("it is not UTF-8 text")))
    }

    /// Writes a file.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write(&self, path: &Path, text: &str) -> Result<(), Failure> {
        let failure = |source| Failure::Write { path: path.display().to_string(), source };
        self.host.write(path, text).map_err(failure)
    }
}
