//! Releases on the way of upgrades: required, of no return, or blocked to those who run some versions.

use async_graphql::{Context, Object, Result, SimpleObject};
use distr_domain::permission::Permission;
use distr_domain::release::{Release as Decider, ReleaseCommand};
use distr_domain::upgrade_path as domain;
use distr_projections::release::{PublicationStatus, ReleaseRow};

use super::{ReleasePayload, check_reach, id, payload};
use crate::failure::Failure;
use crate::graphql::context::{ContextExt, execute, lines};
use crate::graphql::guard::May;
use crate::graphql::loader::{Of, PathRulesOf, failed};
use crate::graphql::scalar::{Name, Version, VersionRange};

/// An upgrade that nobody takes.
#[derive(SimpleObject)]
pub(super) struct BlockedUpgrade {
    /// The versions from which nobody comes to the release.
    from: VersionRange,
    /// The reason.
    reason: String,
}

impl From<domain::BlockedUpgrade> for BlockedUpgrade {
    fn from(domain::BlockedUpgrade { from, reason }: domain::BlockedUpgrade) -> Self {
        Self { from: VersionRange(from), reason }
    }
}

/// A release that every installation has to come to.
#[derive(SimpleObject)]
pub(super) struct RequiredRelease {
    /// The version.
    version: Version,
    /// The reason for which it is required.
    reason: String,
}

/// The newest required release above a release; none above a draft, which nobody runs.
pub(super) async fn outdated_by(ctx: &Context<'_>, of: &ReleaseRow) -> Result<Option<RequiredRelease>, Failure> {
    let key = PathRulesOf(Of { organization: of.organization, id: of.application });
    let catalog = ctx.loader().load_one(key).await.map_err(failed)?.unwrap_or_default();
    let floor = catalog.floor_above(&of.version).filter(|_| of.status != PublicationStatus::Draft);
    Ok(floor.map(|(version, reason)| RequiredRelease { version: version.clone().into(), reason: reason.to_owned() }))
}

fn because(reason: String) -> Result<String, Failure> {
    lines("reason", reason, 500)
}

async fn change(
    ctx: &Context<'_>,
    (application, version): (Name, Version),
    command: ReleaseCommand,
) -> Result<ReleasePayload> {
    check_reach(ctx, &application).await?;
    let outcome = execute::<Decider>(ctx, id(ctx, &application, &version)?.0, command).await?;
    Ok(payload(ctx, &application, &version, outcome).await?)
}

#[derive(Default)]
pub(in crate::graphql) struct UpgradePathMutation;

#[Object]
impl UpgradePathMutation {
    /// Requires a published release on the way of upgrades: whoever runs an older release installs it before a newer one. A new
    /// installation needs it not.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn release_require(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The version of the release.")] version: Version,
        #[graphql(desc = "The reason for the change, of 1 to 500 characters.")] reason: String,
    ) -> Result<ReleasePayload> {
        change(ctx, (application, version), ReleaseCommand::Require { reason: because(reason)? }).await
    }

    /// Requires a release no longer, also one that was revoked: upgrades pass it over from now on.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn release_unrequire(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The version of the release.")] version: Version,
        #[graphql(desc = "The reason for the change, of 1 to 500 characters.")] reason: String,
    ) -> Result<ReleasePayload> {
        change(ctx, (application, version), ReleaseCommand::Unrequire { reason: because(reason)? }).await
    }

    /// Marks a published release as one of no return, for ever: older releases cannot read what it makes of its data, so that
    /// nobody goes back from it to an older one.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn release_mark_no_return(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The version of the release.")] version: Version,
        #[graphql(desc = "The reason for the change, of 1 to 500 characters.")] reason: String,
    ) -> Result<ReleasePayload> {
        change(ctx, (application, version), ReleaseCommand::MarkNoReturn { reason: because(reason)? }).await
    }

    /// Blocks upgrades to a published release from some versions. The same versions again change the reason.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn release_block_upgrade(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The version of the release.")] version: Version,
        #[graphql(desc = "The versions from which nobody comes to the release; at most 50 ranges of one release.")]
        from: VersionRange,
        #[graphql(desc = "The reason for the change, of 1 to 500 characters.")] reason: String,
    ) -> Result<ReleasePayload> {
        let command = ReleaseCommand::BlockUpgrade { from: from.0, reason: because(reason)? };
        change(ctx, (application, version), command).await
    }

    /// Opens upgrades to a release again that were blocked.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn release_unblock_upgrade(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The version of the release.")] version: Version,
        #[graphql(desc = "The versions as they were blocked.")] from: VersionRange,
    ) -> Result<ReleasePayload> {
        change(ctx, (application, version), ReleaseCommand::UnblockUpgrade { from: from.0 }).await
    }
}
