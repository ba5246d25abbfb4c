//! The annotation `netpol.dev/ignore` of an object: `SLUG REASON` in each line, for manifests whose comments do not survive.

use super::{Ignore, Scope};
use crate::load;
use crate::source::{Place, Source, SourceId};
use crate::tree::{Content, NodeId, Tree};

const KEY: &str = "netpol.dev/ignore";

/// What the annotations of a text's objects ask. Only pieces that name the key are parsed.
pub(super) fn ignores(id: SourceId, source: &Source) -> Vec<Ignore> {
    let mut ignores = Vec::new();
    if !source.text.contains(KEY) {
        return ignores;
    }
    for piece in load::object_ranges(source) {
        let Some(text) = source.text.get(piece.clone()).filter(|text| text.contains(KEY)) else { continue };
        let Ok(start) = u32::try_from(piece.start) else { continue };
        let tree = Tree::parse(text);
        if let Some(root) = tree.root() {
            Objects { id, text, start, tree: &tree, ignores: &mut ignores }.visit(root);
        }
    }
    ignores
}

/// The objects of a piece of a text.
struct Objects<'a> {
    id: SourceId,
    text: &'a str,
    /// Where the piece begins in the text.
    start: u32,
    tree: &'a Tree,
    ignores: &'a mut Vec<Ignore>,
}

impl Objects<'_> {
    /// Reads the annotations of the object, or the items, that the piece has.
    fn visit(&mut self, root: NodeId) {
        let tree = self.tree;
        let items = tree.items(tree.field(root, "items").unwrap_or(root)).unwrap_or_default();
        for object in items.iter().copied().chain([root]) {
            let annotations = tree.field(object, "metadata").and_then(|metadata| tree.field(metadata, "annotations"));
            if let Some(value) = annotations.and_then(|annotations| tree.field(annotations, KEY)) {
                self.read(object, value);
            }
        }
    }

    fn read(&mut self, object: NodeId, value: NodeId) {
        let (Some(object), Some(value)) = (self.tree.node(object), self.tree.node(value)) else { return };
        let Content::Scalar(scalar) = &value.content else { return };
        let scope = self.start + object.span.start..self.start + object.span.end;
        let mut from = value.span.start as usize;
        for asked in scalar.text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            // Escapes and folded lines can keep the words of a line from standing in the text as they are.
            let slug = asked.split_whitespace().next().unwrap_or(asked);
            let found = self.text.get(from..value.span.end as usize).and_then(|rest| rest.find(slug));
            let (start, end) = match found {
                Some(at) => (from + at, from + at + slug.len()),
                None => (value.span.start as usize, value.span.end as usize),
            };
            from = end;
            let place = Place::Span { source: self.id, start: self.offset(start), end: self.offset(end) };
            self.ignores.push(Ignore::new(Scope::Object(scope.clone()), asked, place));
        }
    }

    fn offset(&self, offset: usize) -> u32 {
        self.start.saturating_add(u32::try_from(offset).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Diagnostic;
    use crate::ignore::part;
    use crate::source::{Place, Sources};

    /// The slugs of what is left and the reasons of what is ignored, of a finding at `here` in a text.
    fn parted(path: &str, text: &str) -> (Vec<(&'static str, String)>, Vec<String>) {
        let mut sources = Sources::default();
        let source = sources.add(path, text);
        let start = text.find("here").unwrap() as u32;
        let finding = Diagnostic::error("open-egress", "").at(Place::Span { source, start, end: start + 4 });
        let parted = part(&sources, vec![finding]);
        let shown = |finding: &Diagnostic| {
            let bytes = sources.region(finding.place.as_ref().unwrap()).bytes;
            text[bytes.start as usize..bytes.end as usize].to_owned()
        };
        let left = parted.left.iter().map(|finding| (finding.slug, shown(finding))).collect();
        (left, parted.ignored.into_iter().map(|ignored| ignored.reason).collect())
    }

    fn object(ignore: &str) -> String {
        format!(
            "kind: Pod\nmetadata:\n  annotations:\n    {}: {ignore}\nspec: here\n---\nkind: Pod\nspec: 1\n",
            super::KEY
        )
    }

    #[test]
    fn each_line_ignores_a_rule_in_the_whole_object() {
        for ignore in [
            "open-egress it is a lab, for now",
            "|\n      open-egress it is a lab, for now\n",
            "\"open-egress it is a lab, for now\\n\"",
        ] {
            assert_eq!(
                parted("a.yaml", &object(ignore)),
                (vec![], vec!["it is a lab, for now".to_owned()]),
                "{ignore}"
            );
        }
        let json = r#"{"kind": "List", "items": [
            {"kind": "Pod", "metadata": {"annotations": {"netpol.dev/ignore": "open-egress it is a lab"}}, "spec": "here"},
            {"kind": "Pod", "metadata": {"annotations": {"netpol.dev/ignore": "open-egress it was a lab"}}}]}"#;
        assert_eq!(parted("a.yaml", json), parted("a.json", json));
        let yaml = format!(
            "kind: List\nitems:\n- kind: Pod\n- kind: Pod\n  metadata:\n    annotations:\n      {}: open-egress a lab\n  spec: here\n",
            super::KEY
        );
        assert_eq!(parted("a.yaml", &yaml), (vec![], vec!["a lab".to_owned()]));
        let unused = ("unused-ignore", "open-egress".to_owned());
        assert_eq!(parted("a.json", json), (vec![unused], vec!["it is a lab".to_owned()]));
    }

    #[test]
    fn another_object_needs_an_annotation_of_its_own() {
        let other =
            object("open-egress it is a lab").replace("here", "1").replace("spec: 1\n---", "---") + "status: here\n";
        let (left, ignored) = parted("a.yaml", &other);
        assert_eq!((left.len(), ignored.len()), (2, 0), "{left:?}");
    }

    #[test]
    fn a_line_without_a_reason_a_rule_or_a_finding_is_told_where_it_is() {
        let ignore = "|-\n      open-egress\n\n      open-egres a typo\n      ignored-rules no such finding\n";
        let (left, ignored) = parted("a.yaml", &object(ignore));
        let told = |slug, shown: &str| (slug, shown.to_owned());
        assert_eq!(
            left,
            [
                told("open-egress", "here"),
                told("ignore-without-reason", "open-egress"),
                told("unused-ignore", "open-egres"),
                told("unused-ignore", "ignored-rules"),
            ]
        );
        assert!(ignored.is_empty());
    }
}
