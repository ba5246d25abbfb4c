//! What a key or value of a manifest means here: what a selector matches, what a rule allows, what a field is for.

use netpol::cluster::{Direction, EndpointId, Policy, PolicyId};
use netpol::model::{self, NamespaceScope, Peer, PodSelection, PortMatch, PortSelection, Rule, governs};
use netpol::source::SourceId;
use netpol::structure::schema::{Field, Shape, Type, any_object, object_type};
use netpol::tree::Tree;
use netpol::{Engine, Workspace, load};
use serde::Serialize;

use crate::place::{Position, Range, offset, range};
use crate::spot::{Object, Spot, Step, path};
use crate::words;

/// What there is to say about a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hover {
    /// What it is about.
    pub range: Range,
    /// Markdown of paragraphs, lists, bold and code.
    pub text: String,
}

/// What there is to say about the key or value at a position.
pub fn hover(workspace: &Workspace, source: SourceId, position: Position) -> Option<Hover> {
    let sources = workspace.sources();
    let text = sources.get(source)?;
    let at = offset(text, position);
    let document = load::document_at(text, at);
    let tree = Tree::parse(text.text.get(document.clone())?);
    let spot = Spot::find(&tree, at - document.start)?;
    let object = spot.object(&tree)?;
    let way = spot.steps.get(object.depth..)?;
    let own = policy_at(workspace, source, at, &path(spot.steps.get(..object.depth)?))
        .and_then(|(id, policy)| About { engine: workspace.engine(), id, policy }.say(way));
    let bytes = document.start + spot.bytes.start..document.start + spot.bytes.end;
    let text = own.or_else(|| meaning(&object, way))?;
    Some(Hover { range: range(sources, source, bytes), text })
}

/// The policy that is written there; of those that share a document, the one at that path.
fn policy_at<'a>(workspace: &'a Workspace, source: SourceId, at: usize, path: &str) -> Option<(PolicyId, &'a Policy)> {
    let is_around = |(_, policy): &(PolicyId, &Policy)| {
        let origin = &policy.origin;
        origin.source == source && origin.start as usize <= at && at <= origin.end as usize
    };
    let around: Vec<_> = workspace.engine().cluster().policy_ids().filter(is_around).collect();
    match around.as_slice() {
        [one] => Some(*one),
        several => several.iter().find(|(_, policy)| policy.origin.prefix.as_ref() == path).copied(),
    }
}

/// What the table of fields says of the last field on a way.
fn meaning(object: &Object<'_>, way: &[Step]) -> Option<String> {
    let root = object_type(object.api_version, object.kind).unwrap_or_else(any_object);
    let field = field_at(root, way)?;
    Some(format!("**{}**: {}", field.name, field.meaning))
}

/// The last field on a way, as far as the table has it.
fn field_at(root: &'static Type, way: &[Step]) -> Option<&'static Field> {
    let (mut shape, mut found) = (Shape::Object(root), None);
    for step in way {
        (shape, found) = match (shape, step) {
            (Shape::Object(of), Step::Field(name)) => of.field(name).map(|field| (field.shape, Some(field)))?,
            (Shape::List(item), Step::Item(_)) => (*item, found),
            (shape, _) => (shape, found),
        };
    }
    found
}

/// A policy, and what there is to say about its parts.
struct About<'a> {
    engine: &'a Engine,
    id: PolicyId,
    policy: &'a Policy,
}

impl About<'_> {
    fn say(&self, way: &[Step]) -> Option<String> {
        let names: Vec<&str> = way
            .iter()
            .map(|step| match step {
                Step::Field(name) => name.as_ref(),
                Step::Item(_) => "[]",
            })
            .collect();
        match names.as_slice() {
            ["apiVersion" | "kind" | "metadata" | "spec"] | ["metadata", "name"] => Some(self.policy()),
            ["spec", "podSelector", ..] => Some(format!("Applies to {}", self.endpoints(&self.subject()?))),
            ["spec", "policyTypes", ..] => {
                Some(format!("Governs {}.", words::directions(self.engine.cluster(), self.id)))
            }
            ["spec", "ingress"] => Some(self.direction(Direction::Ingress)),
            ["spec", "egress"] => Some(self.direction(Direction::Egress)),
            ["spec", "ingress", "[]", rest @ ..] => self.rule(Direction::Ingress, way, rest),
            ["spec", "egress", "[]", rest @ ..] => self.rule(Direction::Egress, way, rest),
            _ => None,
        }
    }

    fn subject(&self) -> Option<PodSelection> {
        model::subject(self.engine.cluster(), self.id)
    }

    fn endpoints(&self, selection: &PodSelection) -> String {
        words::endpoints(self.engine, &self.engine.selected(selection))
    }

    fn policy(&self) -> String {
        let cluster = self.engine.cluster();
        let selected = self.subject().map(|it| self.engine.selected(&it)).unwrap_or_default();
        let directions = words::directions(cluster, self.id);
        let number = words::endpoint_count(cluster, &selected);
        let mut text = format!("**{}** selects {number} and governs {directions}.", cluster.policy_label(self.id));
        for direction in [Direction::Ingress, Direction::Egress] {
            if governs(&self.policy.spec, direction) {
                text.push(' ');
                text.push_str(&self.direction(direction));
            }
        }
        text
    }

    fn direction(&self, direction: Direction) -> String {
        if !governs(&self.policy.spec, direction) {
            return format!("The policy does not govern {direction}: `policyTypes` leaves it out.");
        }
        match self.policy.spec.rules(direction).len() {
            0 => format!("No rule allows {direction}: this policy allows none of it."),
            rules => format!(
                "Of {direction} it allows what its {} {}.",
                words::count(rules, "rule"),
                if rules == 1 { "says" } else { "say" }
            ),
        }
    }

    /// `rest` is the way from the rule.
    fn rule(&self, direction: Direction, way: &[Step], rest: &[&str]) -> Option<String> {
        let [_, _, Step::Item(index), ..] = way else { return None };
        let rule = model::rule(self.engine.cluster(), self.id, direction, *index)?;
        let at = |place: usize| match way.get(place) {
            Some(Step::Item(index)) => Some(*index),
            _ => None,
        };
        match rest {
            [] | ["from" | "to" | "ports"] => Some(words::rule(self.engine, direction, &rule)),
            ["from" | "to", "[]", rest @ ..] => self.peer(rule.peers.as_deref()?.get(at(4)?)?, rest),
            ["ports", "[]", ..] => self.port(direction, &rule, rule.ports.as_deref()?.get(at(4)?)?),
            _ => None,
        }
    }

    fn peer(&self, peer: &Peer, rest: &[&str]) -> Option<String> {
        let cluster = self.engine.cluster();
        match peer {
            Peer::Addresses(block) => Some(words::block(block)),
            Peer::Pods(selection) => {
                let pods = format!("Matches {}", self.endpoints(selection));
                match (&selection.namespaces, rest.first()) {
                    (scope @ NamespaceScope::Matching(_), Some(&"namespaceSelector")) => {
                        let namespaces = words::namespaces(cluster, &cluster.namespaces_in(scope));
                        Some(format!(
                            "Matches {namespaces}\n\nThe peer as a whole: {}. {pods}",
                            words::pods(cluster, selection)
                        ))
                    }
                    _ => Some(pods),
                }
            }
        }
    }

    /// What a port means on the pods that the traffic is for.
    fn port(&self, direction: Direction, rule: &Rule, port: &PortMatch) -> Option<String> {
        let PortSelection::Name(name) = &port.ports else { return Some(format!("Allows {}.", words::port(port))) };
        let destinations: Vec<EndpointId> = match (direction, rule.peers.as_deref()) {
            (Direction::Ingress, _) => self.engine.selected(&self.subject()?),
            (Direction::Egress, None) => self.engine.cluster().endpoint_ids().map(|(id, _)| id).collect(),
            (Direction::Egress, Some(peers)) => {
                let selected = peers.iter().flat_map(|peer| match peer {
                    Peer::Pods(selection) => self.engine.selected(selection),
                    Peer::Addresses(_) => Vec::new(),
                });
                let mut selected: Vec<EndpointId> = selected.collect();
                selected.sort_unstable();
                selected.dedup();
                selected
            }
        };
        let cluster = self.engine.cluster();
        let resolved = destinations.iter().filter_map(|id| {
            let set = port.on(cluster.endpoint(*id)?);
            let ranges = set.ports(port.protocol).ranges();
            let numbers: Vec<String> =
                ranges.iter().flat_map(|(first, last)| first.get()..=last.get()).map(|it| it.to_string()).collect();
            (!numbers.is_empty())
                .then(|| format!("`{}`: {}", cluster.endpoint_label(*id), words::series(&numbers, "and")))
        });
        let resolved: Vec<String> = resolved.collect();
        let (known, all) = (resolved.len(), destinations.len());
        Some(match known {
            0 => format!(
                "No pod of those that the rule is about has a {} port named `{name}`: it allows nothing.",
                port.protocol
            ),
            _ => format!(
                "The {} port `{name}` of {known} of {all} destinations{}",
                port.protocol,
                words::list(&resolved)
            ),
        })
    }
}
