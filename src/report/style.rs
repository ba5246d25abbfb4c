//! How text is to look: colour, glyphs and width.

use anstyle::{AnsiColor, Effects};

use crate::plain::plain;

/// What the reader's end can show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI colours may be used.
    pub color: bool,
    /// Whether signs beyond ASCII may be used as glyphs.
    pub glyphs: bool,
    /// Columns of the terminal; `None` when there is no limit.
    pub width: Option<usize>,
}

impl Style {
    pub(crate) fn good(&self, text: &str) -> String {
        self.paint(anstyle::Style::new().fg_color(Some(AnsiColor::Green.into())), text)
    }

    pub(crate) fn bad(&self, text: &str) -> String {
        self.paint(anstyle::Style::new().fg_color(Some(AnsiColor::Red.into())), text)
    }

    pub(crate) fn warn(&self, text: &str) -> String {
        self.paint(anstyle::Style::new().fg_color(Some(AnsiColor::Yellow.into())), text)
    }

    pub(crate) fn info(&self, text: &str) -> String {
        self.paint(anstyle::Style::new().fg_color(Some(AnsiColor::Cyan.into())), text)
    }

    pub(crate) fn bold(&self, text: &str) -> String {
        self.paint(anstyle::Style::new().effects(Effects::BOLD), text)
    }

    pub(crate) fn dim(&self, text: &str) -> String {
        self.paint(anstyle::Style::new().effects(Effects::DIMMED), text)
    }

    /// How many bytes of a text that begins with an escape are paint: none if it is another sequence.
    pub(crate) fn paint_at(&self, text: &str) -> usize {
        let is_paint = |code: &str| matches!(code, "0" | "1" | "2" | "31" | "32" | "33" | "36");
        let code = text.strip_prefix("\u{1b}[").and_then(|rest| rest.split_once('m')).map(|(code, _)| code);
        code.filter(|code| self.color && is_paint(code)).map_or(0, |code| "\u{1b}[m".len() + code.len())
    }

    fn paint(&self, style: anstyle::Style, text: &str) -> String {
        let text = plain(text);
        if self.color { format!("{style}{text}{style:#}") } else { text.into_owned() }
    }
}
