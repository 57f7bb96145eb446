//! The port to what runs releases on this machine.

use async_trait::async_trait;

use crate::fault::{Failure, Stop};
use crate::observe::Observed;
use crate::task::Task;

/// An engine, with all that is needed to bring a release about in it.
#[async_trait]
pub trait Runtime: Send + Sync + 'static {
    /// Looks at what runs on this machine now.
    async fn observe(&self) -> Result<Observed, Failure>;

    /// Carries out an action. An action that gave up on a generation says so in the record and ends well; an error is worth
    /// another try.
    async fn perform(&self, task: Task) -> Result<(), Stop>;
}
