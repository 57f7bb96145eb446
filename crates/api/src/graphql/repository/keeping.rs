//! How a repository is kept: who pulls, immutable tags, retention, and how much it may hold.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use distr_domain::artifact::retention::{Plan, Retention};
use distr_domain::artifact::settings::{RepositorySettings, SettingsChange, SettingsCommand};
use distr_domain::ids::ArtifactId;
use distr_domain::permission::Permission;
use distr_domain::quota::Quota;

use super::{RepositoryPayload, Visibility, payload};
use crate::failure::Failure;
use crate::graphql::context::{ContextExt, execute};
use crate::graphql::guard::May;
use crate::graphql::scalar::{BigInt, Digest, Pattern, RepositoryName, Tag};

/// The retention rules of a repository. A tag stays if one of the rules says so; without any rule about tags, all tags
/// stay. A manifest that a release names stays.
#[derive(SimpleObject)]
pub(super) struct RetentionRules {
    /// The number of tags that stay because they were moved last; null without such a rule.
    keep_last: Option<u32>,
    /// The number of days for which a tag stays after it was moved; null without such a rule.
    keep_days: Option<u32>,
    /// The patterns of the tags that stay; empty without such a rule.
    keep_tags: Vec<Pattern>,
    /// The number of days for which a manifest stays after its push if no tag and no release leads to it. A manifest
    /// stays for ever if the number is null.
    untagged_days: Option<u32>,
}

/// The retention rules of a repository. A tag stays if one of the rules says so; without any rule about tags, all tags
/// stay. A manifest that a release names stays.
#[derive(InputObject)]
pub(super) struct RetentionInput {
    /// The number of tags that stay because they were moved last; no such rule if left out.
    keep_last: Option<u32>,
    /// The number of days for which a tag stays after it was moved; no such rule if left out.
    keep_days: Option<u32>,
    /// The patterns of the tags that stay; no such rule if left out.
    keep_tags: Option<Vec<Pattern>>,
    /// The number of days for which a manifest stays after its push if no tag and no release leads to it. A manifest
    /// stays for ever if the number is left out.
    untagged_days: Option<u32>,
}

/// The tags and manifests that would be removed now.
#[derive(SimpleObject)]
pub(super) struct RetentionPlan {
    /// The tags that would be removed.
    tags: Vec<Tag>,
    /// The digests of the manifests that would be removed.
    manifests: Vec<Digest>,
}

impl From<Retention> for RetentionRules {
    fn from(rules: Retention) -> Self {
        let Retention { keep_last, keep_days, keep_tags, untagged_days } = rules;
        Self { keep_last, keep_days, keep_tags: keep_tags.into_iter().map(Pattern::from).collect(), untagged_days }
    }
}

impl From<RetentionInput> for Retention {
    fn from(input: RetentionInput) -> Self {
        let RetentionInput { keep_last, keep_days, keep_tags, untagged_days } = input;
        let keep_tags = keep_tags.unwrap_or_default().into_iter().map(|pattern| pattern.0).collect();
        Self { keep_last, keep_days, keep_tags, untagged_days }
    }
}

impl From<Plan> for RetentionPlan {
    fn from(plan: Plan) -> Self {
        let tags = plan.tags.into_iter().map(Tag::from).collect();
        Self { tags, manifests: plan.manifests.into_iter().map(Digest::from).collect() }
    }
}

#[derive(Default)]
pub(crate) struct RepositoryMutation;

#[Object]
impl RepositoryMutation {
    /// Sets who may pull from a repository, also before the first push.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn repository_set_visibility(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the repository within the organization.")] name: RepositoryName,
        #[graphql(desc = "The visibility: who may pull from the repository.")] visibility: Visibility,
    ) -> Result<RepositoryPayload> {
        set(ctx, name, SettingsChange::SetVisibility { visibility: visibility.into() }).await
    }

    /// Makes the tags of a repository immutable: a tag that is there does not move any more. Tags of what is attached
    /// to a manifest still move, and so do the exceptions.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn repository_make_immutable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the repository within the organization.")] name: RepositoryName,
        #[graphql(desc = "The patterns of the tags that may move all the same; none if left out.")] except: Option<
            Vec<Pattern>,
        >,
    ) -> Result<RepositoryPayload> {
        let except = except.unwrap_or_default().into_iter().map(|pattern| pattern.0).collect();
        set(ctx, name, SettingsChange::MakeTagsImmutable { except }).await
    }

    /// Lets the tags of a repository move again.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn repository_make_mutable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the repository within the organization.")] name: RepositoryName,
    ) -> Result<RepositoryPayload> {
        set(ctx, name, SettingsChange::MakeTagsMutable).await
    }

    /// Sets the retention rules of a repository. The next collection removes the tags and manifests that the rules do
    /// not keep. The field `retentionPlan` of the repository shows them beforehand.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn repository_set_retention(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the repository within the organization.")] name: RepositoryName,
        #[graphql(desc = "The retention rules, in the place of those before.")] rules: RetentionInput,
    ) -> Result<RepositoryPayload> {
        set(ctx, name, SettingsChange::SetRetention { retention: rules.into() }).await
    }

    /// Removes the retention rules of a repository: everything stays from now on.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn repository_clear_retention(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the repository within the organization.")] name: RepositoryName,
    ) -> Result<RepositoryPayload> {
        set(ctx, name, SettingsChange::ClearRetention).await
    }

    /// Sets the quota of a repository, also before the first push. The content stays, even if it is more; pushes that
    /// do not fit are refused.
    #[graphql(guard = "May(Permission::ManageOrganization)")]
    async fn repository_set_quota(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the repository within the organization.")] name: RepositoryName,
        #[graphql(desc = "The quota: the most bytes that the repository may hold, at most 8 PiB.")] bytes: BigInt,
    ) -> Result<RepositoryPayload> {
        let quota = Quota::try_new(bytes.0).map_err(Failure::from)?;
        set(ctx, name, SettingsChange::SetQuota { quota }).await
    }

    /// Removes the quota of a repository.
    #[graphql(guard = "May(Permission::ManageOrganization)")]
    async fn repository_clear_quota(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the repository within the organization.")] name: RepositoryName,
    ) -> Result<RepositoryPayload> {
        set(ctx, name, SettingsChange::ClearQuota).await
    }
}

async fn set(ctx: &Context<'_>, repository: RepositoryName, change: SettingsChange) -> Result<RepositoryPayload> {
    ctx.caller()?.check_repository(&repository.0)?;
    let id = ArtifactId::of(ctx.organization()?, &repository.0);
    let command = SettingsCommand { repository: repository.0.clone(), change };
    let outcome = execute::<RepositorySettings>(ctx, id.0, command).await?;
    payload(ctx, &repository.0, outcome).await
}
