//! The job `wasm`: the modules of the npm packages and of the playground.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use wasm_bindgen_cli_support::Bindgen;

use crate::Outcome;
use crate::command::{cargo, output, run, target_folder, workspace};

/// A crate, the folder that its module and glue go to, and the name that they get.
struct Module {
    package: &'static str,
    folder: &'static str,
    name: &'static str,
    /// The largest size that it may have, in bytes of gzip.
    limit: usize,
}

/// A standard library that is built for size, which saves an eighth of a module. The option is not stable, hence `RUSTC_BOOTSTRAP`:
/// for these two builds alone, whose code uses nothing unstable itself.
const SMALL_STD: [&str; 2] = ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"];

/// What one run of cargo makes.
struct Build {
    features: &'static [&'static str],
    modules: &'static [Module],
}

const BUILDS: [Build; 2] = [
    Build {
        features: &[],
        modules: &[
            Module { package: "netpol-arguments", folder: "node-wrapper/wasm", name: "arguments", limit: 110 << 10 },
            Module { package: "netpol-wasm", folder: "pkg/wasm", name: "netpol", limit: 625 << 10 },
        ],
    },
    // The page loads it first and draws all answers itself: it goes without commands and formats.
    Build {
        features: &["--no-default-features"],
        modules: &[Module { package: "netpol-wasm", folder: "www/wasm", name: "netpol", limit: 540 << 10 }],
    },
];

/// Builds the modules, makes their glue, and has binaryen shrink them.
///
/// # Errors
///
/// When a command fails, or a module is larger than it may be.
pub fn wasm(arguments: &[String]) -> Outcome {
    if let Some(argument) = arguments.first() {
        return Err(format!("`wasm` takes no arguments, but got `{argument}`").into());
    }
    npm_install(&workspace().join("pkg"))?;
    let flags = flags()?;
    let built = target_folder()?.join("wasm32-unknown-unknown/wasm");
    let mut sizes = Vec::new();
    for build in &BUILDS {
        run(cargo(&["build", "--profile", "wasm", "--target", "wasm32-unknown-unknown"])
            .args(SMALL_STD)
            .args(build.features)
            .args(build.modules.iter().flat_map(|module| ["--package", module.package]))
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_ENCODED_RUSTFLAGS", &flags))?;
        for module in build.modules {
            bind(module, &built)?;
            sizes.push(measure(module)?);
        }
    }
    run(Command::new("npm").args(["run", "--silent", "bundle"]).current_dir(workspace().join("pkg")))?;
    println!("{:<32} {:>10} {:>10} {:>10}", "module", "bytes", "gzip", "brotli");
    println!("{}", sizes.join("\n"));
    Ok(())
}

/// How V8 calls a function with several results or with references, it compiles at the start: 2 ms of the 17 that it takes in Node.
const PLAIN_CALLS: &str = "-Ctarget-feature=-multivalue,-reference-types";

/// The flags for rustc. The folders of libraries are kept out of the module, where panics say what failed: it is then the same module
/// wherever it is built, and smaller.
fn flags() -> Outcome<String> {
    let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]).current_dir(workspace()))?;
    let library = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library");
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home =
        home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).ok_or("no home folder, and no CARGO_HOME")?;
    let mut flags = vec![PLAIN_CALLS.to_owned(), format!("--remap-path-prefix={}=std", library.display())];
    for registry in fs::read_dir(home.join("registry/src"))? {
        flags.push(format!("--remap-path-prefix={}=crates", registry?.path().display()));
    }
    Ok(flags.join("\u{1f}"))
}

/// Makes the module that a package has, and its glue.
fn bind(module: &Module, built: &Path) -> Outcome {
    let folder = workspace().join(module.folder);
    fs::create_dir_all(&folder)?;
    Bindgen::new()
        .input_path(built.join(format!("{}.wasm", module.package.replace('-', "_"))))
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        .reset_state_function(true)
        .out_name(module.name)
        .generate(&folder)?;
    shrink(&folder.join(format!("{}_bg.wasm", module.name)), &folder.join(format!("{}.wasm", module.name)))
}

/// Whether there is a Node to run the packages with.
pub fn has_node() -> bool {
    Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Runs the tests of the npm packages, which compare them with the native program. The modules have been built.
///
/// # Errors
///
/// When a test fails.
pub fn test_packages() -> Outcome {
    run(cargo(&["build", "--workspace"]).args(["--bin", "netpol"]))?;
    for package in ["pkg", "node-wrapper"] {
        let package = workspace().join(package);
        npm_install(&package)?;
        run(Command::new("npm").arg("test").current_dir(&package))?;
    }
    // The tests of the command line again, with the program in JavaScript.
    let program = format!("node {}", workspace().join("node-wrapper/bin/netpol.js").display());
    run(cargo(&["test", "--workspace", "--test", "cli", "--test", "bad_input"]).env("NETPOL_PROGRAM", program))
}

/// Installs what a package is built and tested with, if its lock file is newer than what is there.
pub fn npm_install(package: &Path) -> Outcome {
    let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let installed = modified(&package.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= modified(&package.join("package-lock.json")) {
        return Ok(());
    }
    run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(package))
}

/// Without feature flags: binaryen reads the features from the module, and what it adds on demand, Node 20 refuses. The lowest
/// kilobyte of memory is the far end of the stack, which nothing points into.
fn shrink(from: &Path, to: &Path) -> Outcome {
    let binaryen = workspace().join("pkg/node_modules/.bin/wasm-opt");
    run(Command::new(binaryen)
        .args(["-Oz", "--low-memory-unused", "--strip-debug", "--strip-producers"])
        .arg(from)
        .arg("-o")
        .arg(to))?;
    Ok(fs::remove_file(from)?)
}

/// A line of the table of sizes.
fn measure(module: &Module) -> Outcome<String> {
    let name = format!("{}/{}.wasm", module.folder, module.name);
    let file = workspace().join(&name);
    let bytes = fs::read(&file)?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    let gzip = encoder.finish()?.len();
    let script = "const z=require('zlib');process.stdout.write(String(z.brotliCompressSync(require('fs').readFileSync(process.argv[1])).length))";
    let brotli = output(Command::new("node").args(["-e", script]).arg(file))?;
    if gzip > module.limit {
        return Err(format!("{name} has {gzip} bytes of gzip, which is more than {}", module.limit).into());
    }
    Ok(format!("{name:<32} {:>10} {gzip:>10} {brotli:>10}", bytes.len()))
}
