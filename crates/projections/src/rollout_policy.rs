//! Table `rollout_policy`: the policies that rollouts may go by. Rollouts keep copies.

use chrono::{DateTime, Utc};
use distr_domain::fact::Fact;
use distr_domain::ids::{OrganizationId, RolloutPolicyId};
use distr_domain::names::Slug;
use distr_domain::rollout::policy::Policy;
use distr_domain::rollout_policy::RolloutPolicyEvent;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{DecodedEntry, Projection, Rows};
use crate::query::{self, ListPage, Paging, ReadClient, Scope};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RolloutPolicyRow {
    pub id: RolloutPolicyId,
    pub organization: OrganizationId,
    pub name: Slug,
    pub policy: Policy,
    pub changed_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub position: u64,
}

pub struct RolloutPolicyProjection;

impl Projection for RolloutPolicyProjection {
    type Row = RolloutPolicyRow;
    const TABLE: &'static str = "rollout_policy";

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        match entry.fact() {
            Some(Fact::RolloutPolicy(_)) => vec![entry.id],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<RolloutPolicyRow>, entry: &DecodedEntry) {
        let Some(Fact::RolloutPolicy(event)) = entry.fact() else { return };
        match event {
            RolloutPolicyEvent::RolloutPolicySet { name, policy } => {
                let created_at = rows.get_mut(entry.id).map_or(entry.at, |row| row.created_at);
                let row = RolloutPolicyRow {
                    id: RolloutPolicyId(entry.id),
                    organization: entry.organization,
                    name: name.clone(),
                    policy: Policy::clone(policy),
                    changed_at: entry.at,
                    created_at,
                    position: entry.position.number(),
                };
                rows.put(entry.id, row);
            }
            RolloutPolicyEvent::RolloutPolicyRemoved {} => rows.remove(entry.id),
        }
    }
}

/// The policy of a name. Policies are the vendor's: a customer's scope finds none.
pub async fn find(
    client: &ReadClient,
    scope: Scope,
    id: RolloutPolicyId,
) -> Result<Option<RolloutPolicyRow>, QueryError> {
    let customer = scope.customer.map(|customer| customer.0);
    query::find(client, include_str!("rollout_policy/find.sql"), &[&scope.organization.0, &customer, &id.0]).await
}

/// By name. A customer's scope lists none.
pub async fn list(
    client: &ReadClient,
    scope: Scope,
    paging: &Paging,
) -> Result<ListPage<RolloutPolicyRow>, QueryError> {
    query::list(client, include_str!("rollout_policy/list.sql"), scope, paging, &[]).await
}
