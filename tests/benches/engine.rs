//! How long the engine's passes and answers take, on the synthetic clusters that `cargo xtask bench` writes.

#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use netpol::cluster::EndpointId;
use netpol::flow::Route;
use netpol::options::EngineOptions;
use netpol::protocol::{Port, Protocol};
use netpol::source::Sources;
use netpol::{Cluster, End, Engine, Flow};

/// Workloads and policies of the clusters, which name their folders.
const SIZES: [(usize, usize); 2] = [(501, 200), (5_001, 2_000)];

fn sources(folder: &Path) -> Sources {
    let mut sources = Sources::default();
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("a cluster").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    for file in files {
        sources.add(file.display().to_string(), std::fs::read_to_string(&file).expect("text"));
    }
    sources
}

fn cluster(sources: &Sources) -> Cluster {
    netpol::resolve(netpol::load(sources).objects, &EngineOptions::default()).cluster
}

/// Flows between endpoints all over the cluster, to ports that rules name and to others.
fn flows(engine: &Engine) -> Vec<Flow> {
    let count = u32::try_from(engine.cluster().endpoints.len()).expect("a cluster");
    let mut state = 1u64;
    let mut below = |bound: u32| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((state >> 33) % u64::from(bound)).expect("a small number")
    };
    let ports = [80, 443, 5_000, 8_080, 8_081, 9_090, 30_500];
    (0..4_096)
        .map(|_| Flow {
            source: End::Endpoint(EndpointId(below(count))),
            destination: End::Endpoint(EndpointId(below(count))),
            protocol: Protocol::Tcp,
            port: Port::new(ports[below(7) as usize]).expect("a port"),
            family: None,
            route: Route::Direct,
        })
        .collect()
}

fn passes_and_answers(criterion: &mut Criterion) {
    let Some(clusters) = std::env::var_os("NETPOL_BENCH_CLUSTERS") else {
        println!("skipped: `cargo xtask bench` writes the clusters and runs this");
        return;
    };
    for (workloads, policies) in SIZES {
        let sources = sources(&Path::new(&clusters).join(format!("{workloads}-{policies}")));
        let cluster = cluster(&sources);
        let engine = netpol::compile(cluster.clone(), EngineOptions::default());
        let flows = flows(&engine);
        let mut group = criterion.benchmark_group(format!("{workloads} workloads, {policies} policies"));
        group.sample_size(20);
        group.bench_function("load and resolve", |bencher| bencher.iter(|| self::cluster(black_box(&sources))));
        group.bench_function("compile", |bencher| {
            bencher.iter_with_setup(|| cluster.clone(), |cluster| netpol::compile(cluster, EngineOptions::default()));
        });
        group.sample_size(100);
        let mut next = flows.iter().cycle();
        group.bench_function("verdict, another flow each time", |bencher| {
            bencher.iter(|| engine.evaluate(black_box(next.next().expect("a cycle"))));
        });
        let flow = flows[0];
        group.bench_function("verdict, the same flow", |bencher| bencher.iter(|| engine.evaluate(black_box(&flow))));
        let mut next = flows.iter().cycle();
        group.bench_function("explanation", |bencher| {
            bencher.iter(|| engine.explain(black_box(next.next().expect("a cycle"))));
        });
    }
}

criterion_group!(benches, passes_and_answers);
criterion_main!(benches);
