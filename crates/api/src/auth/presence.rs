//! Whether whoever changes something may still do so, asked right before it becomes a fact: on the way there a change may wait for its
//! turn longer than its right lasts.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::task_local;

use super::{MemberCaller, Sessions};
use crate::failure::Failure;

/// The time within which an answer is not asked for again.
const FRESH: Duration = Duration::from_millis(100);

task_local! {
    static PRESENCE: Presence;
}

/// A right to make changes, which may end before a change is a fact.
#[async_trait]
pub trait Right: Send + Sync {
    async fn lasts(&self) -> Result<bool, Failure>;
}

/// A member that is in.
pub struct In {
    pub sessions: Arc<Sessions>,
    pub caller: MemberCaller,
}

#[async_trait]
impl Right for In {
    async fn lasts(&self) -> Result<bool, Failure> {
        match self.sessions.check_again(&self.caller).await {
            Ok(()) => Ok(true),
            Err(Failure::Unauthenticated) => Ok(false),
            Err(failure) => Err(failure),
        }
    }
}

struct Presence {
    right: Arc<dyn Right>,
    seen: Mutex<Instant>,
}

/// Runs a change of somebody whose right has just been looked at.
pub async fn within<F: Future>(right: Arc<dyn Right>, change: F) -> F::Output {
    PRESENCE.scope(Presence { right, seen: Mutex::new(Instant::now()) }, change).await
}

/// Whether the author of the change at hand may still make it; what is nobody's change may be.
pub async fn is_there() -> Result<bool, Failure> {
    let asked = PRESENCE.try_with(|presence| {
        let seen = *presence.seen.lock().unwrap_or_else(PoisonError::into_inner);
        (seen.elapsed() > FRESH).then(|| presence.right.clone())
    });
    let Ok(Some(right)) = asked else { return Ok(true) };
    let lasts = right.lasts().await?;
    if lasts {
        let now = Instant::now();
        PRESENCE.with(|presence| *presence.seen.lock().unwrap_or_else(PoisonError::into_inner) = now);
    }
    Ok(lasts)
}
