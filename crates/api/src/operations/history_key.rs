//! Another key for the checkpoints of a history. It is made first, then told as a fact, and then it signs: what was broken off before the
//! fact goes on with the same key when it is asked for again, and what was broken off behind it by itself, before anything is signed.

use distr_domain::ids::OrganizationId;
use distr_domain::organization::{Organization, OrganizationCommand, OrganizationRejection};
use distr_eventlog::{ExecuteError, Executed};

use crate::commands::{Cause, Commands};
use crate::failure::Failure;
use crate::proof::Signing;

/// With keys that others told of meanwhile.
const TRIES: usize = 8;

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
    // so that there is one whose place is taken
    signing.public_keys(organization).await?;
    let mut tries = 1..=TRIES;
    loop {
        let next = signing.keys.next(&*signing.client().await?, organization, commands.now()).await?;
        let reason = reason.clone();
        let command = OrganizationCommand::ReplaceHistoryKey { key: next.to_string(), at_once, reason };
        match commands.append::<Organization>(cause, organization.0, &command).await {
            // another hub told of the same key, and then of the next one
            Err(ExecuteError::Rejected(OrganizationRejection::HistoryKeyOver)) if tries.next().is_some() => {}
            told => {
                let executed = told?;
                signing.settle(organization).await?;
                if let Some(seen) = executed.seen {
                    commands.visible(seen).await?;
                }
                return Ok(executed);
            }
        }
    }
}
