//! Text of the user's, fit to be shown: nothing in it moves the cursor, hides what stands beside it, or ends a line or a cell.

use std::borrow::Cow;
use std::fmt::Write;

use crate::Style;

/// Characters of a quotation that a message shows.
const LONGEST_QUOTE: usize = 100;

/// Characters of a message that are shown, whatever it quotes.
const LONGEST_MESSAGE: usize = 1_000;

/// Text on one line: control characters and those that change the direction of writing become visible, as `\u{1b}`.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unfit) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            '\r' => shown.push_str("\\r"),
            c if is_unfit(c) => {
                let _ = write!(shown, "{}", c.escape_unicode());
            }
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// A text of several lines that are painted already: all but the line ends and the paint becomes visible. Where there is colour, a
/// name may still bring colour, and no more.
pub fn painted(text: &str, style: &Style) -> String {
    let line = |line: &str| {
        let mut rest = line;
        let mut shown = String::with_capacity(line.len());
        while let Some(start) = rest.find('\u{1b}') {
            let (before, from) = rest.split_at(start);
            shown.push_str(&plain(before));
            let paint = style.paint_at(from).max('\u{1b}'.len_utf8());
            let (sequence, after) = from.split_at(paint);
            if paint == 1 {
                shown.push_str(&plain(sequence))
            } else {
                shown.push_str(sequence)
            }
            rest = after;
        }
        shown + &plain(rest)
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

fn is_unfit(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A message on one line, with what it quotes in backticks shortened to about a hundred characters.
pub fn message(text: &str) -> String {
    let quotes = text
        .split('`')
        .enumerate()
        .map(|(index, part)| if index % 2 == 1 { shortened(part, LONGEST_QUOTE) } else { Cow::Borrowed(part) });
    let text = quotes.collect::<Vec<_>>().join("`");
    plain(&shortened(&text, LONGEST_MESSAGE)).into_owned()
}

/// The name of something, on one line and not too long.
pub fn name(text: &str) -> String {
    plain(&shortened(text, LONGEST_QUOTE)).into_owned()
}

fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most).and_then(|(end, _)| text.get(..end)) {
        Some(start) => Cow::Owned(format!("{start}…")),
        None => Cow::Borrowed(text),
    }
}

/// Text as code in a cell of a Markdown table.
pub fn markdown_code(text: &str) -> String {
    let text = plain(text).replace('|', "\\|");
    let is_run = |length: usize| text.split(|c| c != '`').any(|run| run.len() == length);
    let fence = "`".repeat((1..).find(|length| !is_run(*length)).unwrap_or(1));
    // A space at both ends is no part of the code, and keeps its backticks from the fence's.
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        assert_eq!(plain("größe 大きい"), "größe 大きい");
        assert_eq!(plain("a\u{1b}[31m\nb\t\u{9b}2J\u{7f}"), "a\\u{1b}[31m\\nb\\t\\u{9b}2J\\u{7f}");
        assert_eq!(plain("evil\u{202e}txt\u{2028}"), "evil\\u{202e}txt\\u{2028}");
    }

    #[test]
    fn paint_stays_and_what_is_painted_is_shown() {
        let style = Style { color: true, ..Style::default() };
        let text = format!("{} \u{1b}[2J\n{}\u{1b}", style.good("a\u{7}"), style.bold("b"));
        assert_eq!(
            painted(&text, &style),
            format!("{} \\u{{1b}}[2J\n{}\\u{{1b}}", style.good("a\\u{7}"), style.bold("b"))
        );
        assert_eq!(painted("\u{1b}[31mx", &Style::default()), "\\u{1b}[31mx");
    }

    #[test]
    fn quotations_are_shortened_and_the_rest_is_not() {
        let quoted = "ö".repeat(101);
        let text = format!("the name `{quoted}` is too long, and `{}` is not", "x".repeat(100));
        assert_eq!(message(&text), text.replace(&quoted, &("ö".repeat(100) + "…")));
        assert_eq!(message(&"x".repeat(100_000)).chars().count(), 1_001);
    }

    #[test]
    fn code_in_a_cell_stays_there() {
        assert_eq!(markdown_code("shop/web[Pod]"), "`shop/web[Pod]`");
        assert_eq!(markdown_code("a|b`c"), "``a\\|b`c``");
        assert_eq!(markdown_code("`a``"), "``` `a`` ```");
    }
}
