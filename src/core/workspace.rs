//! Texts that change, and what is known about them: for editors, pages and whatever else asks again after an edit.

mod patch;

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::collections::hash_map::Entry;
use std::hash::BuildHasher;
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::config::Config;
use crate::diagnostic::{Diagnostic, Severity, add_fixes};
use crate::engine::Engine;
use crate::ignore::{self, Ignored};
use crate::load::{self, Reading};
use crate::options::EngineOptions;
use crate::resolve::{Names, Resolved, names};
use crate::source::{SourceId, Sources};
use crate::{compile, lint, resolve};
use patch::{Change, Known, patch};

/// Texts by path. A change reads only the text that changed; the cluster is compiled when something is asked, or changed where that is
/// enough.
#[derive(Default)]
pub struct Workspace {
    sources: Sources,
    readings: BTreeMap<String, (SourceId, Vec<Reading>)>,
    /// How many objects have the names of a hash.
    named: FxHashMap<u32, u32>,
    config: Config,
    options: EngineOptions,
    compiled: OnceCell<Compiled>,
    /// What changes have made of a cluster that was compiled, until something is asked.
    resolved: Cell<Option<Resolved>>,
}

struct Compiled {
    engine: Engine,
    /// What loading and resolving found.
    diagnostics: Vec<Diagnostic>,
    findings: OnceCell<(Vec<Diagnostic>, Vec<Ignored>)>,
}

impl Workspace {
    /// Gives a path a text, in place of the one that it had.
    pub fn set(&mut self, path: &str, text: impl Into<Arc<str>>) {
        let id = match self.readings.get(path) {
            Some((id, _)) => {
                self.sources.replace(*id, text);
                *id
            }
            None => self.sources.add(path, text),
        };
        let pieces = self.sources.get(id).map(|source| load::pieces_of(id, source)).unwrap_or_default();
        let readings: Vec<Reading> = pieces.iter().map(|piece| piece.read(&self.sources)).collect();
        let old = self.readings.remove(path).map(|(_, readings)| readings).unwrap_or_default();
        self.exchange(id, &old, &readings);
        self.readings.insert(path.to_owned(), (id, readings));
    }

    /// Removes the text of a path; `false` if there is none.
    pub fn remove(&mut self, path: &str) -> bool {
        let Some((id, old)) = self.readings.remove(path) else { return false };
        self.exchange(id, &old, &[]);
        self.sources.remove(id);
        true
    }

    /// The text at the path, if there is one.
    pub fn text(&self, path: &str) -> Option<&Arc<str>> {
        let (id, _) = self.readings.get(path)?;
        self.sources.get(*id).map(|source| &source.text)
    }

    /// Changes what is known of the cluster, if there is anything and it can be.
    fn exchange(&mut self, source: SourceId, old: &[Reading], new: &[Reading]) {
        for object in old.iter().flat_map(Reading::objects) {
            if let Entry::Occupied(mut entry) = self.named.entry(hash(&names(object))) {
                *entry.get_mut() -= 1;
                if *entry.get() == 0 {
                    entry.remove();
                }
            }
        }
        let compiled = self.compiled.take().map(|it| (Known::Compiled(Box::new(it.engine)), it.diagnostics));
        let resolved = self.resolved.take().map(|it| (Known::Resolved(it.cluster), it.diagnostics));
        if let Some((known, diagnostics)) = compiled.or(resolved) {
            let is_elsewhere = |names: &Names<'_>| self.named.contains_key(&hash(names));
            let patched = patch(known, diagnostics, &Change { source, old, new }, is_elsewhere, &self.options);
            match patched {
                Some((Known::Compiled(engine), diagnostics)) => {
                    self.compiled = OnceCell::from(Compiled::new(*engine, diagnostics));
                }
                Some((Known::Resolved(cluster), diagnostics)) => {
                    self.resolved = Cell::new(Some(Resolved { cluster, diagnostics }));
                }
                None => {}
            }
        }
        for object in new.iter().flat_map(Reading::objects) {
            *self.named.entry(hash(&names(object))).or_default() += 1;
        }
    }

    /// Sets how bad findings are, and the options of the engine; those that the configuration has are the caller's to merge in.
    pub fn configure(&mut self, config: Config, options: EngineOptions) {
        self.compiled.take();
        self.resolved.take();
        self.config = config;
        self.options = options;
    }

    /// The texts.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The text of a path.
    pub fn source(&self, path: &str) -> Option<SourceId> {
        self.readings.get(path).map(|(id, _)| *id)
    }

    /// The compiled cluster.
    pub fn engine(&self) -> &Engine {
        &self.compiled().engine
    }

    /// Everything that there is to say about the texts, as `netpol check` does.
    pub fn findings(&self) -> &[Diagnostic] {
        &self.parted().0
    }

    /// Why parts of the texts decide nothing, as far as an answer could be wrong for it.
    pub fn left_out(&self) -> impl Iterator<Item = &Diagnostic> {
        self.compiled().diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// What the texts ask to ignore.
    pub fn ignored(&self) -> &[Ignored] {
        &self.parted().1
    }

    fn parted(&self) -> &(Vec<Diagnostic>, Vec<Ignored>) {
        let compiled = self.compiled();
        compiled
            .findings
            .get_or_init(|| findings(&compiled.engine, &self.sources, compiled.diagnostics.clone(), &self.config))
    }

    fn compiled(&self) -> &Compiled {
        self.compiled.get_or_init(|| {
            let Resolved { cluster, diagnostics } = self.resolved.take().unwrap_or_else(|| self.resolve());
            Compiled::new(compile(cluster, self.options), diagnostics)
        })
    }

    /// Puts all texts together.
    fn resolve(&self) -> Resolved {
        let readings = self.readings.values().flat_map(|(_, readings)| readings.iter().cloned());
        let loaded = load::gather(&self.sources, readings);
        let Resolved { cluster, diagnostics } = resolve(loaded.objects, &self.options);
        Resolved { cluster, diagnostics: [loaded.diagnostics, diagnostics].concat() }
    }
}

/// Objects of one hash are taken for objects of one name, which only costs time.
fn hash(names: &Names<'_>) -> u32 {
    let [.., first, second, third, fourth] = FxBuildHasher.hash_one(names).to_be_bytes();
    u32::from_be_bytes([first, second, third, fourth])
}

impl Compiled {
    fn new(engine: Engine, diagnostics: Vec<Diagnostic>) -> Compiled {
        Compiled { engine, diagnostics, findings: OnceCell::new() }
    }
}

/// Everything that there is to say about texts: what loading and resolving found, and what is probably not meant, with fixes and as
/// bad as a configuration says. What the texts ask to ignore is apart.
pub fn findings(
    engine: &Engine,
    sources: &Sources,
    found: Vec<Diagnostic>,
    config: &Config,
) -> (Vec<Diagnostic>, Vec<Ignored>) {
    let mut diagnostics = found;
    diagnostics.extend(lint(engine, sources));
    add_fixes(&mut diagnostics, sources);
    let parted = ignore::part(sources, diagnostics);
    let wanted = |Ignored { diagnostic, reason }| {
        config.apply_to(sources, diagnostic).map(|diagnostic| Ignored { diagnostic, reason })
    };
    (config.apply(sources, parted.left), parted.ignored.into_iter().filter_map(wanted).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Verdict;
    use crate::flow;

    const PODS: &str = "
kind: List
apiVersion: v1
items:
- { apiVersion: v1, kind: Pod, metadata: { name: web, namespace: shop, labels: { app: web } } }
- { apiVersion: v1, kind: Pod, metadata: { name: db, namespace: shop, labels: { app: db } } }
";

    fn policy(from: &str) -> String {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{ name: db, namespace: shop }}\nspec:\n  \
             podSelector: {{ matchLabels: {{ app: db }} }}\n  ingress:\n    - from: [{{ podSelector: {{ matchLabels: {{ app: {from} }} }} }}]\n"
        )
    }

    fn verdict(workspace: &Workspace) -> Verdict {
        let engine = workspace.engine();
        engine.evaluate(&flow::parse("shop/web -> shop/db:5432", engine.cluster()).unwrap()[0])
    }

    #[test]
    fn a_change_is_seen_and_a_removal_undoes_it() {
        let mut workspace = Workspace::default();
        workspace.set("pods.yaml", PODS);
        assert_eq!(verdict(&workspace), Verdict::Allow);
        workspace.set("policy.yaml", policy("other"));
        assert_eq!(verdict(&workspace), Verdict::Deny);
        workspace.set("policy.yaml", policy("web"));
        assert_eq!(verdict(&workspace), Verdict::Allow);
        workspace.set("policy.yaml", policy("nobody"));
        assert_eq!(verdict(&workspace), Verdict::Deny);
        assert!(workspace.findings().iter().any(|finding| finding.slug == "peer-selects-nothing"));
        assert!(workspace.remove("policy.yaml"));
        assert!(!workspace.remove("policy.yaml"));
        assert_eq!(verdict(&workspace), Verdict::Allow);
        assert!(workspace.findings().iter().all(|finding| finding.slug != "peer-selects-nothing"));
    }

    #[test]
    fn labels_need_no_compiling_and_policies_no_resolving() {
        let pod = |app: &str| {
            format!(
                "{{ apiVersion: v1, kind: Pod, metadata: {{ name: x, namespace: shop, labels: {{ app: {app} }} }} }}"
            )
        };
        let nobody = |workspace: &Workspace| {
            workspace.findings().iter().filter(|finding| finding.slug == "peer-selects-nothing").count()
        };
        let mut workspace = Workspace::default();
        workspace.set("others.yaml", PODS);
        workspace.set("pod.yaml", pod("db"));
        workspace.set("policy.yaml", policy("web"));
        assert_eq!(nobody(&workspace), 0);
        workspace.set("pod.yaml", pod("web"));
        assert!(workspace.compiled.get().is_some(), "there are such pods already");
        workspace.set("others.yaml", PODS.replace("labels: { app: web }", "labels: { app: db }"));
        assert!(workspace.compiled.get().is_some());
        assert_eq!(nobody(&workspace), 0);
        workspace.set("pod.yaml", pod("db"));
        assert!(workspace.compiled.get().is_none(), "it was the last of its class");
        assert!(workspace.resolved.get_mut().is_some());
        assert_eq!(nobody(&workspace), 1);
        workspace.set("policy.yaml", policy("db"));
        assert!(workspace.resolved.get_mut().is_some());
        assert_eq!(nobody(&workspace), 0);
        workspace.set("pod.yaml", "");
        assert!(workspace.resolved.get_mut().is_none(), "a pod went");
    }

    #[test]
    fn what_is_left_out_is_told_whatever_else_is_found() {
        let mut workspace = Workspace::default();
        workspace.set("pods.yaml", PODS);
        workspace.set("policy.yaml", policy("nobody"));
        assert!(!workspace.findings().is_empty());
        assert_eq!(workspace.left_out().count(), 0);
        workspace.set("broken.yaml", "kind: [");
        assert_eq!(workspace.left_out().count(), 1);
    }

    #[test]
    fn texts_that_come_and_go_do_not_add_up() {
        let mut workspace = Workspace::default();
        workspace.set("pods.yaml", PODS);
        for number in 0..10 {
            let path = format!("{number}.yaml");
            workspace.set(&path, policy("web"));
            let places: Vec<u32> = workspace.sources().iter().map(|(id, _)| id.0).collect();
            assert_eq!(places, [0, 1]);
            workspace.remove(&path);
        }
    }
}
