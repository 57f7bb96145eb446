//! Enrolment: a one-time token, from the environment or standard input, becomes the agent's own credential.

use std::fs;
use std::io::{self, IsTerminal, Read};

use uuid::Uuid;

use crate::data_dir::DataDir;
use crate::durable::{self, Access};
use crate::hub::{AddressFault, Hub, Transport};
use crate::identity::{Identity, IdentityFault};
use crate::keeper::Item;
use crate::link::{HubLink, LinkFault};
use crate::secret::Secret;

pub const TOKEN_VARIABLE: &str = "DISTR_ENROLMENT_TOKEN";

#[derive(Debug, thiserror::Error)]
pub enum EnrolFault {
    #[error("cannot enrol")]
    Hub(#[from] LinkFault),
    #[error("cannot keep the identity")]
    Identity(#[from] IdentityFault),
    #[error("cannot rotate the credential of an agent that is not enrolled")]
    NotEnrolled,
    #[error("the agent is not enrolled: run its command `enrol`, or set {TOKEN_VARIABLE}")]
    NoToken,
    #[error("the agent is not enrolled: say at which hub with --hub")]
    NoHub,
    #[error(transparent)]
    Address(#[from] AddressFault),
}

/// Who the agent is; it enrols first if it is nobody yet and the environment has a token.
pub async fn identity(data: &DataDir, hub: Option<&str>, transport: Transport) -> Result<Identity, EnrolFault> {
    if let Some(identity) = Identity::load(&data.identity())? {
        return Ok(identity);
    }
    let token = token_from_environment().ok_or(EnrolFault::NoToken)?;
    let hub = Hub::try_new(hub.ok_or(EnrolFault::NoHub)?, transport)?;
    let identity = enrol(&hub, &token, data).await?;
    tracing::info!(target_id = %identity.target, hub = hub.base(), "enrolled");
    Ok(identity)
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

/// Shows the token with a nonce that is kept until the answer is, so that after a lost answer the same agent may ask again.
pub async fn enrol(hub: &Hub, token: &Secret, data: &DataDir) -> Result<Identity, EnrolFault> {
    let answer = hub.enrol(token, &nonce(data).await?).await?;
    let identity = Identity {
        hub: hub.base().to_owned(),
        target: answer.target,
        credential: answer.credential,
        secret: Secret::new(answer.secret),
    };
    identity.keep(data).await?;
    let _ = fs::remove_file(data.nonce()); // of no more use to anybody
    Ok(identity)
}

async fn nonce(data: &DataDir) -> Result<String, IdentityFault> {
    match fs::read_to_string(data.nonce()) {
        Ok(nonce) => Ok(nonce),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let nonce = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
            data.keep(Item::Nonce, nonce.as_bytes()).await?;
            durable::write(&data.nonce(), nonce.as_bytes(), Access::Owner)?;
            Ok(nonce)
        }
        Err(error) => Err(error.into()),
    }
}

/// Asks for a new secret with the present one, which lets in until the new one, safe on disk by then, is used.
pub async fn rotate(hub: &dyn HubLink, shown: &Secret, data: &DataDir) -> Result<Identity, EnrolFault> {
    let identity = Identity::load(&data.identity())?.ok_or(EnrolFault::NotEnrolled)?;
    let answer = hub.rotate(shown).await?;
    let identity = Identity { credential: answer.credential, secret: Secret::new(answer.secret), ..identity };
    identity.keep(data).await?;
    Ok(identity)
}
