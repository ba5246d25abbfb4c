//! The explanation of a flow for a person: the verdict, then each direction with who decided and where that is written.

use std::fmt::Write;

use netpol::cluster::{Cluster, Direction, PolicyId};
use netpol::explain::{Explanation, Miss, PeerMiss, Reason, RuleMatch, RuleMiss, Side};
use netpol::flow::{End, Route};
use netpol::{Engine, Exemption, Verdict, model};

use super::{Answer, Places, Summary, caveats, words};
use crate::plain::painted;
use crate::{Style, describe};

/// How many of the flows behind one question are explained in full.
const EXPLAINED: usize = 3;

/// How many peers of a rule that do not match are shown.
const SHOWN_PEERS: usize = 4;

/// What is longer stands out of its column: a selector can list thousands of values.
const WIDEST_COLUMN: usize = 200;

/// How far the details of a direction are indented.
const INDENT: &str = "           ";

/// The whole answer.
pub fn text(answer: &Answer, engine: &Engine, places: &Places<'_>, style: &Style) -> String {
    painted(&answer_text(answer, engine, places, style), style)
}

fn answer_text(answer: &Answer, engine: &Engine, places: &Places<'_>, style: &Style) -> String {
    let writer = Writer { cluster: engine.cluster(), places, style };
    let mut text = String::new();
    match answer.explanations.as_slice() {
        [explanation] => {
            writer.explanation(&mut text, explanation);
            if explanation.flow.route == Route::Service {
                let _ = writeln!(text, "\n  {} {}", style.bold("asked   "), answer.asked);
            }
            for caveat in &explanation.caveats {
                let note = caveats::text(writer.cluster, caveat, explanation.verdict, "this flow");
                let _ = writeln!(text, "\n  {} {note}", style.info("note:"));
            }
        }
        several => writer.several(&mut text, answer, several),
    }
    text
}

struct Writer<'a> {
    cluster: &'a Cluster,
    places: &'a Places<'a>,
    style: &'a Style,
}

impl Writer<'_> {
    fn several(&self, text: &mut String, answer: &Answer, explanations: &[Explanation]) {
        let count = explanations.len();
        let allowed = explanations.iter().filter(|explanation| explanation.verdict == Verdict::Allow).count();
        let heading = match answer.summary() {
            Summary::Same(Verdict::Allow) => self.style.good("ALLOWED"),
            Summary::Same(Verdict::Deny) => self.style.bad("DENIED "),
            Summary::Mixed => self.style.warn("PARTLY ALLOWED"),
        };
        let _ = writeln!(text, "{heading}  {}: {allowed} of {count} flows pass\n", self.style.bold(&answer.asked));
        for explanation in explanations {
            let flow = describe::flow(self.cluster, &explanation.flow);
            let _ = writeln!(text, "  {}  {flow}{}", self.verdict(explanation.verdict), denying(explanation));
        }
        // The first of each outcome tells most; the others can be asked for by themselves.
        let mut outcomes: Vec<(&str, &str)> = Vec::new();
        for explanation in explanations {
            let outcome = (explanation.egress.decider(), explanation.ingress.decider());
            if !outcomes.contains(&outcome) {
                outcomes.push(outcome);
                if outcomes.len() <= EXPLAINED {
                    text.push('\n');
                    self.explanation(text, explanation);
                }
            }
        }
        if outcomes.len() > EXPLAINED {
            let _ =
                writeln!(text, "\n  other policies decide the rest of the flows: ask about one of them to see which");
        }
        for (note, flows) in caveats::union(self.cluster, explanations) {
            let whose =
                if flows == count { "each of the flows".to_owned() } else { format!("{flows} of {count} flows") };
            let _ = writeln!(text, "\n  {} {note}", self.style.info(&format!("note on {whose}:")));
        }
    }

    fn verdict(&self, verdict: Verdict) -> String {
        match verdict {
            Verdict::Allow => self.style.good("ALLOWED"),
            Verdict::Deny => self.style.bad("DENIED "),
        }
    }

    fn explanation(&self, text: &mut String, explanation: &Explanation) {
        let flow = self.style.bold(&describe::flow(self.cluster, &explanation.flow));
        let family = explanation.family.map(|family| format!(" over {}", family.name())).unwrap_or_default();
        let _ = writeln!(text, "{}  {flow}{family}{}\n", self.verdict(explanation.verdict), denying(explanation));
        self.side(text, explanation, &explanation.egress);
        self.side(text, explanation, &explanation.ingress);
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
                let policies: Vec<String> = side.policies.iter().map(|policy| self.selecting(*policy)).collect();
                let _ = writeln!(text, "{INDENT}isolated by {}", policies.join(", "));
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
            Reason::Exempt(exemption) => exempt(&subject, direction, *exemption),
            Reason::NotIsolated => format!("because no policy isolates {subject} for {direction}"),
            Reason::Rule(found) => {
                let policy = self.cluster.policy_label(found.policy);
                let path = self.places.path(found.policy, direction, Some(found.rule));
                format!("by {policy}, rule {direction}[{}]  {}", found.rule, self.place(found.policy, &path))
            }
            Reason::NoRule(misses) => match misses.len() {
                1 => format!("because 1 policy isolates {subject} and none of its rules matches"),
                count => format!("because {count} policies isolate {subject} and none of their rules matches"),
            },
        }
    }

    /// The peer and the port that matched, each with its place.
    fn rule_match(&self, text: &mut String, direction: Direction, found: &RuleMatch) {
        let Some(rule) = model::rule(self.cluster, found.policy, direction, found.rule) else { return };
        let field = direction.peers_field();
        let peer = found.peer.and_then(|index| Some((index, rule.peers.as_ref()?.get(index)?)));
        let port = found.port.and_then(|index| Some((index, rule.ports.as_ref()?.get(index)?)));
        let entries = [
            match peer {
                Some((index, peer)) => (
                    format!("{field}[{index}]"),
                    words::peer(self.cluster, peer),
                    self.place(found.policy, &rule.path.peer(index)),
                ),
                None => (field.to_owned(), format!("everyone, since `{field}` is empty"), String::new()),
            },
            match port {
                Some((index, port)) => {
                    (format!("ports[{index}]"), words::port(port), self.place(found.policy, &rule.path.port(index)))
                }
                None => ("ports".to_owned(), "every port, since `ports` is empty".to_owned(), String::new()),
            },
        ];
        let width = |of: fn(&(String, String, String)) -> &String| {
            let widest = entries.iter().map(|entry| of(entry).chars().count()).max();
            widest.unwrap_or(0).min(WIDEST_COLUMN)
        };
        let (names, whats) = (width(|entry| &entry.0), width(|entry| &entry.1));
        for (name, what, place) in &entries {
            let line = format!("{INDENT}{name:<names$}  {what:<whats$}  {place}");
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }

    fn miss(&self, text: &mut String, explanation: &Explanation, direction: Direction, miss: &Miss) {
        let name = self.style.bold(&self.cluster.policy_label(miss.policy));
        let subject = model::subject(self.cluster, miss.policy).as_ref().map(words::pods).unwrap_or_default();
        let path = self.places.path(miss.policy, direction, miss.nearest.as_ref().map(|rule| rule.rule));
        let what = match &miss.nearest {
            None => format!("it has no {direction} rule"),
            Some(rule) => {
                let index = rule.rule;
                let of = if miss.rules == 1 { String::new() } else { format!(" of {}", miss.rules) };
                format!("nearest: {direction}[{index}]{of}")
            }
        };
        let _ = writeln!(text, "{INDENT}{name} selects {subject}; {what}  {}", self.place(miss.policy, &path));
        for line in miss.nearest.iter().flat_map(|rule| self.rule_miss(explanation, direction, miss.policy, rule)) {
            let _ = writeln!(text, "{INDENT}  {line}");
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
        let rule = model::rule(self.cluster, policy, direction, miss.rule);
        let peers = rule.iter().flat_map(|rule| rule.peers.iter().flatten());
        let field = direction.peers_field();
        let mut lines = peer_misses(self.cluster, field, peers, &miss.peer_misses);
        let port_misses = words::port_misses(&explanation.flow, miss);
        if lines.is_empty() {
            lines.push(match miss.peer {
                Some(index) => format!("{field}[{index}] matches"),
                None => format!("everyone matches, since `{field}` is empty"),
            });
        } else if port_misses.is_empty() {
            lines.push("the port matches".to_owned());
        }
        lines.extend(port_misses);
        lines
    }

    /// A policy and what it selects.
    fn selecting(&self, policy: PolicyId) -> String {
        let name = self.cluster.policy_label(policy);
        let subject = model::subject(self.cluster, policy);
        subject.map_or_else(|| name.clone(), |subject| format!("{name} ({})", words::pods(&subject)))
    }

    fn place(&self, policy: PolicyId, path: &str) -> String {
        let location = self.places.locate(policy, path);
        self.style.dim(&format!("{}:{}", location.path, location.line))
    }
}

/// Which sides deny, as the end of a line.
fn denying(explanation: &Explanation) -> &'static str {
    match (explanation.egress.verdict, explanation.ingress.verdict) {
        (Verdict::Allow, Verdict::Allow) => "",
        (Verdict::Deny, Verdict::Allow) => ": egress denies",
        (Verdict::Allow, Verdict::Deny) => ": ingress denies",
        (Verdict::Deny, Verdict::Deny) => ": egress and ingress deny",
    }
}

/// Why policy does not apply to an end.
pub(super) fn exempt(subject: &str, direction: Direction, exemption: Exemption) -> String {
    match exemption {
        Exemption::External => format!("because {subject} is no pod: no policy governs its {direction}"),
        Exemption::HostNetwork => format!("because {subject} is on its node's network: no policy selects it"),
        Exemption::SamePod => "because a pod always reaches itself".to_owned(),
        Exemption::OwnNode => "because the other end is the pod's own node".to_owned(),
    }
}

/// Why peers do not match, a line each; of many, the first ones.
fn peer_misses<'a>(
    cluster: &Cluster,
    field: &str,
    peers: impl Iterator<Item = &'a model::Peer>,
    misses: &[PeerMiss],
) -> Vec<String> {
    let line = |(index, (peer, miss)): (usize, (&model::Peer, &PeerMiss))| {
        let why = words::peer_miss(cluster, Some(peer), miss);
        match miss {
            PeerMiss::Unmet(_) | PeerMiss::OutsideBlock(_) | PeerMiss::InExcept(..) | PeerMiss::OtherFamily(_) => {
                format!("{field}[{index}]: {why}")
            }
            // These reasons do not say what the rule wants.
            _ => format!("{field}[{index}] wants {}: {why}", words::peer(cluster, peer)),
        }
    };
    let mut lines: Vec<String> = peers.zip(misses).enumerate().map(line).collect();
    let more = lines.len().saturating_sub(SHOWN_PEERS);
    if more > 1 {
        lines.truncate(SHOWN_PEERS);
        lines.push(format!("{more} more of `{field}` do not match either"));
    }
    lines
}
