//! Releases: drafted and published from a compose file, deprecated, revoked.

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use distr_domain::ids::{ApplicationId, ReleaseId};
use distr_domain::permission::Permission;
use distr_domain::release::{Release as Decider, ReleaseArtifact, ReleaseCommand};
use distr_domain::trust::ReleaseTrust;
use distr_projections::Paging;
use distr_projections::release::{self, PublicationStatus, ReleaseRow};

use super::application::{self, Application};
use super::attachment::{self, Attachment};
use super::connection::connection;
use super::context::{ContextExt, Outcome, execute, read, text, when};
use super::guard::May;
use super::scalar::{Digest, Name, Repository, Tag, Version};
use crate::error::ApiError;
use crate::operations::{self, publish, trust};

pub(super) struct Release(pub ReleaseRow);

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "PublicationStatus")]
pub enum ReleaseStatus {
    Draft,
    Published,
    Deprecated,
    Revoked,
}

/// An image of this hub's registry that a service runs.
pub(super) struct Artifact {
    artifact: ReleaseArtifact,
    application: ApplicationId,
    trust: Option<ReleaseTrust>,
}

#[Object]
impl Artifact {
    async fn service(&self) -> &str {
        &self.artifact.service
    }

    async fn repository(&self) -> Repository {
        self.artifact.repository.clone().into()
    }

    async fn digest(&self) -> Digest {
        self.artifact.digest.clone().into()
    }

    async fn tag(&self) -> Option<Tag> {
        self.artifact.tag.clone().map(Tag)
    }

    /// Only a license with this feature may have it.
    async fn feature(&self) -> Option<Name> {
        self.artifact.feature.clone().map(Name)
    }

    /// The key whose signature it was published with; nothing if the application trusted every image then.
    async fn signed_by(&self) -> Option<Name> {
        let signature = self.trust.as_ref()?.signature_of(&self.artifact.repository, &self.artifact.digest)?;
        Some(signature.key.clone().into())
    }

    /// Signatures, SBOMs, provenance and whatever else refers to it, the oldest first; verified with the keys that the
    /// application trusts now.
    #[graphql(complexity = "20 + 20 * child_complexity")]
    async fn attachments(&self, ctx: &Context<'_>) -> Result<Vec<Attachment>> {
        let ReleaseArtifact { repository, digest, .. } = &self.artifact;
        Ok(attachment::of_image(ctx, repository, digest, Some(self.application)).await?)
    }
}

#[Object]
impl Release {
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    async fn version(&self) -> Version {
        self.0.version.clone().into()
    }

    async fn application(&self, ctx: &Context<'_>) -> Result<Application> {
        Ok(application::load_nested(ctx, self.0.application).await?)
    }

    async fn status(&self) -> ReleaseStatus {
        self.0.status.into()
    }

    /// Why it was deprecated or revoked.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    async fn deprecated_on(&self) -> Option<NaiveDate> {
        self.0.deprecated_on
    }

    async fn notes(&self) -> &str {
        &self.0.content.notes
    }

    /// The compose file, as it was given.
    async fn compose(&self) -> &str {
        &self.0.content.compose
    }

    async fn artifacts(&self) -> Vec<Artifact> {
        let artifacts = self.0.content.artifacts.iter().cloned();
        let (application, trust) = (self.0.application, &self.0.trust);
        artifacts.map(|artifact| Artifact { artifact, application, trust: trust.clone() }).collect()
    }

    async fn published_at(&self) -> Option<DateTime<Utc>> {
        self.0.published_at
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

pub(super) async fn of_application(
    ctx: &Context<'_>,
    id: ApplicationId,
    paging: Paging,
) -> Result<Connection<String, Release>, ApiError> {
    let page = release::list(&read(ctx).await?, ctx.scope()?, id, &paging).await?;
    Ok(connection(page, Release))
}

fn id(ctx: &Context<'_>, application: &Name, version: &Version) -> Result<ReleaseId, ApiError> {
    Ok(ReleaseId::of(ApplicationId::of(ctx.organization()?, &application.0), &version.0))
}

async fn load(ctx: &Context<'_>, application: &Name, version: &Version) -> Result<Release, ApiError> {
    let row = release::find(&read(ctx).await?, ctx.scope()?, id(ctx, application, version)?).await?;
    row.map(Release).ok_or_else(|| ApiError::not_found("release", format!("{} {}", application.0, version.0)))
}

#[derive(Default)]
pub(super) struct ReleaseQuery;

#[Object]
impl ReleaseQuery {
    #[graphql(guard = "May(Permission::ReadCatalog)")]
    async fn release(&self, ctx: &Context<'_>, application: Name, version: Version) -> Result<Release> {
        Ok(load(ctx, &application, &version).await?)
    }
}

#[derive(SimpleObject)]
pub(super) struct ReleasePayload {
    release: Release,
    #[graphql(flatten)]
    outcome: Outcome,
}

#[derive(Default)]
pub(super) struct ReleaseMutation;

#[Object]
impl ReleaseMutation {
    /// Makes or replaces a draft. Images of this hub's registry are pinned to the digests that their tags have now;
    /// images of other registries must name a digest. A service's first profile is the feature that a license must have.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn release_draft(
        &self,
        ctx: &Context<'_>,
        application: Name,
        version: Version,
        compose: String,
        notes: Option<String>,
    ) -> Result<ReleasePayload> {
        application::load(ctx, &application).await?;
        let outcome = draft(ctx, &application, &version, compose, notes).await?;
        Ok(ReleasePayload { release: load(ctx, &application, &version).await?, outcome })
    }

    /// Publishes the draft; with a compose file, drafts it first. What is published never changes.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn release_publish(
        &self,
        ctx: &Context<'_>,
        application: Name,
        version: Version,
        compose: Option<String>,
        notes: Option<String>,
    ) -> Result<ReleasePayload> {
        application::load(ctx, &application).await?;
        if let Some(compose) = compose {
            draft(ctx, &application, &version, compose, notes).await?;
        }
        let id = id(ctx, &application, &version)?;
        let content = operations::load::<Decider>(ctx.hub(), id.0).await?.content;
        let application_id = ApplicationId::of(ctx.organization()?, &application.0);
        let trust = trust::of_release(ctx.hub(), ctx.organization()?, application_id, &content).await?;
        let outcome = execute::<Decider>(ctx, id.0, ReleaseCommand::Publish { trust }).await?;
        Ok(ReleasePayload { release: load(ctx, &application, &version).await?, outcome })
    }

    /// Says that it should no longer be used from this date on. It can still be deployed.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn release_deprecate(
        &self,
        ctx: &Context<'_>,
        application: Name,
        version: Version,
        on: NaiveDate,
        reason: String,
    ) -> Result<ReleasePayload> {
        let command = ReleaseCommand::Deprecate { on: when("on", on)?, reason: text("reason", reason, 500)? };
        let outcome = execute::<Decider>(ctx, id(ctx, &application, &version)?.0, command).await?;
        Ok(ReleasePayload { release: load(ctx, &application, &version).await?, outcome })
    }

    /// Takes it back for ever: nobody pulls or deploys it from now on.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn release_revoke(
        &self,
        ctx: &Context<'_>,
        application: Name,
        version: Version,
        reason: String,
    ) -> Result<ReleasePayload> {
        let command = ReleaseCommand::Revoke { reason: text("reason", reason, 500)? };
        let outcome = execute::<Decider>(ctx, id(ctx, &application, &version)?.0, command).await?;
        Ok(ReleasePayload { release: load(ctx, &application, &version).await?, outcome })
    }
}

async fn draft(
    ctx: &Context<'_>,
    application: &Name,
    version: &Version,
    compose: String,
    notes: Option<String>,
) -> Result<Outcome, ApiError> {
    let caller = ctx.caller()?;
    let application_id = ApplicationId::of(caller.organization, &application.0);
    let notes = notes.unwrap_or_default();
    let content = publish::pin(ctx.hub(), caller.organization, application_id, compose, notes).await?;
    let command = ReleaseCommand::Draft { application: application_id, version: version.0.clone(), content };
    execute::<Decider>(ctx, id(ctx, application, version)?.0, command).await
}
