//! Why a flow may pass or not: one flow, traced through the compiled policies.
//!
//! The trace reads the same compiled rules as the verdict. It names the rule that decided or, on denial, how near each policy
//! came; and it asks the engine again under other readings of what the specification leaves open, to say what the answer hangs on.

mod caveats;
mod miss;
mod ports;
mod readings;
mod trace;

use crate::cluster::{Direction, PolicyId};
use crate::engine::{Engine, Exemption, Parties, Verdict, exemption};
use crate::flow::Flow;
use crate::model::Action;
use crate::protocol::Family;
use trace::{Assumption, Outcome, Trace};

pub use caveats::Caveat;
pub use miss::{LabelMiss, Miss, PeerMiss, PortNameMiss, RuleMiss, Unmet, UnmetPortName};
pub use ports::{PortsCaveat, PortsExplanation, PortsSide};
pub(crate) use readings::Readings;

/// A verdict and its reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The flow.
    pub flow: Flow,
    /// The family it runs over, when it is known.
    pub family: Option<Family>,
    /// Whether it may pass.
    pub verdict: Verdict,
    /// What the source's side says.
    pub egress: Side,
    /// What the destination's side says.
    pub ingress: Side,
    /// What the verdict hangs on beside the policies.
    pub caveats: Vec<Caveat>,
}

/// One direction of a flow, as the policies of one end see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// Which direction.
    pub direction: Direction,
    /// Whether this side allows the flow.
    pub verdict: Verdict,
    /// The policies that isolate this end in this direction, in order; empty when none does.
    pub policies: Vec<PolicyId>,
    /// What decided.
    pub reason: Reason,
    decider: String,
}

impl Side {
    /// What decided, in short: `policy/ingress[0]` for a rule, `isolated` when none matched, `default` when no policy isolates,
    /// or the exemption: `external`, `host-network`, `self`, `own-node`.
    pub fn decider(&self) -> &str {
        &self.decider
    }
}

/// What decided a side.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// Policy does not apply.
    Exempt(Exemption),
    /// No policy isolates this end in this direction.
    NotIsolated,
    /// A rule matched.
    Rule(RuleMatch),
    /// No rule of the policies that isolate this end matched; how near each one came.
    NoRule(Vec<Miss>),
}

/// A rule that matched, and the entries of it that did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleMatch {
    /// The policy.
    pub policy: PolicyId,
    /// Index of the rule in its direction.
    pub rule: usize,
    /// Index of the first peer that matched; `None` when the rule lists none.
    pub peer: Option<usize>,
    /// Index of the first port that matched; `None` when the rule lists none.
    pub port: Option<usize>,
}

impl Exemption {
    /// `external`, `host-network`, `self` or `own-node`.
    pub fn name(self) -> &'static str {
        match self {
            Exemption::External => "external",
            Exemption::HostNetwork => "host-network",
            Exemption::SamePod => "self",
            Exemption::OwnNode => "own-node",
        }
    }
}

impl Engine {
    /// Why a flow may pass or not.
    pub fn explain(&self, flow: &Flow) -> Explanation {
        let parties = self.parties(flow, self.options());
        let [egress, ingress] = Direction::BOTH.map(|direction| self.side(flow, &parties, direction));
        let verdict = Verdict::allow_if(egress.verdict == Verdict::Allow && ingress.verdict == Verdict::Allow);
        let caveats = self.caveats(flow, &parties, [&egress, &ingress].map(|side| side.verdict == Verdict::Allow));
        Explanation { flow: *flow, family: parties.family, verdict, egress, ingress, caveats }
    }

    fn side(&self, flow: &Flow, parties: &Parties<'_>, direction: Direction) -> Side {
        let trace = Trace { engine: self, flow, parties, direction, assumption: Assumption::None };
        let policies = trace.governing().map(|policy| policy.id).collect();
        let (verdict, reason) = match exemption(flow.route, parties, direction, self.options()) {
            Some(exemption) => (Verdict::Allow, Reason::Exempt(exemption)),
            None => match trace.outcome() {
                Outcome::Rule(action, found) => (Verdict::allow_if(action == Action::Allow), Reason::Rule(found)),
                Outcome::NoRule(tier) => {
                    (Verdict::Deny, Reason::NoRule(tier.iter().map(|policy| trace.miss(policy)).collect()))
                }
                Outcome::Undecided => (Verdict::Allow, Reason::NotIsolated),
            },
        };
        let decider = match &reason {
            Reason::Exempt(exemption) => exemption.name().to_owned(),
            Reason::NotIsolated => "default".to_owned(),
            Reason::NoRule(_) => "isolated".to_owned(),
            Reason::Rule(found) => {
                let name = self.cluster().policy(found.policy).map_or("", |policy| &policy.name);
                format!("{name}/{direction}[{}]", found.rule)
            }
        };
        Side { direction, verdict, policies, reason, decider }
    }
}
