//! What was heard of a target's agent: the newest report, and how many there were.

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::ids::TargetId;
use distr_projections::heartbeat::HeartbeatRow;
use distr_projections::heartbeat_hour::{self, HeartbeatHourRow};

use super::connection::{connection, paging};
use super::context::{ContextExt, read};
use super::deployment::ErrorCategory;
use super::scalar::BigInt;
use crate::failure::Failure;

pub(super) struct LastReport(pub HeartbeatRow);

/// The last report of a target's agent.
#[Object]
impl LastReport {
    /// The time at which the report was made, by the agent's clock.
    async fn at(&self) -> DateTime<Utc> {
        self.0.agent_at
    }

    /// The time at which the report came, by the hub's clock.
    async fn received_at(&self) -> DateTime<Utc> {
        self.0.received_at
    }

    /// The seconds by which the agent's clock was ahead of the hub's; less than zero if it was behind, null if unknown.
    async fn clock_offset_seconds(&self) -> Option<f64> {
        self.0.clock_offset_ms.map(|milliseconds| milliseconds as f64 / 1_000.0)
    }

    /// The id of the agent's incarnation that made the report, a UUID: another with each start.
    async fn boot(&self) -> ID {
        self.0.tally.last.boot.into()
    }

    /// The number of the report in the incarnation, which tells the order, whatever the clocks say.
    async fn sequence(&self) -> BigInt {
        self.0.tally.last.sequence.into()
    }

    /// The number of reports that came since the target was registered, each counted once.
    async fn reports(&self) -> BigInt {
        self.0.reports.into()
    }

    /// The number of reports that the agent had to drop. The agent could not reach the hub for so long that its journal
    /// was full.
    async fn missing(&self) -> BigInt {
        self.0.missing.into()
    }

    /// The error of the agent itself; null if nothing is wrong with it.
    async fn error(&self) -> Option<AgentError> {
        let error = self.0.error.clone()?;
        Some(AgentError { category: error.category.into(), text: error.text })
    }
}

/// The error of an agent: what it could not do, in its own words.
#[derive(SimpleObject)]
pub(super) struct AgentError {
    /// The category of the error: the kind of trouble.
    category: ErrorCategory,
    /// The text of the error: a sentence of at most 2 000 characters.
    text: String,
}

pub(super) struct HeartbeatHour(HeartbeatHourRow);

/// The reports of a target in one hour, counted.
#[Object]
impl HeartbeatHour {
    /// The beginning of the hour, by the agent's clock.
    async fn hour(&self) -> DateTime<Utc> {
        self.0.hour
    }

    /// The number of reports, each counted once.
    async fn reports(&self) -> BigInt {
        self.0.reports.into()
    }

    /// The number of reports that the agent had to drop before one of these.
    async fn missing(&self) -> BigInt {
        self.0.missing.into()
    }

    /// The time of the hour's first report, by the agent's clock.
    async fn first_at(&self) -> DateTime<Utc> {
        self.0.first_at
    }

    /// The time of the hour's last report, by the agent's clock.
    async fn last_at(&self) -> DateTime<Utc> {
        self.0.last_at
    }
}

pub(super) async fn of_target(
    ctx: &Context<'_>,
    target: TargetId,
    first: Option<u16>,
    after: Option<String>,
) -> Result<Connection<String, HeartbeatHour>> {
    let page = heartbeat_hour::list(&*read(ctx).await?, ctx.scope()?, target, &paging(first, after)?).await;
    Ok(connection(page.map_err(Failure::from)?, HeartbeatHour))
}
