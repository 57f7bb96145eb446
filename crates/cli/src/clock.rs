//! The clock of this edge: for showing how long ago something was, never for a decision.

use std::time::SystemTime;

use chrono::{DateTime, Utc};

#[expect(clippy::disallowed_methods, reason = "the command line is an edge; this is its clock")]
pub(crate) fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}
