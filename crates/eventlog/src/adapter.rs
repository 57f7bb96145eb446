//! What adapters of the port in other crates need beside it: the limits that it sets, and the form in which telemetry is stored.

pub use crate::admission::{check, check_telemetry};
pub use crate::block::{Block, BlockError, FORMAT, pack, unpack};
