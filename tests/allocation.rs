//! A verdict allocates nothing: counted over the flows of every case.

use netpol_tests::ask::Prepared;
use netpol_tests::case::{self, Case};
use netpol_tests::run::Reading;

#[test]
fn a_verdict_allocates_nothing() {
    let mut count = 0;
    for case in case::all() {
        let reading = Reading::of(&case).unwrap();
        let prepared = Prepared::new(&Case::sources([case.documents.join("---\n").as_str()]), case.options);
        for named in reading.all_flows() {
            let flow = named.within(prepared.engine.cluster()).unwrap();
            let allocated = allocation_counter::measure(|| {
                std::hint::black_box(prepared.engine.evaluate(&flow));
            });
            assert_eq!(allocated.count_total, 0, "{}: {flow:?}", case.name);
            count += 1;
        }
    }
    assert!(count > 500, "only {count} flows were counted");
}

#[test]
fn an_allocation_would_be_counted() {
    let allocated = allocation_counter::measure(|| drop(std::hint::black_box(vec![1u8; 100])));
    assert_eq!(allocated.count_total, 1);
}
