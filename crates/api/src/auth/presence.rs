//! Whether whoever changes something may still come in, asked right before it becomes a fact: on the way there a change may wait for its
//! turn longer than its right lasts.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task_local;

use super::{MemberCaller, Sessions};
use crate::failure::Failure;

/// The time within which an answer is not asked for again.
const FRESH: Duration = Duration::from_millis(100);

task_local! {
    static PRESENCE: Presence;
}

struct Presence {
    sessions: Arc<Sessions>,
    caller: MemberCaller,
    seen: Mutex<Instant>,
}

/// Runs a change of somebody who has just been looked at.
pub async fn within<F: Future>(sessions: Arc<Sessions>, caller: MemberCaller, change: F) -> F::Output {
    PRESENCE.scope(Presence { sessions, caller, seen: Mutex::new(Instant::now()) }, change).await
}

/// Whether the author of the change at hand may still make it; what is nobody's change may be.
pub async fn is_there() -> Result<bool, Failure> {
    let asked = PRESENCE.try_with(|presence| {
        let seen = *presence.seen.lock().unwrap_or_else(PoisonError::into_inner);
        (seen.elapsed() > FRESH).then(|| (presence.sessions.clone(), presence.caller.clone()))
    });
    let Ok(Some((sessions, caller))) = asked else { return Ok(true) };
    match sessions.check_again(&caller).await {
        Ok(()) => {
            let now = Instant::now();
            PRESENCE.with(|presence| *presence.seen.lock().unwrap_or_else(PoisonError::into_inner) = now);
            Ok(true)
        }
        Err(Failure::Unauthenticated) => Ok(false),
        Err(failure) => Err(failure),
    }
}
