//! The time for which this replica is the one in charge. Whoever writes to the cluster or to the hub asks first: a process that was stopped for
//! a while wakes up in the middle of what it did, and another may be in charge by then.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use distr_agent::fault::Failure;
use distr_domain::agent::ErrorCategory;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Before the end everything is given up, so that nothing of it is left when another begins.
pub const MARGIN: Duration = Duration::from_secs(3);

/// A tenure, which ends unless it is extended again and again.
#[derive(Debug)]
pub struct Tenure {
    until: Mutex<Instant>,
    lost: CancellationToken,
}

impl Tenure {
    pub fn until(end: Instant) -> Self {
        Self { until: Mutex::new(end), lost: CancellationToken::new() }
    }

    pub fn extend(&self, end: Instant) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = end;
    }

    pub fn end(&self) -> Instant {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is not extended any more.
    pub fn lose(&self) {
        self.lost.cancel();
    }

    /// Cancelled when it is lost.
    pub fn lost(&self) -> &CancellationToken {
        &self.lost
    }

    pub fn is_held(&self) -> bool {
        !self.lost.is_cancelled() && Instant::now() < self.end()
    }

    /// The time that is left.
    pub fn left(&self) -> Duration {
        self.end().saturating_duration_since(Instant::now())
    }

    /// Asked before each write.
    pub fn check(&self) -> Result<(), Failure> {
        match self.is_held() {
            true => Ok(()),
            false => Err(Failure::passing(ErrorCategory::Runtime, "another replica of the agent is in charge")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_is_written_after_the_end_however_the_process_got_there() {
        let later = Instant::now() + Duration::from_secs(900);
        let tenure = Tenure::until(Instant::now());
        assert!(tenure.check().is_err() && tenure.left().is_zero() && !tenure.lost().is_cancelled());
        tenure.extend(later);
        tenure.check().unwrap();
        tenure.lose();
        assert!(tenure.check().is_err());
    }
}
