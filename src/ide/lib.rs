//! Editor features over a [`Workspace`](netpol::Workspace): hover, completion and lenses; and what policies allow, in sentences.
//!
//! Reads the span tree of a document and asks the engine what matches; hands on texts with ranges, in the shapes that the Language
//! Server Protocol has for them. Deliberately absent: I/O, a protocol, and any decision of what a policy means.

mod caret;
mod completion;
mod hover;
mod lens;
mod place;
mod sentence;
mod spot;
mod words;

pub use completion::{Completions, Item, ItemKind, completions};
pub use hover::{Hover, hover};
pub use lens::{Lens, lenses};
pub use place::{Position, Range};
pub use sentence::{Sentence, sentences};
