//! The agent's clock. Everything below the edge is given the time; only this file asks the system for it.

use std::time::SystemTime;

use chrono::{DateTime, Utc};

pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
}

#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the edge: the one place that reads the system's clock")]
    fn now(&self) -> DateTime<Utc> {
        SystemTime::now().into()
    }
}
