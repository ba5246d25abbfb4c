//! The explanation of a flow for a person: the verdict, then each direction with who decided and where that is written.

use std::fmt::Write;

use netpol::cluster::{Cluster, Direction, Policy, PolicyId};
use netpol::explain::{Caveat, Explanation, Miss, PeerMiss, Reason, RuleMatch, RuleMiss, Side};
use netpol::flow::{End, Flow};
use netpol::object::NetworkPolicyRule;
use netpol::source::Sources;
use netpol::{Engine, Exemption, Verdict};

use super::{Answer, Summary};
use crate::plain::painted;
use crate::{Style, describe};

/// How many of the flows behind one question are explained in full.
const EXPLAINED: usize = 3;

/// The whole answer.
pub fn text(answer: &Answer, engine: &Engine, sources: &Sources, style: &Style) -> String {
    painted(&answer_text(answer, engine, sources, style), style)
}

fn answer_text(answer: &Answer, engine: &Engine, sources: &Sources, style: &Style) -> String {
    let writer = Writer { cluster: engine.cluster(), sources, style };
    let mut text = String::new();
    if let [explanation] = answer.explanations.as_slice() {
        writer.explanation(&mut text, explanation);
        return text;
    }
    let count = answer.explanations.len();
    let allowed = answer.explanations.iter().filter(|explanation| explanation.verdict == Verdict::Allow).count();
    let heading = match answer.summary() {
        Summary::Same(Verdict::Allow) => style.good("ALLOWED"),
        Summary::Same(Verdict::Deny) => style.bad("DENIED"),
        Summary::Mixed => style.warn("PARTLY ALLOWED"),
    };
    let _ = writeln!(text, "{heading}  {}: {allowed} of {count} flows pass", answer.asked);
    for explanation in &answer.explanations {
        let _ = writeln!(
            text,
            "  {}  {}",
            writer.verdict(explanation.verdict),
            describe::flow(writer.cluster, &explanation.flow)
        );
    }
    // The first of each outcome tells most; the others can be asked for by themselves.
    let mut told: Vec<(&str, &str)> = Vec::new();
    for explanation in &answer.explanations {
        let outcome = (explanation.egress.decider(), explanation.ingress.decider());
        if !told.contains(&outcome) && told.len() < EXPLAINED {
            told.push(outcome);
            text.push('\n');
            writer.explanation(&mut text, explanation);
        }
    }
    text
}

struct Writer<'a> {
    cluster: &'a Cluster,
    sources: &'a Sources,
    style: &'a Style,
}

impl Writer<'_> {
    fn verdict(&self, verdict: Verdict) -> String {
        match verdict {
            Verdict::Allow => self.style.good("ALLOWED"),
            Verdict::Deny => self.style.bad("DENIED "),
        }
    }

    fn explanation(&self, text: &mut String, explanation: &Explanation) {
        let flow = self.style.bold(&describe::flow(self.cluster, &explanation.flow));
        let family = explanation.family.map(|family| format!(" over {}", family.name())).unwrap_or_default();
        let _ = writeln!(text, "{}  {flow}{family}\n", self.verdict(explanation.verdict));
        self.side(text, explanation, &explanation.egress);
        self.side(text, explanation, &explanation.ingress);
        for caveat in &explanation.caveats {
            let _ = writeln!(text, "\n  {} {}", self.style.info("note:"), caveat_text(caveat, explanation.verdict));
        }
    }

    fn side(&self, text: &mut String, explanation: &Explanation, side: &Side) {
        let subject = match side.direction {
            Direction::Egress => explanation.flow.source,
            Direction::Ingress => explanation.flow.destination,
        };
        let name = format!("{:<8}", side.direction.name());
        let word = match side.verdict {
            Verdict::Allow => self.style.good("allowed"),
            Verdict::Deny => self.style.bad("denied"),
        };
        let _ = writeln!(text, "  {} {word} {}", self.style.bold(&name), self.reason(subject, side));
        match &side.reason {
            Reason::Rule(found) => {
                self.rule_match(text, side.direction, found);
                self.isolating(text, &side.policies);
            }
            Reason::NoRule(misses) => {
                for miss in misses {
                    self.miss(text, explanation, side.direction, miss);
                }
            }
            Reason::Exempt(_) | Reason::NotIsolated => {}
        }
    }

    fn reason(&self, subject: End, side: &Side) -> String {
        let subject = describe::end(self.cluster, subject);
        let direction = side.direction;
        match &side.reason {
            Reason::Exempt(Exemption::External) => {
                format!("because {subject} is no pod: no policy governs its {direction}")
            }
            Reason::Exempt(Exemption::HostNetwork) => {
                format!("because {subject} is on its node's network: no policy selects it")
            }
            Reason::Exempt(Exemption::SamePod) => "because a pod always reaches itself".to_owned(),
            Reason::Exempt(Exemption::OwnNode) => "because the other end is the pod's own node".to_owned(),
            Reason::NotIsolated => format!("because no policy isolates {subject} for {direction}"),
            Reason::Rule(found) => {
                let policy = self.cluster.policy_label(found.policy);
                format!("by {policy}, rule {direction}[{}]", found.rule)
            }
            Reason::NoRule(misses) => {
                let policies = if misses.len() == 1 { "1 policy" } else { &format!("{} policies", misses.len()) };
                let whose = if misses.len() == 1 { "none of its rules" } else { "none of their rules" };
                format!(
                    "because {policies} isolate{} {subject} and {whose} match",
                    if misses.len() == 1 { "s" } else { "" }
                )
            }
        }
    }

    fn rule_match(&self, text: &mut String, direction: Direction, found: &RuleMatch) {
        let Some((policy, rule)) = self.rule(found.policy, direction, found.rule) else { return };
        let path = format!("spec.{direction}[{}]", found.rule);
        let field = direction.peers_field();
        let mut lines = vec![(path.clone(), "rule".to_owned())];
        lines.push(match found.peer.and_then(|index| rule.peers.get(index).map(|peer| (index, peer))) {
            Some((index, peer)) => {
                (format!("{path}.{field}[{index}]"), format!("peer {field}[{index}]: {}", describe::peer(peer)))
            }
            None => (path.clone(), format!("peer: everyone, since `{field}` is empty")),
        });
        lines.push(match found.port.and_then(|index| rule.ports.get(index).map(|port| (index, port))) {
            Some((index, port)) => {
                (format!("{path}.ports[{index}]"), format!("port ports[{index}]: {}", describe::port(port)))
            }
            None => (path.clone(), "port: every port, since `ports` is empty".to_owned()),
        });
        let locations = self.sources.locate_all(&policy.origin, lines.iter().map(|(path, _)| path.as_str()));
        for ((_, what), location) in lines.iter().zip(locations) {
            let place = self.style.dim(&format!("{}:{}", location.path, location.line));
            let _ = writeln!(text, "             {what}  {place}");
        }
    }

    fn isolating(&self, text: &mut String, policies: &[PolicyId]) {
        let names: Vec<String> = policies.iter().map(|policy| self.cluster.policy_label(*policy)).collect();
        let _ = writeln!(text, "             isolated by {}", names.join(", "));
    }

    fn miss(&self, text: &mut String, explanation: &Explanation, direction: Direction, miss: &Miss) {
        let Some(policy) = self.cluster.policy(miss.policy) else { return };
        let name = self.style.bold(&self.cluster.policy_label(miss.policy));
        let (path, what) = match &miss.rule {
            None => ("spec".to_owned(), format!("has no {direction} rule")),
            Some(rule) => (format!("spec.{direction}[{}]", rule.rule), format!("{direction}[{}]", rule.rule)),
        };
        let location = self.sources.locate(&policy.origin, &path);
        let place = self.style.dim(&format!("{}:{}", location.path, location.line));
        let _ = writeln!(text, "             {name} {what}  {place}");
        for line in miss.rule.iter().flat_map(|rule| self.rule_miss(explanation, direction, miss.policy, rule)) {
            let _ = writeln!(text, "               {line}");
        }
    }

    /// What of a rule matches and what does not, a line each.
    fn rule_miss(
        &self,
        explanation: &Explanation,
        direction: Direction,
        policy: PolicyId,
        miss: &RuleMiss,
    ) -> Vec<String> {
        let field = direction.peers_field();
        let peers = self.rule(policy, direction, miss.rule).map_or(&[][..], |(_, rule)| rule.peers.as_slice());
        let mut lines: Vec<String> = (peers.iter().zip(&miss.peer_misses).enumerate())
            .map(|(index, (peer, why))| format!("{field}[{index}] wants {}: {}", describe::peer(peer), peer_miss(why)))
            .collect();
        if lines.is_empty() {
            lines.push(
                miss.peer.map_or("everyone matches".to_owned(), |index| format!("peer {field}[{index}] matches")),
            );
        }
        if let Some(allowed) = &miss.allowed {
            let Flow { port, protocol, .. } = explanation.flow;
            let among = if allowed.is_empty() { "any port".to_owned() } else { allowed.to_string() };
            lines.push(format!("port {port}/{protocol} is not among {among}"));
            lines.extend(miss.unresolved.iter().map(|name| format!("the destination has no port named `{name}`")));
        }
        lines
    }

    fn rule(&self, policy: PolicyId, direction: Direction, index: usize) -> Option<(&Policy, &NetworkPolicyRule)> {
        let policy = self.cluster.policy(policy)?;
        policy.spec.rules(direction).get(index).map(|rule| (policy, rule))
    }
}

/// Why a peer did not match, in words.
pub(super) fn peer_miss(miss: &PeerMiss) -> String {
    match miss {
        PeerMiss::NotAPod => "the other end is no pod, and selectors match pods only".to_owned(),
        PeerMiss::HostNetwork => "the other end is on its node's network, where selectors do not match".to_owned(),
        PeerMiss::OtherNamespace => {
            "the other end is in another namespace, and there is no `namespaceSelector`".to_owned()
        }
        PeerMiss::NamespaceLabels(requirement) => format!("its namespace fails {requirement}"),
        PeerMiss::PodLabels(requirement) => format!("the pod fails {requirement}"),
        PeerMiss::OutsideBlock => "the address is outside".to_owned(),
        PeerMiss::InExcept(index) => format!("the address is in except[{index}]"),
        PeerMiss::UnknownAddress => "the other end's address is not known".to_owned(),
        PeerMiss::OtherFamily => "the flow runs over the other address family".to_owned(),
        PeerMiss::PodAddress => "the other end is a pod, and ip-blocks is `external`".to_owned(),
    }
}

/// A caveat, in words.
pub(super) fn caveat_text(caveat: &Caveat, verdict: Verdict) -> String {
    let other = match verdict {
        Verdict::Allow => "denied",
        Verdict::Deny => "allowed",
    };
    match caveat {
        Caveat::Decision { id, option, other: value } => {
            format!("implementations differ here ({id}): with --{option} {value} this flow is {other}")
        }
        Caveat::UnknownAddress { is_source } => {
            let end = if *is_source { "source" } else { "destination" };
            format!("the address of the {end} is not in the manifests: with some address this flow is {other}")
        }
        Caveat::OtherFamily(family) => format!("over {} this flow is {other}", family.name()),
        Caveat::SameWorkload => {
            "both ends are the same workload: this is about two of its pods, since a pod always reaches itself"
                .to_owned()
        }
    }
}
