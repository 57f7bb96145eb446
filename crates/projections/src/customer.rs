//! Table `customer`: the client organizations of a vendor.

use chrono::{DateTime, Utc};
use distr_domain::customer::CustomerEvent;
use distr_domain::fact::Fact;
use distr_domain::ids::{CustomerId, OrganizationId};
use distr_domain::names::Slug;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{DecodedEntry, Projection, Rows};
use crate::query::{self, ListPage, Paging, ReadClient, Scope};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CustomerRow {
    pub id: CustomerId,
    pub organization: OrganizationId,
    pub name: Slug,
    pub display_name: String,
    pub created_at: DateTime<Utc>,
    pub position: u64,
}

pub struct CustomerProjection;

impl Projection for CustomerProjection {
    type Row = CustomerRow;
    const TABLE: &'static str = "customer";
    const SINCE: Option<fn(&CustomerRow) -> u64> = Some(|row| row.position);

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        match entry.fact() {
            Some(Fact::Customer(_)) => vec![entry.id],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<CustomerRow>, entry: &DecodedEntry) {
        let Some(Fact::Customer(event)) = entry.fact() else { return };
        match event {
            CustomerEvent::CustomerCreated { name, display_name } => rows.put(
                entry.id,
                CustomerRow {
                    id: CustomerId(entry.id),
                    organization: entry.organization,
                    name: name.clone(),
                    display_name: display_name.clone(),
                    created_at: entry.at,
                    position: entry.position.number(),
                },
            ),
            CustomerEvent::SecretSet { .. }
            | CustomerEvent::SecretRemoved { .. }
            | CustomerEvent::CustomerViewed { .. } => {}
            CustomerEvent::CustomerRenamed { display_name } => {
                if let Some(row) = rows.get_mut(entry.id) {
                    row.display_name = display_name.clone();
                    row.position = entry.position.number();
                }
            }
        }
    }
}

pub async fn find(client: &ReadClient, scope: Scope, id: CustomerId) -> Result<Option<CustomerRow>, QueryError> {
    let customer = scope.customer.map(|customer| customer.0);
    query::find(client, include_str!("customer/find.sql"), &[&scope.organization.0, &customer, &id.0]).await
}

/// By name. `search` is a part of the name or of the display name, in lower case.
pub async fn list(
    client: &ReadClient,
    scope: Scope,
    search: Option<&str>,
    paging: &Paging,
) -> Result<ListPage<CustomerRow>, QueryError> {
    query::list(client, include_str!("customer/list.sql"), scope, paging, &[&search]).await
}

/// For batched loading of what the asker has seen the ids of.
pub async fn by_ids(
    client: &ReadClient,
    organization: OrganizationId,
    ids: &[CustomerId],
) -> Result<Vec<CustomerRow>, QueryError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    query::all(client, include_str!("customer/by_ids.sql"), &[&organization.0, &ids]).await
}
