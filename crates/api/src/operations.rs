//! What takes more than one step: each file is one operation that edges call.

pub mod attachments;
mod compose;
pub mod deploy;
pub mod desired;
pub mod enrolment;
pub mod history;
pub mod invitations;
pub mod members;
pub mod passwords;
pub mod publish;
pub mod reach;
pub mod release_signature;
pub mod secrets;
pub mod tokens;
pub mod trust;
mod watching;

use distr_domain::decider::Decider;
use uuid::Uuid;

use crate::failure::Failure;
use crate::hub::Hub;

pub use watching::{Seen, Shown, Watched, watch};

/// The state of a stream, from the log: for what must not be an instant old.
pub async fn load<D: Decider>(hub: &Hub, stream: Uuid) -> Result<D, Failure> {
    let (state, _) = distr_eventlog::load::<D>(hub.log.as_ref(), stream).await.map_err(Failure::fault)?;
    Ok(state)
}
