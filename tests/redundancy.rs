//! On random clusters, what is said to be redundant can go, piece by piece and all together, and no connection changes.

use netpol::diagnostic::Diagnostic;
use netpol::lint::Rule;
use netpol::options::EngineOptions;
use netpol::source::{Place, Sources};
use netpol::{Engine, ReachQuery};
use netpol_tests::generate::generate;
use netpol_tests::random::Random;
use serde_json::Value;

const SLUGS: [&str; 4] = ["redundant-peer", "redundant-policy", "redundant-port", "redundant-rule"];

#[test]
fn what_is_redundant_can_go_and_no_connection_changes() {
    let mut found = [0; SLUGS.len()];
    for seed in 0..clusters() {
        let mut generated = generate(&mut Random::new(seed));
        add_near_copies(&mut generated.scenario.documents, &mut Random::new(seed));
        let (documents, options) = (generated.scenario.documents, generated.scenario.options);
        let (before, findings) = check(&documents, options);
        let pieces: Vec<Piece> = findings.iter().map(|(finding, index)| Piece::of(finding, *index)).collect();
        for (finding, _) in &findings {
            found[SLUGS.iter().position(|slug| *slug == finding.slug).unwrap()] += 1;
        }
        let all: Vec<&Piece> = pieces.iter().collect();
        let one_by_one = pieces.iter().map(|piece| vec![piece]);
        for gone in one_by_one.chain([all]) {
            let (after, _) = check(&without(&documents, &gone), options);
            let changed = netpol::diff(&before, &after, &ReachQuery { include_nodes: true, ..ReachQuery::default() });
            let rest: Vec<String> = documents.iter().map(Value::to_string).collect();
            assert!(changed.is_empty(), "cluster {seed} without {gone:?}: {changed:?}\n{}", rest.join("\n"));
        }
    }
    assert!(found.iter().all(|count| *count > 20), "{SLUGS:?} were found {found:?} times");
}

fn clusters() -> u64 {
    std::env::var("NETPOL_CLUSTERS").ok().and_then(|count| count.parse().ok()).unwrap_or(400)
}

/// Policies that are others with a field less, so that one selects or allows more than the other.
fn add_near_copies(documents: &mut Vec<Value>, random: &mut Random) {
    let policies: Vec<Value> =
        documents.iter().filter(|document| document["kind"] == "NetworkPolicy").cloned().collect();
    for (index, mut copy) in policies.into_iter().enumerate() {
        copy["metadata"]["name"] = Value::from(format!("copy-{index}"));
        match random.below(4) {
            0 => drop(copy["spec"].as_object_mut().map(|spec| spec.remove("podSelector"))),
            1 => copy["spec"]["podSelector"]["matchLabels"]["app"] = Value::from("a"),
            2 => {
                if let Some(rule) = copy["spec"]["ingress"].get_mut(0).and_then(Value::as_object_mut) {
                    rule.remove("ports");
                }
            }
            _ => {}
        }
        documents.push(copy);
    }
}

/// The engine, and what is redundant by the index of its document.
fn check(documents: &[Value], options: EngineOptions) -> (Engine, Vec<(Diagnostic, usize)>) {
    let mut sources = Sources::default();
    let ids: Vec<_> = documents.iter().map(|document| sources.add("", document.to_string())).collect();
    let resolved = netpol::resolve(netpol::load(&sources).objects, &options);
    let engine = netpol::compile(resolved.cluster, options);
    let findings = netpol::lint(&engine, &sources);
    let index = |finding: &Diagnostic| {
        let source = finding.place.as_ref()?.source();
        ids.iter().position(|id| *id == source)
    };
    let redundant = findings.into_iter().filter(|finding| SLUGS.contains(&finding.slug));
    let redundant = redundant.map(|finding| (finding.clone(), index(&finding).expect("it is in a document"))).collect();
    (engine, redundant)
}

/// A document, and the field of it that goes, as the keys on the way there; no key is the document.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Piece {
    document: usize,
    keys: Vec<String>,
}

impl Piece {
    fn of(finding: &Diagnostic, document: usize) -> Piece {
        assert!(Rule::find(finding.slug).is_some());
        let Some(Place::Field { path, .. }) = &finding.place else { panic!("{finding:?}") };
        if finding.slug == "redundant-policy" {
            return Piece { document, keys: Vec::new() };
        }
        let keys = path.split(['.', '[', ']']).filter(|key| !key.is_empty()).map(str::to_owned).collect();
        Piece { document, keys }
    }
}

/// The documents without some pieces. The last go first, so that indices hold.
fn without(documents: &[Value], pieces: &[&Piece]) -> Vec<Value> {
    let mut rest = documents.to_vec();
    let mut pieces = pieces.to_vec();
    pieces.sort_by_key(|piece| {
        let numbers = piece.keys.iter().map(|key| key.parse().unwrap_or(0)).collect::<Vec<usize>>();
        (piece.document, numbers, piece.keys.clone())
    });
    for piece in pieces.into_iter().rev() {
        let Some((last, way)) = piece.keys.split_last() else {
            rest.remove(piece.document);
            continue;
        };
        let mut value = &mut rest[piece.document];
        for key in way {
            value = match key.parse::<usize>() {
                Ok(index) => &mut value[index],
                Err(_) => &mut value[key.as_str()],
            };
        }
        value.as_array_mut().expect("it is an item").remove(last.parse().expect("an index"));
    }
    rest
}
