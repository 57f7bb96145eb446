//! How far a follower is, on whichever hub it leads.

use std::time::{Duration, Instant};

use distr_eventlog::Position;
use tokio::sync::watch;

use crate::error::WaitError;

/// Shared by all who wait for it.
#[derive(Debug, Clone)]
pub struct Progress {
    standing: watch::Receiver<Standing>,
}

#[derive(Debug, Clone, Copy)]
struct Standing {
    position: Position,
    since: Instant,
}

#[derive(Debug)]
pub(super) struct Publisher(watch::Sender<Standing>);

impl Publisher {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(Standing { position: Position::START, since: Instant::now() }))
    }

    pub(super) fn publish(&self, position: Position) {
        self.0.send_if_modified(|standing| {
            let is_new = standing.position != position;
            if is_new {
                *standing = Standing { position, since: Instant::now() };
            }
            is_new
        });
    }

    pub(super) fn position(&self) -> Position {
        self.0.borrow().position
    }

    pub(super) fn progress(&self) -> Progress {
        Progress { standing: self.0.subscribe() }
    }
}

impl Progress {
    pub fn position(&self) -> Position {
        self.standing.borrow().position
    }

    /// How long this hub has seen the position stand still.
    pub fn stands_for(&self) -> Duration {
        self.standing.borrow().since.elapsed()
    }

    /// Returns when the log up to `position` is dealt with, or when `limit` has passed.
    pub async fn wait_for(&self, position: Position, limit: Duration) -> Result<(), WaitError> {
        let mut receiver = self.standing.clone();
        let reached = receiver.wait_for(|standing| standing.position >= position);
        match tokio::time::timeout(limit, reached).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(WaitError { wanted: position, at: self.position() }),
        }
    }

    /// Returns when the position has moved since the last call on this handle.
    pub async fn changed(&mut self) -> Position {
        // a follower that is gone says no more; its readers wait for their own end
        if self.standing.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        self.standing.borrow_and_update().position
    }
}
