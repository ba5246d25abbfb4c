//! The pages of `docs/diagnostics`, which explain what is found.
//!
//! The feature `embedded-pages` puts them into the program. Without it they are given: a web page that loads the library has no use
//! for them, and they would be a good part of it.

use std::collections::HashMap;
use std::sync::OnceLock;

#[cfg(feature = "embedded-pages")]
static EMBEDDED: include_dir::Dir<'_> = include_dir::include_dir!("$CARGO_MANIFEST_DIR/../../docs/diagnostics");

static GIVEN: OnceLock<HashMap<String, String>> = OnceLock::new();

/// Gives the pages by slug, once.
pub fn give(pages: HashMap<String, String>) {
    let _ = GIVEN.set(pages);
}

/// The page about a rule, in Markdown.
pub fn of(slug: &str) -> Option<&'static str> {
    #[cfg(feature = "embedded-pages")]
    if let Some(page) = EMBEDDED.get_file(format!("{slug}.md")) {
        return page.contents_utf8();
    }
    GIVEN.get()?.get(slug).map(String::as_str)
}
