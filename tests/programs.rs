//! Our programs, built the way the tests are that run them.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use crate::case::workspace;

/// Builds a program, and says where it is. With the features that the whole workspace asks for: what the tests are made of is not
/// compiled once more.
pub fn build(program: &str) -> PathBuf {
    // The tests are in `<target>/<profile>/deps`.
    let test = std::env::current_exe().expect("a test knows its file");
    let folder = test.ancestors().nth(2).expect("a test is in the target directory");
    let profile = folder.file_name().and_then(OsStr::to_str).expect("the profile's folder has a name");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--workspace", "--bin", program])
        .args(["--profile", if profile == "debug" { "dev" } else { profile }])
        .arg("--target-dir")
        .arg(folder.parent().expect("the profile is in the target directory"))
        .current_dir(workspace())
        .output()
        .expect("cargo runs");
    assert!(built.status.success(), "{program} does not build:\n{}", String::from_utf8_lossy(&built.stderr));
    folder.join(format!("{program}{}", std::env::consts::EXE_SUFFIX))
}
