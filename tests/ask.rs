//! Asks every executor that runs in this process the same question: the engine's verdict, its explanation and its connections,
//! reachability, and the oracle.

use std::collections::BTreeSet;
use std::fmt;

use netpol::diagnostic::{Diagnostic, Severity};
use netpol::flow::Flow;
use netpol::options::EngineOptions;
use netpol::protocol::Family;
use netpol::source::Sources;
use netpol::{Connectivity, Engine, ReachQuery, Verdict};

use crate::listing::Listing;
use crate::oracle;
use crate::simulator::Nodes;

/// An input, compiled.
pub struct Prepared {
    /// The engine, with its cluster and options.
    pub engine: Engine,
    /// What loading and resolving said.
    pub diagnostics: Vec<Diagnostic>,
}

/// An input, ready to be asked.
pub struct Asked<'a> {
    engine: &'a Engine,
    connectivity: Connectivity<'a>,
    /// For each choice of a family.
    listings: Vec<Listing<'a>>,
    nodes: Nodes<'a>,
}

/// What one executor answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Who answers; an explanation is the engine's.
    pub executor: &'static str,
    /// Which of its answers this is.
    pub answer: &'static str,
    /// Whether the flow may pass.
    pub is_allowed: bool,
    /// Who decides at the source and at the destination, where the executor tells.
    pub deciders: Option<[String; 2]>,
}

impl Prepared {
    /// Reads, resolves and compiles.
    pub fn new(sources: &Sources, options: EngineOptions) -> Prepared {
        let loaded = netpol::load(sources);
        let resolved = netpol::resolve(loaded.objects, &options);
        let diagnostics = loaded.diagnostics.into_iter().chain(resolved.diagnostics).collect();
        Prepared { engine: netpol::compile(resolved.cluster, options), diagnostics }
    }

    /// The slugs of the errors and warnings.
    pub fn slugs(&self) -> BTreeSet<String> {
        let counts = |diagnostic: &&Diagnostic| diagnostic.severity != Severity::Note;
        self.diagnostics.iter().filter(counts).map(|diagnostic| diagnostic.slug.to_owned()).collect()
    }

    /// Makes it ready for questions.
    pub fn asked(&self) -> Asked<'_> {
        let families = [None, Some(Family::Ipv4), Some(Family::Ipv6)];
        Asked {
            engine: &self.engine,
            connectivity: self.engine.reach(&ReachQuery::default()),
            listings: families.into_iter().map(|family| Listing::new(&self.engine, family)).collect(),
            nodes: Nodes::new(&self.engine),
        }
    }
}

impl Asked<'_> {
    /// Everyone's answer.
    pub fn replies(&self, flow: &Flow) -> Vec<Reply> {
        let explanation = self.engine.explain(flow);
        let explained = [&explanation.egress, &explanation.ingress].map(|side| side.decider().to_owned());
        let oracle = oracle::evaluate(self.engine.cluster(), self.engine.options(), flow);
        let is_connected = self.engine.connections(flow).ports(flow.protocol).contains(flow.port);
        let reply = |executor, answer, is_allowed, deciders| Reply { executor, answer, is_allowed, deciders };
        let listed = self.listings.iter().find_map(|listing| listing.admits(flow));
        let mut replies = vec![
            reply("engine", "evaluate", self.engine.evaluate(flow) == Verdict::Allow, None),
            reply("engine", "explain", explanation.verdict == Verdict::Allow, Some(explained)),
            reply("engine", "connections", is_connected, None),
            reply("reach", "reach().admits", self.connectivity.admits(flow), None),
            reply("oracle", "oracle", oracle.allowed(), Some([oracle.egress.decider, oracle.ingress.decider])),
        ];
        let simulated = self.nodes.admit(flow);
        replies.extend(simulated.map(|is_admitted| reply("simulator", "simulator", is_admitted, None)));
        replies.extend(listed.map(|is_listed| reply("reach", "reach() lists", is_listed, None)));
        replies
    }
}

impl Reply {
    /// Whether nothing in these two replies contradicts the other.
    pub fn agrees(&self, other: &Reply) -> bool {
        let deciders_agree = match (&self.deciders, &other.deciders) {
            (Some(mine), Some(theirs)) => mine == theirs,
            _ => true,
        };
        self.is_allowed == other.is_allowed && deciders_agree
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_allowed { "allow" } else { "deny" };
        write!(f, "{:<15} {verdict:<5}", self.answer)?;
        match &self.deciders {
            Some([egress, ingress]) => write!(f, "  egress: {egress}  ingress: {ingress}"),
            None => Ok(()),
        }
    }
}

/// The replies, a line each.
pub fn list(replies: &[Reply]) -> String {
    replies.iter().map(|reply| format!("      {reply}\n")).collect()
}
