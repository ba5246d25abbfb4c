//! Editor features: cases as data in `tests/ide`, and that no place in any manifest makes them panic.
//!
//! A file there holds cases of one feature, by its name, each under a line `### What it shows`: a manifest with `‸` where the cursor
//! is, a line `=== answer`, and the answer. Beside every case stands `tests/ide/cluster.yaml`. A hover is shown as the text that it
//! is about in brackets and what it says; completions as what they replace and their labels; lenses as titles.

use std::fs;
use std::path::PathBuf;

use netpol::Workspace;
use netpol::source::SourceId;
use netpol_ide::{Position, Range, completions, hover, lenses};
use netpol_tests::case::{find_files, workspace};

const CARET: char = '‸';

fn folder() -> PathBuf {
    workspace().join("tests/ide")
}

fn source(workspace: &Workspace, path: &str) -> SourceId {
    workspace.sources().iter().find(|(_, source)| source.path == path).expect("the text is there").0
}

/// Every position of a text, by its byte.
fn positions(text: &str) -> impl Iterator<Item = (usize, Position)> {
    let (mut line, mut character) = (0, 0);
    text.char_indices().chain([(text.len(), ' ')]).map(move |(offset, next)| {
        let here = Position { line, character };
        match next {
            '\n' => (line, character) = (line + 1, 0),
            _ => character += u32::try_from(next.len_utf16()).unwrap(),
        }
        (offset, here)
    })
}

fn shown(text: &str, range: Range) -> &str {
    let offset = |wanted| positions(text).find(|(_, here)| *here == wanted).expect("the range is in the text").0;
    &text[offset(range.start)..offset(range.end)]
}

fn answer(feature: &str, manifest: &str) -> String {
    let at = manifest.find(CARET);
    let text = manifest.replace(CARET, "");
    let position = positions(&text).find(|(offset, _)| Some(*offset) == at).map(|(_, position)| position);
    let mut workspace = Workspace::default();
    workspace.set("cluster.yaml", fs::read_to_string(folder().join("cluster.yaml")).unwrap());
    workspace.set("case.yaml", text.as_str());
    let source = source(&workspace, "case.yaml");
    match feature {
        "hover" => hover(&workspace, source, position.expect("a case has a caret"))
            .map_or_else(|| "nothing".to_owned(), |it| format!("[{}] {}", shown(&text, it.range), it.text)),
        "completion" => completions(&workspace, source, position.expect("a case has a caret")).map_or_else(
            || "nothing".to_owned(),
            |it| {
                let labels: Vec<_> = it.items.iter().map(|item| item.label.as_str()).collect();
                format!("[{}] {}", shown(&text, it.range), labels.join(", "))
            },
        ),
        "lenses" => {
            let line =
                |lens: netpol_ide::Lens| format!("[{}] {}: {}", shown(&text, lens.range), lens.policy, lens.title);
            lenses(&workspace, source).into_iter().map(line).collect::<Vec<_>>().join("\n")
        }
        other => panic!("`{other}` is no feature"),
    }
}

#[test]
fn every_case_gets_its_answer() {
    let mut failures = Vec::new();
    for feature in ["hover", "completion", "lenses"] {
        let text = fs::read_to_string(folder().join(format!("{feature}.yaml"))).unwrap();
        let cases: Vec<&str> = text.split("### ").skip(1).collect();
        assert!(!cases.is_empty());
        for case in cases {
            let (name, rest) = case.split_once('\n').expect("a case has a name");
            let (manifest, expected) = rest.split_once("=== answer\n").expect("a case has an answer");
            let found = answer(feature, manifest);
            if found.trim() != expected.trim() {
                failures.push(format!("{feature}: {name}\n--- expected\n{}\n--- found\n{found}\n", expected.trim()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn positions_count_utf16_and_end_with_their_line() {
    let mut workspace = Workspace::default();
    let text = "\u{feff}# 🛡️ größe\r\nkind: NetworkPolicy\r\napiVersion: networking.k8s.io/v1\r\nmetadata: {name: \"🛡️\", namespace: y}\r\n";
    workspace.set("case.yaml", text);
    let source = source(&workspace, "case.yaml");
    let found = hover(&workspace, source, Position { line: 3, character: 24 }).expect("`namespace` has a meaning");
    assert_eq!((found.range.start.character, found.range.end.character), (24, 33));
    assert!(hover(&workspace, source, Position { line: 99, character: 0 }).is_none());
    assert!(hover(&workspace, source, Position { line: 0, character: u32::MAX }).is_none());
}

/// Whole texts, and texts that end where the cursor is, as those do that are being typed.
#[test]
fn no_place_of_any_example_makes_them_panic() {
    let mut files = Vec::new();
    find_files(&workspace().join("examples"), "yaml", &mut files);
    assert!(files.len() > 20);
    let mut answers = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let mut workspace = Workspace::default();
        workspace.set("case.yaml", text.as_str());
        let source = source(&workspace, "case.yaml");
        let _ = lenses(&workspace, source);
        for (offset, position) in positions(&text) {
            answers += usize::from(hover(&workspace, source, position).is_some());
            answers += usize::from(completions(&workspace, source, position).is_some());
            if offset % 97 == 0 {
                let mut typed = Workspace::default();
                typed.set("case.yaml", &text[..offset]);
                let source = typed.sources().iter().next().expect("the text is there").0;
                let _ =
                    (hover(&typed, source, position), completions(&typed, source, position), lenses(&typed, source));
            }
        }
    }
    assert!(answers > 1000, "{answers}");
}
