//! Refuses documents that are nested absurdly deep before a parser that would read all of them first.

use granit_parser::Parser;

/// No manifest is nested like this; beyond it only a real parser can tell nesting from brackets in text.
const SUSPICIOUS_DEPTH: usize = 100;

/// Closing brackets in quotes can hide nesting from a scan, so a document with this many opening ones is parsed in any case.
const SUSPICIOUS_COUNT: usize = 5_000;

/// Whether a document is nested so deeply that it must not be decoded.
///
/// A scan for brackets and runs of dashes, which takes those in quotes for structure, decides cheaply; when it finds too much,
/// granit-parser, which gives up at 255 levels, decides exactly.
pub(super) fn is_too_deep(text: &str) -> bool {
    is_suspicious(text)
        && Parser::new_from_str(text).any(|event| event.is_err_and(|error| is_nesting(&error.to_string())))
}

fn is_nesting(message: &str) -> bool {
    message.contains("nesting") || message.contains("recursion") || message.contains("depth")
}

fn is_suspicious(text: &str) -> bool {
    let (mut depth, mut count, mut dashes) = (0usize, 0usize, 0usize);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => {
                depth += 1;
                count += 1;
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'-' | b'?' | b':' => dashes += 1,
            b' ' | b'\t' => {}
            _ => dashes = 0,
        }
        if depth > SUSPICIOUS_DEPTH || dashes > SUSPICIOUS_DEPTH || count > SUSPICIOUS_COUNT {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_flow_and_dash_nesting_is_refused() {
        assert!(is_too_deep(&"[".repeat(10_000)));
        assert!(is_too_deep(&"{a: ".repeat(10_000)));
        assert!(is_too_deep(&"- ".repeat(10_000)));
        assert!(is_too_deep(&"[\"]\", ".repeat(10_000)));
    }

    #[test]
    fn brackets_and_dashes_in_text_are_not_nesting() {
        assert!(!is_too_deep(&format!("a: '{}'\n", "[".repeat(1_000))));
        assert!(!is_too_deep(&format!("# {}\na: 1\n", "- ".repeat(1_000))));
    }
}
