//! Setting and removing secrets: the fact in the log, the sealed value beside it. The fact comes first: what is cut off
//! between the two leaves a fact of a change that did not come, and its caller without an answer; a value that changed and
//! nobody knows by whom is never there. And the newest fact has the last word: a change that comes late, or is repeated after
//! another, changes no value.

use distr_domain::customer::{Customer, CustomerCommand};
use distr_eventlog::Position;

use crate::commands::{Cause, Commands};
use crate::failure::Failure;
use crate::ops::secret::{self, Place, Vault};
use crate::pause;

/// The most secrets of one customer.
const MAX_SECRETS: usize = 500;

pub async fn set(
    (commands, vault): (&Commands, &Vault),
    cause: &Cause,
    place: Place,
    name: &str,
    value: &str,
) -> Result<Position, Failure> {
    let names = secret::names(&*vault.client().await?, place).await?;
    if names.len() >= MAX_SECRETS && !names.iter().any(|known| known == name) {
        return Err(Failure::BadInput(format!(
            "the customer has {MAX_SECRETS} secrets; remove some that nobody needs"
        )));
    }
    let command = CustomerCommand::SetSecret { name: name.to_owned(), change: cause.command };
    let executed = commands.execute::<Customer>(cause, place.customer.0, &command).await?;
    pause::at("secret.fact").await;
    let mut client = vault.client().await?;
    let alone = secret::lock(&mut client, place, name).await?;
    if commands.load::<Customer>(place.customer.0).await?.is_newest(name, cause.command) {
        vault.set(&alone, place, name, value, commands.now()).await?;
    }
    alone.commit().await?;
    Ok(commands.position_of(&executed))
}

/// Whether there was one.
pub async fn remove(
    (commands, vault): (&Commands, &Vault),
    cause: &Cause,
    place: Place,
    name: &str,
) -> Result<(bool, Position), Failure> {
    if !secret::names(&*vault.client().await?, place).await?.iter().any(|known| known == name) {
        return Ok((false, commands.core.position()));
    }
    let command = CustomerCommand::RemoveSecret { name: name.to_owned(), change: cause.command };
    let executed = commands.execute::<Customer>(cause, place.customer.0, &command).await?;
    let mut client = vault.client().await?;
    let alone = secret::lock(&mut client, place, name).await?;
    let newest = commands.load::<Customer>(place.customer.0).await?.is_newest(name, cause.command);
    let removed = newest && secret::remove(&alone, place, name).await?;
    alone.commit().await?;
    Ok((removed, commands.position_of(&executed)))
}
