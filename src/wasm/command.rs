//! The commands of `netpol`, with a JavaScript object as their host.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use js_sys::{Array, Reflect, Uint8Array};
use netpol_command::{Cli, Found, Host, Screen, Stream};
use serde::Deserialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::question::misuse;

#[wasm_bindgen]
extern "C" {
    /// `Host` of `pkg/types/command.d.ts`.
    pub type JsHost;
    #[wasm_bindgen(method, catch)]
    fn read(this: &JsHost, path: &str, limit: f64) -> Result<Uint8Array, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn write(this: &JsHost, path: &str, text: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn append(this: &JsHost, path: &str, text: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn find(this: &JsHost, path: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, js_name = realPath)]
    fn real_path(this: &JsHost, path: &str) -> String;
    #[wasm_bindgen(method)]
    fn variable(this: &JsHost, name: &str) -> Option<String>;
    #[wasm_bindgen(method)]
    fn screen(this: &JsHost, is_error: bool) -> JsValue;
    #[wasm_bindgen(method, catch)]
    fn output(this: &JsHost, bytes: Uint8Array) -> Result<(), JsValue>;
    #[wasm_bindgen(method)]
    fn report(this: &JsHost, text: &str);
    #[wasm_bindgen(method)]
    fn progress(this: &JsHost, what: &str, done: f64, total: f64);
}

/// Runs a command that the module of arguments has read, and gives its exit status.
#[wasm_bindgen]
pub fn command(json: &str, host: JsHost) -> Result<u8, JsValue> {
    let cli: Cli = serde_json::from_str(json).map_err(|error| misuse(&format!("command: {error}")))?;
    Ok(netpol_command::run(&cli, &Outside(host)).code())
}

struct Outside(JsHost);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsScreen {
    is_terminal: bool,
    width: Option<usize>,
}

impl Host for Outside {
    fn read(&self, paths: &[PathBuf], limit: usize) -> Vec<io::Result<Vec<u8>>> {
        let read = |path: &PathBuf| self.0.read(&text(path), limit as f64);
        paths.iter().map(|path| read(path).map(|bytes| bytes.to_vec()).map_err(failure)).collect()
    }

    fn write(&self, path: &Path, content: &str) -> io::Result<()> {
        self.0.write(&text(path), content).map_err(failure)
    }

    fn append(&self, path: &Path, content: &str) -> io::Result<()> {
        self.0.append(&text(path), content).map_err(failure)
    }

    fn find(&self, path: &Path) -> io::Result<Found> {
        let found = self.0.find(&text(path)).map_err(failure)?;
        let list = |name: &str| field(&found, name).map(|list| Array::from(&list)).unwrap_or_default();
        let path_of = |value: JsValue| PathBuf::from(value.as_string().unwrap_or_default());
        let unreadable = |entry: JsValue| {
            let path = field(&entry, "path").map(path_of).unwrap_or_default();
            (path, failure(field(&entry, "error").unwrap_or_default()))
        };
        Ok(Found {
            files: list("files").iter().map(path_of).collect(),
            unreadable: list("unreadable").iter().map(unreadable).collect(),
            ignored: field(&found, "ignored").and_then(|count| count.as_f64()).unwrap_or(0.0) as usize,
        })
    }

    fn real_path(&self, path: &Path) -> PathBuf {
        PathBuf::from(self.0.real_path(&text(path)))
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.0.variable(name)
    }

    fn screen(&self, stream: Stream) -> Screen {
        let screen: Option<JsScreen> = serde_wasm_bindgen::from_value(self.0.screen(stream == Stream::Error)).ok();
        screen.map_or_else(Screen::default, |screen| Screen { is_terminal: screen.is_terminal, width: screen.width })
    }

    fn output(&self, bytes: &[u8]) -> io::Result<()> {
        self.0.output(Uint8Array::from(bytes)).map_err(failure)
    }

    fn report(&self, text: &str) {
        self.0.report(text);
    }

    fn for_each(&self, what: &str, sizes: &[usize], work: &(dyn Fn(usize) + Sync)) {
        let total: usize = sizes.iter().sum();
        let mut done = 0;
        for (index, size) in sizes.iter().enumerate() {
            work(index);
            done += size;
            self.0.progress(what, done as f64, total as f64);
        }
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn field(value: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(value, &name.into()).ok().filter(|value| !value.is_undefined())
}

/// What Node says in `code`, as the system would say it.
fn failure(error: JsValue) -> io::Error {
    let text = |name| field(&error, name).and_then(|value| value.as_string());
    let kind = match text("code").as_deref() {
        Some("ENOENT") => ErrorKind::NotFound,
        Some("EACCES" | "EPERM") => ErrorKind::PermissionDenied,
        Some("EISDIR") => ErrorKind::IsADirectory,
        Some("ENOTDIR") => ErrorKind::NotADirectory,
        Some("EPIPE") => ErrorKind::BrokenPipe,
        Some("ENOSPC") => ErrorKind::StorageFull,
        Some("EROFS") => ErrorKind::ReadOnlyFilesystem,
        _ => return io::Error::other(text("message").unwrap_or_else(|| format!("{error:?}"))),
    };
    kind.into()
}
