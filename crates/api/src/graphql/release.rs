//! Releases: drafted and published from a compose file, deprecated, revoked.

mod chart;
mod image;
mod package;
mod path;
mod signature;

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use distr_domain::ids::{ApplicationId, ReleaseId};
use distr_domain::permission::Permission;
use distr_domain::release::{self as domain, Release as Decider, ReleaseCommand};
use distr_projections::Paging;
use distr_projections::release::{self, PublicationStatus, ReleaseRow};
use distr_signature::key_id;

use self::image::ReleaseImage;
use self::package::{Package, PackageInput};
pub(super) use self::path::UpgradePathMutation;
use self::path::{BlockedUpgrade, RequiredRelease};
use self::signature::ReleaseSignature;
use super::application::{self, Application};
use super::as_of::Moment;
use super::connection::connection;
use super::context::{ContextExt, Outcome, execute, lines, read_catalog, searched};
use super::guard::May;
use super::loader::{RefusalOf, failed};
use super::scalar::{Name, Version};
use crate::commands::Cause;
use crate::failure::Failure;
use crate::operations::publish::{PackageSource, Publication, Published, Source};
use crate::operations::{reach, release_signature};
use crate::request::when;

/// The longest release notes, in characters.
const MAX_NOTES: usize = 100_000;

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

/// A release: one version of an application, with a package for each runtime and every image pinned to a digest.
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

    /// The reason for which no upgrade may pass the release over; null if upgrades may.
    async fn required(&self) -> Option<&str> {
        self.0.rules.required.as_deref()
    }

    /// The newest required release that is newer than this one, to which whoever runs this one is to come; null if there is none, and
    /// for a draft.
    async fn outdated_by(&self, ctx: &Context<'_>) -> Result<Option<RequiredRelease>> {
        Ok(path::outdated_by(ctx, &self.0).await?)
    }

    /// The reason for which nobody goes back from the release to an older one; null if one may.
    async fn no_return(&self) -> Option<&str> {
        self.0.rules.no_return.as_deref()
    }

    /// The upgrades to the release that are blocked, in the order in which they were.
    async fn blocked_upgrades(&self) -> Vec<BlockedUpgrade> {
        self.0.rules.blocked.iter().cloned().map(BlockedUpgrade::from).collect()
    }

    /// The reason why the caller does not see what the release is made of; null if the caller does. A customer sees
    /// what its licenses entitle it to now; a token for some repositories sees what runs no others.
    async fn withheld(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.refusal(ctx).await?)
    }

    /// The release notes; null if the release is withheld.
    async fn notes(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        Ok(self.is_shown(ctx).await?.then_some(self.0.notes.as_str()))
    }

    /// The packages of the release, at most one of each kind; null if the release is withheld.
    #[graphql(complexity = "500 + child_complexity")]
    async fn packages(&self, ctx: &Context<'_>) -> Result<Option<Vec<Package>>> {
        if !self.is_shown(ctx).await? {
            return Ok(None);
        }
        // rows come without them: only who asks for them pays for them
        let _turn = ctx.hub().package_turns.take(ctx.caller()?.holder().group).await?;
        let row = release::find(&read_catalog(ctx).await?.0, ctx.scope()?, self.0.id).await.map_err(Failure::from)?;
        Ok(row.map(|row| row.packages.into_iter().map(Package::from).collect()))
    }

    /// The images of this hub's registry that the release runs; null if the release is withheld.
    #[graphql(complexity = "10 + child_complexity")]
    async fn images(&self, ctx: &Context<'_>) -> Result<Option<Vec<ReleaseImage>>> {
        let (application, trust) = (self.0.application, &self.0.trust);
        let shown =
            |image: &domain::ReleaseImage| ReleaseImage { image: image.clone(), application, trust: trust.clone() };
        Ok(self.is_shown(ctx).await?.then(|| self.0.images.iter().map(shown).collect()))
    }

    /// The signatures of the release as a whole, the oldest first; they say what it is made of. The list is empty if
    /// that is withheld.
    async fn signatures(&self, ctx: &Context<'_>) -> Result<Vec<ReleaseSignature>> {
        if self.0.signatures.is_empty() || !self.is_shown(ctx).await? {
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
    async fn is_shown(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(self.refusal(ctx).await?.is_none())
    }

    async fn refusal(&self, ctx: &Context<'_>) -> Result<Option<String>, Failure> {
        let caller = ctx.caller()?;
        if !reach::sees(caller, &self.0.images) {
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
    search: Option<String>,
    paging: Paging,
) -> Result<Connection<String, Release>, Failure> {
    let search = searched(search)?;
    let page = release::list(&read_catalog(ctx).await?.0, ctx.scope()?, id, search.as_deref(), &paging).await?;
    Ok(connection(page, Release))
}

fn id(ctx: &Context<'_>, application: &Name, version: &Version) -> Result<ReleaseId, Failure> {
    Ok(ReleaseId::of(ApplicationId::of(ctx.organization()?, &application.0), &version.0))
}

async fn load(ctx: &Context<'_>, application: &Name, version: &Version) -> Result<Release, Failure> {
    let id = id(ctx, application, version)?;
    let row = release::find_without_packages(&read_catalog(ctx).await?.0, ctx.scope()?, id).await?;
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
        #[graphql(
            name = "asOf",
            desc = "The moment as of which the answer is; now if left out. Each root field of a document names the same one."
        )]
        _as_of: Option<Moment>,
    ) -> Result<Release> {
        Ok(load(ctx, &application, &version).await?)
    }
}

/// The release after the change.
#[derive(SimpleObject)]
pub(super) struct ReleasePayload {
    /// The release.
    release: Release,
    /// The warnings about the packages of the request: what docker compose takes, and a person surely did not mean. Each is a
    /// sentence with its place; the list is empty if the request has no packages.
    warnings: Vec<String>,
    #[graphql(flatten)]
    outcome: Outcome,
}

#[derive(Default)]
pub(super) struct ReleaseMutation;

#[Object]
impl ReleaseMutation {
    /// Makes or replaces a draft. Images of this hub's registry are pinned to the digests that their tags have now;
    /// images of other registries must name a digest. The one profile that a service may have is the feature that a license
    /// must include for it.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn release_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The version of the release.")] version: Version,
        #[graphql(desc = "The packages, at most one of each kind.")] packages: Vec<PackageInput>,
        #[graphql(desc = "The release notes; empty if left out.")] notes: Option<String>,
    ) -> Result<ReleasePayload> {
        application::load(ctx, &application).await?;
        check_reach(ctx, &application).await?;
        let cause = ctx.cause()?;
        let of = publication(ctx, &cause, &application, &version)?;
        let drafted = ctx.hub().publishing().draft(of, source(packages, notes)?).await?;
        Ok(published(ctx, &application, drafted).await?)
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
        reach::check_images(ctx.caller()?, &release.content.images)?;
        let organization = ctx.organization()?;
        let command = release_signature::command(
            (&ctx.hub().commands, &ctx.hub().models),
            (organization, application_id),
            release,
            &envelope,
        )
        .await?;
        let outcome = execute::<Decider>(ctx, id.0, command).await?;
        Ok(payload(ctx, &application, &version, outcome).await?)
    }

    /// Publishes the draft; with packages, drafts them first. A published release never changes.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn release_publish(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The version of the release.")] version: Version,
        #[graphql(desc = "The packages, at most one of each kind; the draft as it is if left out.")] packages: Option<
            Vec<PackageInput>,
        >,
        #[graphql(desc = "The release notes that go with the packages; empty if left out.")] notes: Option<String>,
    ) -> Result<ReleasePayload> {
        application::load(ctx, &application).await?;
        check_reach(ctx, &application).await?;
        let source = match packages {
            Some(packages) => Some(source(packages, notes)?),
            None if notes.is_some() => {
                let reason = "release notes are drafted with packages; add packages, or leave the notes out";
                return Err(Failure::BadInput(reason.to_owned()).into());
            }
            None => None,
        };
        let cause = ctx.cause()?;
        let of = publication(ctx, &cause, &application, &version)?;
        let done = ctx.hub().publishing().publish(of, source).await?;
        Ok(published(ctx, &application, done).await?)
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
        let command = ReleaseCommand::Deprecate { on: when("on", on)?, reason: lines("reason", reason, 500)? };
        let outcome = execute::<Decider>(ctx, id(ctx, &application, &version)?.0, command).await?;
        Ok(payload(ctx, &application, &version, outcome).await?)
    }

    /// Revokes a release. The revocation is for ever: nobody deploys the release from now on, and no license lets anybody
    /// pull it. What is in a public repository stays there for everybody.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn release_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The version of the release.")] version: Version,
        #[graphql(desc = "The reason for the change, of 1 to 500 characters.")] reason: String,
    ) -> Result<ReleasePayload> {
        check_reach(ctx, &application).await?;
        let command = ReleaseCommand::Revoke { reason: lines("reason", reason, 500)? };
        let outcome = execute::<Decider>(ctx, id(ctx, &application, &version)?.0, command).await?;
        Ok(payload(ctx, &application, &version, outcome).await?)
    }
}

async fn payload(
    ctx: &Context<'_>,
    application: &Name,
    version: &Version,
    outcome: Outcome,
) -> Result<ReleasePayload, Failure> {
    Ok(ReleasePayload { release: load(ctx, application, version).await?, warnings: vec![], outcome })
}

/// Of a token that is for some repositories only.
pub(super) async fn check_reach(ctx: &Context<'_>, application: &Name) -> Result<(), Failure> {
    let caller = ctx.caller()?;
    reach::check_application(&ctx.hub().models, caller, ApplicationId::of(caller.organization, &application.0)).await
}

fn publication<'a>(
    ctx: &Context<'a>,
    cause: &'a Cause,
    application: &Name,
    version: &'a Version,
) -> Result<Publication<'a>, Failure> {
    let caller = ctx.caller()?;
    let application = ApplicationId::of(caller.organization, &application.0);
    Ok(Publication { cause, caller, application, version: &version.0 })
}

fn source(packages: Vec<PackageInput>, notes: Option<String>) -> Result<Source, Failure> {
    let packages = packages.into_iter().map(PackageSource::try_from).collect::<Result<_, _>>()?;
    let notes = notes.unwrap_or_default();
    if !notes.trim().is_empty() {
        lines("notes", notes.clone(), MAX_NOTES)?;
    }
    Ok(Source { packages, notes })
}

async fn published(ctx: &Context<'_>, application: &Name, done: Published) -> Result<ReleasePayload, Failure> {
    let Published { executed, warnings } = done;
    let outcome = Outcome::of(ctx, &executed);
    let version = Version(executed.state.version.ok_or(Failure::Conflict)?);
    Ok(ReleasePayload { warnings, ..payload(ctx, application, &version, outcome).await? })
}
