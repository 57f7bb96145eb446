//! Table `channel`: where each channel of an application stands, and which releases are in it.

use chrono::{DateTime, Utc};
use distr_domain::channel::ChannelEvent;
use distr_domain::fact::Fact;
use distr_domain::ids::{ApplicationId, ChannelId, OrganizationId};
use distr_domain::names::Slug;
use distr_domain::version::Version;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{DecodedEntry, Projection, Rows};
use crate::query::{self, ReadClient, Scope};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChannelRow {
    pub id: ChannelId,
    pub organization: OrganizationId,
    pub application: ApplicationId,
    pub name: Slug,
    pub current: Option<Version>,
    /// promoted and not demoted, in the order of promotion
    pub versions: Vec<Version>,
    pub created_at: DateTime<Utc>,
    pub position: u64,
}

pub struct ChannelProjection;

impl Projection for ChannelProjection {
    type Row = ChannelRow;
    const TABLE: &'static str = "channel";
    const SINCE: Option<fn(&ChannelRow) -> u64> = Some(|row| row.position);

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        match entry.fact() {
            Some(Fact::Channel(_)) => vec![entry.id],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<ChannelRow>, entry: &DecodedEntry) {
        let Some(Fact::Channel(event)) = entry.fact() else { return };
        if let ChannelEvent::ChannelCreated { application, name } = event {
            return rows.put(
                entry.id,
                ChannelRow {
                    id: ChannelId(entry.id),
                    organization: entry.organization,
                    application: *application,
                    name: name.clone(),
                    current: None,
                    versions: vec![],
                    created_at: entry.at,
                    position: entry.position.number(),
                },
            );
        }
        let Some(row) = rows.get_mut(entry.id) else { return };
        row.position = entry.position.number();
        match event {
            ChannelEvent::ChannelCreated { .. } => {}
            ChannelEvent::ReleasePromoted { version, .. } => {
                row.current = Some(version.clone());
                row.versions.push(version.clone());
            }
            ChannelEvent::ReleaseDemoted { version, now, .. } => {
                row.current = now.clone();
                row.versions.retain(|other| other != version);
            }
        }
    }
}

pub async fn find(
    client: &ReadClient,
    scope: Scope,
    id: ChannelId,
    now: DateTime<Utc>,
) -> Result<Option<ChannelRow>, QueryError> {
    let customer = scope.customer.map(|customer| customer.0);
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] = [&scope.organization.0, &customer, &id.0, &now];
    query::find(client, include_str!("channel/find.sql"), &parameters).await
}

/// By name.
pub async fn of_applications(
    client: &ReadClient,
    scope: Scope,
    applications: &[ApplicationId],
    now: DateTime<Utc>,
) -> Result<Vec<ChannelRow>, QueryError> {
    let customer = scope.customer.map(|customer| customer.0);
    let applications: Vec<Uuid> = applications.iter().map(|application| application.0).collect();
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&scope.organization.0, &customer, &applications, &now];
    query::all(client, include_str!("channel/of_applications.sql"), &parameters).await
}
