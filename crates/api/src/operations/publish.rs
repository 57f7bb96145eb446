//! Drafting a release and publishing it. What is published is what was checked; the same request again leads to what it led to.

use distr_chart::lock::Found;
use distr_domain::ids::{ApplicationId, ReleaseId};
use distr_domain::names::RepositoryPath;
use distr_domain::oci::Digest;
use distr_domain::release::{
    ComposePackage, Release, ReleaseCommand, ReleaseContent, ReleaseEvent, ReleaseImage, ReleaseStatus,
};
use distr_domain::version::Version;
use distr_eventlog::Executed;
use distr_registry::Changing;

use super::pinning::{self, Pinned};
use super::{reach, trust};
use crate::auth::MemberCaller;
use crate::commands::{Cause, Commands};
use crate::failure::Failure;
use crate::limits::turns::Turns;
use crate::models::{Artifacts, ReadModels};
use crate::pause;

/// The parts of the hub that publishing has to do with.
#[derive(Clone, Copy)]
pub struct Publishing<'a> {
    pub commands: &'a Commands,
    pub models: &'a ReadModels,
    pub artifacts: &'a Artifacts,
    /// at the archives of charts
    pub chart_turns: &'a Turns,
    /// `host[:port]` of the registry in image references
    pub registry_host: &'a str,
}

/// One request, by a member, about one release.
#[derive(Clone, Copy)]
pub struct Publication<'a> {
    pub cause: &'a Cause,
    pub caller: &'a MemberCaller,
    pub application: ApplicationId,
    pub version: &'a Version,
}

/// What a draft is made of, before its images are pinned.
pub struct Source {
    pub packages: Vec<PackageSource>,
    pub notes: String,
}

/// A package as its author gives it.
pub enum PackageSource {
    Compose(ComposePackage),
    Helm(HelmSource),
}

/// A chart that was pushed to this registry, and what its author's renderings of it run.
pub struct HelmSource {
    /// the reference of the chart, with the registry's host
    pub chart: String,
    pub found: Found,
    /// how many renderings there were
    pub cases: u32,
    /// what rendered
    pub tool: String,
}

/// A draft or a release as it is now.
pub struct Published {
    pub executed: Executed<Release>,
    /// for the author of the packages: sentences with their places
    pub warnings: Vec<String>,
}

impl Publication<'_> {
    fn stream(&self) -> uuid::Uuid {
        ReleaseId::of(self.application, self.version).0
    }
}

impl Publishing<'_> {
    pub async fn draft(&self, of: Publication<'_>, source: Source) -> Result<Published, Failure> {
        if let Some(executed) = self.commands.repeated::<Release>(of.cause, of.stream()).await? {
            return Ok(Published { executed, warnings: vec![] });
        }
        let (drafted, _) = self.draft_anew(of, source).await?;
        Ok(drafted)
    }

    /// Publishes the draft; with a source, makes it before.
    pub async fn publish(&self, of: Publication<'_>, source: Option<Source>) -> Result<Published, Failure> {
        if let Some(executed) = self.commands.repeated::<Release>(of.cause, of.stream()).await? {
            return Ok(Published { executed, warnings: vec![] });
        }
        let (release, warnings) = match source {
            Some(source) => {
                let cause = of.cause.step("draft");
                let (drafted, content) = self.draft_anew(Publication { cause: &cause, ..of }, source).await?;
                (Release { content, ..drafted.executed.state }, drafted.warnings)
            }
            None => (self.commands.load::<Release>(of.stream()).await?, vec![]),
        };
        pause::at("release.drafted").await;
        reach::check_images(of.caller, &release.content.images)?;
        let organization = of.caller.organization;
        let mut kept = vec![];
        let trust = match release.status {
            ReleaseStatus::Draft => {
                kept = self.wholes(of.cause, &release.content.images).await?;
                pinning::check_again(*self, (organization, of.application), &release.content.images).await?;
                trust::of_draft(self.commands, self.artifacts, (organization, of.application), &release).await?
            }
            _ => None,
        };
        let command = ReleaseCommand::Publish { content: release.content, trust };
        pause::at("release.publishing").await;
        let executed = self.commands.execute::<Release>(of.cause, of.stream(), &command).await?;
        for (repository, manifests) in &kept {
            self.changing(of.cause, repository).keep(manifests).await?;
        }
        Ok(Published { executed, warnings })
    }

    /// All that the registry needs for the images to be pulled, by repository.
    async fn wholes(
        &self,
        cause: &Cause,
        images: &[ReleaseImage],
    ) -> Result<Vec<(RepositoryPath, Vec<Digest>)>, Failure> {
        let mut wholes = vec![];
        for ReleaseImage { repository, digest, .. } in images {
            wholes.push((repository.clone(), self.changing(cause, repository).whole(digest).await?));
        }
        Ok(wholes)
    }

    fn changing<'a>(&'a self, cause: &Cause, repository: &'a RepositoryPath) -> Changing<'a> {
        Changing {
            log: self.commands.log.as_ref(),
            pool: &self.models.pool,
            shown: &self.models.progress.core,
            repository,
            context: self.commands.context(cause),
            reason: None,
        }
    }

    /// The draft, and the content that it was given.
    async fn draft_anew(&self, of: Publication<'_>, source: Source) -> Result<(Published, ReleaseContent), Failure> {
        // what it replaces is not another team's
        let replaces = self.commands.load::<Release>(of.stream()).await?.content;
        reach::check_images(of.caller, &replaces.images)?;
        pause::at("release.draft_checked").await;
        let Pinned { content, warnings } = pinning::pin(*self, of.caller, of.application, source).await?;
        let (application, version) = (of.application, of.version.clone());
        let command = ReleaseCommand::Draft { application, version, content: content.clone(), replaces };
        let executed = self.commands.execute::<Release>(of.cause, of.stream(), &command).await?;
        // the same request before may have pinned other digests
        let drafted = executed.events.iter().find_map(|event| match event {
            ReleaseEvent::ReleaseDrafted { content, .. } => Some(content.clone()),
            _ => None,
        });
        Ok((Published { executed, warnings }, drafted.unwrap_or(content)))
    }
}
