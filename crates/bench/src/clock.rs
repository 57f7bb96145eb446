//! The time of what the bench sends.

use chrono::{DateTime, Utc};

#[expect(clippy::disallowed_methods, reason = "the bench is an edge, and times are part of what it sends")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}
