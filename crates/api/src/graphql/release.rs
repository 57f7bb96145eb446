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

/// The status of a release in its life.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "PublicationStatus")]
pub enum ReleaseStatus {
    /// A draft, which can still be changed, and which nobody can have.
    Draft,
    /// A published release, which can be promoted and deployed, and never changes.
    Published,
    /// A deprecated release, which can be deployed still, and should not be.
    Deprecated,
    /// A revoked release, which nobody gets any more.
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
    /// The name of the application's key that made the signature; null if the application trusted no keys when it came.
    key: Option<Name>,
    /// The standing: what the hub found out when the signature came, and whether its key is trusted now.
    standing: SignatureStanding,
    /// The envelope: a sigstore bundle or a DSSE envelope around an in-toto statement, as JSON.
    envelope: String,
}

/// The hub's knowledge of who made a signature.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignatureStanding {
    /// A signature by a key that the application trusts now.
    Verified,
    /// A signature by a key that the application trusted when it came, and does not trust now.
    NotTrusted,
    /// A signature that nobody verified when it came, since the application trusted no keys: anybody who may publish
    /// may have made it. The standing stays so, also when its key is trusted later, until the same signature is added
    /// again with `releaseSign`. The signatures by which a release is promoted, deployed and run are verified anew each
    /// time, with the keys of the moment.
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
    /// The service of the compose file that runs the image.
    async fn service(&self) -> &str {
        &self.artifact.service
    }

    /// The repository that the image is pulled from.
    async fn repository(&self) -> Repository {
        self.artifact.repository.clone().into()
    }

    /// The digest of the image that runs.
    async fn digest(&self) -> Digest {
        self.artifact.digest.clone().into()
    }

    /// The tag that the compose file named when the release was published; null if it named none.
    async fn tag(&self) -> Option<Tag> {
        self.artifact.tag.clone().map(Tag)
    }

    /// The feature that a license must include to have the image; null if none is needed.
    async fn feature(&self) -> Option<Name> {
        self.artifact.feature.clone().map(Name)
    }

    /// The name of the key whose signature the image was published with; null if the application trusted every image
    /// then.
    async fn signed_by(&self) -> Option<Name> {
        let signature = self.trust.as_ref()?.signature_of(&self.artifact.repository, &self.artifact.digest)?;
        Some(signature.key.clone().into())
    }

    /// The signatures, SBOMs, provenance and whatever else refers to the image, verified with the keys that the
    /// application trusts now. The list is the first page of the query `attachments`.
    #[graphql(complexity = "20 + 20 * child_complexity")]
    async fn attachments(&self, ctx: &Context<'_>) -> Result<Vec<Attachment>> {
        let ReleaseArtifact { repository, digest, .. } = &self.artifact;
        Ok(attachment::of_image(ctx, (repository, digest), Some(self.application), (None, None)).await?)
    }
}

/// A release: one version of an application, with its compose file and every image pinned to a digest.
#[Object]
impl Release {
    /// The id, a UUID, which follows from the application's id and the version.
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

    /// The status of the release in its life.
    async fn status(&self) -> ReleaseStatus {
        self.0.status.into()
    }

    /// The reason for which the release was deprecated or revoked; null if it was neither.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// The day from which the release is deprecated; null if none was named.
    async fn deprecated_on(&self) -> Option<NaiveDate> {
        self.0.deprecated_on
    }

    /// The reason why the caller does not see what the release is made of; null if the caller does. A customer sees
    /// what its licenses entitle it to now; a token for some repositories sees what runs no others.
    async fn withheld(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.refusal(ctx).await?)
    }

    /// The release notes; null if the release is withheld.
    async fn notes(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        Ok(self.content(ctx).await?.map(|content| content.notes.as_str()))
    }

    /// The compose file in YAML, as it was given; null if the release is withheld.
    async fn compose(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        Ok(self.content(ctx).await?.map(|content| content.compose.as_str()))
    }

    /// The images of this hub's registry that the release runs; null if the release is withheld.
    async fn artifacts(&self, ctx: &Context<'_>) -> Result<Option<Vec<Artifact>>> {
        let Some(content) = self.content(ctx).await? else { return Ok(None) };
        let (application, trust) = (self.0.application, &self.0.trust);
        let artifacts = content.artifacts.iter().cloned();
        Ok(Some(artifacts.map(|artifact| Artifact { artifact, application, trust: trust.clone() }).collect()))
    }

    /// The signatures of the release as a whole, the oldest first; they say what it is made of. The list is empty if
    /// that is withheld.
    async fn signatures(&self, ctx: &Context<'_>) -> Result<Vec<ReleaseSignature>> {
        if self.0.signatures.is_empty() || self.content(ctx).await?.is_none() {
            return Ok(vec![]);
        }
        let application = application::load_nested(ctx, self.0.application).await?.0;
        let trusted: Vec<Option<String>> = application.signing_keys.iter().map(key_id).collect();
        Ok(self.0.signatures.iter().map(|signature| ReleaseSignature::new(signature, &trusted)).collect())
    }

    /// The time at which the release was published; null for a draft.
    async fn published_at(&self) -> Option<DateTime<Utc>> {
        self.0.published_at
    }

    /// The time at which the release was drafted.
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
    /// The release of an application with this version.
    #[graphql(guard = "May(Permission::ReadCatalog)")]
    async fn release(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The version of the release.")] version: Version,
    ) -> Result<Release> {
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
    /// images of other registries must name a digest. The first profile of a service is the feature that a license must
    /// have.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn release_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The version of the release.")] version: Version,
        #[graphql(desc = "The compose file in YAML, of up to 1 MiB.")] compose: String,
        #[graphql(desc = "The release notes; empty if left out.")] notes: Option<String>,
    ) -> Result<ReleasePayload> {
        application::load(ctx, &application).await?;
        check_reach(ctx, &application).await?;
        let outcome = draft(ctx, &application, &version, compose, notes).await?;
        Ok(ReleasePayload { release: load(ctx, &application, &version).await?, outcome })
    }

    /// Adds a signature of the release as a whole to a draft or a published release. The command `distr release sign`
    /// makes such a signature.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn release_sign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The version of the release.")] version: Version,
        #[graphql(
            desc = "The signature: a sigstore bundle or a DSSE envelope, as JSON, of up to 64 KiB. The envelope is \
                    around an in-toto statement with the predicate `urn:distr:release:v1`."
        )]
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

    /// Publishes the draft; with a compose file, drafts it first. A published release never changes.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn release_publish(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The version of the release.")] version: Version,
        #[graphql(desc = "The compose file in YAML, of up to 1 MiB; the draft as it is if left out.")] compose: Option<
            String,
        >,
        #[graphql(
            desc = "The release notes that go with the compose file; empty if left out. Notes without a compose file \
                    change nothing."
        )]
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

    /// Deprecates a release: it should no longer be used from this date on. A deprecated release can still be deployed.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn release_deprecate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The version of the release.")] version: Version,
        #[graphql(desc = "The date from which the release should no longer be used, as `YYYY-MM-DD`.")] on: NaiveDate,
        #[graphql(desc = "The reason for the change, of 1 to 500 characters.")] reason: String,
    ) -> Result<ReleasePayload> {
        check_reach(ctx, &application).await?;
        let command = ReleaseCommand::Deprecate { on: when("on", on)?, reason: text("reason", reason, 500)? };
        let outcome = execute::<Decider>(ctx, id(ctx, &application, &version)?.0, command).await?;
        Ok(ReleasePayload { release: load(ctx, &application, &version).await?, outcome })
    }

    /// Revokes a release. The revocation is for ever: nobody pulls or deploys the release from now on.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn release_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The version of the release.")] version: Version,
        #[graphql(desc = "The reason for the change, of 1 to 500 characters.")] reason: String,
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
