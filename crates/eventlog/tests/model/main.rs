//! The event log against a model: random writers, readers, subscribers and crashes, on each adapter. What was acknowledged
//! is stored once; streams and positions have no gap; what has an unknown outcome happened once or not at all, and is
//! settled by asking again; a conflict is only told when there is one; whoever reads sees exactly the log, in order.
//!
//! `PROPTEST_CASES` sets how many stories are played, `PROPTEST_RNG_SEED` which ones.

mod check;
mod memory;
mod playing;
mod postgres;
mod readers;
mod stage;
mod story;
mod told;

#[allow(dead_code, reason = "shared with the contract suite")]
#[path = "../contract/server.rs"]
mod server;

#[allow(dead_code, unreachable_pub, reason = "shared with the tests of the whole")]
#[path = "../../../../tests/src/proxy.rs"]
mod proxy;

use playing::{Adapter, play};
