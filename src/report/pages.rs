//! The pages of `docs/diagnostics`, which explain what is found.

use include_dir::{Dir, include_dir};

static PAGES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../docs/diagnostics");

/// The page about a rule, in Markdown.
pub fn of(slug: &str) -> Option<&'static str> {
    PAGES.get_file(format!("{slug}.md"))?.contents_utf8()
}
