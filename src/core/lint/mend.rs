//! Edits that put one word in place of another, where it stands as expected.

use crate::diagnostic::Edit;
use crate::source::{Origin, Place, Region, Sources};

/// Puts another scalar in place of that of a field, in the quotes that it has; `None` if the field does not say `old`.
pub(super) fn value(sources: &Sources, origin: &Origin, path: &str, old: &str, new: &str) -> Option<Edit> {
    let region = region(sources, origin, path);
    let written = sources.get(region.source)?.text.get(region.bytes.start as usize..region.bytes.end as usize)?;
    let is_quote = |quote: &&str| unquoted(written, quote) == Some(old);
    let quote = ["", "\"", "'"].into_iter().find(is_quote)?;
    Some(Edit { source: region.source, range: region.bytes, text: format!("{quote}{new}{quote}") })
}

/// Puts another key in place of that of a field with a scalar; `None` if the key is not right before the value.
pub(super) fn key(sources: &Sources, origin: &Origin, path: &str, old: &str, new: &str) -> Option<Edit> {
    let region = region(sources, origin, path);
    let before = sources.get(region.source)?.text.get(..region.bytes.start as usize)?;
    let before = before.trim_end().strip_suffix(':')?.trim_end();
    let before = before.strip_suffix(['"', '\'']).unwrap_or(before);
    let start = u32::try_from(before.strip_suffix(old)?.len()).ok()?;
    let end = start + u32::try_from(old.len()).ok()?;
    Some(Edit { source: region.source, range: start..end, text: new.to_owned() })
}

fn region(sources: &Sources, origin: &Origin, path: &str) -> Region {
    sources.region(&Place::Field { origin: origin.clone(), path: path.to_owned() })
}

fn unquoted<'a>(written: &'a str, quote: &str) -> Option<&'a str> {
    written.strip_prefix(quote)?.strip_suffix(quote)
}
