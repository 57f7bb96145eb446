//! The tests' own edge: what time it is.

use chrono::{DateTime, Utc};

#[expect(clippy::disallowed_methods, reason = "the clock of this edge")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}
