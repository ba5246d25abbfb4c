//! Finds documents in which kubectl, which reads YAML 1.1, sees something else than `serde_yaml`, which reads YAML 1.2: `yes` is a
//! boolean there, `010` is eight, and `<<` merges. They are read as trees, which know kubectl's dialect (`tree/scalar.rs`).

/// Whether a document may have such scalars or keys. Errs on the side of the slower reading.
pub(super) fn is_of_yaml_1_1(document: &str) -> bool {
    let bytes = document.as_bytes();
    let mut start = 0;
    while let Some(length) = bytes.get(start..).and_then(|rest| rest.iter().position(|byte| !is_separator(*byte))) {
        start += length;
        let token = bytes.get(start..).unwrap_or_default();
        let token = token.split(|byte| is_separator(*byte)).next().unwrap_or_default();
        let end = start + token.len();
        if reads_otherwise(token) && is_alone(bytes, start, end) {
            return true;
        }
        start = end;
    }
    false
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b'[' | b']' | b'{' | b'}' | b':')
}

fn reads_otherwise(token: &[u8]) -> bool {
    match token {
        b"<<" | b"y" | b"Y" | b"n" | b"N" => true,
        [b'0', b'0'..=b'9' | b'x' | b'X' | b'o' | b'O' | b'b' | b'B', ..] => true,
        [b'+', rest @ ..] => rest.first().is_some_and(u8::is_ascii_digit),
        [b'-', rest @ ..] => reads_otherwise(rest),
        [first, rest @ ..] if first.is_ascii_digit() => rest.contains(&b'_'),
        _ => {
            token.len() <= 3
                && ["yes", "no", "on", "off"].iter().any(|word| token.eq_ignore_ascii_case(word.as_bytes()))
        }
    }
}

/// Whether a token is a whole scalar or key: a word within text has words beside it.
fn is_alone(bytes: &[u8], start: usize, end: usize) -> bool {
    let line_start = bytes.get(..start).and_then(|before| before.iter().rposition(|byte| *byte == b'\n'));
    let before = bytes.get(line_start.map_or(0, |newline| newline + 1)..start).unwrap_or_default().trim_ascii_end();
    let begins = before.is_empty() || before.ends_with(b"-") || before.last().is_some_and(|byte| is_separator(*byte));
    let after = bytes.get(end..).unwrap_or_default();
    let after = after.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    let ends = after.first().is_none_or(|byte| is_separator(*byte) || *byte == b'#');
    begins && ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_that_yaml_1_1_reads_otherwise_are_found_and_words_in_text_are_not() {
        for document in [
            "a: yes",
            "a: No # really",
            "- on\n",
            "a: {b: off}",
            "a: [y, 1]",
            "y: 1",
            "<<: *a",
            "a: 010",
            "a: 0x1F\n",
            "a: 1_000",
            "a: -012",
            "a: +5",
            "a: {<<: *b}",
            "a:\n  yes\n",
        ] {
            assert!(is_of_yaml_1_1(document), "{document}");
        }
        for document in [
            "a: \"yes\"",
            "a: say yes",
            "# turn it on\na: b\n",
            "a: 0",
            "a: -1",
            "a: 10.0.0.0/8",
            "a: 0.0.0.0/0",
            "a: 0.5",
            "a: no way",
            "a: 'y'",
            "a: true",
            "a: 80",
            "a: node",
            "a: x-on",
        ] {
            assert!(!is_of_yaml_1_1(document), "{document}");
        }
    }
}
