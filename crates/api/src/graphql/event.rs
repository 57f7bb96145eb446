//! The log itself, for those who may replay it: a period as pages, or from a position on without end.

use async_graphql::{Context, Enum, ID, Json, Object, Result, SimpleObject, Subscription};
use chrono::{DateTime, Utc};
use distr_domain::ids::OrganizationId;
use distr_domain::permission::Permission;
use distr_eventlog::{Entry, Selection, TelemetryKind as Kind, subscribe_all};
use futures_util::{Stream, StreamExt, stream};
use serde_json::Value;

use super::context::{ContextExt, when};
use super::guard::May;
use super::scalar::Position;
use crate::failure::Failure;
use crate::operations::history::{self, Period};

/// A fact, or a record of telemetry. The latter has no stream of its own and no actor beside what its data says.
#[derive(SimpleObject)]
pub(super) struct Event {
    /// The position in the whole log.
    position: Position,
    /// The id of the event or record.
    id: ID,
    /// `LicenseRevoked`, …; `Heartbeat` or `Access` for telemetry
    #[graphql(name = "type")]
    event_type: String,
    /// `license-<id>`, …
    stream: Option<String>,
    /// The number of the fact in its stream, from 0; none for telemetry.
    revision: Option<u64>,
    /// `member:<id>`, `robot:<id>`, `agent:<id>`, `policy:<name>`, `operator`
    actor: Option<String>,
    /// the event that led to this one
    causation: Option<ID>,
    /// the request, or the report, that this belongs to
    correlation: Option<ID>,
    /// The time at which it was recorded, by the hub's clock.
    recorded_at: DateTime<Utc>,
    /// The payload as it is stored.
    data: Json<Value>,
}

/// Kinds of telemetry. Heartbeats are many.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Kind")]
pub enum TelemetryKind {
    /// Reports of agents.
    Heartbeat,
    /// Pulls, pushes, deployments and sign-ins, and their refusals.
    Access,
}

fn event(entry: Entry) -> Event {
    match entry {
        Entry::Fact(event) => Event {
            position: event.position.into(),
            id: event.id.into(),
            event_type: event.event_type,
            stream: Some(event.stream.to_string()),
            revision: Some(event.revision),
            actor: Some(event.actor.to_string()),
            causation: event.causation.map(ID::from),
            correlation: Some(event.correlation.into()),
            recorded_at: event.recorded_at,
            data: Json(serde_json::from_slice(&event.payload).unwrap_or_default()),
        },
        Entry::Telemetry(recorded) => {
            let data: Value = serde_json::from_slice(&recorded.record.payload).unwrap_or_default();
            let event_type = match recorded.record.kind {
                Kind::Heartbeat => "Heartbeat",
                Kind::Access => "Access",
            };
            Event {
                position: recorded.position.into(),
                id: recorded.record.id.into(),
                event_type: event_type.to_owned(),
                stream: None,
                revision: None,
                actor: data.get("actor").and_then(Value::as_str).map(str::to_owned),
                causation: None,
                correlation: None,
                recorded_at: recorded.record.recorded_at,
                data: Json(data),
            }
        }
    }
}

/// Whether an entry is the organization's, and of a kind that was asked for.
fn is_asked_for(entry: &Entry, organization: OrganizationId, kinds: &[Kind]) -> bool {
    match entry {
        Entry::Fact(event) => event.organization == organization,
        Entry::Telemetry(recorded) => {
            recorded.record.organization == organization && kinds.contains(&recorded.record.kind)
        }
    }
}

/// A piece of the log.
#[derive(SimpleObject)]
pub(super) struct EventPage {
    /// The events, in the order of their positions.
    events: Vec<Event>,
    /// read on after this
    scanned_to: Position,
    /// whether there is more in the period
    has_more: bool,
}

#[derive(Default)]
pub(super) struct EventQuery;

#[Object]
impl EventQuery {
    /// Facts of the organization in order, and telemetry of the kinds that are named. A period is by the time at which
    /// they were recorded: from is included, to is not.
    #[graphql(guard = "May(Permission::ReadLog)", complexity = "usize::from(first) * child_complexity.max(1)")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        after: Option<Position>,
        #[graphql(default = 100)] first: u16,
        from: Option<DateTime<Utc>>,
        to: Option<DateTime<Utc>>,
        #[graphql(default_with = "vec![TelemetryKind::Access]")] telemetry: Vec<TelemetryKind>,
    ) -> Result<EventPage> {
        let from = from.map(|time| when("from", time)).transpose()?;
        let to = to.map(|time| when("to", time)).transpose()?;
        let organization = ctx.organization()?;
        let kinds: Vec<Kind> = telemetry.into_iter().map(Kind::from).collect();
        let period = Period { after: after.map(|position| position.0), from, to, limit: first.clamp(1, 1_000).into() };
        let wanted = |entry: &Entry| is_asked_for(entry, organization, &kinds);
        let piece = history::read(ctx.hub().commands.log.as_ref(), period, wanted).await?;
        Ok(EventPage {
            events: piece.entries.into_iter().map(event).collect(),
            scanned_to: piece.scanned_to.into(),
            has_more: piece.has_more,
        })
    }

    /// Where the log ends now.
    #[graphql(guard = "May(Permission::ReadLog)")]
    async fn head(&self, ctx: &Context<'_>) -> Result<Position> {
        Ok(ctx.hub().commands.log.head().await.map_err(Failure::from)?.into())
    }
}

#[derive(Default)]
pub(super) struct EventSubscription;

#[Subscription]
impl EventSubscription {
    /// Every event after the position, first those that there are, then each as it happens; none twice, none left out.
    /// To go on after a lost connection, subscribe again after the last position that was received.
    #[graphql(guard = "May(Permission::ReadLog)")]
    async fn events_after(
        &self,
        ctx: &Context<'_>,
        position: Position,
        #[graphql(default_with = "vec![TelemetryKind::Access]")] telemetry: Vec<TelemetryKind>,
    ) -> Result<impl Stream<Item = Result<Event>>> {
        let organization = ctx.organization()?;
        let kinds: Vec<Kind> = telemetry.into_iter().map(Kind::from).collect();
        let selection = if kinds.is_empty() { Selection::Facts } else { Selection::All };
        let pages = subscribe_all(ctx.hub().commands.log.clone(), position.0, selection);
        Ok(pages.flat_map(move |page| {
            let events: Vec<Result<Event>> = match page {
                Ok(page) => {
                    let entries = page.entries.into_iter().filter(|entry| is_asked_for(entry, organization, &kinds));
                    entries.map(|entry| Ok(event(entry))).collect()
                }
                Err(fault) => vec![Err(Failure::from(fault).into())],
            };
            stream::iter(events)
        }))
    }
}
