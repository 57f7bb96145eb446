//! Table `repository`: what a vendor has set for a repository. One without a row is as a new one is.

use distr_domain::artifact::{ArtifactEvent, Visibility};
use distr_domain::fact::Fact;
use distr_domain::ids::{ArtifactId, OrganizationId};
use distr_domain::names::RepositoryPath;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{Projection, Rows, Seen};
use crate::query::{self, ReadClient};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettingsRow {
    pub id: ArtifactId,
    pub organization: OrganizationId,
    pub repository: RepositoryPath,
    pub visibility: Visibility,
    pub position: u64,
}

pub struct RepositoryProjection;

impl Projection for RepositoryProjection {
    type Row = SettingsRow;
    const TABLE: &'static str = "repository";

    fn keys(entry: &Seen) -> Vec<Uuid> {
        match entry.fact() {
            Some(Fact::Artifact(ArtifactEvent::VisibilityChanged { .. })) => vec![entry.id],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<SettingsRow>, entry: &Seen) {
        if let Some(Fact::Artifact(ArtifactEvent::VisibilityChanged { repository, visibility })) = entry.fact() {
            rows.put(
                entry.id,
                SettingsRow {
                    id: ArtifactId(entry.id),
                    organization: entry.organization,
                    repository: repository.clone(),
                    visibility: *visibility,
                    position: entry.position.0,
                },
            );
        }
    }
}

pub async fn visibility(client: &ReadClient, id: ArtifactId) -> Result<Visibility, QueryError> {
    let visibility = query::find(client, include_str!("repository/visibility.sql"), &[&id.0]).await?;
    Ok(visibility.unwrap_or_default())
}
