//! Kubernetes network policy, evaluated: text → objects → cluster → compiled policies → verdicts, explanations, reachability.
//!
//! The passes, in order: [`load()`] reads texts into objects, [`resolve()`] joins them into a [`Cluster`], [`compile`] makes an
//! [`Engine`] of it, and the engine answers. Each pass returns a value and diagnostics; no input makes a pass fail as a whole.
//!
//! ```
//! use netpol::{EngineOptions, Verdict, flow, source::Sources};
//!
//! let mut sources = Sources::default();
//! sources.add("shop.yaml", "
//! apiVersion: v1
//! kind: Pod
//! metadata: { name: web, namespace: shop, labels: { app: web } }
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: { name: db, namespace: shop, labels: { app: db } }
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: { name: db, namespace: shop }
//! spec:
//!   podSelector: { matchLabels: { app: db } }
//!   ingress:
//!     - from: [{ podSelector: { matchLabels: { app: web } } }]
//!       ports: [{ port: 5432 }]
//! ");
//! let options = EngineOptions::default();
//! let loaded = netpol::load(&sources);
//! let resolved = netpol::resolve(loaded.objects, &options);
//! assert!(loaded.diagnostics.is_empty());
//! let engine = netpol::compile(resolved.cluster, options);
//!
//! let allowed = flow::parse("shop/web -> shop/db:5432", engine.cluster())?;
//! let denied = flow::parse("shop/web -> shop/db:80", engine.cluster())?;
//! assert_eq!(engine.evaluate(&allowed[0]), Verdict::Allow);
//! assert_eq!(engine.explain(&denied[0]).ingress.decider(), "isolated");
//! # Ok::<(), flow::FlowError>(())
//! ```
//!
//! Deliberately absent: files, clocks, environment, threads, and any text meant for a terminal.

mod addresses;
mod bitset;
pub mod cidr;
mod classes;
pub mod cluster;
mod compile;
mod conditions;
pub mod config;
pub mod connections;
pub mod diagnostic;
pub mod diff;
mod edit;
mod engine;
pub mod explain;
mod families;
pub mod fix;
pub mod flow;
pub mod ignore;
pub mod lint;
pub mod load;
pub mod lowering;
pub mod model;
pub mod object;
pub mod options;
mod pods;
pub mod protocol;
pub mod reach;
pub mod resolve;
mod select;
pub mod selector;
pub mod source;
pub mod spelling;
pub mod structure;
mod tables;
pub mod tree;
pub mod validate;
mod value;
mod workspace;

pub use cluster::Cluster;
pub use compile::compile;
pub use diff::{Difference, diff};
pub use engine::{Engine, Exemption, Verdict};
pub use explain::Explanation;
pub use flow::{End, Flow};
pub use lint::lint;
pub use load::{Loaded, load};
pub use options::EngineOptions;
pub use reach::{Connectivity, ReachQuery};
pub use resolve::{Resolved, resolve};
pub use workspace::{Workspace, findings};
