//! Files and folders: missing, unreadable, in circles, ignored, oddly named.

use std::fs;
use std::path::Path;

use crate::manifests::{CLIENT_TO_WEB, REFUSED, WEB};
use crate::program::{Call, Scratch};
use crate::{is_no_error, survives};

#[test]
fn a_path_that_is_not_there_ends_with_status_2() {
    let scratch = Scratch::new();
    scratch.write("web.yaml", WEB);
    for missing in ["nowhere", "nowhere/", "web.yaml/x", "nowhere.yaml"] {
        for arguments in
            [&["reach", missing][..], &["reach", "web.yaml", missing], &["reach", "--lenient", missing, "."]]
        {
            let run = scratch.netpol(arguments).ends_with(2).says(&[&format!("error: cannot read `{missing}`: ")]);
            assert_eq!(run.out, "");
        }
    }
}

#[test]
fn a_folder_without_manifests_ends_with_status_2() {
    let scratch = Scratch::new();
    scratch.write("text/readme.txt", WEB);
    scratch.write("hidden/.secret.yaml", WEB);
    scratch.write("hidden/.git/config.yaml", WEB);
    for folder in ["text", "hidden"] {
        scratch.netpol(&["reach", folder]).ends_with(2).says(&[&format!("no .yaml, .yml or .json file in `{folder}`")]);
    }
    // One that is named is read whatever it is called.
    for file in ["text/readme.txt", "hidden/.secret.yaml"] {
        scratch.netpol(&["reach", file, "-o", "csv"]).ends_with(0).prints(&[CLIENT_TO_WEB]);
    }
}

#[test]
fn a_folder_is_searched_through_and_through() {
    let scratch = Scratch::new();
    let (pods, policy) = crate::good();
    scratch.write("a/b/c.d/pods.yml", pods);
    // A folder that is called like a file.
    scratch.write("folder.yaml/policy.yaml", policy);
    survives(&scratch, ".");
}

#[test]
fn what_git_ignores_is_left_out_unless_it_is_named() {
    let scratch = Scratch::new();
    scratch.write(".gitignore", "/generated/\n");
    scratch.write("web.yaml", WEB);
    scratch.write("generated/bad.yaml", REFUSED);
    scratch.write("deep/.gitignore", "bad.yaml\n");
    scratch.write("deep/bad.yaml", REFUSED);
    scratch.netpol(&["reach", ".", "-o", "csv"]).ends_with(0).prints(&[CLIENT_TO_WEB]);
    scratch.netpol(&["reach", "web.yaml", "deep/bad.yaml"]).ends_with(2).says(&["deep/bad.yaml:5:74"]);
    scratch.netpol(&["reach", "generated"]).ends_with(2).says(&["generated/bad.yaml:5:74"]);
}

#[test]
fn what_git_ignores_outside_the_repository_is_none_of_its_business() {
    let scratch = Scratch::new();
    scratch.write("home/.gitignore", "*\n");
    scratch.write("home/project/.git/HEAD", "ref: refs/heads/main\n");
    scratch.write("home/project/k8s/web.yaml", WEB);
    scratch.write("config/git/ignore", "*.yaml\n");
    Call::new(&["reach", "k8s"]).within(&scratch.path().join("home/project")).run().ends_with(0);
    let scratch = Scratch::new();
    scratch.write("config/git/ignore", "*.yaml\n");
    scratch.write("k8s/web.yaml", WEB);
    let config = scratch.path().join("config");
    Call::new(&["reach", "k8s"]).within(scratch.path()).with("XDG_CONFIG_HOME", config).run().ends_with(0);
}

#[test]
fn a_folder_of_ignored_manifests_says_that_they_are() {
    let scratch = Scratch::new();
    scratch.write("k8s/.gitignore", "*.yaml\n");
    scratch.write("k8s/web.yaml", WEB);
    scratch.netpol(&["reach", "k8s"]).ends_with(2).says(&[".gitignore"]);
}

#[test]
fn names_with_blanks_and_beyond_ascii_are_named_as_they_are() {
    let scratch = Scratch::new();
    scratch.write("my manifests/größe ✓/web é.yaml", WEB);
    scratch.write("my manifests/größe ✓/so so.yaml", REFUSED);
    let place = "my manifests/größe ✓/so so.yaml:5:74: error[invalid-policy]";
    scratch.netpol(&["reach", "my manifests"]).ends_with(2).says(&[place]);
    survives(&scratch, "my manifests");
    is_no_error("a b.yaml", WEB);
}

#[test]
fn standard_input_may_stand_among_files() {
    let (pods, policy) = crate::good();
    let scratch = Scratch::new();
    scratch.write("pods.yaml", pods);
    let call = |arguments: &[&str]| Call::new(arguments).within(scratch.path());
    call(&["reach", "pods.yaml", "-", "-", "-o", "csv"]).reading(policy).run().ends_with(0).prints(&[CLIENT_TO_WEB]);
    call(&["reach", "-", "pods.yaml"]).reading(REFUSED).run().ends_with(2).says(&["-:5:74: error[invalid-policy]"]);
    call(&["reach", "-"]).run().ends_with(2).says(&["no Kubernetes objects that decide about traffic in `-`"]);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn links_are_followed_and_what_they_lead_to_counts_once() {
        let scratch = Scratch::new();
        scratch.write("elsewhere/web.yaml", WEB);
        fs::create_dir(scratch.path().join("k8s")).unwrap();
        symlink("../elsewhere", scratch.path().join("k8s/linked")).unwrap();
        symlink("../elsewhere/web.yaml", scratch.path().join("k8s/web.yaml")).unwrap();
        survives(&scratch, "k8s");
    }

    #[test]
    fn a_file_that_two_ways_lead_to_is_read_once() {
        let scratch = Scratch::new();
        scratch.write("all/k8s/bad.yaml", REFUSED);
        symlink("..", scratch.path().join("all/k8s/up")).unwrap();
        let run = scratch.netpol(&["reach", "all/k8s"]).ends_with(2);
        assert_eq!(run.err.matches("error[invalid-policy]").count(), 1, "{}", run.err);
    }

    #[test]
    fn links_in_circles_and_into_nothing_do_not_hide_the_other_files() {
        for (link, target) in
            [("self", "."), ("up", ".."), ("dangling.yaml", "nowhere.yaml"), ("circle.yaml", "circle.yaml")]
        {
            let scratch = Scratch::new();
            scratch.write("k8s/web.yaml", WEB);
            symlink(target, scratch.path().join("k8s").join(link)).unwrap();
            survives(&scratch, "k8s");
        }
    }

    #[test]
    fn a_file_that_may_not_be_read_is_refused_and_the_others_are_read() {
        let scratch = Scratch::new();
        scratch.write("web.yaml", WEB);
        let locked = scratch.write("locked.yaml", WEB);
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o0)).unwrap();
        if fs::read(&locked).is_ok() {
            // The superuser may read everything; a file that nobody can read stands in.
            fs::remove_file(&locked).unwrap();
            symlink("/proc/self/mem", &locked).unwrap();
        }
        scratch
            .netpol(&["reach", "."])
            .ends_with(2)
            .says(&["locked.yaml:1:1: error[unreadable-file]: this file is left out: "]);
        survives(&scratch, ".");
    }

    #[test]
    fn special_files_are_read_as_far_as_they_go() {
        let scratch = Scratch::new();
        scratch.netpol(&["reach", "/dev/null"]).ends_with(2).says(&["no Kubernetes objects"]);
        if Path::new("/dev/stdin").exists() {
            let call = Call::new(&["reach", "/dev/stdin", "-o", "csv"]);
            call.reading(WEB).run().ends_with(0).prints(&[CLIENT_TO_WEB]);
        }
    }

    #[test]
    fn names_that_are_no_text_are_read_all_the_same() {
        let scratch = Scratch::new();
        let name = OsStr::from_bytes(b"\xff\xfe.yaml");
        // Not every file system takes such a name.
        if fs::write(scratch.path().join(name), WEB).is_ok() {
            survives(&scratch, ".");
            scratch.netpol(&[OsStr::new("reach"), name]).ends_with(0);
        }
    }
}
