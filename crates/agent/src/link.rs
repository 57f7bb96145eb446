//! The port to the hub.

use async_trait::async_trait;
use distr_domain::agent::{HeartbeatRequest, HeartbeatResponse, PullCredentialResponse, RotateResponse};

use crate::secret::Secret;

/// A way to the hub for an agent that is enrolled.
#[async_trait]
pub trait HubLink: Send + Sync + 'static {
    /// Sends reports, and gets the desired state if the agent's is old.
    async fn heartbeat(&self, secret: &Secret, request: &HeartbeatRequest) -> Result<HeartbeatResponse, LinkFault>;

    /// Asks for a credential in the place of the present one.
    async fn rotate(&self, secret: &Secret) -> Result<RotateResponse, LinkFault>;

    /// Asks for what others than the agent pull images with.
    async fn pull_credential(&self, secret: &Secret) -> Result<PullCredentialResponse, LinkFault>;
}

/// A request that the hub did not answer as it should.
#[derive(Debug, thiserror::Error)]
pub enum LinkFault {
    #[error("cannot reach the hub: {0}")]
    Unreachable(String),
    #[error("the hub refused: {message} ({code}, HTTP {status})")]
    Refused { status: u16, code: String, message: String },
    #[error("the hub's answer is not understood: {0}")]
    Garbled(String),
    #[error("the hub's answer has more than {limit} bytes; no more is read")]
    TooLarge { limit: usize },
}

impl LinkFault {
    /// Whether the same body would be refused again.
    pub fn refuses_the_body(&self) -> bool {
        matches!(self, Self::Refused { status: 400 | 413 | 422, .. })
    }
}
