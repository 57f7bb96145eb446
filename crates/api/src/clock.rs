//! The only place where the hub asks what time it is and rolls dice.

use std::sync::Arc;
#[cfg(debug_assertions)]
use std::{path::PathBuf, sync::LazyLock};

use chrono::{DateTime, TimeDelta, Utc};
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
        Utc::now() + ahead()
    }

    fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// For tests alone: a debug build is ahead of the time by as many seconds as the file `DISTR_HUB_CLOCK_FILE` says, so that nobody has
/// to wait for what an hour brings. A release build knows nothing of it.
#[cfg(debug_assertions)]
fn ahead() -> TimeDelta {
    static FILE: LazyLock<Option<PathBuf>> =
        LazyLock::new(|| std::env::var_os("DISTR_HUB_CLOCK_FILE").map(PathBuf::from));
    let seconds = FILE.as_deref().and_then(|file| std::fs::read_to_string(file).ok()?.trim().parse().ok());
    TimeDelta::seconds(seconds.unwrap_or(0))
}

#[cfg(not(debug_assertions))]
const fn ahead() -> TimeDelta {
    TimeDelta::zero()
}
