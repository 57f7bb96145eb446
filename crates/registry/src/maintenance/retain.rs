//! Follows the plans of the repositories that keep only some of what is pushed to them.

use distr_domain::artifact::ArtifactRejection;
use distr_domain::artifact::retention::{Plan, Retention};
use distr_domain::ids::OrganizationId;
use distr_domain::names::RepositoryPath;
use distr_eventlog::{Actor, Context, ExecuteError};
use distr_projections::repository::{self, RepositorySettingsRow};
use serde::Serialize;
use uuid::Uuid;

use super::Maintenance;
use crate::changing::{ChangeError, Changed, Changing};
use crate::fault::Fault;

/// What went of one repository, or would go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Retained {
    pub organization: OrganizationId,
    pub repository: RepositoryPath,
    pub tags: usize,
    pub manifests: usize,
}

impl Maintenance {
    /// Of all repositories; those from which nothing goes are not in the answer.
    pub async fn retain(&self, dry_run: bool) -> Result<Vec<Retained>, Fault> {
        self.caught_up().await?;
        let mut report = Vec::new();
        let rows = repository::with_retention(&self.client().await?).await?;
        for row in rows {
            let RepositorySettingsRow { organization, repository, retention: Some(retention), .. } = row else {
                continue;
            };
            let (tags, manifests) = self.retain_in(organization, &repository, &retention, dry_run).await?;
            if tags + manifests > 0 {
                report.push(Retained { organization, repository, tags, manifests });
            }
        }
        Ok(report)
    }

    /// How many tags and manifests went.
    async fn retain_in(
        &self,
        organization: OrganizationId,
        repository: &RepositoryPath,
        retention: &Retention,
        dry_run: bool,
    ) -> Result<(usize, usize), Fault> {
        let holding = repository::holding(&self.client().await?, organization, repository).await?;
        let Plan { tags, manifests } = retention.plan(&holding, self.now());
        if dry_run {
            return Ok((tags.len(), manifests.len()));
        }
        let mut gone = (0, 0);
        for tag in holding.tags.iter().filter(|tag| tags.contains(&tag.name)) {
            let changing = self.changing(organization, repository);
            gone.0 += usize::from(went(changing.expire_tag(&tag.name, tag.digest.clone()).await)?);
        }
        for digest in &manifests {
            let changing = self.changing(organization, repository);
            gone.1 += usize::from(went(changing.expire_manifest(digest).await)?);
        }
        Ok(gone)
    }

    fn changing<'a>(&'a self, organization: OrganizationId, repository: &'a RepositoryPath) -> Changing<'a> {
        let context = Context {
            organization,
            actor: Actor::Policy("retention".into()),
            causation: None,
            correlation: Uuid::now_v7(),
            command: Uuid::now_v7(),
            at: self.now(),
        };
        Changing { log: self.log.as_ref(), pool: &self.pool, shown: &self.shown, repository, context, reason: None }
    }
}

/// What was deleted, tagged, listed or named by a release meanwhile is left alone.
fn went(changed: Result<Changed, ChangeError>) -> Result<bool, Fault> {
    match changed {
        Ok(changed) => Ok(changed.changed),
        Err(ChangeError::Rejected(
            ArtifactRejection::ManifestUnknown { .. }
            | ArtifactRejection::Pinned { .. }
            | ArtifactRejection::Listed { .. },
        )) => Ok(false),
        Err(ChangeError::Rejected(no)) => Err(Fault::Change(ExecuteError::Rejected(no))),
        Err(ChangeError::Fault(fault)) => Err(fault),
    }
}
