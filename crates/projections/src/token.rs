//! Table `token`: the bearer tokens of members, without their secrets.

use chrono::{DateTime, Utc};
use distr_domain::fact::Fact;
use distr_domain::ids::{MemberId, OrganizationId, TokenId};
use distr_domain::pattern::Pattern;
use distr_domain::token::{TokenEvent, TokenScope};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{DecodedEntry, Projection, Rows};
use crate::query::{self, ReadClient, Scope};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenRow {
    pub id: TokenId,
    pub organization: OrganizationId,
    pub member: MemberId,
    pub label: String,
    pub scopes: Vec<TokenScope>,
    pub repositories: Vec<Pattern>,
    /// the token that it was made with, and those above that one; it ends with the first of them
    pub ancestors: Vec<TokenId>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub position: u64,
}

pub struct TokenProjection;

impl Projection for TokenProjection {
    type Row = TokenRow;
    const TABLE: &'static str = "token";

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        match entry.fact() {
            Some(Fact::Token(TokenEvent::TokenIssued { parent: Some(parent), .. })) => vec![entry.id, parent.0],
            Some(Fact::Token(_)) => vec![entry.id],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<TokenRow>, entry: &DecodedEntry) {
        let Some(Fact::Token(event)) = entry.fact() else { return };
        match event {
            TokenEvent::TokenIssued { member, label, scopes, repositories, expires_at, parent } => {
                let ancestors = parent.map_or_else(Vec::new, |parent| lineage(rows, parent));
                rows.put(
                    entry.id,
                    TokenRow {
                        id: TokenId(entry.id),
                        organization: entry.organization,
                        member: *member,
                        label: label.clone(),
                        scopes: scopes.clone(),
                        repositories: repositories.clone(),
                        ancestors,
                        expires_at: *expires_at,
                        revoked_at: None,
                        created_at: entry.at,
                        position: entry.position.number(),
                    },
                );
            }
            TokenEvent::TokenReplaced { until, .. } => {
                if let Some(row) = rows.get_mut(entry.id) {
                    row.expires_at = Some(row.expires_at.map_or(*until, |expires_at| expires_at.min(*until)));
                    row.position = entry.position.number();
                }
            }
            TokenEvent::TokenRevoked {} => {
                if let Some(row) = rows.get_mut(entry.id) {
                    row.revoked_at = Some(entry.at);
                    row.position = entry.position.number();
                }
            }
        }
    }
}

/// A token and those above it, the nearest first.
fn lineage(rows: &mut Rows<TokenRow>, id: TokenId) -> Vec<TokenId> {
    let above = rows.get_mut(id.0).map(|row| row.ancestors.clone()).unwrap_or_default();
    std::iter::once(id).chain(above).collect()
}

pub async fn find(
    client: &ReadClient,
    organization: OrganizationId,
    id: TokenId,
) -> Result<Option<TokenRow>, QueryError> {
    query::find(client, include_str!("token/find.sql"), &[&organization.0, &id.0]).await
}

/// One whose member is in the scope, and is `only` if that is said.
pub async fn find_managed(
    client: &ReadClient,
    scope: Scope,
    only: Option<MemberId>,
    id: TokenId,
) -> Result<Option<TokenRow>, QueryError> {
    let (customer, only) = (scope.customer.map(|customer| customer.0), only.map(|member| member.0));
    query::find(client, include_str!("token/find_managed.sql"), &[&scope.organization.0, &customer, &only, &id.0]).await
}

/// In the order in which they were issued.
pub async fn of_members(
    client: &ReadClient,
    organization: OrganizationId,
    members: &[MemberId],
) -> Result<Vec<TokenRow>, QueryError> {
    let members: Vec<Uuid> = members.iter().map(|member| member.0).collect();
    query::all(client, include_str!("token/of_members.sql"), &[&organization.0, &members]).await
}

/// When a token ends, or ended: with its own expiry or revocation, or with the first of those that it was made with.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TokenEnd {
    pub id: TokenId,
    pub ends_at: Option<DateTime<Utc>>,
}

pub async fn ends(
    client: &ReadClient,
    organization: OrganizationId,
    ids: &[TokenId],
) -> Result<Vec<TokenEnd>, QueryError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    query::all(client, include_str!("token/ends.sql"), &[&organization.0, &ids]).await
}
