//! Table `member`: people and robots with their roles; no names or addresses.

use chrono::{DateTime, Utc};
use distr_domain::fact::Fact;
use distr_domain::ids::{CustomerId, MemberId, OrganizationId};
use distr_domain::member::{MemberEvent, MemberKind};
use distr_domain::permission::Membership;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{Projection, Rows, Seen};
use crate::query::{self, ListPage, Paging, ReadClient, Scope};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberRow {
    pub id: MemberId,
    pub organization: OrganizationId,
    pub kind: MemberKind,
    pub membership: Membership,
    /// of the membership, for queries
    pub customer: Option<CustomerId>,
    pub active: bool,
    pub created_at: DateTime<Utc>,
    pub position: u64,
}

pub struct MemberProjection;

impl Projection for MemberProjection {
    type Row = MemberRow;
    const TABLE: &'static str = "member";

    fn keys(entry: &Seen) -> Vec<Uuid> {
        match entry.fact() {
            Some(Fact::Member(_)) => vec![entry.id],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<MemberRow>, entry: &Seen) {
        let Some(Fact::Member(event)) = entry.fact() else { return };
        if let MemberEvent::MemberAdded { kind, membership } = event {
            return rows.put(
                entry.id,
                MemberRow {
                    id: MemberId(entry.id),
                    organization: entry.organization,
                    kind: *kind,
                    membership: *membership,
                    customer: membership.customer(),
                    active: true,
                    created_at: entry.at,
                    position: entry.position.0,
                },
            );
        }
        let Some(row) = rows.get_mut(entry.id) else { return };
        row.position = entry.position.0;
        match event {
            MemberEvent::MemberAdded { .. } => {}
            MemberEvent::MemberRoleChanged { membership } => row.membership = *membership,
            MemberEvent::MemberRemoved {} => row.active = false,
        }
    }
}

pub async fn find(client: &ReadClient, scope: Scope, id: MemberId) -> Result<Option<MemberRow>, QueryError> {
    let customer = scope.customer.map(|customer| customer.0);
    query::find(client, include_str!("member/find.sql"), &[&scope.organization.0, &customer, &id.0]).await
}

/// Those who were not removed.
pub async fn list(client: &ReadClient, scope: Scope, paging: &Paging) -> Result<ListPage<MemberRow>, QueryError> {
    query::list(client, include_str!("member/list.sql"), scope, paging, &[]).await
}
