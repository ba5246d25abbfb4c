//! What all commands share: help, usage errors, `--lenient`, `--quiet`, colours, closed pipes.

use std::io::Read;
use std::process::Stdio;

use crate::manifests::{REFUSED, SHOP, WEB};
use crate::program::{Call, Scratch, netpol, program};

const COMMANDS: [&str; 4] = ["eval", "reach", "diff", "playground"];

#[test]
fn help_shows_examples_of_every_command() {
    for command in COMMANDS {
        let help = netpol(&[command, "--help"]).ends_with(0);
        let examples = help.out.split_once("\nExamples:\n").expect("help has examples").1;
        assert!(examples.contains(&format!("netpol {command} ")), "no example of {command} in\n{examples}");
        assert_eq!(help.err, "");
    }
    netpol(&["--help"]).ends_with(0).prints(&["Examples:", "netpol reach", "netpol eval", "netpol diff"]);
}

#[test]
fn help_says_what_the_exit_status_means() {
    for command in ["eval", "diff"] {
        netpol(&[command, "--help"]).ends_with(0).prints(&["status"]);
    }
}

#[test]
fn the_version_is_told() {
    netpol(&["--version"]).ends_with(0).prints(&["netpol 0."]);
}

#[test]
fn a_wrong_command_line_ends_with_status_2_and_prints_no_data() {
    let wrong: [&[&str]; 14] = [
        &[],
        &["frobnicate"],
        &["eval"],
        &["eval", SHOP],
        &["eval", SHOP, "--from", "shop-frontend/edge"],
        &["eval", SHOP, "--to", "shop-frontend/edge"],
        &["eval", SHOP, "--from", "1.1.1.1", "--to", "shop-frontend/edge", "--protocol", "ICMP"],
        &["eval", SHOP, "--from", "1.1.1.1", "--to", "shop-frontend/edge", "--flows", "flows.txt"],
        &["eval", "-", "--flows", "-"],
        &["reach"],
        &["reach", SHOP, "-o", "pdf"],
        &["reach", SHOP, "--port", "90-80"],
        &["reach", SHOP, "--port", "70000"],
        &["diff", SHOP],
    ];
    for arguments in wrong {
        let run = netpol(arguments).ends_with(2);
        assert_eq!(run.out, "", "{arguments:?} prints data");
        assert_ne!(run.err, "", "{arguments:?} says nothing");
    }
}

#[test]
fn both_sides_of_a_difference_cannot_be_standard_input() {
    let run = Call::new(&["diff", "-", "-"]).reading(WEB).run().ends_with(2);
    let said = "error: standard input cannot be both OLD and NEW: name a file or a folder for one of them\n";
    assert_eq!((run.out.as_str(), run.err.as_str()), ("", said));
}

#[test]
fn input_that_is_left_out_ends_every_command_with_status_2() {
    let scratch = Scratch::new();
    scratch.write("web.yaml", WEB);
    scratch.write("refused/policy.yaml", REFUSED);
    for arguments in [
        &["reach", "."][..],
        &["eval", ".", "--from", "shop/client", "--to", "shop/web", "--port", "80"],
        &["diff", "web.yaml", "."],
        &["diff", ".", "web.yaml"],
    ] {
        let run = scratch.netpol(arguments).ends_with(2).says(&[
            "policy.yaml:5:74: error[invalid-policy]: NetworkPolicy shop/refused: ",
            "left out",
            "--lenient",
        ]);
        assert_eq!(run.out, "", "{arguments:?} answers all the same");
    }
}

#[test]
fn lenient_goes_on_without_what_is_left_out_and_still_says_so() {
    let scratch = Scratch::new();
    scratch.write("web.yaml", WEB);
    scratch.write("refused.yaml", REFUSED);
    let question = ["--lenient", "eval", ".", "--from", "shop/client", "--to", "shop/web", "--port", "80"];
    scratch.netpol(&question).ends_with(0).prints(&["ALLOWED"]).says(&["refused.yaml:5:74: error[invalid-policy]"]);
    scratch.netpol(&["diff", "--lenient", "web.yaml", "."]).ends_with(0).prints(&["no difference"]);
}

#[test]
fn quiet_keeps_notes_to_itself_but_no_warnings_and_errors() {
    let scratch = Scratch::new();
    let note = "no Namespace object for `shop`";
    let bare = WEB.split_once("---\n").expect("the namespace comes first").1;
    scratch.write("bare.yaml", bare);
    assert!(scratch.netpol(&["reach", "bare.yaml"]).ends_with(0).err.contains(note));
    assert_eq!(scratch.netpol(&["reach", "bare.yaml", "-q"]).ends_with(0).err, "");

    scratch.write("noisy.yaml", format!("{bare}---\n{REFUSED}"));
    let run = scratch.netpol(&["--quiet", "reach", "noisy.yaml"]).ends_with(2).says(&["error[invalid-policy]"]);
    assert!(!run.err.contains(note), "{}", run.err);

    scratch.write("calico.yaml", format!("{bare}---\napiVersion: projectcalico.org/v3\nkind: NetworkPolicy\n"));
    let run = scratch.netpol(&["reach", "calico.yaml", "--quiet"]).ends_with(0).says(&["warning[unsupported-policy]"]);
    assert!(!run.err.contains(note), "{}", run.err);
}

#[test]
fn no_colours_without_a_terminal_and_colours_when_asked() {
    let scratch = Scratch::new();
    scratch.write("web.yaml", WEB);
    scratch.write("refused.yaml", REFUSED);
    scratch.write("old/web.yaml", WEB.replace("[{ port: 80 }]", "[{ port: 81 }]"));
    let commands: [&[&str]; 5] = [
        &["reach", ".", "--lenient"],
        &["reach", ".", "--lenient", "-o", "matrix"],
        &["reach", ".", "--lenient", "-o", "list"],
        &["eval", ".", "--lenient", "--from", "shop/client", "--to", "shop/web", "--port", "81"],
        &["diff", "old", "web.yaml"],
    ];
    for arguments in commands {
        let run = scratch.netpol(arguments);
        assert!(!run.out.contains('\x1b') && !run.err.contains('\x1b'), "{arguments:?} has colours");
        let run = scratch.netpol(&[arguments, &["--color", "always"]].concat());
        assert!(run.out.contains("\x1b["), "{arguments:?} has no colours");
        assert!(run.err.is_empty() || run.err.contains("\x1b["), "{arguments:?} says without colours");
        let run = scratch.netpol(&[arguments, &["--color", "never"]].concat());
        assert!(!run.out.contains('\x1b'), "{arguments:?} has colours");
    }
}

#[test]
fn what_is_wrong_with_the_command_line_is_told_in_the_colours_that_it_asks_for() {
    let is_coloured = |color: &[&str]| {
        let run = netpol(&[&["check", SHOP, "--fail-on", "nothing"], color].concat()).ends_with(2);
        run.says(&["--fail-on", "nothing"]).err.contains('\x1b')
    };
    assert!(is_coloured(&["--color", "always"]) && is_coloured(&["--color=always"]));
    assert!(!is_coloured(&["--color", "never"]) && !is_coloured(&[]));
    assert!(is_coloured(&["--color", "always", "--no-such-flag"]));
}

#[test]
fn each_severity_has_its_colour() {
    let scratch = Scratch::new();
    let bare = WEB.split_once("---\n").expect("the namespace comes first").1;
    scratch
        .write("all.yaml", format!("{bare}---\napiVersion: projectcalico.org/v3\nkind: NetworkPolicy\n---\n{REFUSED}"));
    scratch.netpol(&["reach", "all.yaml", "--color", "always"]).ends_with(2).says(&[
        "\x1b[31merror[invalid-policy]\x1b[0m: ",
        "\x1b[33mwarning[unsupported-policy]\x1b[0m: ",
        "\x1b[36mnote\x1b[0m: ",
        "\x1b[31merror\x1b[0m: 1 part of the input had to be left out",
    ]);
    scratch
        .netpol(&["reach", "all.yaml", "nowhere", "--color", "always"])
        .ends_with(2)
        .says(&["\x1b[31merror\x1b[0m: cannot read"]);
    scratch.write("flows.txt", "nonsense\n");
    let run = scratch.netpol(&["eval", "all.yaml", "--lenient", "--flows", "flows.txt", "--color", "always"]);
    run.ends_with(2).says(&["flows.txt:1: \x1b[31merror\x1b[0m: "]);
}

#[test]
fn what_the_user_wrote_is_shown_harmlessly_in_errors() {
    let run = netpol(&["reach", "no\x1b[31mwhere\n"]).ends_with(2);
    assert!(run.err.starts_with("error: cannot read `no\\u{1b}[31mwhere\\n`: "), "{}", run.err);
    let end = format!("shop/{}\x1b", "x".repeat(1_000));
    let run = netpol(&["eval", SHOP, "--from", &end, "--to", "1.1.1.1", "--port", "1"]).ends_with(2);
    assert!(!run.err.contains('\x1b') && run.err.len() < 1_000, "{}", run.err);
}

#[test]
fn what_the_manifests_say_is_shown_harmlessly_in_explanations() {
    let odd =
        "kind: Pod\napiVersion: v1\nmetadata: { name: \"a\\e[2J\", namespace: shop, labels: { app: \"\\e[2J\\n\" } }\n";
    let scratch = Scratch::new();
    scratch.write("odd.yaml", format!("{WEB}---\n{odd}"));
    for (more, color) in [(&["--port", "80"][..], "never"), (&["--port", "80"], "always"), (&[], "always")] {
        let question = ["eval", "odd.yaml", "--from", "shop/a\x1b[2J", "--to", "shop/web", "--color", color];
        let run = scratch.netpol(&[&question, more].concat()).ends_with(1).prints(&["shop/a\\u{1b}[2J[Pod]"]);
        assert!(!run.out.contains("\x1b[2J"), "{}", run.out);
        assert_eq!(run.out.contains('\x1b'), color == "always", "{}", run.out);
    }
}

#[test]
fn an_error_in_json_comes_after_the_flow() {
    let flows = ["eval", SHOP, "--flows", "-", "-o", "json"];
    let run = Call::new(&flows).reading("nonsense\n").run().ends_with(2);
    assert!(run.out.starts_with("{\"flow\":\"nonsense\",\"error\":\""), "{}", run.out);
}

#[test]
fn formats_for_programs_never_have_colours() {
    for format in ["json", "csv", "md", "dot"] {
        let run = netpol(&["reach", SHOP, "-o", format, "--color", "always"]).ends_with(0);
        assert!(!run.out.contains('\x1b'), "{format} has colours");
    }
    let question = ["eval", SHOP, "--from", "1.1.1.1", "--to", "shop-frontend/edge", "--color", "always", "-o", "json"];
    assert!(!netpol(&question).ends_with(0).out.contains('\x1b'));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for format in ["table", "list", "matrix", "json", "csv", "md", "dot"] {
        let (status, said) = read_one_line(&["reach", SHOP, "-o", format]);
        assert_eq!((status, said.as_str()), (Some(0), ""), "{format}");
    }
}

#[test]
fn a_reader_that_goes_away_does_not_turn_no_into_yes() {
    let scratch = Scratch::new();
    // Enough pods that the difference does not fit into a pipe.
    let pods: String = (0..200)
        .map(|i| format!("---\napiVersion: v1\nkind: Pod\nmetadata: {{ name: p{i}, labels: {{ i: \"{i}\" }} }}\n"))
        .collect();
    let old = scratch.write("old.yaml", format!("{WEB}{pods}"));
    let new = scratch.write("new.yaml", WEB);
    for format in ["text", "json", "md"] {
        let (status, said) = read_one_line(&["diff", old.to_str().unwrap(), new.to_str().unwrap(), "-q", "-o", format]);
        assert_eq!((status, said.as_str()), (Some(1), ""), "{format}");
    }
}

/// Runs `netpol`, reads a little of what it prints and closes the pipe.
fn read_one_line(arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = program();
    command.args(arguments).current_dir(netpol_tests::case::workspace());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("netpol starts");
    let mut out = child.stdout.take().expect("standard output is piped");
    out.read_exact(&mut [0; 10]).expect("there is output");
    drop(out);
    let output = child.wait_with_output().expect("netpol ends");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has /dev/full");
    let mut command = program();
    command.args(["reach", SHOP]).current_dir(netpol_tests::case::workspace());
    let output = command.stdout(full).output().expect("netpol starts");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("error: cannot write the answer: "), "{said}");
}

#[test]
fn only_data_goes_to_standard_output() {
    let scratch = Scratch::new();
    scratch.write("web.yaml", WEB.split_once("---\n").expect("the namespace comes first").1);
    scratch.write("other.yaml", "a: 1\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\n");
    let run = scratch.netpol(&["reach", ".", "-o", "json"]).ends_with(0);
    serde_json::from_str::<serde_json::Value>(&run.out).expect("standard output is JSON and nothing else");
    assert_eq!(run.err.lines().count(), 3, "a note each for the namespace, the ConfigMap and the other: {}", run.err);
    assert!(run.err.lines().all(|line| line.starts_with("note: ")), "{}", run.err);
}
