//! Table `consequence`: each fact that another event led to, by that event. What an event led to is asked for by people, now and then.

use distr_domain::ids::OrganizationId;
use distr_eventlog::Position;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{DecodedEntry, Projection, Rows};
use crate::query::ReadClient;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsequenceRow {
    /// of the fact
    pub id: Uuid,
    pub organization: OrganizationId,
    /// the event that led to it
    pub cause: Uuid,
    pub position: u64,
}

pub struct ConsequenceProjection;

impl Projection for ConsequenceProjection {
    type Row = ConsequenceRow;
    const TABLE: &'static str = "consequence";
    const APPEND_ONLY: bool = true;

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        entry.causation.map(|_| entry.event_id).into_iter().collect()
    }

    fn apply(rows: &mut Rows<ConsequenceRow>, entry: &DecodedEntry) {
        let Some(cause) = entry.causation else { return };
        let (id, position) = (entry.event_id, entry.position.number());
        rows.put_first(id, ConsequenceRow { id, organization: entry.organization, cause, position });
    }
}

/// Where the facts stand that these events led to, in the order of the log: at most `limit`.
pub async fn of(
    client: &ReadClient,
    organization: OrganizationId,
    causes: &[Uuid],
    limit: usize,
) -> Result<Vec<Position>, QueryError> {
    let statement = client.prepare_cached(include_str!("consequence/of.sql")).await?;
    let rows = client.query(&statement, &[&organization.0, &causes, &(limit as i64)]).await?;
    Ok(rows.iter().map(|row| Position::of_number(row.get::<_, i64>(0) as u64)).collect())
}
