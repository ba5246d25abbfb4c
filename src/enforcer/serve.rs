//! `/healthz`, `/readyz` and `/metrics`, for a node's agents and Prometheus.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use netpol_nft::counted;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use tiny_http::{Header, Response, Server};

use crate::kernel;
use crate::status::now;

/// A loop that has not come round for so long hangs: it audits the kernel more often than that.
const LONGEST_ROUND: Duration = Duration::from_secs(180);

/// What an enforcer counts, and how it is. Clones count together.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// How long it took to give the kernel a change.
    pub sync: Histogram,
    /// Changes that the kernel was given.
    pub changes: Counter,
    /// Changes that the kernel refused, and manifests that could not be read.
    pub errors: Counter,
    /// Changes of others that were undone.
    pub drifts: Counter,
    /// Addresses of isolated pods, each counted for a direction.
    pub isolated_addresses: Gauge,
    /// Elements of sets.
    pub elements: Gauge,
    /// Files whose former text is in force.
    pub held_files: Gauge,
    /// Policies whose rules the kernel refuses.
    pub quarantined: Gauge,
    /// Bridges between pods that the rules do not see into.
    pub unseen_bridges: Gauge,
    state: Arc<State>,
}

/// Packets by direction and by policies, which are separated by commas.
type Packets = Family<Vec<(&'static str, String)>, Counter>;

#[derive(Debug, Default)]
struct State {
    is_ready: AtomicBool,
    last_round: AtomicU64,
}

impl Metrics {
    /// Nothing counted yet.
    pub fn new() -> Metrics {
        Metrics {
            sync: Histogram::new(exponential_buckets(0.001, 2.0, 14)),
            changes: Counter::default(),
            errors: Counter::default(),
            drifts: Counter::default(),
            isolated_addresses: Gauge::default(),
            elements: Gauge::default(),
            held_files: Gauge::default(),
            quarantined: Gauge::default(),
            unseen_bridges: Gauge::default(),
            state: Arc::default(),
        }
    }

    /// The loop has come round, and the kernel has what it should, or not.
    pub fn came_round(&self, is_ready: bool) {
        self.state.is_ready.store(is_ready, Ordering::Relaxed);
        self.state.last_round.store(now(), Ordering::Relaxed);
    }

    fn is_alive(&self) -> bool {
        now().saturating_sub(self.state.last_round.load(Ordering::Relaxed)) < LONGEST_ROUND.as_secs()
    }

    /// All of them, with what the kernel has counted: the comments of its counters, and packets.
    fn registry(&self, counted: &[(String, u64)]) -> Registry {
        let mut registry = Registry::with_prefix("netpol_enforcer");
        let sync = self.sync.clone();
        registry.register_with_unit("sync_duration", "Time to give the kernel a change", Unit::Seconds, sync);
        registry.register("changes", "Changes that the kernel was given", self.changes.clone());
        registry.register("errors", "Changes refused, and manifests that could not be read", self.errors.clone());
        registry.register("drifts", "Changes of others that were undone", self.drifts.clone());
        let addresses = self.isolated_addresses.clone();
        registry.register("isolated_addresses", "Addresses of isolated pods, for each direction", addresses);
        registry.register("elements", "Elements of sets in the kernel", self.elements.clone());
        registry.register("held_files", "Files with errors, whose former text is in force", self.held_files.clone());
        let quarantined = self.quarantined.clone();
        registry.register("quarantined_policies", "Policies refused by the kernel, closed instead", quarantined);
        let unseen = self.unseen_bridges.clone();
        registry.register("unseen_bridges", "Bridges between pods whose packets the rules do not see", unseen);
        let (allowed, denied) = (Packets::default(), Packets::default());
        for (what, packets) in counted {
            let Some((direction, policies)) = what.split_once(' ') else { continue };
            let (family, policies) = match policies.strip_prefix("denied by ") {
                Some(policies) => (&denied, policies),
                None => (&allowed, policies),
            };
            let labels = vec![("direction", direction.to_owned()), ("policies", policies.to_owned())];
            family.get_or_create(&labels).inc_by(*packets);
        }
        registry.register("denied_packets", "Packets that the policies of a pod denied", denied);
        registry.register("allowed_packets", "Packets that a policy allowed: the first of each connection", allowed);
        registry
    }
}

/// Answers at an address until the process ends.
pub fn serve(address: SocketAddr, metrics: Metrics) -> io::Result<()> {
    let server = Server::http(address).map_err(io::Error::other)?;
    std::thread::spawn(move || {
        for request in server.incoming_requests() {
            let (status, text) = answer(request.url(), &metrics);
            let mut response = Response::from_string(text).with_status_code(status);
            if let Ok(kind) =
                "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8".parse::<Header>()
                && request.url() == "/metrics"
            {
                response.add_header(kind);
            }
            // Who asked may be gone.
            let _ = request.respond(response);
        }
    });
    Ok(())
}

fn answer(path: &str, metrics: &Metrics) -> (u16, String) {
    match path {
        "/healthz" if metrics.is_alive() => (200, "alive\n".to_owned()),
        "/healthz" => (503, "the loop has not come round for minutes\n".to_owned()),
        "/readyz" if metrics.state.is_ready.load(Ordering::Relaxed) => (200, "ready\n".to_owned()),
        "/readyz" => (503, "the kernel does not have the rules, or was not read back: see `status`\n".to_owned()),
        "/metrics" => {
            // Without a table nothing has been counted.
            let counted = counted(&kernel::counters().unwrap_or_default());
            let mut text = String::new();
            match encode(&mut text, &metrics.registry(&counted)) {
                Ok(()) => (200, text),
                Err(error) => (500, format!("{error}\n")),
            }
        }
        _ => (404, "there are /healthz, /readyz and /metrics\n".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_and_metrics_follow_the_enforcer() {
        let metrics = Metrics::new();
        let status = |path| answer(path, &metrics).0;
        assert_eq!(["/healthz", "/readyz", "/metrics", "/"].map(status), [503, 503, 200, 404]);
        metrics.came_round(false);
        assert_eq!(["/healthz", "/readyz"].map(status), [200, 503]);
        metrics.came_round(true);
        assert_eq!(["/healthz", "/readyz"].map(status), [200, 200]);
        metrics.drifts.inc();
        let (_, text) = answer("/metrics", &metrics);
        assert!(text.contains("\nnetpol_enforcer_drifts_total 1\n"), "{text}");
        assert!(text.contains("\nnetpol_enforcer_sync_duration_seconds_count 0\n"), "{text}");
    }

    #[test]
    fn packets_are_told_by_policy() {
        let counted = [("ingress denied by a/b, a/c".to_owned(), 3), ("egress a/b".to_owned(), 4)];
        let mut text = String::new();
        encode(&mut text, &Metrics::new().registry(&counted)).unwrap();
        let told = [
            "netpol_enforcer_denied_packets_total{direction=\"ingress\",policies=\"a/b, a/c\"} 3\n",
            "netpol_enforcer_allowed_packets_total{direction=\"egress\",policies=\"a/b\"} 4\n",
        ];
        assert!(told.iter().all(|line| text.contains(line)), "{text}");
    }
}
