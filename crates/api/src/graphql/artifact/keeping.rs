//! How a repository is kept: who pulls, immutable tags, retention, and how much it may hold.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use distr_domain::artifact::retention::{Plan, Retention};
use distr_domain::artifact::settings::{RepositorySettings, SettingsChange, SettingsCommand};
use distr_domain::ids::ArtifactId;
use distr_domain::permission::Permission;
use distr_domain::quota::Quota;

use super::Visibility;
use crate::failure::Failure;
use crate::graphql::context::{ContextExt, Outcome, execute};
use crate::graphql::guard::May;
use crate::graphql::scalar::{Digest, Pattern, Repository, Tag};

/// A tag stays if one of the rules says so; without any rule about tags all of them stay. What a release names stays.
#[derive(SimpleObject)]
pub(super) struct RetentionRules {
    /// As many of the tags as were moved last.
    keep_last: Option<u32>,
    /// Tags that were moved within so many days.
    keep_days: Option<u32>,
    /// Patterns of tags that stay.
    keep_tags: Vec<Pattern>,
    /// Manifests that no tag and no release leads to stay so many days after their push; for ever, if it is not set.
    untagged_days: Option<u32>,
}

/// The rules of a repository. A tag stays if one of them says so; without a rule about tags all stay.
#[derive(InputObject)]
pub(super) struct RetentionInput {
    /// The number of tags that were moved last and stay.
    keep_last: Option<u32>,
    /// The days for which a tag stays after it was moved.
    keep_days: Option<u32>,
    /// Patterns of tags that stay.
    keep_tags: Option<Vec<Pattern>>,
    /// The days for which a manifest stays to which no tag and no release leads; none: for ever.
    untagged_days: Option<u32>,
}

/// What would go now.
#[derive(SimpleObject)]
pub(super) struct RetentionPlan {
    /// The tags that would go.
    tags: Vec<Tag>,
    /// The manifests that would go.
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

/// The repository after the change.
#[derive(SimpleObject)]
pub(crate) struct RepositoryPayload {
    #[graphql(flatten)]
    outcome: Outcome,
}

#[derive(Default)]
pub(crate) struct RepositoryMutation;

#[Object]
impl RepositoryMutation {
    /// Says who may pull from a repository, also before the first push.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn repository_set_visibility(
        &self,
        ctx: &Context<'_>,
        name: Repository,
        visibility: Visibility,
    ) -> Result<RepositoryPayload> {
        set(ctx, name, SettingsChange::SetVisibility { visibility: visibility.into() }).await
    }

    /// Tags do not move any more once they are there, but for these exceptions and for what is attached to a manifest.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn repository_make_immutable(
        &self,
        ctx: &Context<'_>,
        repository: Repository,
        except: Option<Vec<Pattern>>,
    ) -> Result<RepositoryPayload> {
        let except = except.unwrap_or_default().into_iter().map(|pattern| pattern.0).collect();
        set(ctx, repository, SettingsChange::MakeTagsImmutable { except }).await
    }

    /// Lets tags move again.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn repository_make_mutable(&self, ctx: &Context<'_>, repository: Repository) -> Result<RepositoryPayload> {
        set(ctx, repository, SettingsChange::MakeTagsMutable).await
    }

    /// What the rules let go goes with the next collection. `retentionPlan` of the repository shows it before.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn repository_set_retention(
        &self,
        ctx: &Context<'_>,
        repository: Repository,
        rules: RetentionInput,
    ) -> Result<RepositoryPayload> {
        set(ctx, repository, SettingsChange::SetRetention { retention: rules.into() }).await
    }

    /// Everything stays from now on.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn repository_clear_retention(&self, ctx: &Context<'_>, repository: Repository) -> Result<RepositoryPayload> {
        set(ctx, repository, SettingsChange::ClearRetention).await
    }

    /// So many bytes may be in the repository at most, also before the first push. Nothing goes because of it; pushes are
    /// refused.
    #[graphql(guard = "May(Permission::ManageOrganization)")]
    async fn repository_set_quota(
        &self,
        ctx: &Context<'_>,
        repository: Repository,
        bytes: u64,
    ) -> Result<RepositoryPayload> {
        let quota = Quota::try_new(bytes).map_err(Failure::from)?;
        set(ctx, repository, SettingsChange::SetQuota { quota }).await
    }

    /// Takes the limit of a repository away.
    #[graphql(guard = "May(Permission::ManageOrganization)")]
    async fn repository_clear_quota(&self, ctx: &Context<'_>, repository: Repository) -> Result<RepositoryPayload> {
        set(ctx, repository, SettingsChange::ClearQuota).await
    }
}

async fn set(ctx: &Context<'_>, repository: Repository, change: SettingsChange) -> Result<RepositoryPayload> {
    ctx.caller()?.check_repository(&repository.0)?;
    let id = ArtifactId::of(ctx.organization()?, &repository.0);
    let command = SettingsCommand { repository: repository.0, change };
    let outcome = execute::<RepositorySettings>(ctx, id.0, command).await?;
    Ok(RepositoryPayload { outcome })
}
