//! Runs a case, in any arrangement, in the executors that this process has; says what is not as expected.

use std::collections::BTreeSet;

use netpol::flow::{self, Flow};
use netpol::{Engine, ReachQuery};

use crate::arrange::Arrangement;
use crate::ask::{Prepared, Reply, list};
use crate::case::{Case, Question};
use crate::named_flow::NamedFlow;

/// A case whose flows have been read, in the cluster as it is written.
pub struct Reading {
    /// The namespaces of its cluster.
    pub namespaces: Vec<String>,
    /// The slugs of the errors and warnings that its input gives.
    pub slugs: BTreeSet<String>,
    /// Each question's flows: a named port or a Service can make several of one.
    pub flows: Vec<(Question, Vec<NamedFlow>)>,
}

impl Reading {
    /// Reads a case's flows.
    ///
    /// # Errors
    ///
    /// Says which of them cannot be read.
    pub fn of(case: &Case) -> Result<Reading, String> {
        let sources = Case::sources([case.documents.join("---\n").as_str()]);
        let prepared = Prepared::new(&sources, case.options);
        let cluster = prepared.engine.cluster();
        let read = |question: &Question| -> Result<Vec<NamedFlow>, String> {
            let flows = flow::parse(&question.flow, cluster)
                .map_err(|error| format!("{}\n    flow {}: {error}\n", title(case), question.flow))?;
            if flows.is_empty() {
                return Err(format!("{}\n    flow {}: it stands for no flow\n", title(case), question.flow));
            }
            let chosen = |flow: Flow| Flow {
                family: question.family.or(flow.family),
                route: question.route.unwrap_or(flow.route),
                ..flow
            };
            Ok(flows.into_iter().map(|flow| NamedFlow::of(&chosen(flow), cluster)).collect())
        };
        let flows = case.questions.iter().map(|question| Ok((question.clone(), read(question)?)));
        Ok(Reading {
            namespaces: cluster.namespaces.iter().map(|namespace| namespace.name.to_string()).collect(),
            slugs: prepared.slugs(),
            flows: flows.collect::<Result<_, String>>()?,
        })
    }

    /// All flows.
    pub fn all_flows(&self) -> Vec<NamedFlow> {
        self.flows.iter().flat_map(|(_, flows)| flows.clone()).collect()
    }
}

/// Reads a case's input and gives what is wrong with what is said about it, as text.
pub fn diagnose(case: &Case) -> Option<String> {
    let sources = Case::sources([case.documents.join("---\n").as_str()]);
    diagnostics_differ(&case.diagnostics, &title(case), &Prepared::new(&sources, case.options))
}

/// Runs a case in one arrangement and gives what is wrong, as text.
pub fn run(case: &Case, reading: &Reading, arrangement: &Arrangement) -> Vec<String> {
    let sources = Case::sources(arrangement.texts.iter().map(String::as_str));
    let prepared = Prepared::new(&sources, case.options);
    let title = format!("{} ({})", title(case), arrangement.name);
    let mut failures = Vec::new();
    if arrangement.keeps_diagnostics {
        failures.extend(diagnostics_differ(&reading.slugs, &title, &prepared));
    }
    let (asked, cluster) = (prepared.asked(), prepared.engine.cluster());
    // Mirrored ranges are other ranges.
    if let Some(expected) = case.reach.as_ref().filter(|_| !arrangement.is_mirrored && case.runs_in("reach")) {
        failures.extend(lists_differ(expected, &title, &prepared.engine));
    }
    for (question, flows) in &reading.flows {
        for flow in flows {
            let named = arrangement.flow(flow);
            failures.extend(match named.within(cluster) {
                Some(flow) => check(case, &title, question, &named, asked.replies(&flow)),
                None => Some(format!("{title}\n    flow {named}: an end of it is not in the cluster\n")),
            });
        }
    }
    failures
}

fn check(case: &Case, title: &str, question: &Question, named: &NamedFlow, replies: Vec<Reply>) -> Option<String> {
    let replies: Vec<Reply> = replies.into_iter().filter(|reply| case.runs_in(reply.executor)).collect();
    let as_expected = |reply: &Reply| {
        let decided_by = |index: usize, expected: &Option<String>| match (&reply.deciders, expected) {
            (Some(deciders), Some(expected)) => deciders[index] == *expected,
            _ => true,
        };
        reply.is_allowed == question.is_allowed && decided_by(0, &question.egress) && decided_by(1, &question.ingress)
    };
    let agree = replies.iter().all(|reply| replies.iter().all(|other| reply.agrees(other)));
    if agree && replies.iter().all(as_expected) {
        return None;
    }
    let verdict = if question.is_allowed { "allow" } else { "deny" };
    let decider = |expected: &Option<String>| expected.clone().unwrap_or_else(|| "(not said)".to_owned());
    Some(format!(
        "{title}\n    flow {}, asked as {named}\n      {:<15} {verdict:<5}  egress: {}  ingress: {}\n{}",
        question.flow,
        "expected",
        decider(&question.egress),
        decider(&question.ingress),
        list(&replies),
    ))
}

fn diagnostics_differ(expected: &BTreeSet<String>, title: &str, prepared: &Prepared) -> Option<String> {
    let slugs = prepared.slugs();
    if slugs == *expected {
        return None;
    }
    let found: String = prepared
        .diagnostics
        .iter()
        .map(|diagnostic| format!("      {:?} {}: {}\n", diagnostic.severity, diagnostic.slug, diagnostic.message))
        .collect();
    Some(format!("{title}\n    expected the diagnostics {expected:?}, found {slugs:?}\n{found}"))
}

/// Reachability as `netpol reach -o list` prints it, held to the lines that a case expects.
fn lists_differ(expected: &BTreeSet<String>, title: &str, engine: &Engine) -> Option<String> {
    let connectivity = engine.reach(&ReachQuery::default());
    let mut listed = BTreeSet::new();
    connectivity.for_each(|source, destination, _, connections| {
        let id = |unit: usize| &connectivity.units()[unit].id;
        listed.insert(format!("{} -> {}: {connections}", id(source), id(destination)));
    });
    let lines = |sign: &str, lines: &BTreeSet<String>, others: &BTreeSet<String>| -> String {
        lines.difference(others).map(|line| format!("      {sign} {line}\n")).collect()
    };
    let (missing, added) = (lines("-", expected, &listed), lines("+", &listed, expected));
    (listed != *expected).then(|| format!("{title}\n    reachability lacks (-) or adds (+)\n{missing}{added}"))
}

fn title(case: &Case) -> String {
    format!("{}: {} {:?}", case.file, case.name, case.rules)
}
