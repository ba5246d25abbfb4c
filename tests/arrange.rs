//! The same case, arranged in another way: documents reordered, split over files, joined by a policy that does not concern
//! them, mirrored to IPv6. No verdict may change.

use std::net::IpAddr;

use netpol::protocol::Family;

use crate::case::Case;
use crate::mirror;
use crate::named_flow::{NamedEnd, NamedFlow};
use crate::random::Random;

/// One way to write a case's input.
#[derive(Debug, Clone)]
pub struct Arrangement {
    /// How it is arranged, for messages.
    pub name: &'static str,
    /// The texts, each a source of its own.
    pub texts: Vec<String>,
    /// Whether the input must give the same diagnostics.
    pub keeps_diagnostics: bool,
    /// Whether addresses are mirrored.
    pub is_mirrored: bool,
}

impl Arrangement {
    fn of(name: &'static str, documents: &[String]) -> Arrangement {
        Arrangement { name, texts: vec![documents.join("---\n")], keeps_diagnostics: true, is_mirrored: false }
    }

    /// A flow of the case as it is asked here.
    pub fn flow(&self, flow: &NamedFlow) -> NamedFlow {
        let mut flow = flow.clone();
        if self.is_mirrored {
            flow.family = flow.family.map(|_| Family::Ipv6);
            for end in [&mut flow.source, &mut flow.destination] {
                if let NamedEnd::Address(address) = end {
                    *address = mirror::address(*address).expect("a case with IPv6 addresses is not mirrored");
                }
            }
        }
        flow
    }
}

/// As the case has it.
pub fn as_written(case: &Case) -> Vec<Arrangement> {
    vec![Arrangement::of("as written", &case.documents)]
}

/// Its documents backwards, and in three more orders.
pub fn reordered(case: &Case) -> Vec<Arrangement> {
    let mut documents = case.documents.clone();
    documents.reverse();
    let mut arrangements = vec![Arrangement::of("backwards", &documents)];
    for (seed, name) in (1..).zip(["shuffled once", "shuffled twice", "shuffled three times"]) {
        Random::new(seed).shuffle(&mut documents);
        arrangements.push(Arrangement::of(name, &documents));
    }
    arrangements
}

/// Each document in a file of its own.
pub fn split_over_files(case: &Case) -> Vec<Arrangement> {
    let texts = case.documents.clone();
    vec![Arrangement { name: "split over files", texts, keeps_diagnostics: true, is_mirrored: false }]
}

/// With a policy in a namespace of its own, and with one that selects nothing in each of the `namespaces`.
pub fn with_an_unrelated_policy(case: &Case, namespaces: &[String]) -> Vec<Arrangement> {
    let policy = |namespace: &str, selector: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{ name: 0-unrelated, namespace: {namespace} }}\n\
             spec: {{ podSelector: {selector}, policyTypes: [Ingress, Egress], ingress: [{{}}] }}\n"
        )
    };
    let with = |name, added: Vec<String>| {
        let documents: Vec<String> = case.documents.iter().cloned().chain(added).collect();
        Arrangement { keeps_diagnostics: false, ..Arrangement::of(name, &documents) }
    };
    let elsewhere = vec![
        "apiVersion: v1\nkind: Namespace\nmetadata: { name: unrelated, labels: { unrelated: \"true\" } }\n".to_owned(),
        policy("unrelated", "{}"),
    ];
    let selects_nothing =
        namespaces.iter().map(|namespace| policy(namespace, "{ matchLabels: { unrelated: \"true\" } }")).collect();
    vec![
        with("with a policy in a namespace of its own", elsewhere),
        with("with a policy that selects nothing", selects_nothing),
    ]
}

/// With IPv6 addresses for its IPv4 addresses.
///
/// # Errors
///
/// Says why this case has no mirror image.
pub fn mirrored(case: &Case, flows: &[NamedFlow]) -> Result<Arrangement, &'static str> {
    let addresses: Vec<IpAddr> = flows
        .iter()
        .flat_map(|flow| [&flow.source, &flow.destination])
        .filter_map(|end| if let NamedEnd::Address(address) = end { Some(*address) } else { None })
        .collect();
    if addresses.iter().any(IpAddr::is_ipv6) || flows.iter().any(|flow| flow.family == Some(Family::Ipv6)) {
        return Err("its flows run over IPv6 already");
    }
    let written = case.documents.join("---\n");
    let text = mirror::text(&written)?;
    if text == written && addresses.is_empty() {
        return Err("it has no addresses");
    }
    Ok(Arrangement { name: "mirrored to IPv6", texts: vec![text], keeps_diagnostics: false, is_mirrored: true })
}
