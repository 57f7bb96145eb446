//! The sockets that are open, each with whoever opened it. A socket lives longer than a request: whether its caller may
//! still come in, and as what, is asked again with each operation on it, and every few seconds for all sockets at once. One
//! that may not is ended.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Caller, MemberCaller, Sessions};
use crate::failure::Failure;

/// How long a socket outlives its credential at most, but for the time that the look takes.
pub const EVERY: Duration = Duration::from_secs(3);
/// Subscriptions of one socket at a time.
const MAX_SUBSCRIPTIONS: usize = 100;

#[derive(Default)]
pub struct OpenSockets {
    open: Mutex<HashMap<Uuid, (MemberCaller, CancellationToken)>>,
}

/// One open socket; it is forgotten with the last of its users.
pub struct OpenSocket {
    id: Uuid,
    sessions: Arc<Sessions>,
    caller: Option<MemberCaller>,
    ended: CancellationToken,
    subscriptions: AtomicUsize,
}

/// One subscription of a socket.
pub struct Subscribed(Arc<OpenSocket>);

impl OpenSockets {
    /// Ends the sockets whose callers are gone or are not what they were.
    async fn check(&self, sessions: &Sessions) -> Result<(), Failure> {
        let mut credentials: Vec<Uuid> = self.lock().values().map(|(caller, _)| caller.via.id()).collect();
        credentials.sort_unstable();
        credentials.dedup();
        if credentials.is_empty() {
            return Ok(());
        }
        let live = sessions.authenticate_all_again(&credentials).await?;
        for (caller, ended) in self.lock().values() {
            // those who came since are not asked about yet
            let asked = credentials.binary_search(&caller.via.id()).is_ok();
            let same =
                matches!(live.get(&caller.via.id()), Some(Caller::Member(now)) if now.has_same_rights_as(caller));
            if asked && !same {
                ended.cancel();
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, (MemberCaller, CancellationToken)>> {
        self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl OpenSocket {
    /// `ended` is cancelled when the caller may not come in any more. Nobody in particular (`caller` is none) may stay.
    pub fn enter(sessions: &Arc<Sessions>, caller: Option<&MemberCaller>, ended: CancellationToken) -> Arc<OpenSocket> {
        let id = sessions.clock.new_id();
        if let Some(caller) = caller {
            sessions.sockets.lock().insert(id, (caller.clone(), ended.clone()));
        }
        let (sessions, caller) = (sessions.clone(), caller.cloned());
        Arc::new(OpenSocket { id, sessions, caller, ended, subscriptions: AtomicUsize::new(0) })
    }

    /// Before each operation: the caller may still come in, and is what it was. If not, the socket ends.
    pub async fn check(&self) -> Result<(), Failure> {
        let Some(caller) = &self.caller else { return Ok(()) };
        let checked = self.sessions.check_again(caller).await;
        if let Err(Failure::Unauthenticated) = checked {
            self.ended.cancel();
        }
        checked
    }

    /// Nothing if the socket has as many subscriptions as it may have.
    pub fn subscribe(self: &Arc<Self>) -> Option<Subscribed> {
        let subscribed = Subscribed(self.clone());
        (self.subscriptions.fetch_add(1, Ordering::Relaxed) < MAX_SUBSCRIPTIONS).then_some(subscribed)
    }
}

impl Drop for Subscribed {
    fn drop(&mut self) {
        self.0.subscriptions.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.sessions.sockets.lock().remove(&self.id);
    }
}

/// Looks after the open sockets as long as the hub runs.
pub async fn watch(sessions: Arc<Sessions>) {
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        if let Err(error) = sessions.sockets.check(&sessions).await {
            error.log();
        }
    }
}
