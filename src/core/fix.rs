//! Applies the edits that mend findings.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Edit};
use crate::source::{SourceId, Sources};

/// Texts with fixes applied.
#[derive(Debug, Default)]
pub struct Fixed {
    /// The new text of each source that changes.
    pub texts: BTreeMap<SourceId, String>,
    /// How many fixes were applied. Of those that overlap only the first is; what is left is found again in the new text.
    pub count: usize,
}

/// Applies the fixes of findings, each wholly or not at all.
pub fn apply(sources: &Sources, diagnostics: &[Diagnostic]) -> Fixed {
    let mut taken: BTreeMap<SourceId, Vec<&Edit>> = BTreeMap::new();
    let mut count = 0;
    for fix in diagnostics.iter().filter_map(|diagnostic| diagnostic.fix.as_ref()) {
        let is_free = |edit: &Edit| {
            let others = taken.get(&edit.source).map_or(&[][..], Vec::as_slice);
            let fits = sources
                .get(edit.source)
                .is_some_and(|source| source.text.get(edit.range.start as usize..edit.range.end as usize).is_some());
            fits && others.iter().all(|other| edit.range.end < other.range.start || other.range.end < edit.range.start)
        };
        if !fix.edits.is_empty() && fix.edits.iter().all(is_free) {
            count += 1;
            for edit in &fix.edits {
                taken.entry(edit.source).or_default().push(edit);
            }
        }
    }
    let texts = taken
        .into_iter()
        .filter_map(|(id, mut edits)| {
            edits.sort_by_key(|edit| edit.range.start);
            Some((id, edited(&sources.get(id)?.text, &edits)))
        })
        .collect();
    Fixed { texts, count }
}

/// A text with edits, which are sorted and do not touch.
fn edited(text: &str, edits: &[&Edit]) -> String {
    let mut fixed = String::with_capacity(text.len());
    let mut position = 0;
    for edit in edits {
        fixed.push_str(text.get(position..edit.range.start as usize).unwrap_or_default());
        fixed.push_str(&edit.text);
        position = edit.range.end as usize;
    }
    fixed.push_str(text.get(position..).unwrap_or_default());
    fixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixes_apply_wholly_or_not_at_all_and_never_twice_in_one_place() {
        let mut sources = Sources::default();
        let source = sources.add("a.yaml", "one two three");
        let edit = |range: std::ops::Range<u32>, text: &str| Edit { source, range, text: text.to_owned() };
        let finding = |edits: Vec<Edit>| Diagnostic::error("invalid-object", "").fix("", edits);
        let findings = [
            finding(vec![edit(8..13, "drei")]),
            finding(vec![edit(0..3, "eins"), edit(8..9, "T")]),
            finding(vec![edit(4..7, "zwei")]),
            finding(vec![edit(12..40, "far")]),
            Diagnostic::error("invalid-object", ""),
        ];
        let fixed = apply(&sources, &findings);
        assert_eq!((fixed.count, fixed.texts[&source].as_str()), (2, "one zwei drei"));
    }
}
