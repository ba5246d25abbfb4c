//! Cuts a JSON text into its values, and a list of objects into its items, without parsing it.
//!
//! The walk knows just enough grammar to notice where a value is cut off, so that a broken one does not take its neighbours along:
//! then the value ends before the next line that begins with a brace. It is linear in the text.

use std::ops::Range;

use super::split::{Document, Syntax};
use crate::object::ObjectDecoder;

/// The values in a range of a text.
pub(super) fn split(text: &str, range: Range<usize>) -> Vec<Document> {
    let mut values = Vec::new();
    let mut walk = Walk { bytes: text.as_bytes(), at: range.start, end: range.end };
    // Once a value runs on to the end, values are looked for between lines that begin with a brace only.
    let mut is_cautious = false;
    // The next line that begins with a brace, as far as it is known.
    let mut line = range.start;
    walk.skip_blanks();
    while walk.at < range.end {
        let start = walk.at;
        let mut next_line = |walk: &Walk<'_>| {
            if line <= start {
                line = walk.next_brace_line(start).unwrap_or(range.end);
            }
            line
        };
        if is_cautious {
            walk.end = next_line(&walk);
        }
        let found = walk.document();
        is_cautious |= found.is_none() && walk.at >= range.end;
        walk.end = range.end;
        values.push(found.unwrap_or_else(|| {
            walk.at = next_line(&walk);
            Document::whole(Syntax::Json, start..walk.at)
        }));
        walk.skip_blanks();
    }
    values
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

/// The walk met something that is no JSON, or the end: `None`.
type Met<T = ()> = Option<T>;

impl<'a> Walk<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied().filter(|_| self.at < self.end)
    }

    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
        if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with("\u{feff}".as_bytes())) {
            self.at += '\u{feff}'.len_utf8();
            self.skip_blanks();
        }
    }

    fn expect(&mut self, byte: u8) -> Met {
        self.skip_blanks();
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// The first byte of the next line that begins with a brace.
    fn next_brace_line(&self, from: usize) -> Option<usize> {
        let rest = self.bytes.get(from..self.end)?;
        rest.windows(2).position(|pair| pair == b"\n{").map(|newline| from + newline + 1)
    }

    /// One value of the text, cut into items if it is a list.
    fn document(&mut self) -> Met<Document> {
        let start = self.at;
        let (items, decoder) = match self.peek()? {
            b'[' => (self.items()?, ObjectDecoder::default()),
            b'{' => self.object()?,
            b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => {
                self.scalar()?;
                (Vec::new(), ObjectDecoder::default())
            }
            _ => {
                // Not JSON, whatever it is: it ends with its line, or where an object may begin.
                while self.peek().is_some_and(|byte| byte != b'\n' && byte != b'{') {
                    self.at += 1;
                }
                (Vec::new(), ObjectDecoder::default())
            }
        };
        Some(Document { syntax: Syntax::Json, range: start..self.at, items, decoder })
    }

    /// An object at the top: its items, if it is a list of objects.
    fn object(&mut self) -> Met<(Vec<Range<usize>>, ObjectDecoder)> {
        let (mut items, mut kind, mut api_version) = (Vec::new(), "", "");
        self.expect(b'{')?;
        self.skip_blanks();
        if self.peek()? == b'}' {
            self.at += 1;
            return Some((items, ObjectDecoder::default()));
        }
        loop {
            let key = self.string()?;
            self.expect(b':')?;
            self.skip_blanks();
            match (key, self.peek()?) {
                ("items", b'[') => items = self.items()?,
                ("kind", b'"') => kind = self.string()?,
                ("apiVersion", b'"') => api_version = self.string()?,
                _ => self.value()?,
            }
            self.skip_blanks();
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return None,
            }
        }
        self.at += 1;
        if !kind.is_empty() && !kind.ends_with("List") {
            items.clear();
        }
        Some((items, ObjectDecoder::for_items_of(api_version, kind)))
    }

    /// The items of an array.
    fn items(&mut self) -> Met<Vec<Range<usize>>> {
        let mut items = Vec::new();
        self.expect(b'[')?;
        self.skip_blanks();
        if self.peek()? == b']' {
            self.at += 1;
            return Some(items);
        }
        loop {
            self.skip_blanks();
            let start = self.at;
            self.value()?;
            items.push(start..self.at);
            self.skip_blanks();
            match self.peek()? {
                b',' => self.at += 1,
                b']' => break,
                _ => return None,
            }
        }
        self.at += 1;
        Some(items)
    }

    /// Steps over a value of any depth. What matters is where it ends: brackets have to balance, and what opens has to stand where
    /// a value may.
    fn value(&mut self) -> Met {
        let mut depth = 0usize;
        let mut is_value_due = true;
        loop {
            self.skip_blanks();
            match self.peek()? {
                b'{' | b'[' if is_value_due => {
                    self.at += 1;
                    depth += 1;
                    continue;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                    is_value_due = false;
                }
                b',' | b':' => {
                    self.at += 1;
                    is_value_due = true;
                    continue;
                }
                _ if is_value_due => {
                    self.scalar()?;
                    is_value_due = false;
                }
                _ => return None,
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn scalar(&mut self) -> Met {
        if self.peek()? == b'"' {
            return self.string().map(|_| ());
        }
        let start = self.at;
        while self
            .peek()
            .is_some_and(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' | b'{'..=b'}' | b'[' | b']'))
        {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// What is between two quotes. A string ends on the line that it begins on.
    fn string(&mut self) -> Met<&'a str> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.at += 2,
                b'\n' => return None,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        std::str::from_utf8(self.bytes.get(start..self.at - 1)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<&str> {
        split(text, 0..text.len()).into_iter().map(|value| &text[value.range]).collect()
    }

    fn items(text: &str) -> Vec<&str> {
        split(text, 0..text.len()).into_iter().flat_map(|value| value.items).map(|item| &text[item]).collect()
    }

    #[test]
    fn values_may_stand_in_any_way_to_one_another() {
        assert_eq!(
            values("\u{feff} {\"a\": \"}\\\"{\"}{} [1]\n5 \"x y\" true"),
            ["{\"a\": \"}\\\"{\"}", "{}", "[1]", "5", "\"x y\"", "true"]
        );
    }

    #[test]
    fn a_value_that_is_cut_off_ends_where_the_next_line_begins_with_a_brace() {
        for broken in [
            "{\"a\": {\"b\": 1}",
            "{\"a\": {\"b\": ",
            "{\"a\": ",
            "{",
            "{\"a",
            "{\"a\": [1, 2",
            "{\"a\": \"b}",
            "hello",
        ] {
            let text = format!("{{\"x\": 1}}\n{broken}\n{{\"y\": [\n{{}}]}}\n{{\"z\": 3}}");
            let found: Vec<&str> = values(&text).into_iter().map(str::trim_end).collect();
            assert_eq!(found, ["{\"x\": 1}", broken.trim_end(), "{\"y\": [\n{}]}", "{\"z\": 3}"]);
        }
    }

    #[test]
    fn very_many_values_that_are_cut_off_take_linear_time() {
        let text = "{\"a\": [\n".repeat(100_000);
        assert_eq!(values(&text).len(), 100_000);
    }

    #[test]
    fn lists_of_objects_are_cut_into_items_wherever_their_kind_stands() {
        assert_eq!(items("{\"items\": [{\"a\": [1]}, {}], \"kind\": \"PodList\"}"), ["{\"a\": [1]}", "{}"]);
        assert_eq!(items("[\n{\"a\": 1},\n{}\n]"), ["{\"a\": 1}", "{}"]);
        assert_eq!(items("{\"kind\": \"Thing\", \"items\": [1]}"), [""; 0]);
        assert_eq!(items("{\"kind\": \"List\", \"items\": []}"), [""; 0]);
    }
}
