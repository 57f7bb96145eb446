//! Table `organization`: the vendors on this hub.

use chrono::{DateTime, Utc};
use distr_domain::fact::Fact;
use distr_domain::ids::OrganizationId;
use distr_domain::names::Slug;
use distr_domain::organization::OrganizationEvent;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{DecodedEntry, Projection, Rows};
use crate::query::{self, ReadClient};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrganizationRow {
    pub id: OrganizationId,
    pub name: Slug,
    pub display_name: String,
    pub created_at: DateTime<Utc>,
    pub position: u64,
}

pub struct OrganizationProjection;

impl Projection for OrganizationProjection {
    type Row = OrganizationRow;
    const TABLE: &'static str = "organization";

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        match entry.fact() {
            Some(Fact::Organization(_)) => vec![entry.id],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<OrganizationRow>, entry: &DecodedEntry) {
        let Some(Fact::Organization(event)) = entry.fact() else { return };
        match event {
            OrganizationEvent::OrganizationCreated { name, display_name } => rows.put(
                entry.id,
                OrganizationRow {
                    id: OrganizationId(entry.id),
                    name: name.clone(),
                    display_name: display_name.clone(),
                    created_at: entry.at,
                    position: entry.position.number(),
                },
            ),
            OrganizationEvent::OwnerLeft { .. } | OrganizationEvent::OwnerReturned { .. } => {}
            OrganizationEvent::OrganizationRenamed { display_name } => {
                if let Some(row) = rows.get_mut(entry.id) {
                    row.display_name = display_name.clone();
                    row.position = entry.position.number();
                }
            }
        }
    }
}

pub async fn find(client: &ReadClient, id: OrganizationId) -> Result<Option<OrganizationRow>, QueryError> {
    query::find(client, include_str!("organization/find.sql"), &[&id.0]).await
}
