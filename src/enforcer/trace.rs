//! One flow: what the engine says of it, beside the way that a packet takes through the rules that the kernel has.

use std::fmt::Write;
use std::net::{IpAddr, Ipv6Addr};

use netpol::cluster::{Endpoint, EndpointId};
use netpol::explain::Side;
use netpol::flow::{self, End, Flow, Route};
use netpol::protocol::Family;
use netpol::{Engine, Verdict};
use netpol_nft::{Conntrack, Hook, Packet, Ruleset, Statement, Transport, simulate};

use crate::args::Trace;
use crate::is_pod_of;

/// An end of a packet.
struct Party<'a> {
    label: String,
    id: Option<EndpointId>,
    endpoint: Option<&'a Endpoint>,
    addresses: Vec<IpAddr>,
    /// Whether this node's rules are about it.
    is_local: bool,
}

/// What there is to tell, and whether engine and kernel agree.
pub fn trace(engine: &Engine, ruleset: &Ruleset, arguments: &Trace) -> Result<(String, bool), flow::FlowError> {
    let is_v6 = arguments.to.parse::<Ipv6Addr>().is_ok();
    let to = if is_v6 { format!("[{}]", arguments.to) } else { arguments.to.clone() };
    let port = match arguments.port.split_once('/') {
        Some((port, protocol)) => format!("{port}/{}", protocol.to_uppercase()),
        None => arguments.port.clone(),
    };
    let text = format!("{} -> {to}:{port}", arguments.from);
    let (mut told, mut do_agree) = (String::new(), true);
    for flow in flow::parse(&text, engine.cluster())? {
        do_agree &= trace_flow(engine, ruleset, &arguments.source.node, &flow, &mut told);
    }
    Ok((told, do_agree))
}

fn trace_flow(engine: &Engine, ruleset: &Ruleset, node: &str, flow: &Flow, told: &mut String) -> bool {
    let (source, destination) = (party(engine, flow.source, node), party(engine, flow.destination, node));
    let pair = destination.addresses.iter().find_map(|to| {
        let is_wanted = flow.family.is_none_or(|family| Family::of(*to) == family);
        let from = source.addresses.iter().find(|from| Family::of(**from) == Family::of(*to))?;
        is_wanted.then_some((*from, *to))
    });
    let (protocol, port) = (flow.protocol, flow.port);
    let _ = writeln!(told, "{} -> {}, {protocol} {port}", source.label, destination.label);
    let Some((from, to)) = pair else {
        let _ = writeln!(told, "  no packet: the ends have no addresses of one family");
        return true;
    };
    let explanation = engine.explain(flow);
    let (egress, ingress) = (&explanation.egress, &explanation.ingress);
    for (side, party) in [(egress, &source), (ingress, &destination)] {
        let elsewhere = if party.is_local { "" } else { ", which is not for this node to say" };
        let _ = writeln!(
            told,
            "  engine  {} {}: {}{elsewhere}",
            side.direction.name(),
            side.verdict.name(),
            why(engine, side)
        );
    }
    let is_allowed = |party: &Party<'_>, side: &Side| !party.is_local || side.verdict == Verdict::Allow;
    let expected = is_allowed(&source, egress) && is_allowed(&destination, ingress);
    let is_node = |party: &Party<'_>, pod: &Party<'_>, address: &IpAddr| {
        party.endpoint.is_some_and(|end| end.host_network && end.node.as_deref() == Some(node))
            || pod.endpoint.is_some_and(|pod| pod.node_addresses.contains(address))
    };
    if source.is_local && source.id == destination.id && flow.route == Route::Direct {
        let _ = writeln!(told, "  kernel  passes {from} -> {to}: what a pod sends to itself does not leave it");
        return expected;
    }
    if destination.is_local && is_node(&source, &destination, &from) {
        let _ = writeln!(told, "  kernel  passes {from} -> {to}: the node's own packets are not forwarded");
        return expected;
    }
    let hook = if source.is_local && is_node(&destination, &source, &to) { Hook::Input } else { Hook::Forward };
    let packet = Packet { source: from, destination: to, transport: Transport::To(protocol, port) };
    let outcome = simulate(ruleset, hook, &packet, &Conntrack::default());
    let word = if outcome.is_accepted { "passes" } else { "stops" };
    let _ = writeln!(told, "  kernel  {word} {from} -> {to}:");
    for step in &outcome.trail {
        let rule = ruleset.chains.get(&step.chain).and_then(|chain| chain.rules.get(step.rule));
        let counters = rule.into_iter().flat_map(|rule| &rule.statements).filter_map(|statement| match statement {
            Statement::Counter(counter) => ruleset.counters.get(counter),
            _ => None,
        });
        let about: String = counters.map(|what| format!("   # {what}")).collect();
        let rule = rule.map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(told, "            {} {}: {rule}{about}", step.chain, step.rule + 1);
    }
    let do_agree = outcome.is_accepted == expected;
    if !do_agree {
        let _ = writeln!(told, "  THEY DIFFER: `netpol-enforcer verify` says where the rules do");
    }
    do_agree
}

fn party<'a>(engine: &'a Engine, end: End, node: &str) -> Party<'a> {
    let id: Option<EndpointId> = match end {
        End::Endpoint(id) => Some(id),
        End::Address(address) => engine.pod_at(address),
    };
    let endpoint = id.and_then(|id| engine.cluster().endpoint(id));
    let addresses = match end {
        End::Address(address) => vec![address],
        End::Endpoint(_) => endpoint.map(|endpoint| endpoint.addresses.clone()).unwrap_or_default(),
    };
    let label = match (id, end) {
        (Some(id), _) => engine.cluster().endpoint_label(id),
        (None, End::Address(address)) => address.to_string(),
        (None, End::Endpoint(_)) => String::new(),
    };
    let is_local = endpoint.is_some_and(|endpoint| is_pod_of(endpoint, node));
    Party { label, id, endpoint, addresses, is_local }
}

fn why(engine: &Engine, side: &Side) -> String {
    let policies: Vec<String> = side.policies.iter().map(|policy| engine.cluster().policy_label(*policy)).collect();
    if policies.is_empty() {
        side.decider().to_owned()
    } else {
        format!("{} ({})", side.decider(), policies.join(", "))
    }
}
