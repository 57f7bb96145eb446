//! The log itself, for those who may replay it: a period as pages, or from a position on without end.

use async_graphql::{Context, Enum, ID, Json, Object, Result, SimpleObject, Subscription};
use chrono::{DateTime, Utc};
use distr_domain::ids::OrganizationId;
use distr_domain::permission::Permission;
use distr_eventlog::{Entry, LogId, Selection, TelemetryKind as Kind};
use futures_util::{Stream, StreamExt, stream};
use serde_json::Value;

use super::context::ContextExt;
use super::guard::May;
use super::scalar::{BigInt, Position};
use crate::failure::Failure;
use crate::operations::history::{self, Period};
use crate::request::when;

/// An event: a fact, or a record of telemetry. A record of telemetry has no stream of its own, and no actor beside what
/// its data says.
#[derive(SimpleObject)]
pub(super) struct Event {
    /// The position in the whole log.
    position: Position,
    /// The id of the event or record, a UUID.
    id: ID,
    /// The type of the fact, such as `LicenseRevoked`; `Heartbeat` or `Access` for telemetry.
    #[graphql(name = "type")]
    event_type: String,
    /// The stream of the fact, such as `license-<id>`; null for telemetry.
    stream: Option<String>,
    /// The revision: the number of the fact in its stream, from 0; null for telemetry.
    revision: Option<BigInt>,
    /// The actor: `member:<id>`, `robot:<id>`, `agent:<id>`, `policy:<name>` or `operator`; null if the data of
    /// telemetry names none.
    actor: Option<String>,
    /// The id of the event that led to this one; null if none did.
    causation: Option<ID>,
    /// The id of the request, or of the report, that this event belongs to; null for telemetry.
    correlation: Option<ID>,
    /// The time at which the event was recorded, by the hub's clock.
    recorded_at: DateTime<Utc>,
    /// The payload as it is stored.
    data: Json<Value>,
}

/// The kind of telemetry. Heartbeats are many.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Kind")]
pub enum TelemetryKind {
    /// A report of an agent.
    Heartbeat,
    /// A pull, a push, a deployment or a sign-in, or the refusal of one.
    Access,
}

impl From<Entry> for Event {
    fn from(entry: Entry) -> Self {
        match entry {
            Entry::Fact(event) => Self {
                position: event.position.into(),
                id: event.id.into(),
                event_type: event.event_type,
                stream: Some(event.stream.to_string()),
                revision: Some(event.revision.into()),
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
                Self {
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

/// The part of the log that has to be read for these kinds.
fn selection(kinds: &[Kind]) -> Selection {
    if kinds.is_empty() { Selection::Facts } else { Selection::All }
}

/// Whether the position is one of the log here, if it is said of which log it is.
async fn check_log(ctx: &Context<'_>, log: Option<ID>, after: distr_eventlog::Position) -> Result<(), Failure> {
    let Some(named) = log else { return Ok(()) };
    let bad = |_| Failure::BadInput(format!("log {:?} is no UUID", named.as_str()));
    let asked = LogId(named.parse().map_err(bad)?);
    history::check_log(ctx.hub().commands.log.as_ref(), asked, after).await
}

/// A page of the log.
#[derive(SimpleObject)]
pub(super) struct EventPage {
    /// The events, in the order of their positions.
    events: Vec<Event>,
    /// The position up to which the log was read: the next page begins after it.
    scanned_to: Position,
    /// True if there is more in the period.
    has_more: bool,
}

#[derive(Default)]
pub(super) struct EventQuery;

#[Object]
impl EventQuery {
    /// The facts of the organization in the order of the log, and telemetry of the kinds that are named. A period goes
    /// by the time at which they were recorded: `from` is included, `to` is not.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the GraphQL field")]
    #[graphql(guard = "May(Permission::ReadLog)", complexity = "usize::from(first) * child_complexity.max(1)")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The position after which the page begins, such as `scannedTo` of the page before; the beginning of \
                    the period if left out."
        )]
        after: Option<Position>,
        #[graphql(
            desc = "The id of the log that `after` is of, as `log` answered it. It is refused with `log.replaced` if the log \
                    here has other events behind that position, as after a restore; nothing is checked if left out."
        )]
        log: Option<ID>,
        #[graphql(default = 100, desc = "The number of events in a page, from 1 to 1 000; 100 if left out.")]
        first: u16,
        #[graphql(
            desc = "The time from which events were recorded, itself included; the beginning of the log if left out."
        )]
        from: Option<DateTime<Utc>>,
        #[graphql(
            desc = "The time before which events were recorded, itself not included; the end of the log if left out."
        )]
        to: Option<DateTime<Utc>>,
        #[graphql(
            default_with = "vec![TelemetryKind::Access]",
            desc = "The kinds of telemetry to include; accesses if left out, and none if the list is empty."
        )]
        telemetry: Vec<TelemetryKind>,
    ) -> Result<EventPage> {
        let from = from.map(|time| when("from", time)).transpose()?;
        let to = to.map(|time| when("to", time)).transpose()?;
        let organization = ctx.organization()?;
        let kinds: Vec<Kind> = telemetry.into_iter().map(Kind::from).collect();
        let (after, limit) = (after.map(|position| position.0), first.clamp(1, 1_000).into());
        check_log(ctx, log, after.unwrap_or_default()).await?;
        let period = Period { after, from, to, limit, selection: selection(&kinds) };
        let wanted = |entry: &Entry| is_asked_for(entry, organization, &kinds);
        let piece = history::read(ctx.hub().commands.log.as_ref(), period, wanted).await?;
        Ok(EventPage {
            events: piece.entries.into_iter().map(Event::from).collect(),
            scanned_to: piece.scanned_to.into(),
            has_more: piece.has_more,
        })
    }

    /// The id of the log, a UUID. A log that goes on from a backup has another id than the one that the backup is of: its events
    /// are the same up to where it was restored, and no further.
    #[graphql(guard = "May(Permission::ReadLog)")]
    async fn log(&self, ctx: &Context<'_>) -> Result<ID> {
        let identity = ctx.hub().commands.log.identity().await.map_err(Failure::from)?;
        Ok(identity.id.0.into())
    }

    /// The position at which the log ends now.
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
    /// A subscriber goes on after a lost connection by subscribing again after the last position that it received.
    #[graphql(guard = "May(Permission::ReadLog)")]
    async fn event_appended(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The position after which the events begin; `0` for the beginning of the log.")]
        after: Position,
        #[graphql(
            desc = "The id of the log that `after` is of, as `log` answered it. It is refused with `log.replaced` if the log \
                    here has other events behind that position, as after a restore; nothing is checked if left out."
        )]
        log: Option<ID>,
        #[graphql(
            default_with = "vec![TelemetryKind::Access]",
            desc = "The kinds of telemetry to include; accesses if left out, and none if the list is empty."
        )]
        telemetry: Vec<TelemetryKind>,
    ) -> Result<impl Stream<Item = Result<Event>>> {
        let organization = ctx.organization()?;
        let kinds: Vec<Kind> = telemetry.into_iter().map(Kind::from).collect();
        let selection = selection(&kinds);
        check_log(ctx, log, after.0).await?;
        let pages = ctx.hub().feed.events(after.0, selection);
        Ok(pages.flat_map(move |page| {
            let events: Vec<Result<Event>> = match page {
                Ok(page) => {
                    let entries = page.entries.into_iter().filter(|entry| is_asked_for(entry, organization, &kinds));
                    entries.map(|entry| Ok(entry.into())).collect()
                }
                Err(fault) => vec![Err(Failure::from(fault).into())],
            };
            stream::iter(events)
        }))
    }
}
