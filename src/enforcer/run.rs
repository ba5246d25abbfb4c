//! The enforcer that stays: what the manifests say is in the kernel, whoever changes either.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use netpol::Workspace;
use netpol_nft::{Lowered, Ruleset, lower};
use notify::Watcher;
use prometheus_client::metrics::gauge::Gauge;
use tracing::{error, info, warn};

use crate::args::{Run, Source};
use crate::instance::Instance;
use crate::netlink::Connection;
use crate::notice::{self, Notice};
use crate::serve::{Metrics, serve};
use crate::status::{self, Status};
use crate::{Failure, bridge, kernel, manifests, next_generation, quarantine, tell_left_out};

/// How long the enforcer waits for what belongs to a change.
const QUIET: Duration = Duration::from_micros(250);
/// The same, once a second file has changed: an editor or a checkout writes several.
const QUIET_OF_MANY: Duration = Duration::from_millis(30);
/// How long it waits at most.
const LONGEST_WAIT: Duration = Duration::from_millis(300);
/// How long it waits before it tries again what failed, and reads back what it gave the kernel.
const RETRY: Duration = Duration::from_secs(1);
/// How often the kernel is compared with the model though nobody said that it changed.
const AUDIT: Duration = Duration::from_secs(60);

/// Enforces until it is asked to end. The rules stay.
pub fn run(arguments: &Run) -> Result<(), Failure> {
    let _instance = Instance::claim(&arguments.runtime.runtime_dir)?;
    Status::forget(&arguments.runtime.runtime_dir);
    let (to, notices) = channel();
    notice::signals(to.clone()).map_err(Failure::Watch)?;
    let mut enforcer = Enforcer::new(&arguments.source)?;
    notice::kernel(to.clone(), enforcer.connection.port()).map_err(Failure::Watch)?;
    if let Some(address) = arguments.listen {
        serve(address, enforcer.metrics.clone()).map_err(|error| Failure::Listen(address, error))?;
    }
    let mut watcher = watch(&arguments.source.manifests, &to);
    // What changed between the first look and the watch.
    enforcer.read_all();
    enforcer.enforce();
    enforcer.look_at_bridges();
    enforcer.tell(&arguments.runtime.runtime_dir);
    loop {
        let is_settled = watcher.is_some() && !enforcer.is_behind() && enforcer.status.is_ready();
        let Some(changes) = next(&notices, if is_settled { AUDIT } else { RETRY }) else { break };
        if watcher.is_none() || !arguments.source.manifests.exists() {
            watcher = watch(&arguments.source.manifests, &to);
            enforcer.read_all();
        } else if changes.is_moved {
            enforcer.read_all();
        }
        enforcer.read(&changes.written);
        if enforcer.is_behind() {
            enforcer.enforce();
        }
        let is_due = changes.is_idle && !enforcer.status.is_verified || enforcer.audited.elapsed() >= AUDIT;
        if changes.is_kernel || is_due {
            enforcer.audit();
        }
        enforcer.look_at_bridges();
        enforcer.tell(&arguments.runtime.runtime_dir);
    }
    info!("ends; the rules stay");
    Ok(())
}

fn watch(path: &Path, to: &Sender<Notice>) -> Option<impl Watcher + use<>> {
    notice::watch(path, to.clone())
        .inspect_err(|failure| error!("{} cannot be watched: {failure}", path.display()))
        .ok()
}

/// What happened since the last time.
#[derive(Debug, Default)]
struct Changes {
    written: BTreeSet<PathBuf>,
    is_moved: bool,
    is_kernel: bool,
    /// Nothing happened for as long as was waited.
    is_idle: bool,
}

/// Waits for a change, and for those that come along with it; `None` at the end.
fn next(notices: &Receiver<Notice>, wait: Duration) -> Option<Changes> {
    let mut changes = Changes::default();
    let mut received = notices.recv_timeout(wait);
    let start = Instant::now();
    if received == Err(RecvTimeoutError::Timeout) {
        changes.is_idle = true;
        return Some(changes);
    }
    loop {
        match received {
            Ok(Notice::Written(paths)) => changes.written.extend(paths),
            Ok(Notice::Moved) => changes.is_moved = true,
            Ok(Notice::Kernel) => changes.is_kernel = true,
            Ok(Notice::Stop) | Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => return Some(changes),
        }
        if start.elapsed() > LONGEST_WAIT {
            return Some(changes);
        }
        let is_one = !changes.is_moved && changes.written.len() < 2;
        received = notices.recv_timeout(if is_one { QUIET } else { QUIET_OF_MANY });
    }
}

/// What is known, and what the kernel was given.
struct Enforcer<'a> {
    source: &'a Source,
    connection: Connection,
    workspace: Workspace,
    given: Option<Ruleset>,
    /// What the kernel had before, as long as nothing has been given.
    found: Option<Ruleset>,
    /// The next to give, before the kernel was given any.
    generation: u32,
    is_changed: bool,
    /// When the kernel was compared with the model.
    audited: Instant,
    status: Status,
    told: Option<Status>,
    metrics: Metrics,
}

impl<'a> Enforcer<'a> {
    fn new(source: &'a Source) -> Result<Enforcer<'a>, Failure> {
        let mut workspace = Workspace::default();
        workspace.configure(netpol::config::Config::default(), source.engine_options());
        let listing = kernel::list()?;
        let mut enforcer = Enforcer {
            source,
            connection: Connection::open().map_err(Failure::Netlink)?,
            workspace,
            given: None,
            found: kernel::found(listing.as_deref()),
            generation: next_generation(listing.as_deref()),
            is_changed: true,
            audited: Instant::now(),
            status: Status { node: source.node.clone(), pid: std::process::id(), ..Status::default() },
            told: None,
            metrics: Metrics::new(),
        };
        manifests::read_all(&source.manifests, &mut enforcer.workspace)?;
        Ok(enforcer)
    }

    /// Whether the kernel does not have yet what the manifests say.
    fn is_behind(&self) -> bool {
        self.is_changed || self.given.is_none()
    }

    fn read_all(&mut self) {
        let read = manifests::read_all(&self.source.manifests, &mut self.workspace);
        self.note(read);
    }

    fn read(&mut self, paths: &BTreeSet<PathBuf>) {
        for path in paths {
            let read = manifests::read(path, &mut self.workspace);
            self.note(read);
        }
    }

    fn note(&mut self, read: Result<manifests::Change, manifests::Failure>) {
        match read {
            Ok(change) => {
                for path in &change.held {
                    error!("{path} has errors: what it said before stays in force");
                }
                self.status.held.retain(|path| !change.read.contains(path));
                self.status.held.extend(change.held);
                self.is_changed |= change.is_change;
            }
            Err(failure) => {
                error!("{failure}: what was known stays in force");
                self.metrics.errors.inc();
            }
        }
    }

    /// Gives the kernel what the manifests say, if it has something else.
    fn enforce(&mut self) {
        let start = Instant::now();
        let mut wanted = self.lower(self.generation, &BTreeSet::new());
        // Whoever was to blame before may have been mended: then all is tried again.
        if self.status.quarantined.is_empty() && self.given.as_ref() == Some(&wanted.ruleset) {
            self.is_changed = false;
            return;
        }
        // The first is already one that no connection has.
        let generation = self.generation + u32::from(self.given.is_some());
        wanted.renumber(&self.source.lower_options(generation, BTreeSet::new()));
        let before = self.found.take();
        let mut given = kernel::give(&self.connection, self.given.as_ref().or(before.as_ref()), &wanted.ruleset);
        tell_left_out(&self.workspace, &wanted, |line| warn!("{line}"));
        let mut quarantined = BTreeSet::new();
        if let Err(kernel::Failure::Refused(reason)) = &given
            && let Some(found) = self.quarantine(generation)
        {
            // None, if it takes the same rules now.
            for policy in &found {
                error!("the kernel refuses the rules of {policy}: the pods that it isolates are closed: {reason}");
                self.metrics.errors.inc();
            }
            wanted = self.lower(generation, &found);
            quarantined = found;
            given = Ok(());
        }
        match given {
            Ok(()) => {
                self.generation = generation;
                self.status.quarantined = quarantined;
                self.note_given(wanted, start.elapsed());
            }
            Err(failure) => {
                error!("{failure}");
                self.metrics.errors.inc();
                self.status.failure = Some(failure.to_string());
            }
        }
    }

    /// The kernel has taken a ruleset.
    fn note_given(&mut self, lowered: Lowered, took: Duration) {
        let (addresses, chains) = (lowered.isolated_addresses(), lowered.ruleset.chains.len());
        info!(generation = self.generation, addresses, chains, milliseconds = took.as_millis(), "enforced");
        self.metrics.sync.observe(took.as_secs_f64());
        self.metrics.changes.inc();
        set(&self.metrics.isolated_addresses, addresses);
        set(&self.metrics.elements, lowered.ruleset.sets.values().map(|set| set.elements.len()).sum());
        self.status.generation = self.generation;
        self.status.enforced_at = status::now();
        self.status.is_verified = false;
        self.status.failure = None;
        self.status.pods = status::pods(self.workspace.engine(), &self.source.node);
        self.given = Some(lowered.ruleset);
        self.is_changed = false;
    }

    fn lower(&self, generation: u32, closed: &BTreeSet<String>) -> Lowered {
        let options = self.source.lower_options(generation, closed.clone());
        lower(self.workspace.engine(), &self.source.node, &options)
    }

    /// The policies whose rules the kernel refuses; it is left with those of all others.
    fn quarantine(&self, generation: u32) -> Option<BTreeSet<String>> {
        let pods = status::pods(self.workspace.engine(), &self.source.node);
        let policies: BTreeSet<String> = pods.into_iter().flat_map(|pod| [pod.ingress, pod.egress].concat()).collect();
        let policies: Vec<String> = policies.into_iter().collect();
        quarantine::find(&policies, |closed| kernel::replace(&self.lower(generation, closed).ruleset).is_ok())
    }

    /// Writes down how things are, if that has changed. Nothing depends on it.
    fn tell(&mut self, folder: &Path) {
        set(&self.metrics.held_files, self.status.held.len());
        set(&self.metrics.quarantined, self.status.quarantined.len());
        set(&self.metrics.unseen_bridges, self.status.unseen.len());
        self.metrics.came_round(self.status.is_ready());
        if self.told.as_ref() == Some(&self.status) {
            return;
        }
        match self.status.write(folder) {
            Ok(()) => self.told = Some(self.status.clone()),
            Err(failure) => warn!("the status cannot be written to {}: {failure}", folder.display()),
        }
    }

    /// Sees whether there are bridges between pods that the rules do not see into.
    fn look_at_bridges(&mut self) {
        let addresses =
            self.status.pods.iter().flat_map(|pod| &pod.addresses).filter_map(|address| address.parse().ok());
        let unseen = bridge::unseen(addresses);
        for line in unseen.difference(&self.status.unseen) {
            error!("{line}");
        }
        if unseen.is_empty() && !self.status.unseen.is_empty() {
            info!("packets between pods behind bridges are judged now");
        }
        self.status.unseen = unseen;
    }

    /// Compares the kernel with what it was given, and puts it right.
    fn audit(&mut self) {
        let Some(given) = &self.given else { return };
        self.audited = Instant::now();
        let differences = match kernel::list() {
            Ok(listing) => kernel::differences(given, listing.as_deref()),
            Err(failure) => {
                self.status.is_verified = false;
                return error!("the rules cannot be read back: {failure}");
            }
        };
        self.status.is_verified = differences.is_empty();
        if let Some(difference) = differences.first() {
            self.status.drifts += 1;
            self.metrics.drifts.inc();
            warn!(drifts = self.status.drifts, "somebody changed the rules: {difference}");
            self.given = None;
            // Connections may have been let in meanwhile.
            self.generation += 1;
            self.enforce();
        }
    }
}

fn set(gauge: &Gauge, value: usize) {
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
}
