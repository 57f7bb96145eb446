//! Enrolment: a one-time token, from the environment or standard input, becomes the agent's own credential.

use std::io::{self, IsTerminal, Read};

use crate::data_dir::DataDir;
use crate::hub::{Hub, HubFault};
use crate::identity::{Identity, IdentityFault};
use crate::secret::Secret;

pub const TOKEN_VARIABLE: &str = "DISTR_ENROLMENT_TOKEN";

#[derive(Debug, thiserror::Error)]
pub enum EnrolFault {
    #[error("cannot enrol")]
    Hub(#[from] HubFault),
    #[error("cannot keep the identity")]
    Identity(#[from] IdentityFault),
    #[error("cannot rotate the credential of an agent that is not enrolled")]
    NotEnrolled,
}

/// The token of the environment, if there is one.
pub fn token_from_environment() -> Option<Secret> {
    let token = std::env::var(TOKEN_VARIABLE).ok()?;
    Some(token.trim()).filter(|token| !token.is_empty()).map(Secret::new)
}

/// The token of standard input, if that is not a terminal.
pub fn token_from_input() -> io::Result<Option<Secret>> {
    let input = io::stdin();
    if input.is_terminal() {
        return Ok(None);
    }
    let mut text = String::new();
    input.take(4096).read_to_string(&mut text)?;
    Ok(Some(text.trim()).filter(|token| !token.is_empty()).map(Secret::new))
}

pub async fn enrol(hub: &Hub, token: &Secret, data: &DataDir) -> Result<Identity, EnrolFault> {
    let answer = hub.enrol(token).await?;
    let identity = Identity {
        hub: hub.base().to_owned(),
        target: answer.target,
        credential: answer.credential,
        secret: Secret::new(answer.secret),
    };
    identity.store(&data.identity())?;
    Ok(identity)
}

/// Asks for a new secret with the present one, which ends with the answer.
pub async fn rotate(data: &DataDir) -> Result<Identity, EnrolFault> {
    let identity = Identity::load(&data.identity())?.ok_or(EnrolFault::NotEnrolled)?;
    let answer = Hub::try_new(&identity.hub)?.rotate(&identity.secret).await?;
    let identity = Identity { credential: answer.credential, secret: Secret::new(answer.secret), ..identity };
    identity.store(&data.identity())?;
    Ok(identity)
}
