//! The page, as it was built into the program.

#[cfg(has_page)]
static PAGE: include_dir::Dir<'_> = include_dir::include_dir!("$CARGO_MANIFEST_DIR/../../www/dist");

/// The type and the bytes of a file of the page.
#[cfg(has_page)]
pub fn file(path: &str) -> Option<(&'static str, &'static [u8])> {
    let kind = match path.rsplit('.').next()? {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        _ => "application/octet-stream",
    };
    PAGE.get_file(path).map(|file| (kind, file.contents()))
}

/// There is none.
#[cfg(not(has_page))]
pub fn file(_: &str) -> Option<(&'static str, &'static [u8])> {
    None
}
