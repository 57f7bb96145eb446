//! What proves history: a tree of hashes for each organization, kept up with the log, and its root, signed now and then. How
//! trees, tiles and checkpoints are made is `distr_proof`.

mod entries;
mod keeper;
mod leaf;
mod signing;

pub use entries::{Entries, EntryPage};
pub use keeper::start;
pub use signing::Signing;
