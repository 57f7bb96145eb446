//! The port to what runs releases in this place.

use async_trait::async_trait;
use distr_domain::agent::{DesiredState, TargetFacts};

use crate::fault::{Failure, Stop};
use crate::memory::{Memory, Part};
use crate::observe::Observed;
use crate::stamp::Stamp;
use crate::task::Task;

/// What runs releases, with all that is needed to bring one about in it.
#[async_trait]
pub trait Runtime: Send + Sync + 'static {
    /// How a deployment is found again; remembered from its first action on.
    type Handle: Part;
    /// How all was when a release was proven.
    type Baseline: Part;

    /// Looks at what runs now of each deployment that is desired. `memory` is as it was when the look began; the caller looks
    /// again if it changed meanwhile.
    async fn observe(
        &self,
        desired: &DesiredState,
        memory: &Memory<Self::Handle, Self::Baseline>,
    ) -> Result<Observed<Self::Handle>, Failure>;

    /// Carries out an action. An action that gave up on a generation says so in the record and ends well; an error is worth
    /// another try.
    async fn perform(&self, task: Task<Self::Handle, Self::Baseline>) -> Result<(), Stop>;

    /// What is known of the place; nothing if it cannot be asked now. Asked now and then.
    async fn facts(&self) -> Option<TargetFacts> {
        None
    }

    /// The stamp of what the owner of this place lets run there: another one when that changed.
    fn policy(&self) -> Stamp;
}
