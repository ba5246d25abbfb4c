//! `--fix` and `--diff`: the edits that mend findings, in the files or only shown.

use std::path::Path;

use diffy::DiffOptions;
use netpol::fix;

use crate::Failure;
use crate::args::Check;
use crate::context::Context;
use crate::input::{self, Checked};

/// A fix can uncover another finding with a fix; more rounds than this mean that two of them quarrel.
const MOST_ROUNDS: usize = 10;

/// Writes the fixed files and checks again, until nothing is left to fix.
pub fn write(mut checked: Checked, command: &Check, context: &Context<'_>) -> Result<Checked, Failure> {
    if command.paths.iter().any(|path| path.as_os_str() == "-") {
        return Err(Failure::Usage("standard input cannot be fixed: use --diff to see the changes".to_owned()));
    }
    let mut count = 0;
    for _ in 0..MOST_ROUNDS {
        let fixed = fix::apply(&checked.sources, &checked.diagnostics);
        if fixed.count == 0 {
            break;
        }
        for (id, text) in &fixed.texts {
            let path = checked.sources.get(*id).map_or("", |source| &source.path);
            context.write(Path::new(path), text)?;
        }
        count += fixed.count;
        checked = input::check(&command.paths, context)?;
    }
    if !context.common.quiet {
        let plural = if count == 1 { "" } else { "es" };
        context.host.report(&format!("applied {count} fix{plural}\n"));
    }
    Ok(checked)
}

/// What the fixes change, as a patch.
pub fn diff(checked: &Checked) -> String {
    let fixed = fix::apply(&checked.sources, &checked.diagnostics);
    let patch = |(id, text): (&netpol::source::SourceId, &String)| {
        let source = checked.sources.get(*id)?;
        let path = source.path.strip_prefix("./").unwrap_or(&source.path);
        let mut options = DiffOptions::new();
        options.set_original_filename(format!("a/{path}")).set_modified_filename(format!("b/{path}"));
        Some(options.create_patch(&source.text, text).to_string())
    };
    fixed.texts.iter().filter_map(patch).collect()
}
