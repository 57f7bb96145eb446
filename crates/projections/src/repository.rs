//! Table `repository`: what a vendor has set for a repository. One without a row is as a new one is.

use distr_domain::artifact::retention::{Holding, Retention};
use distr_domain::artifact::{ArtifactEvent, Visibility};
use distr_domain::fact::Fact;
use distr_domain::ids::{ArtifactId, OrganizationId};
use distr_domain::names::RepositoryPath;
use distr_domain::pattern::Pattern;
use distr_domain::quota::Quota;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{DecodedEntry, Projection, Rows};
use crate::query::{self, ReadClient};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RepositorySettingsRow {
    pub id: ArtifactId,
    pub organization: OrganizationId,
    pub repository: RepositoryPath,
    /// the exceptions, if tags are immutable
    pub immutable: Option<Vec<Pattern>>,
    pub retention: Option<Retention>,
    pub visibility: Visibility,
    pub quota: Option<Quota>,
    pub position: u64,
}

pub struct RepositoryProjection;

fn repository(entry: &DecodedEntry) -> Option<&RepositoryPath> {
    match entry.fact() {
        Some(Fact::Artifact(
            ArtifactEvent::TagsMadeImmutable { repository, .. }
            | ArtifactEvent::TagsMadeMutable { repository }
            | ArtifactEvent::RetentionSet { repository, .. }
            | ArtifactEvent::RetentionCleared { repository }
            | ArtifactEvent::VisibilityChanged { repository, .. }
            | ArtifactEvent::QuotaSet { repository, .. }
            | ArtifactEvent::QuotaCleared { repository },
        )) => Some(repository),
        _ => None,
    }
}

impl Projection for RepositoryProjection {
    type Row = RepositorySettingsRow;
    const TABLE: &'static str = "repository";
    const SINCE: Option<fn(&RepositorySettingsRow) -> u64> = Some(|row| row.position);

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        repository(entry).map(|path| ArtifactId::of(entry.organization, path).0).into_iter().collect()
    }

    fn apply(rows: &mut Rows<RepositorySettingsRow>, entry: &DecodedEntry) {
        let Some(path) = repository(entry) else { return };
        let (organization, position) = (entry.organization, entry.position.number());
        let id = ArtifactId::of(organization, path);
        let mut row = rows.get_mut(id.0).cloned().unwrap_or_else(|| RepositorySettingsRow {
            id,
            organization,
            repository: path.clone(),
            immutable: None,
            retention: None,
            visibility: Visibility::default(),
            quota: None,
            position,
        });
        row.position = position;
        match entry.fact() {
            Some(Fact::Artifact(ArtifactEvent::TagsMadeImmutable { except, .. })) => {
                row.immutable = Some(except.clone());
            }
            Some(Fact::Artifact(ArtifactEvent::TagsMadeMutable { .. })) => row.immutable = None,
            Some(Fact::Artifact(ArtifactEvent::RetentionSet { retention, .. })) => {
                row.retention = Some(retention.clone());
            }
            Some(Fact::Artifact(ArtifactEvent::RetentionCleared { .. })) => row.retention = None,
            Some(Fact::Artifact(ArtifactEvent::VisibilityChanged { visibility, .. })) => row.visibility = *visibility,
            Some(Fact::Artifact(ArtifactEvent::QuotaSet { quota, .. })) => row.quota = Some(*quota),
            Some(Fact::Artifact(ArtifactEvent::QuotaCleared { .. })) => row.quota = None,
            _ => {}
        }
        rows.put(id.0, row);
    }
}

pub async fn visibility(client: &ReadClient, id: ArtifactId) -> Result<Visibility, QueryError> {
    let visibility = query::find(client, include_str!("repository/visibility.sql"), &[&id.0]).await?;
    Ok(visibility.unwrap_or_default())
}

pub async fn quota(client: &ReadClient, id: ArtifactId) -> Result<Option<Quota>, QueryError> {
    query::find(client, include_str!("repository/quota.sql"), &[&id.0]).await
}

/// None: nobody has said anything of the repository.
pub async fn settings(
    client: &ReadClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
) -> Result<Option<RepositorySettingsRow>, QueryError> {
    let repository = repository.as_str();
    query::find(client, include_str!("repository/settings.sql"), &[&organization.0, &repository]).await
}

/// The repositories of all organizations that keep only some of what is pushed to them.
pub async fn with_retention(client: &ReadClient) -> Result<Vec<RepositorySettingsRow>, QueryError> {
    query::all(client, include_str!("repository/with_retention.sql"), &[]).await
}

/// All that the repository holds, as the rules of retention look at it.
pub async fn holding(
    client: &ReadClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
) -> Result<Holding, QueryError> {
    let repository = repository.as_str();
    let holding = query::find(client, include_str!("repository/holding.sql"), &[&organization.0, &repository]).await?;
    Ok(holding.unwrap_or_default())
}
