//! What takes more than one step: each file is one operation that edges call.

pub mod attachments;
pub mod cluster;
mod compose;
pub mod deploy;
pub mod desired;
pub mod enrolment;
pub mod entitlement;
pub mod handed_out;
pub mod history;
pub mod invitations;
pub mod members;
pub mod moment;
pub mod passwords;
pub mod pictures;
mod pinning;
pub mod platforms;
pub mod portal;
pub mod publish;
pub mod pull_credential;
pub mod reach;
pub mod release_signature;
pub mod rollout_world;
pub mod seat;
pub mod secrets;
pub mod tokens;
pub mod trust;
