//! Every case gets the verdicts it expects, from every executor, however its input is arranged.

use netpol_tests::arrange::{self, Arrangement};
use netpol_tests::case::{self, Case};
use netpol_tests::run::{Reading, diagnose, run};

#[test]
fn every_case_gets_its_verdicts_and_deciders() {
    check(|case, _| arrange::as_written(case));
}

#[test]
fn every_case_gets_its_diagnostics() {
    report(&case::all().iter().filter_map(diagnose).collect::<Vec<_>>());
}

#[test]
fn the_order_of_documents_decides_nothing() {
    check(|case, _| arrange::reordered(case));
}

#[test]
fn the_way_documents_are_spread_over_files_decides_nothing() {
    check(|case, _| arrange::split_over_files(case));
}

#[test]
fn a_policy_that_does_not_concern_a_flow_decides_nothing() {
    check(|case, reading| arrange::with_an_unrelated_policy(case, &reading.namespaces));
}

#[test]
fn ipv6_gets_the_verdicts_of_ipv4() {
    let mut mirrored = 0;
    check(|case, reading| match arrange::mirrored(case, &reading.all_flows()) {
        Ok(arrangement) => {
            mirrored += 1;
            vec![arrangement]
        }
        Err(_) => Vec::new(),
    });
    assert!(mirrored > 0, "no case has been mirrored");
}

fn check(mut arrange: impl FnMut(&Case, &Reading) -> Vec<Arrangement>) {
    let mut failures = Vec::new();
    for case in case::all() {
        match Reading::of(&case) {
            Ok(reading) => {
                for arrangement in arrange(&case, &reading) {
                    failures.extend(run(&case, &reading, &arrangement));
                }
            }
            Err(failure) => failures.push(failure),
        }
    }
    report(&failures);
}

fn report(failures: &[String]) {
    assert!(failures.is_empty(), "{} failures\n\n{}", failures.len(), failures.join("\n"));
}
