//! On random clusters, the engine's verdict, its explanation, reachability and the oracle say the same about every flow.
//!
//! Half of the clusters are the same in every run. The seed of the other half is new each time, unless `NETPOL_SEED` sets it;
//! `NETPOL_CLUSTERS` sets how many there are in each half.

use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs};

use netpol_tests::arrange;
use netpol_tests::case;
use netpol_tests::generate::{flows, generate};
use netpol_tests::named_flow::NamedFlow;
use netpol_tests::random::Random;
use netpol_tests::run::{Reading, run};

const FIXED_SEED: u64 = 20_170_701;

#[test]
fn executors_agree_on_clusters_that_every_run_has() {
    check(FIXED_SEED);
}

#[test]
fn executors_agree_on_clusters_that_no_run_had() {
    check(fresh_seed());
}

#[test]
fn a_random_cluster_written_as_a_case_passes_as_a_case() {
    let seed = fresh_seed();
    for offset in 0..50 {
        let mut random = Random::new(seed.wrapping_add(offset));
        let generated = generate(&mut random);
        let prepared = generated.scenario.prepare();
        let cluster = prepared.engine.cluster();
        let asked: Vec<NamedFlow> =
            flows(&generated, cluster, &mut random).iter().take(100).map(|flow| NamedFlow::of(flow, cluster)).collect();
        if asked.is_empty() {
            continue;
        }
        let text = generated.scenario.to_case("a random cluster", &asked);
        let case = case::parse("random", &text).remove(0);
        let failures = match Reading::of(&case) {
            Ok(reading) => run(&case, &reading, &arrange::as_written(&case)[0]),
            Err(failure) => vec![failure],
        };
        assert!(failures.is_empty(), "NETPOL_SEED={}\n{}\n{text}", seed.wrapping_add(offset), failures.join("\n"));
    }
}

fn check(seed: u64) {
    let mut asked = 0;
    for offset in 0..clusters() {
        let seed = seed.wrapping_add(offset);
        let mut random = Random::new(seed);
        let generated = generate(&mut random);
        let disagreement = generated.scenario.disagreement(|prepared| {
            let flows = flows(&generated, prepared.engine.cluster(), &mut random);
            asked += flows.len();
            flows
        });
        if let Some(disagreement) = disagreement {
            let smallest = disagreement.shrink();
            let text = smallest.to_case(&format!("the executors agree about random cluster {seed}"));
            let path = env::temp_dir().join(format!("netpol-{seed}.yaml"));
            fs::write(&path, &text).expect("the temporary folder can be written to");
            panic!(
                "the executors disagree; NETPOL_SEED={seed} makes this cluster again, {} holds what is left of it\n\n{}\n{text}",
                path.display(),
                smallest.text,
            );
        }
    }
    assert!(asked > 0, "no flow has been asked");
}

fn clusters() -> u64 {
    env::var("NETPOL_CLUSTERS").map_or(1000, |number| number.parse().expect("NETPOL_CLUSTERS is a number"))
}

fn fresh_seed() -> u64 {
    match env::var("NETPOL_SEED") {
        Ok(seed) => seed.parse().expect("NETPOL_SEED is a number"),
        Err(_) => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is set");
            Random::new(u64::from(now.subsec_nanos()) ^ now.as_secs().rotate_left(30)).number() >> 1
        }
    }
}
