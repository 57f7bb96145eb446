//! Another key for the checkpoints of a history. It is made first, then told as a fact, and then it signs: what was broken off before the
//! fact goes on with the same key when it is asked for again, and what was broken off behind it by itself, before anything is signed.

use distr_domain::ids::OrganizationId;
use distr_domain::organization::{Organization, OrganizationCommand};
use distr_eventlog::Executed;

use crate::commands::{Cause, Commands};
use crate::failure::Failure;
use crate::proof::Signing;

pub struct Replacing {
    pub organization: OrganizationId,
    /// the old key signs no more
    pub at_once: bool,
    pub reason: String,
}

pub async fn replace(
    commands: &Commands,
    signing: &Signing,
    cause: &Cause,
    Replacing { organization, at_once, reason }: Replacing,
) -> Result<Executed<Organization>, Failure> {
    let now = commands.now();
    // so that there is one whose place is taken
    signing.public_keys(organization).await?;
    let next = signing.keys.next(&*signing.client().await?, organization, now).await?;
    let command = OrganizationCommand::ReplaceHistoryKey { key: next.to_string(), at_once, reason };
    let executed = commands.execute::<Organization>(cause, organization.0, &command).await?;
    signing.settle(&mut signing.client().await?, organization).await?;
    Ok(executed)
}
