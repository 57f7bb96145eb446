//! Releases: drafted and published from a compose file, deprecated, revoked.

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use distr_domain::ids::{ApplicationId, ReleaseId};
use distr_domain::permission::Permission;
use distr_domain::release::{
    Release as Decider, ReleaseArtifact, ReleaseCommand, ReleaseContent, ReleaseStatus as Status,
};
use distr_domain::trust::{self as domain, ReleaseTrust};
use distr_projections::Paging;
use distr_projections::release::{self, PublicationStatus, ReleaseRow};
use distr_signature::key_id;

use super::application::{self, Application};
use super::attachment::{self, Attachment};
use super::connection::connection;
use super::context::{ContextExt, Outcome, execute, read, text, when};
use super::guard::May;
use super::loader::{RefusalOf, failed};
use super::scalar::{Digest, Name, Repository, Tag, Version};
use crate::failure::Failure;
use crate::operations::{publish, reach, release_signature, trust};
use crate::pause;

pub(super) struct Release(pub ReleaseRow);

/// Where a release is in its life.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "PublicationStatus")]
pub enum ReleaseStatus {
    /// It can still be changed, and nobody can have it.
    Draft,
    /// It can be promoted and deployed, and never changes.
    Published,
    /// It can be deployed still, and should not be.
    Deprecated,
    /// Nobody gets it any more.
    Revoked,
}

/// An image of this hub's registry that a service runs.
pub(super) struct Artifact {
    artifact: ReleaseArtifact,
    application: ApplicationId,
    trust: Option<ReleaseTrust>,
}

/// A signature of a release as a whole: of its compose file, the digest of each image, application, version and
/// organization.
#[derive(SimpleObject)]
pub(super) struct ReleaseSignature {
    /// The application's key that made it; nothing if the application trusted no keys when the signature came.
    key: Option<Name>,
    /// What the hub found out when the signature came, and whether its key is trusted now.
    standing: SignatureStanding,
    /// A sigstore bundle or a DSSE envelope around an in-toto statement, as JSON.
    envelope: String,
}

/// The hub's knowledge of who made a signature.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignatureStanding {
    /// A key that the application trusts now made it.
    Verified,
    /// A key made it that the application trusted when it came, and does not trust now.
    NotTrusted,
    /// Nobody verified it when it came, since the application trusted no keys: anybody who may publish may have made it. It
    /// stays so, also when its key is trusted later, until the same signature is added again with `releaseSign`. What a release
    /// is promoted, deployed and run by is verified anew each time, with the keys of the moment.
    Unverified,
}

impl ReleaseSignature {
    /// `trusted` are the ids of the keys that the application trusts now.
    fn new(signature: &domain::ReleaseSignature, trusted: &[Option<String>]) -> Self {
        let standing = match &signature.verified {
            Some(by) if trusted.iter().flatten().any(|id| *id == by.key_id) => SignatureStanding::Verified,
            Some(_) => SignatureStanding::NotTrusted,
            None => SignatureStanding::Unverified,
        };
        Self { key: signature.key.clone().map(Name), standing, envelope: signature.layer.content.clone() }
    }
}

/// An image that a release runs, pinned to its digest.
#[Object]
impl Artifact {
    /// The service of the compose file that runs it.
    async fn service(&self) -> &str {
        &self.artifact.service
    }

    /// The repository that it is pulled from.
    async fn repository(&self) -> Repository {
        self.artifact.repository.clone().into()
    }

    /// The digest that runs.
    async fn digest(&self) -> Digest {
        self.artifact.digest.clone().into()
    }

    /// The tag that the compose file named when the release was published, if it named one.
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

    /// Signatures, SBOMs, provenance and whatever else refers to it; verified with the keys that the application trusts now.
    /// The first page of the query `attachments`.
    #[graphql(complexity = "20 + 20 * child_complexity")]
    async fn attachments(&self, ctx: &Context<'_>) -> Result<Vec<Attachment>> {
        let ReleaseArtifact { repository, digest, .. } = &self.artifact;
        Ok(attachment::of_image(ctx, (repository, digest), Some(self.application), (None, None)).await?)
    }
}

/// One version of an application: its compose file, with every image pinned to a digest.
#[Object]
impl Release {
    /// The id, which follows from the application's and the version.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    /// The version, unique in the application.
    async fn version(&self) -> Version {
        self.0.version.clone().into()
    }

    /// The application.
    async fn application(&self, ctx: &Context<'_>) -> Result<Application> {
        Ok(application::load_nested(ctx, self.0.application).await?)
    }

    /// Where it is in its life.
    async fn status(&self) -> ReleaseStatus {
        self.0.status.into()
    }

    /// Why it was deprecated or revoked.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// The day from which it is deprecated, if one was named.
    async fn deprecated_on(&self) -> Option<NaiveDate> {
        self.0.deprecated_on
    }

    /// Why the caller does not see what it is made of; nothing if it does. A customer sees what its licenses entitle it to
    /// now, a token that is for some repositories what runs no others.
    async fn withheld(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.refusal(ctx).await?)
    }

    /// Nothing if it is withheld.
    async fn notes(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        Ok(self.content(ctx).await?.map(|content| content.notes.as_str()))
    }

    /// The compose file, as it was given. Nothing if it is withheld.
    async fn compose(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        Ok(self.content(ctx).await?.map(|content| content.compose.as_str()))
    }

    /// Nothing if they are withheld.
    async fn artifacts(&self, ctx: &Context<'_>) -> Result<Option<Vec<Artifact>>> {
        let Some(content) = self.content(ctx).await? else { return Ok(None) };
        let (application, trust) = (self.0.application, &self.0.trust);
        let artifacts = content.artifacts.iter().cloned();
        Ok(Some(artifacts.map(|artifact| Artifact { artifact, application, trust: trust.clone() }).collect()))
    }

    /// The signatures of the release as a whole, the oldest first; they say what it is made of. None if that is withheld.
    async fn signatures(&self, ctx: &Context<'_>) -> Result<Vec<ReleaseSignature>> {
        if self.0.signatures.is_empty() || self.content(ctx).await?.is_none() {
            return Ok(vec![]);
        }
        let application = application::load_nested(ctx, self.0.application).await?.0;
        let trusted: Vec<Option<String>> = application.signing_keys.iter().map(key_id).collect();
        Ok(self.0.signatures.iter().map(|signature| ReleaseSignature::new(signature, &trusted)).collect())
    }

    /// The time of its publishing; none for a draft.
    async fn published_at(&self) -> Option<DateTime<Utc>> {
        self.0.published_at
    }

    /// The time at which it was drafted.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

impl Release {
    async fn content(&self, ctx: &Context<'_>) -> Result<Option<&ReleaseContent>, Failure> {
        Ok(self.refusal(ctx).await?.is_none().then_some(&self.0.content))
    }

    async fn refusal(&self, ctx: &Context<'_>) -> Result<Option<String>, Failure> {
        let caller = ctx.caller()?;
        if !reach::sees(caller, &self.0.content) {
            return Ok(Some("your token is for other repositories".to_owned()));
        }
        let Some(customer) = caller.scope().customer else { return Ok(None) };
        let key = RefusalOf { organization: caller.organization, customer, release: self.0.id };
        Ok(ctx.loader().load_one(key).await.map_err(failed)?.map(|refusal| refusal.to_string()))
    }
}

pub(super) async fn of_application(
    ctx: &Context<'_>,
    id: ApplicationId,
    paging: Paging,
) -> Result<Connection<String, Release>, Failure> {
    let page = release::list(&read(ctx).await?, ctx.scope()?, id, &paging).await?;
    Ok(connection(page, Release))
}

fn id(ctx: &Context<'_>, application: &Name, version: &Version) -> Result<ReleaseId, Failure> {
    Ok(ReleaseId::of(ApplicationId::of(ctx.organization()?, &application.0), &version.0))
}

async fn load(ctx: &Context<'_>, application: &Name, version: &Version) -> Result<Release, Failure> {
    let row = release::find(&read(ctx).await?, ctx.scope()?, id(ctx, application, version)?).await?;
    row.map(Release).ok_or_else(|| Failure::not_found("release", format!("{} {}", application.0, version.0)))
}

#[derive(Default)]
pub(super) struct ReleaseQuery;

#[Object]
impl ReleaseQuery {
    /// One release.
    #[graphql(guard = "May(Permission::ReadCatalog)")]
    async fn release(&self, ctx: &Context<'_>, application: Name, version: Version) -> Result<Release> {
        Ok(load(ctx, &application, &version).await?)
    }
}

/// The release after the change.
#[derive(SimpleObject)]
pub(super) struct ReleasePayload {
    /// The release.
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
        check_reach(ctx, &application).await?;
        let outcome = draft(ctx, &application, &version, compose, notes).await?;
        Ok(ReleasePayload { release: load(ctx, &application, &version).await?, outcome })
    }

    /// Adds a signature of the release as a whole to a draft or a published release: a sigstore bundle or a DSSE envelope, as
    /// JSON, around an in-toto statement with the predicate `urn:distr:release:v1`. `distr release sign` makes one.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn release_sign(
        &self,
        ctx: &Context<'_>,
        application: Name,
        version: Version,
        envelope: String,
    ) -> Result<ReleasePayload> {
        check_reach(ctx, &application).await?;
        load(ctx, &application, &version).await?;
        let id = id(ctx, &application, &version)?;
        let application_id = ApplicationId::of(ctx.organization()?, &application.0);
        let release = ctx.hub().commands.load::<Decider>(id.0).await?;
        reach::check_content(ctx.caller()?, &release.content)?;
        let organization = ctx.organization()?;
        let command = release_signature::command(
            (&ctx.hub().commands, &ctx.hub().models),
            (organization, application_id),
            release,
            &envelope,
        )
        .await?;
        let outcome = execute::<Decider>(ctx, id.0, command).await?;
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
        check_reach(ctx, &application).await?;
        if let Some(compose) = compose {
            draft(ctx, &application, &version, compose, notes).await?;
        }
        let id = id(ctx, &application, &version)?;
        let draft = ctx.hub().commands.load::<Decider>(id.0).await?;
        reach::check_content(ctx.caller()?, &draft.content)?;
        let application_id = ApplicationId::of(ctx.organization()?, &application.0);
        let trust = match draft.status {
            Status::Draft => {
                trust::of_draft(
                    &ctx.hub().commands,
                    &ctx.hub().artifacts,
                    (ctx.organization()?, application_id),
                    &draft,
                )
                .await?
            }
            _ => None,
        };
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
        check_reach(ctx, &application).await?;
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
        check_reach(ctx, &application).await?;
        let command = ReleaseCommand::Revoke { reason: text("reason", reason, 500)? };
        let outcome = execute::<Decider>(ctx, id(ctx, &application, &version)?.0, command).await?;
        Ok(ReleasePayload { release: load(ctx, &application, &version).await?, outcome })
    }
}

/// Of a token that is for some repositories only.
pub(super) async fn check_reach(ctx: &Context<'_>, application: &Name) -> Result<(), Failure> {
    let caller = ctx.caller()?;
    reach::check_application(&ctx.hub().models, caller, ApplicationId::of(caller.organization, &application.0)).await
}

async fn draft(
    ctx: &Context<'_>,
    application: &Name,
    version: &Version,
    compose: String,
    notes: Option<String>,
) -> Result<Outcome, Failure> {
    let caller = ctx.caller()?;
    let application_id = ApplicationId::of(caller.organization, &application.0);
    let id = id(ctx, application, version)?;
    // what it replaces is not another team's
    let replaces = ctx.hub().commands.load::<Decider>(id.0).await?.content;
    reach::check_content(caller, &replaces)?;
    pause::at("release.draft_checked").await;
    let notes = notes.unwrap_or_default();
    let content = publish::pin(ctx.hub().publishing(), caller, application_id, compose, notes).await?;
    let version = version.0.clone();
    let command = ReleaseCommand::Draft { application: application_id, version, content, replaces };
    execute::<Decider>(ctx, id.0, command).await
}
