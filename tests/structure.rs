//! The shape of the workspace: which crate may depend on which, how long files are, what each of them opens with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use netpol_tests::case::{find_files, workspace};
use serde_json::Value;

/// What each crate of ours may depend on, of ours. `tests` and `xtask` may depend on all.
const ARROWS: [(&str, &[&str]); 9] = [
    ("netpol", &[]),
    ("netpol-nft", &["netpol"]),
    ("netpol-report", &["netpol"]),
    ("netpol-ide", &["netpol"]),
    ("netpol-command", &["netpol", "netpol-nft", "netpol-report", "netpol-ide"]),
    ("netpol-cli", &["netpol-command", "netpol-report"]),
    ("netpol-arguments", &["netpol-command"]),
    ("netpol-wasm", &["netpol", "netpol-nft", "netpol-report", "netpol-ide", "netpol-command"]),
    ("netpol-enforcer", &["netpol", "netpol-nft"]),
];
const EXEMPT: [&str; 2] = ["netpol-tests", "xtask"];

/// Lines of a file, without its tests.
const MAX_LINES: usize = 400;

#[test]
fn dependencies_point_one_way() {
    let packages = packages();
    let ours: BTreeSet<&String> = packages.keys().collect();
    for (name, package) in &packages {
        if EXEMPT.contains(&name.as_str()) {
            continue;
        }
        let (_, permitted) = ARROWS
            .iter()
            .find(|(crate_name, _)| crate_name == name)
            .unwrap_or_else(|| panic!("no arrows for `{name}`"));
        for dependency in package["dependencies"].as_array().expect("cargo lists dependencies") {
            let dependency = dependency["name"].as_str().expect("a dependency has a name").to_owned();
            let is_permitted = !ours.contains(&dependency) || permitted.contains(&dependency.as_str());
            assert!(is_permitted, "`{name}` may not depend on `{dependency}`");
        }
    }
}

/// What wasm-bindgen makes of exports is unsafe, and nothing else is.
#[test]
fn only_the_bindings_may_be_unsafe() {
    let mut files = Vec::new();
    find_files(&workspace().join("src"), "rs", &mut files);
    assert!(!files.is_empty());
    for file in files {
        let is_binding = ["src/wasm/lib.rs", "src/arguments/lib.rs"].iter().any(|binding| file.ends_with(binding));
        let text = fs::read_to_string(&file).unwrap();
        assert!(is_binding || !text.contains("allow(unsafe_code"), "{} allows unsafe code", file.display());
    }
}

#[test]
fn every_crate_obeys_the_lints_of_the_workspace() {
    for (name, package) in packages() {
        // Tests unwrap, index, panic and read files.
        if name == "netpol-tests" {
            continue;
        }
        let manifest =
            fs::read_to_string(package["manifest_path"].as_str().expect("a package has a manifest")).unwrap();
        let lints = manifest.split_once("[lints]").map_or("", |(_, after)| after.trim_start());
        assert!(lints.starts_with("workspace = true"), "`{name}` does not set `[lints] workspace = true`");
    }
}

#[test]
fn no_file_is_too_long_to_read() {
    for path in source_files() {
        let text = fs::read_to_string(&path).unwrap();
        // A test module ends the file.
        let code = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
        let lines = code.lines().count();
        assert!(lines <= MAX_LINES, "{} has {lines} lines: one idea a file", path.display());
    }
}

#[test]
fn every_file_opens_with_what_it_is_about() {
    for path in source_files() {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//!"), "{} does not open with `//!`", path.display());
    }
}

#[test]
fn files_of_the_page_are_short_and_open_with_what_they_are_about() {
    let mut files = Vec::new();
    for folder in ["src", "build", "test"] {
        for extension in ["ts", "tsx", "js", "css"] {
            find_files(&workspace().join("www").join(folder), extension, &mut files);
        }
    }
    assert!(files.len() > 50);
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//") || text.starts_with("/*"), "{} does not open with a comment", path.display());
        assert!(text.lines().count() <= MAX_LINES, "{} is long: one idea a file", path.display());
    }
}

/// The crates of the workspace, as cargo describes them.
fn packages() -> BTreeMap<String, Value> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(workspace())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().expect("cargo lists packages");
    packages.iter().map(|package| (package["name"].as_str().unwrap().to_owned(), package.clone())).collect()
}

fn source_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in ["src", "xtask"] {
        find_files(&workspace().join(folder), "rs", &mut files);
    }
    assert!(!files.is_empty(), "there are no source files");
    files
}
