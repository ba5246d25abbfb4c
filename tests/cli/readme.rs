//! What README.md shows is what the program prints.

use netpol_tests::case::workspace;

use crate::program::netpol;

#[test]
fn the_readme_shows_what_is_printed() {
    let readme = std::fs::read_to_string(workspace().join("README.md")).expect("there is a README");
    let mut shown = 0;
    for block in readme.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        for run in block.split("$ ").skip(1) {
            let (command, output) = run.split_once('\n').expect("a command ends its line");
            let Some(arguments) = command.strip_prefix("netpol ") else { continue };
            let arguments: Vec<&str> = arguments.split(" #").next().unwrap_or_default().split_whitespace().collect();
            let printed = netpol(&arguments);
            assert_eq!(printed.err, "", "`netpol {}` says something", arguments.join(" "));
            assert_eq!(printed.out, output, "`netpol {}` prints something else", arguments.join(" "));
            shown += 1;
        }
    }
    assert!(shown >= 3, "README.md shows {shown} runs only");
}
