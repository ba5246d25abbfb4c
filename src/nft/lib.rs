//! The nftables ruleset that makes a node do what an engine says.
//!
//! [`lower`] turns the policies of a node's pods into a [`Ruleset`], typed; [`text`](Ruleset::to_text) writes it for the `nft` program;
//! [`simulate`] walks it with a packet, as the kernel does. Nothing here touches a kernel.
//!
//! ```
//! let workspace = {
//!     let mut workspace = netpol::Workspace::default();
//!     workspace.set("a.yaml", r#"
//! kind: List
//! apiVersion: v1
//! items:
//! - { apiVersion: v1, kind: Pod, metadata: { name: db, namespace: shop }, spec: { nodeName: worker }, status: { podIP: 10.0.0.1 } }
//! - apiVersion: networking.k8s.io/v1
//!   kind: NetworkPolicy
//!   metadata: { name: closed, namespace: shop }
//!   spec: { podSelector: {} }
//! "#);
//!     workspace
//! };
//! let lowered = netpol_nft::lower(workspace.engine(), "worker", &netpol_nft::LowerOptions::default());
//! assert_eq!(lowered.ruleset.maps["in4"].elements.len(), 1);
//! ```

mod batch;
mod compare;
mod listing;
mod lower;
mod netlink;
mod ruleset;
mod simulate;
mod text;

pub use batch::{Batch, Change, ObjectKind};
pub use listing::{Foreign, counted, generation, has_table};
pub use lower::{Deny, Established, Log, LowerOptions, Lowered, Unenforced, lower, lower_pods};
pub use netlink::Refusal;
pub use ruleset::{
    Chain, Element, Hook, Mark, Match, Rule, Ruleset, Set, SetKind, Side, Statement, States, TABLE, VerdictMap,
};
pub use simulate::{Conntrack, Outcome, Packet, State, Step, Transport, simulate};
