//! Bytes that are not the UTF-8 that manifests are written in, and those that are, oddly.

use crate::program::Scratch;
use crate::{between_good, good, is_no_error};

/// Asserts that a file is refused for that reason, and that the file beside it is read.
#[track_caller]
fn is_unreadable(content: &[u8], place: &str, reason: &str) {
    let scratch = Scratch::new();
    scratch.write("bad.yaml", content);
    scratch.write("good.yaml", between_good("").0);
    let message = format!("error[unreadable-file]: this file is left out: it is {reason}");
    let strict = scratch.netpol(&["reach", "."]).ends_with(2).says(&[&format!("{place}:"), &message]);
    assert_eq!(strict.out, "");
    crate::survives(&scratch, ".");
}

#[test]
fn binary_files_are_refused_as_such() {
    let bytes: Vec<u8> = (0..=255).cycle().take(10_000).collect();
    is_unreadable(&bytes, "bad.yaml:1:1", "binary");
    is_unreadable(b"\x7fELF\x02\x01\x01\0\0", "bad.yaml:1:1", "binary");
}

#[test]
fn utf_16_is_refused_by_its_name() {
    for (mark, bytes) in [([0xff, 0xfe], u16::to_le_bytes as fn(u16) -> [u8; 2]), ([0xfe, 0xff], u16::to_be_bytes)] {
        let text = between_good("").0;
        let content: Vec<u8> = mark.into_iter().chain(text.encode_utf16().flat_map(bytes)).collect();
        is_unreadable(&content, "bad.yaml:1:1", "UTF-16: save it as UTF-8");
        // Without a byte order mark it is not known for what it is, but it is not read either.
        is_unreadable(&content[2..], "bad.yaml:1:1", "binary");
    }
}

#[test]
fn bytes_that_are_no_utf_8_are_found() {
    let text = format!("{}# gr\u{fc}\u{df}e\n", between_good("").0);
    let line = text.lines().count();
    let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
    is_unreadable(
        &latin,
        &format!("bad.yaml:{line}:5"),
        &format!("not UTF-8: byte {} does not belong there", text.find('\u{fc}').unwrap()),
    )
}

#[test]
fn the_place_of_bytes_that_are_no_utf_8_is_where_the_message_points() {
    is_unreadable(b"a: b\nc: \xfc\n", "bad.yaml:2:4", "not UTF-8");
}

#[test]
fn windows_line_ends_change_nothing() {
    is_no_error("input.yaml", between_good("").0.replace('\n', "\r\n"));
    let bad = between_good("kind: Pod\napiVersion: v1\nmetadata: []\n").0.replace('\n', "\r\n");
    let line = bad.lines().position(|line| line == "metadata: []").unwrap() + 1;
    crate::is_left_out("input.yaml", bad, &[&format!("input.yaml:{line}:11: error[invalid-object]")]);
}

#[test]
fn a_byte_order_mark_changes_nothing() {
    let (pods, policy) = good();
    let text = format!("{pods}---\n{policy}");
    is_no_error("input.yaml", format!("\u{feff}# comment\n{text}"));
    for bad in
        [format!("\u{feff}{text}"), format!("\u{feff}---\n{text}"), format!("\u{feff}{}", text.replace('\n', "\r\n"))]
    {
        is_no_error("input.yaml", bad);
    }
}

#[test]
fn names_beyond_ascii_are_read_and_columns_count_characters() {
    let (text, first) =
        between_good("# größe 大きい\nkind: Pod\napiVersion: v1\nmetadata: { name: größe, labels: [] }\n");
    crate::is_left_out("input.yaml", text, &[&format!("input.yaml:{}:34: error[invalid-object]", first + 3)]);
}

#[test]
fn control_characters_of_the_input_do_not_reach_the_terminal() {
    for odd in [
        "kind: Pod\napiVersion: v1\nmetadata: { name: x, namespace: \"\\e[2J\", labels: [\"\\e[31m\"] }\n",
        "kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\nmetadata: { name: \"a\\e[31m\\nb\", namespace: shop }\n",
        "kind: \"\\e[2J\"\napiVersion: v1\n",
    ] {
        let scratch = Scratch::new();
        scratch.write("input.yaml", between_good(odd).0);
        let run = scratch.netpol(&["reach", "input.yaml", "--lenient"]).ends_with(0);
        assert!(!run.err.contains('\x1b'), "{:?}", run.err);
    }
}
