//! Table `license`: each license with its terms, its standing and how many sit on its seats.

use chrono::{DateTime, Utc};
use distr_domain::fact::Fact;
use distr_domain::ids::{ApplicationId, CustomerId, LicenseId, OrganizationId, TargetId};
use distr_domain::license::{LicenseEvent, Standing, Terms};
use distr_domain::names::Slug;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{DecodedEntry, Projection, Rows};
use crate::query::{self, ListPage, Paging, ReadClient, Scope};
use crate::seat::SeatChanged;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LicenseRow {
    pub id: LicenseId,
    pub organization: OrganizationId,
    pub customer: CustomerId,
    pub application: ApplicationId,
    pub name: Slug,
    pub terms: Terms,
    pub standing: Standing,
    pub seats_taken: u32,
    pub created_at: DateTime<Utc>,
    pub position: u64,
}

pub struct LicenseProjection;

impl Projection for LicenseProjection {
    type Row = LicenseRow;
    const TABLE: &'static str = "license";
    const SINCE: Option<fn(&LicenseRow) -> u64> = Some(|row| row.position);

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        match (entry.fact(), SeatChanged::of(entry)) {
            (_, Some(changed)) => vec![changed.license.0],
            (Some(Fact::License(_)), None) => vec![entry.id],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<LicenseRow>, entry: &DecodedEntry) {
        if let Some(SeatChanged { license, is_taken, .. }) = SeatChanged::of(entry) {
            if let Some(row) = rows.get_mut(license.0) {
                row.position = entry.position.number();
                row.seats_taken = if is_taken { row.seats_taken + 1 } else { row.seats_taken.saturating_sub(1) };
            }
            return;
        }
        let Some(Fact::License(event)) = entry.fact() else { return };
        if let LicenseEvent::LicenseIssued { customer, application, name, terms } = event {
            return rows.put(
                entry.id,
                LicenseRow {
                    id: LicenseId(entry.id),
                    organization: entry.organization,
                    customer: *customer,
                    application: *application,
                    name: name.clone(),
                    terms: terms.clone(),
                    standing: Standing::Active,
                    seats_taken: 0,
                    created_at: entry.at,
                    position: entry.position.number(),
                },
            );
        }
        let Some(row) = rows.get_mut(entry.id) else { return };
        row.position = entry.position.number();
        match event {
            LicenseEvent::LicenseAmended { terms } => row.terms = terms.clone(),
            LicenseEvent::LicenseSuspended { reason } => row.standing = Standing::Suspended { reason: reason.clone() },
            LicenseEvent::LicenseResumed {} => row.standing = Standing::Active,
            LicenseEvent::LicenseRevoked { reason } => row.standing = Standing::Revoked { reason: reason.clone() },
            LicenseEvent::LicenseIssued { .. }
            | LicenseEvent::LicenseSeatTaken { .. }
            | LicenseEvent::LicenseSeatReleased { .. } => {}
        }
    }
}

pub async fn find(client: &ReadClient, scope: Scope, id: LicenseId) -> Result<Option<LicenseRow>, QueryError> {
    let customer = scope.customer.map(|customer| customer.0);
    query::find(client, include_str!("license/find.sql"), &[&scope.organization.0, &customer, &id.0]).await
}

/// By name. `of` narrows it to one customer.
pub async fn list(
    client: &ReadClient,
    scope: Scope,
    of: Option<CustomerId>,
    paging: &Paging,
) -> Result<ListPage<LicenseRow>, QueryError> {
    let of = of.map(|customer| customer.0);
    query::list(client, include_str!("license/list.sql"), scope, paging, &[&of]).await
}

/// The licenses on whose seats this target sits.
pub async fn with_seat(
    client: &ReadClient,
    organization: OrganizationId,
    target: TargetId,
) -> Result<Vec<LicenseRow>, QueryError> {
    query::all(client, include_str!("license/with_seat.sql"), &[&organization.0, &target.0]).await
}
