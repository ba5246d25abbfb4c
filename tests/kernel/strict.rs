//! The kernel in memory against the real one: what either refuses, the other refuses, for the same change and with the same number.

use netpol::lowering::AddressRange;
use netpol::protocol::{Family, Port};
use netpol_nft::{
    Batch, Change, Element, LowerOptions, ObjectKind, Refusal, Rule, Ruleset, Set, SetKind, Statement, lower_pods,
};
use netpol_tests::generate::generate;
use netpol_tests::random::Random;
use netpol_tests::strict::{ABSENT, BUSY, EXISTS, LOOP, Refused, Strict, TOO_LONG};

use crate::manifests::address;
use crate::net::Net;

/// What both make of a batch: nothing, or who refuses and why.
fn outcome(net: &Net, base: &Ruleset, batch: &Batch) -> Result<(), i32> {
    net.apply(&base.to_text());
    let mut strict = Strict { ruleset: base.clone() };
    let in_memory = strict.apply(batch);
    let real = net.change_on(0, batch);
    let listed = Ruleset::from_listing(&net.listing(0)).unwrap_or_else(|foreign| panic!("{foreign}\n{batch}"));
    assert_eq!(strict.ruleset.differences(&listed), [""; 0], "after {in_memory:?} and {real:?} of\n{batch}");
    match (in_memory, real) {
        (Ok(()), Ok(())) => Ok(()),
        (Err(Refused { change, errno }), Err(Refusal::Change { change: refused, errno: found })) => {
            // Older kernels say `ELOOP`.
            let found = if found == 40 { LOOP } else { found };
            assert_eq!(errno, found, "{change:?} {refused:?}");
            // Whatever shows only when all is checked is nobody's fault.
            if let (Some(change), Some(refused)) = (change, refused) {
                assert!(change.starts_with(&refused), "{change}\n{refused}");
            }
            Err(errno)
        }
        (in_memory, real) => panic!("in memory {in_memory:?}, in the kernel {real:?}:\n{batch}"),
    }
}

fn port(number: u16) -> Port {
    Port::new(number).expect("it is a port")
}

fn goto(chain: &str) -> Rule {
    Rule { statements: vec![Statement::Goto(chain.to_owned())], ..Rule::default() }
}

pub fn the_kernel_in_memory_is_as_strict_as_the_real_one() {
    let name = |text: &str| text.to_owned();
    let range = |first: &str, last: &str| Element::Range(AddressRange { first: address(first), last: address(last) });
    let ranges = Set { kind: SetKind::Ranges(Family::Ipv4), elements: [range("10.0.0.0", "10.0.0.255")].into() };
    let ports = Set { kind: SetKind::Ports, elements: [Element::Ports(port(80), port(90))].into() };
    let hosts =
        Set { kind: SetKind::Addresses(Family::Ipv4), elements: [Element::Address(address("10.0.0.1"))].into() };
    let net = Net::with_nodes(&[crate::net::Node::default()], &[]);
    let base = {
        let mut random = Random::new(1);
        let engine = generate(&mut random).scenario.prepare().engine;
        let mut base = lower_pods(&engine, [], &LowerOptions::default()).ruleset;
        base.sets.insert(name("c_1"), ranges.clone());
        base.sets.insert(name("t_1"), ports);
        base.sets.insert(name("p_1"), hosts);
        base.counters.insert(name("d_1"), name("something"));
        base.chains.entry(name("in_1")).or_default().rules.push(Rule {
            matches: vec![netpol_nft::Match::Address(netpol_nft::Side::Source, Family::Ipv4, name("p_1"))],
            statements: vec![Statement::Counter(name("d_1")), Statement::Drop],
            comment: None,
        });
        base.maps.get_mut("in4").expect("it is there").elements.insert(address("10.0.0.9"), name("in_1"));
        base
    };
    let long = "n".repeat(256);
    let many = (0..20_000u32).map(|number| Element::Address(std::net::Ipv4Addr::from(number).into())).collect();
    let cases: Vec<(Vec<Change>, Result<(), i32>)> = vec![
        (vec![], Ok(())),
        (vec![Change::AddElements(name("p_1"), vec![Element::Address(address("10.0.0.1"))])], Ok(())),
        (vec![Change::AddElements(name("p_1"), many)], Ok(())),
        (vec![Change::DeleteElements(name("p_1"), vec![Element::Address(address("10.0.0.2"))])], Err(ABSENT)),
        (vec![Change::AddElements(name("c_1"), vec![range("10.0.0.128", "10.0.1.0")])], Err(EXISTS)),
        (vec![Change::AddElements(name("c_1"), vec![range("10.0.0.16", "10.0.0.31")])], Err(EXISTS)),
        (
            vec![Change::AddElements(
                name("c_1"),
                vec![range("10.0.1.0", "10.0.1.9"), range("255.0.0.0", "255.255.255.255")],
            )],
            Ok(()),
        ),
        (vec![Change::DeleteElements(name("c_1"), vec![range("10.0.0.0", "10.0.0.127")])], Err(ABSENT)),
        (
            vec![
                Change::DeleteElements(name("c_1"), vec![range("10.0.0.0", "10.0.0.255")]),
                Change::AddElements(name("c_1"), vec![range("10.0.0.128", "10.0.1.0")]),
            ],
            Ok(()),
        ),
        (vec![Change::AddElements(name("t_1"), vec![Element::Ports(port(90), port(100))])], Err(EXISTS)),
        (vec![Change::AddElements(name("t_1"), vec![Element::Ports(port(65_000), port(65_535))])], Ok(())),
        (vec![Change::AddSet(name("c_1"), Set { kind: SetKind::Ports, ..ranges })], Err(EXISTS)),
        (vec![Change::AddEntries(name("in4"), vec![(address("10.0.0.9"), name("deny"))])], Err(EXISTS)),
        (vec![Change::AddEntries(name("in4"), vec![(address("10.0.0.9"), name("in_1"))])], Ok(())),
        (vec![Change::AddEntries(name("in4"), vec![(address("10.0.0.8"), name("nowhere"))])], Err(ABSENT)),
        (vec![Change::DeleteEntries(name("in4"), vec![address("10.0.0.8")])], Err(ABSENT)),
        (vec![Change::Delete(ObjectKind::Chain, name("in_1"))], Err(BUSY)),
        (vec![Change::Delete(ObjectKind::Set, name("p_1"))], Err(BUSY)),
        (vec![Change::Delete(ObjectKind::Counter, name("d_1"))], Err(BUSY)),
        (
            vec![
                Change::DeleteEntries(name("in4"), vec![address("10.0.0.9")]),
                Change::Delete(ObjectKind::Chain, name("in_1")),
                Change::Delete(ObjectKind::Set, name("p_1")),
                Change::Delete(ObjectKind::Counter, name("d_1")),
            ],
            Ok(()),
        ),
        (vec![Change::Delete(ObjectKind::Set, name("p_2"))], Err(ABSENT)),
        (vec![Change::FlushChain(name("in_2"))], Err(ABSENT)),
        (vec![Change::AddRule(name("in_2"), goto("deny"))], Err(ABSENT)),
        (vec![Change::AddRule(name("in_1"), goto("in_2"))], Err(ABSENT)),
        (vec![Change::AddRule(name("in_1"), goto("ingress"))], Err(LOOP)),
        (vec![Change::AddChain(long.clone())], Err(TOO_LONG)),
        (vec![Change::AddChain(long[1..].to_owned())], Ok(())),
        (vec![Change::AddCounter(long, name("something"))], Err(TOO_LONG)),
        (vec![Change::AddCounter(name("d_2"), "w".repeat(254))], Err(TOO_LONG)),
        (vec![Change::AddCounter(name("d_2"), "w".repeat(253))], Ok(())),
        (vec![Change::AddRule(name("in_1"), Rule { comment: Some("w".repeat(254)), ..goto("deny") })], Err(TOO_LONG)),
        (vec![Change::AddRule(name("in_1"), Rule { comment: Some("w".repeat(253)), ..goto("deny") })], Ok(())),
        // All or nothing.
        (
            vec![Change::AddChain(name("in_2")), Change::FlushChain(name("in_3")), Change::AddChain(name("in_4"))],
            Err(ABSENT),
        ),
    ];
    for (changes, expected) in cases {
        let batch = Batch::from_iter(changes);
        assert_eq!(
            outcome(&net, &base, &batch),
            expected,
            "{}",
            batch.to_string().chars().take(500).collect::<String>()
        );
    }
}

/// Batches between random rulesets, some with a change that is left out, doubled or in another place.
pub fn both_kernels_take_and_refuse_the_same_batches() {
    let net = Net::with_nodes(&[crate::net::Node::default()], &[]);
    let (mut taken, mut refused) = (0, 0);
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let engine = generate(&mut random).scenario.prepare().engine;
        let ids: Vec<_> = engine.cluster().endpoint_ids().map(|(id, _)| id).collect();
        let mut ruleset = || lower_pods(&engine, random.some(&ids, 60), &LowerOptions::default()).ruleset;
        let (from, mut to) = (ruleset(), ruleset());
        for set in to.sets.values_mut() {
            set.elements.pop_first();
        }
        let Some(batch) = Batch::between(&from, &to) else { continue };
        assert_eq!(outcome(&net, &from, &batch), Ok(()));
        for _ in 0..4 {
            let mut changes = batch.changes().to_vec();
            if changes.is_empty() {
                break;
            }
            let place = random.below(changes.len());
            match random.below(3) {
                0 => drop(changes.remove(place)),
                1 => changes.insert(random.below(changes.len()), changes[place].clone()),
                _ => {
                    let other = random.below(changes.len());
                    changes.swap(place, other);
                }
            }
            match outcome(&net, &from, &Batch::from_iter(changes)) {
                Ok(()) => taken += 1,
                Err(_) => refused += 1,
            }
        }
    }
    assert!(taken > 20 && refused > 20, "{taken} taken, {refused} refused");
}
