//! A folder in which every file is broken in its own way: each is told by name, none hides another, and the run ends.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::program::Scratch;

/// A pod, without the end of its line.
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: { name: web, namespace: shop }";

/// A policy with this as its `spec`.
fn policy(spec: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{ name: p, namespace: shop }}\nspec:\n{spec}\n"
    )
}

/// Names of files, and bytes that are no manifests.
#[allow(clippy::too_many_lines, reason = "a list")]
fn broken() -> Vec<(&'static str, Vec<u8>)> {
    let laughs = (1..30).fold("kind: Pod\nl0: &l0 [ha, ha]\n".to_owned(), |mut text, level| {
        let _ = writeln!(text, "l{level}: &l{level} [*l{0}, *l{0}, *l{0}]", level - 1);
        text
    });
    let utf16 = |text: &str, order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let mut list: Vec<(&str, Vec<u8>)> = vec![
        ("binary.yaml", (0..=255).cycle().take(4096).collect()),
        ("elf.yaml", b"\x7fELF\x02\x01\x01\0\0kind: Pod".to_vec()),
        ("gzip.json", b"\x1f\x8b\x08\0\0\0\0\0\0\xffkind".to_vec()),
        ("latin-1.yaml", b"kind: Pod\n# caf\xe9\n".to_vec()),
        ("cut-in-a-letter.yaml", "kind: Pod # 🦀".as_bytes()[..14].to_vec()),
        ("nul.yaml", b"kind: Pod\0\napiVersion: v1\n".to_vec()),
        ("utf-16-le.yaml", [&[0xff, 0xfe][..], &utf16(POD, u16::to_le_bytes)].concat()),
        ("utf-16-be.yaml", [&[0xfe, 0xff][..], &utf16(POD, u16::to_be_bytes)].concat()),
    ];
    let deep = |open: &str, close: &str| format!("kind: Pod\na: {}{}\n", open.repeat(20_000), close.repeat(20_000));
    let texts: [(&str, String); 44] = [
        ("anchors.yaml", laughs),
        ("anchors-in-flow.json", format!("kind: Pod\na: {}\n", "&a [".repeat(300))),
        ("deep-lists.yaml", deep("[", "]")),
        ("deep-mappings.yaml", deep("{a: ", "}")),
        ("deep.json", format!("{{\"kind\":\"Pod\",\"a\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000))),
        ("a-million-documents.yaml", "---\nkind: [\n".repeat(1_000_000)),
        ("a-gigantic-line.yaml", format!("kind: Pod\na: \"{}", "x".repeat(8 << 20))),
        ("a-gigantic-document.yaml", format!("kind: Pod\nmetadata:\n  labels:\n{}", "    a: [\n".repeat(600_000))),
        ("truncated.yaml", policy("  podSelector: { matchLabels: { app: we")),
        ("truncated-in-quotes.yaml", format!("{POD}\nspec: \"no end")),
        ("truncated.json", "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":".to_owned()),
        ("truncated-in-a-word.json", "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":nul".to_owned()),
        ("half-a-list.json", "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[{\"kind\":\"Pod\"".to_owned()),
        (
            "json-lines.json",
            "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\"}}\n{\"kind\":\"Pod\" oops}\n"
                .to_owned(),
        ),
        ("comma.json", "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",}".to_owned()),
        ("single-quotes.json", "{'kind':'Pod\"}".to_owned()),
        ("two-values.json", "{\"kind\":\"Pod\"} ] {\"kind\":\"Job\"}".to_owned()),
        ("tabs.yaml", "kind: Pod\n\tmetadata: {}\n".to_owned()),
        ("conflict.yaml", format!("<<<<<<< HEAD\n{POD}\n=======\n{POD}\n>>>>>>> branch\n")),
        ("template.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n".to_owned()),
        ("template-block.yaml", "{{- if .Values.enabled }}\nkind: Pod\n{{- end }}\n".to_owned()),
        ("unknown-alias.yaml", format!("{POD}\na: *nowhere\n")),
        ("unknown-tag.yaml", format!("{POD}\na: !!binary [\n")),
        ("colons.yaml", "kind: Pod: web\n".to_owned()),
        ("indentation.yaml", "kind: Pod\n apiVersion: v1\n".to_owned()),
        ("unclosed-list.yaml", format!("{POD}\na: [b\n")),
        ("unclosed-quote.yaml", "kind: Pod\na: 'b\n".to_owned()),
        ("reserved.yaml", "kind: Pod\na: @b\n".to_owned()),
        ("duplicate-key.yaml", policy("  podSelector: {}\n  podSelector: {}")),
        ("duplicate-label.yaml", policy("  podSelector: { matchLabels: { a: b, a: c } }")),
        ("unknown-field.yaml", policy("  podSelector: {}\n  ingres: []")),
        ("misplaced-field.yaml", policy("  podSelector: {}\n  ingress: [{ from: [{ podSelector: {}, ports: [] }] }]")),
        ("no-list.yaml", policy("  podSelector: {}\n  ingress: {}")),
        ("text-for-a-mapping.yaml", policy("  podSelector: all")),
        ("list-for-a-mapping.yaml", policy("  podSelector: [{ matchLabels: {} }]")),
        ("number-for-a-label.yaml", policy("  podSelector: { matchLabels: { version: 1 } }")),
        ("boolean-for-a-label.yaml", policy("  podSelector: { matchLabels: { tier: on } }")),
        ("mapping-for-a-port.yaml", policy("  podSelector: {}\n  ingress: [{ ports: [{ port: { a: 1 } }] }]")),
        ("huge-port.yaml", policy("  podSelector: {}\n  ingress: [{ ports: [{ port: 99999999999999999999 }] }]")),
        (
            "refused.yaml",
            policy("  podSelector: {}\n  ingress: [{ ports: [{ port: '80' }] }]").replace("name: p", "name: q"),
        ),
        ("old-version.yaml", policy("  podSelector: {}").replace("networking.k8s.io/v1", "extensions/v1beta1")),
        ("misspelt-kind.yaml", policy("  podSelector: {}").replace("NetworkPolicy", "NetworkPolcy")),
        ("nameless.yaml", policy("  podSelector: {}").replace("name: p, ", "")),
        (
            "item-of-a-list.yaml",
            "kind: List\napiVersion: v1\nitems:\n- kind: Pod\n  apiVersion: v1\n  metadata: [web]\n".to_owned(),
        ),
    ];
    list.extend(texts.into_iter().map(|(name, text)| (name, text.into_bytes())));
    list
}

#[test]
fn every_broken_file_of_a_folder_is_told_by_name() {
    let scratch = Scratch::new();
    let broken = broken();
    for (name, bytes) in &broken {
        scratch.write(format!("all/{name}"), bytes);
    }
    let mut names: BTreeSet<&str> = broken.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), broken.len());
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", scratch.path().join("all/a-link-to-nothing.yaml"))
            .expect("links can be made");
        names.insert("a-link-to-nothing.yaml");
    }
    assert!(names.len() >= 50, "{} files", names.len());
    // The error of each file, and nothing about memory or time but that they are bounded: `program` ends what hangs.
    let run = scratch.netpol(&["check", "-o", "compact", "all"]).ends_with(2);
    let mut silent: Vec<&str> = Vec::new();
    for name in names {
        let begins = format!("all/{name}:");
        if !run.out.lines().any(|line| line.starts_with(&begins) && line.contains("error[")) {
            silent.push(name);
        }
    }
    assert!(silent.is_empty(), "nothing is said of {}", silent.join(", "));
    assert!(run.out.len() < 1 << 20, "{} bytes of findings", run.out.len());
    assert!(run.memory < 1_000, "{} MiB", run.memory);
    println!("{} MiB", run.memory);
}
