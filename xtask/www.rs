//! The job that builds the playground's page, and its tests.

use std::fs;
use std::process::Command;

use crate::command::{run, workspace};
use crate::{Outcome, wasm};

/// Builds the page into www/dist, and says how large it is.
///
/// # Errors
///
/// When a command fails, or there are arguments.
pub fn www(arguments: &[String]) -> Outcome {
    if let Some(argument) = arguments.first() {
        return Err(format!("`www` takes no arguments, but got `{argument}`").into());
    }
    wasm::wasm(&[])?;
    build()
}

/// Builds the page with the modules that are there, and runs its tests; nothing where there is no page.
///
/// # Errors
///
/// When a test fails.
pub fn test_page() -> Outcome {
    let folder = workspace().join("www");
    if !folder.join("package.json").is_file() {
        return Ok(());
    }
    build()?;
    run(Command::new("npm").arg("test").current_dir(folder))
}

fn build() -> Outcome {
    let folder = workspace().join("www");
    wasm::npm_install(&folder)?;
    run(Command::new("npm").args(["run", "build"]).current_dir(&folder))?;
    let page = folder.join("dist");
    let mut folders = vec![page.clone()];
    println!("{:<48} {:>10}", "file", "bytes");
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                let path = entry.path();
                println!("{:<48} {:>10}", path.strip_prefix(&page)?.display(), entry.metadata()?.len());
            }
        }
    }
    println!("the page is in {}; `cargo build --bin netpol` makes it part of `netpol playground`", page.display());
    Ok(())
}
