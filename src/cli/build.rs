//! Says whether the page of `netpol playground` has been built: then it becomes part of the program.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "a build script looks at files and talks to cargo"
)]

use std::path::Path;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(has_page)");
    let page = Path::new("../../www/dist");
    println!("cargo::rerun-if-changed=build.rs");
    // Where it will be: cargo looks again each time while it is not there.
    println!("cargo::rerun-if-changed=../../www/dist");
    if page.join("index.html").is_file() {
        println!("cargo::rustc-cfg=has_page");
    }
}
