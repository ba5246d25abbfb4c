//! What a running enforcer tells of itself: a file in its runtime folder, and the table made of it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fs, io};

use netpol::Engine;
use netpol::cluster::{Direction, EndpointId};
use serde::{Deserialize, Serialize};

use crate::is_pod_of;

/// What is longer sticks out.
const WIDEST_COLUMN: usize = 60;

/// The state of an enforcer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The node.
    pub node: String,
    /// The process.
    pub pid: u32,
    /// The number of the rules that the kernel was given; 0 before it was given any.
    pub generation: u32,
    /// When it was given them, in seconds since 1970.
    pub enforced_at: u64,
    /// Whether the rules were read back since, and were those.
    pub is_verified: bool,
    /// How often somebody else's changes were undone.
    pub drifts: u32,
    /// Why the kernel does not have what the manifests say, if so.
    pub failure: Option<String>,
    /// Files whose text has errors, so that the text before is in force.
    pub held: Vec<String>,
    /// Policies whose rules the kernel refuses, so that the pods that they isolate are closed.
    pub quarantined: BTreeSet<String>,
    /// Where packets between pods are not seen by the rules, and what to do about it.
    #[serde(default)]
    pub unseen: BTreeSet<String>,
    /// The pods of the node.
    pub pods: Vec<PodStatus>,
}

/// A pod of the node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodStatus {
    /// `namespace/name`.
    pub pod: String,
    /// Its addresses.
    pub addresses: Vec<String>,
    /// The policies that isolate it for ingress; none if it is open.
    pub ingress: Vec<String>,
    /// The policies that isolate it for egress.
    pub egress: Vec<String>,
}

impl Status {
    fn is_good(&self) -> bool {
        self.is_ready() && self.held.is_empty() && self.quarantined.is_empty()
    }

    /// Whether the kernel judges by the rules that it was given.
    pub fn is_ready(&self) -> bool {
        self.is_verified && self.failure.is_none() && self.unseen.is_empty()
    }

    /// Writes the file, in whole or not at all.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let new = folder.join("status.json.new");
        fs::write(&new, serde_json::to_vec(self)?)?;
        fs::rename(new, folder.join("status.json"))
    }

    /// Removes the file that another process may have left.
    pub fn forget(folder: &Path) {
        // There is none, or it cannot be written either, which is told then.
        let _ = fs::remove_file(folder.join("status.json"));
    }

    /// Reads the file.
    pub fn read(folder: &Path) -> io::Result<Status> {
        Ok(serde_json::from_slice(&fs::read(folder.join("status.json"))?)?)
    }

    /// For people, and whether all is well.
    pub fn to_text(&self, is_running: bool) -> (String, bool) {
        let mut text = String::new();
        let process = if is_running { format!("process {}", self.pid) } else { "not running".to_owned() };
        let _ = writeln!(text, "node {}: {process}", self.node);
        if self.generation == 0 {
            let _ = writeln!(text, "nothing is enforced yet");
        } else {
            let seconds = now().saturating_sub(self.enforced_at);
            let verified = if self.is_verified { "the kernel has them" } else { "not read back yet" };
            let _ = writeln!(text, "rules {} of {seconds} s ago: {verified}", self.generation);
        }
        if self.drifts > 0 {
            let _ = writeln!(text, "changes of others that were undone: {}", self.drifts);
        }
        if let Some(failure) = &self.failure {
            let _ = writeln!(text, "FAILED: {failure}");
        }
        for path in &self.held {
            let _ = writeln!(text, "HELD: {path} has errors: what it said before stays in force");
        }
        for policy in &self.quarantined {
            let _ = writeln!(
                text,
                "QUARANTINED: {policy}: the kernel refuses its rules, the pods that it isolates are closed"
            );
        }
        for unseen in &self.unseen {
            let _ = writeln!(text, "UNSEEN: {unseen}");
        }
        let list = |names: &[String], none: &str| if names.is_empty() { none.to_owned() } else { names.join(", ") };
        let title = ["POD", "ADDRESSES", "INGRESS ISOLATED BY", "EGRESS ISOLATED BY"].map(str::to_owned);
        let pods = self.pods.iter().map(|pod| {
            [pod.pod.clone(), list(&pod.addresses, "none yet"), list(&pod.ingress, "-"), list(&pod.egress, "-")]
        });
        let rows: Vec<[String; 4]> = [title].into_iter().chain(pods).collect();
        let mut widths = [0; 3];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().min(WIDEST_COLUMN).max(*width);
            }
        }
        let [first, second, third] = widths;
        text.push('\n');
        for [pod, addresses, ingress, egress] in &rows {
            let _ = writeln!(text, "{pod:first$}  {addresses:second$}  {ingress:third$}  {egress}");
        }
        (text, is_running && self.is_good())
    }
}

/// The pods of a node, as its engine sees them.
pub fn pods(engine: &Engine, node: &str) -> Vec<PodStatus> {
    let cluster = engine.cluster();
    let policies = |id: EndpointId, direction| {
        engine.isolating(id, direction).map(|policy| cluster.policy_label(policy)).collect::<Vec<_>>()
    };
    let local = engine.endpoints_on(node).iter().filter_map(|id| Some((*id, cluster.endpoint(*id)?)));
    let mut pods: Vec<PodStatus> = local
        .filter(|(_, endpoint)| is_pod_of(endpoint, node))
        .map(|(id, endpoint)| PodStatus {
            pod: format!("{}/{}", cluster.namespace_name(endpoint.namespace), endpoint.name),
            addresses: endpoint.addresses.iter().map(ToString::to_string).collect(),
            ingress: policies(id, Direction::Ingress),
            egress: policies(id, Direction::Egress),
        })
        .collect();
    pods.sort_by(|a, b| a.pod.cmp(&b.pod));
    pods
}

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
