//! Table `member`: people and robots with their roles; no names or addresses.

use chrono::{DateTime, Utc};
use distr_domain::fact::Fact;
use distr_domain::ids::{CustomerId, MemberId, OrganizationId};
use distr_domain::member::{MemberEvent, MemberKind};
use distr_domain::permission::Membership;
use distr_domain::rollout::world::Standing;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{DecodedEntry, Projection, Rows};
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
    pub sign_in: SignInState,
    /// of a one-time code
    pub code_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub position: u64,
}

/// How a member gets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInState {
    /// a robot: with tokens alone
    Never,
    /// has a one-time code to become a member with
    Invited,
    Password,
    /// has a one-time code for a new password; the old one is void
    Resetting,
}

pub struct MemberProjection;

impl Projection for MemberProjection {
    type Row = MemberRow;
    const TABLE: &'static str = "member";

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        match entry.fact() {
            Some(Fact::Member(_)) => vec![entry.id],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<MemberRow>, entry: &DecodedEntry) {
        let Some(Fact::Member(event)) = entry.fact() else { return };
        let new = match event {
            MemberEvent::MemberAdded { kind: MemberKind::Robot, membership } => {
                Some((MemberKind::Robot, membership, SignInState::Never, None))
            }
            MemberEvent::MemberAdded { kind, membership } => Some((*kind, membership, SignInState::Password, None)),
            MemberEvent::MemberInvited { membership, expires_at } => {
                Some((MemberKind::Person, membership, SignInState::Invited, Some(*expires_at)))
            }
            _ => None,
        };
        if let Some((kind, membership, sign_in, code_until)) = new {
            return rows.put(
                entry.id,
                MemberRow {
                    id: MemberId(entry.id),
                    organization: entry.organization,
                    kind,
                    membership: *membership,
                    customer: membership.customer(),
                    active: true,
                    sign_in,
                    code_until,
                    created_at: entry.at,
                    position: entry.position.number(),
                },
            );
        }
        let Some(row) = rows.get_mut(entry.id) else { return };
        row.position = entry.position.number();
        match event {
            MemberEvent::MemberAdded { .. } | MemberEvent::MemberInvited { .. } | MemberEvent::PasswordChanged {} => {}
            MemberEvent::InvitationRenewed { expires_at } => row.code_until = Some(*expires_at),
            MemberEvent::PasswordResetOffered { expires_at } => {
                (row.sign_in, row.code_until) = (SignInState::Resetting, Some(*expires_at));
            }
            MemberEvent::InvitationAccepted {} | MemberEvent::PasswordReset {} => {
                (row.sign_in, row.code_until) = (SignInState::Password, None);
            }
            MemberEvent::MemberRoleChanged { membership } => row.membership = *membership,
            MemberEvent::MemberRemoved {} => row.active = false,
        }
    }
}

pub async fn find(client: &ReadClient, scope: Scope, id: MemberId) -> Result<Option<MemberRow>, QueryError> {
    let customer = scope.customer.map(|customer| customer.0);
    query::find(client, include_str!("member/find.sql"), &[&scope.organization.0, &customer, &id.0]).await
}

/// The removed included.
pub async fn by_ids(
    client: &ReadClient,
    organization: OrganizationId,
    ids: &[MemberId],
) -> Result<Vec<MemberRow>, QueryError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    query::all(client, include_str!("member/by_ids.sql"), &[&organization.0, &ids]).await
}

/// The roles that members have at the vendor; none of those who were removed. Whoever is not known is not in the answer.
pub async fn standing(
    client: &ReadClient,
    organization: OrganizationId,
    ids: &[MemberId],
) -> Result<Standing, QueryError> {
    let rows = by_ids(client, organization, ids).await?;
    let role = |row: &MemberRow| match row.membership {
        Membership::Vendor { role } if row.active => Some(role),
        _ => None,
    };
    Ok(rows.iter().map(|row| (row.id, role(row))).collect())
}

/// Owners of the vendor who can sign in with a password.
pub async fn owners(client: &ReadClient, organization: OrganizationId) -> Result<Vec<MemberRow>, QueryError> {
    query::all(client, include_str!("member/owners.sql"), &[&organization.0]).await
}

/// Those who were not removed.
pub async fn list(client: &ReadClient, scope: Scope, paging: &Paging) -> Result<ListPage<MemberRow>, QueryError> {
    query::list(client, include_str!("member/list.sql"), scope, paging, &[]).await
}
