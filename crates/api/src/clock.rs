//! The only place where the hub asks what time it is and rolls dice.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Time and new ids, so that a test can decide both.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> DateTime<Utc>;
    /// A UUIDv7.
    fn new_id(&self) -> Uuid;
}

pub type SharedClock = Arc<dyn Clock>;

pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock of the edge")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}
