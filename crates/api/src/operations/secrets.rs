//! Setting and removing secrets: the fact in the log, the sealed value beside it. The fact comes first: what is cut off
//! between the two leaves a fact of a change that did not come, and its caller without an answer; a value that changed and
//! nobody knows by whom is never there. And the newest fact has the last word: a change that comes late, or is repeated after
//! another, changes no value.

use distr_domain::customer::{Customer, CustomerCommand};
use distr_eventlog::Position;

use super::load;
use crate::failure::Failure;
use crate::hub::{Cause, Hub};
use crate::ops::secret::{self, Place};
use crate::pause;

pub async fn set(hub: &Hub, cause: &Cause, place: Place, name: &str, value: &str) -> Result<Position, Failure> {
    let command = CustomerCommand::SetSecret { name: name.to_owned(), change: cause.command };
    let executed = hub.execute::<Customer>(cause, place.customer.0, &command).await?;
    pause::at("secret.fact").await;
    let mut client = hub.ops.get().await?;
    let alone = secret::lock(&mut client, place, name).await?;
    if load::<Customer>(hub, place.customer.0).await?.is_newest(name, cause.command) {
        hub.vault.set(&alone, place, name, value, hub.clock.now()).await?;
    }
    alone.commit().await?;
    Ok(executed.position.unwrap_or_else(|| hub.progress.core.position()))
}

/// Whether there was one.
pub async fn remove(hub: &Hub, cause: &Cause, place: Place, name: &str) -> Result<(bool, Position), Failure> {
    if !secret::names(&hub.ops.get().await?, place).await?.iter().any(|known| known == name) {
        return Ok((false, hub.progress.core.position()));
    }
    let command = CustomerCommand::RemoveSecret { name: name.to_owned(), change: cause.command };
    let executed = hub.execute::<Customer>(cause, place.customer.0, &command).await?;
    let mut client = hub.ops.get().await?;
    let alone = secret::lock(&mut client, place, name).await?;
    let newest = load::<Customer>(hub, place.customer.0).await?.is_newest(name, cause.command);
    let removed = newest && secret::remove(&alone, place, name).await?;
    alone.commit().await?;
    Ok((removed, executed.position.unwrap_or_else(|| hub.progress.core.position())))
}
