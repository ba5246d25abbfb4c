//! The job that builds the playground's page, and its tests.

use std::process::Command;

use crate::command::{run, workspace};
use crate::{Outcome, wasm};

/// Builds the modules and the page, says how large it is and where.
///
/// # Errors
///
/// When a command fails, or there are arguments.
pub fn www(arguments: &[String]) -> Outcome {
    if let Some(argument) = arguments.first() {
        return Err(format!("`www` takes no arguments, but got `{argument}`").into());
    }
    wasm::wasm(&[])?;
    let folder = workspace().join("www");
    wasm::npm_install(&folder)?;
    run(Command::new("npm").args(["run", "build"]).current_dir(&folder))?;
    println!("the page is in {}: put it on any static host,", folder.join("dist").display());
    println!("or look at it with `cargo run --release -- playground examples/shop`");
    Ok(())
}

/// Runs the tests of the page that has been built, in a browser.
///
/// # Errors
///
/// When a test fails.
pub fn test_page() -> Outcome {
    if !has_browser() && std::env::var_os("CI").is_none() {
        println!("skipped: the playground in a browser, for want of chromium (CHROMIUM names another one)");
        return Ok(());
    }
    run(Command::new("npm").arg("test").current_dir(workspace().join("www")))
}

fn has_browser() -> bool {
    let browser = std::env::var_os("CHROMIUM").unwrap_or_else(|| "/usr/bin/chromium".into());
    Command::new(browser).arg("--version").output().is_ok_and(|output| output.status.success())
}
