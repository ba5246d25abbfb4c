//! Whatever is in a file, `netpol` says where it is wrong and what follows, reads what is beside it, and stays on its feet.
//!
//! Nearly every test puts something bad between good pods and a good policy, and asks twice: without `--lenient` the run ends
//! with status 2 and no answer, and the message names the place; with it, the answer is the one that the good parts have.

#[allow(dead_code, reason = "two test programs share this file")]
#[path = "cli/manifests.rs"]
mod manifests;
#[allow(dead_code, reason = "two test programs share this file")]
#[path = "cli/program.rs"]
mod program;

#[path = "cli/bad_input/encodings.rs"]
mod encodings;
#[path = "cli/bad_input/files.rs"]
mod files;
#[path = "cli/bad_input/folder.rs"]
mod folder;
#[path = "cli/bad_input/json.rs"]
mod json;
#[path = "cli/bad_input/lists.rs"]
mod lists;
#[path = "cli/bad_input/nesting.rs"]
mod nesting;
#[path = "cli/bad_input/objects.rs"]
mod objects;
#[path = "cli/bad_input/sizes.rs"]
mod sizes;
#[path = "cli/bad_input/syntax.rs"]
mod syntax;

use manifests::{CLIENT_TO_WEB, WEB};
use program::{Run, Scratch, head};

/// The good pods, and the good policy.
fn good() -> (&'static str, &'static str) {
    WEB.rsplit_once("---\n").expect("the policy comes last")
}

/// The bad text as a document between good ones, and the number of the line in which it begins.
fn between_good(bad: &str) -> (String, usize) {
    let (pods, policy) = good();
    let line = pods.lines().count() + 2;
    let newline = if bad.ends_with('\n') { "" } else { "\n" };
    (format!("{pods}---\n{bad}{newline}---\n{policy}"), line)
}

/// Asserts that a file is refused without `--lenient`, that the message says all that, and that the good parts survive with it.
#[track_caller]
fn is_left_out(file: &str, content: impl AsRef<[u8]>, says: &[&str]) -> Run {
    let scratch = Scratch::new();
    scratch.write(file, content);
    let strict = scratch.netpol(&["reach", "-o", "csv", file]).ends_with(2).says(says);
    assert_eq!(strict.out, "", "there is an answer all the same");
    assert!(strict.err.contains("of the input had to be left out"), "{}", head(&strict.err));
    let lenient = survives(&scratch, file);
    assert!(lenient.err.contains(says[0]), "--lenient hides `{}`:\n{}", says[0], head(&lenient.err));
    lenient
}

/// Asserts that a file is read without a word but notes, and that the good parts are there.
#[track_caller]
fn is_no_error(file: &str, content: impl AsRef<[u8]>) -> Run {
    let scratch = Scratch::new();
    scratch.write(file, content);
    let run = scratch.netpol(&["reach", "-o", "csv", file]).ends_with(0);
    assert!(run.err.lines().all(|line| line.starts_with("note: ")), "{}", head(&run.err));
    answers(run)
}

/// Asserts that `--lenient` gives the answer that the good parts have.
#[track_caller]
fn survives(scratch: &Scratch, path: &str) -> Run {
    answers(scratch.netpol(&["reach", "--lenient", "-o", "csv", path]).ends_with(0))
}

#[track_caller]
fn answers(run: Run) -> Run {
    assert!(run.out.contains(CLIENT_TO_WEB), "the good parts did not survive\n{}{}", head(&run.out), head(&run.err));
    assert!(run.out.contains("shop/stranger[Pod],shop/client[Pod],TCP,1-65535\n"), "the stranger is gone");
    assert!(
        !run.out.contains("shop/stranger[Pod],shop/web[Pod],TCP"),
        "the good policy did not survive\n{}",
        head(&run.out)
    );
    run
}

/// Asserts that a bad document is refused at a line and column of its own, for these reasons, and that its neighbours survive.
#[track_caller]
fn is_refused(bad: &str, line: usize, column: usize, says: &[&str]) {
    let (text, first) = between_good(bad);
    let place = format!("input.yaml:{}:{column}: error[", first + line - 1);
    is_left_out("input.yaml", text, &[&[place.as_str()], says].concat());
}

/// Asserts that a document is passed over, perhaps with a note, and its neighbours are read.
#[track_caller]
fn is_passed_over(document: &str) -> Run {
    is_no_error("input.yaml", between_good(document).0)
}
