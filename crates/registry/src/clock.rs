//! The clock of the registry: the time comes from whoever starts it, so that tests decide it.

use chrono::{DateTime, Utc};

pub type Clock = fn() -> DateTime<Utc>;
