//! Reads, through a small pool of connections of their own: a slow reader is not in the appender's way.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use deadpool_postgres::{Object, Pool};
use futures_util::try_join;
use tokio::sync::OnceCell;
use tokio_postgres::{Error, Row, types::ToSql};
use uuid::Uuid;

use super::{
    connector::Connector,
    rows::{self, RowError, only_if},
    statements,
};
use crate::{
    Entry, Limit, LogId, LogIdentity, Page, Position, ReadError, RecordedEvent, RecordedTelemetry, Selection,
    StoreError, StreamName,
    page::{ChainedFact, Scan, assemble},
};

pub(super) const CONNECTIONS: usize = 8;

#[derive(Debug)]
pub(super) struct Reader {
    pool: Pool,
    /// As a page saw it last. It only rises.
    dropped_through: AtomicU64,
    identity: OnceCell<LogIdentity>,
}

/// The answers of one page's queries.
struct Found {
    /// What is behind it was not asked for.
    through: Position,
    head: Row,
    facts: Vec<Row>,
    telemetry: Vec<Row>,
    dropped_through: Position,
}

impl Reader {
    pub(super) fn new(connector: &Connector) -> Self {
        // not known yet: as if nothing were whole
        let dropped_through = AtomicU64::new(u64::MAX);
        Self { pool: connector.pool("reader", CONNECTIONS), dropped_through, identity: OnceCell::new() }
    }

    pub(super) async fn head(&self) -> Result<Position, ReadError> {
        let client = self.client("read its head").await?;
        let row = async { client.query_one(&client.prepare_cached(statements::HEAD).await?, &[]).await };
        let row = row.await.map_err(|error| StoreError::new("read its head", error))?;
        Ok(rows::head(&row).map_err(|error| unreadable(error, Position::START))?.position)
    }

    pub(super) async fn stream(
        &self,
        stream: &StreamName,
        from_revision: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        let client = self.client("read a stream").await?;
        let (category, from, limit) = (stream.category.as_str(), bigint(from_revision), bigint(limit as u64));
        let bytes = bigint(Limit::BYTES as u64);
        let rows = async {
            let statement = client.prepare_cached(statements::STREAM).await?;
            client.query(&statement, &[&category, &stream.id, &from, &limit, &bytes]).await
        };
        let rows = rows.await.map_err(|error| StoreError::new("read a stream", error))?;
        let mut events = Vec::with_capacity(rows.len());
        for (row, expected) in rows.iter().zip(from_revision..) {
            let event = rows::fact(row).map_err(|error| unreadable(error, place(row)))?.event;
            if event.revision != expected {
                return Err(ReadError::StreamHole { stream: *stream, expected, found: event.revision });
            }
            events.push(event);
        }
        Ok(events)
    }

    pub(super) async fn page(&self, after: Position, limit: Limit, selection: Selection) -> Result<Page, ReadError> {
        let client = self.client("read a page").await?;
        let limit = Limit { entries: limit.entries.max(1), bytes: limit.bytes.max(1) };
        let through = self.through(after, limit, selection);
        let mut found = find(&client, after, through, limit, selection).await?;
        self.dropped_through.store(found.dropped_through.number(), Ordering::Relaxed);
        if found.through < Position::MAX && found.dropped_through > after {
            // it was dropped since, and what is left is no longer dense
            found = find(&client, after, Position::MAX, limit, selection).await?;
        }
        let mut facts: Vec<ChainedFact> = Vec::with_capacity(found.facts.len());
        for row in &found.facts {
            facts.push(rows::fact(row).map_err(|error| unreadable(error, place(row)))?);
        }
        let (mut telemetry, mut telemetry_bytes) = (Vec::<RecordedTelemetry>::new(), 0);
        for row in &found.telemetry {
            telemetry_bytes += rows::bytes(row).map_err(|error| unreadable(error, place(row)))?;
            telemetry.extend(rows::telemetry(row, after).map_err(|error| unreadable(error, place(row)))?);
        }
        let head = rows::head(&found.head).map_err(|error| unreadable(error, after))?;
        let (through, dropped_through) = (found.through, found.dropped_through);
        assemble(Scan { after, through, limit, selection, head, facts, telemetry, telemetry_bytes, dropped_through })
    }

    /// Where a page of everything ends at the latest, so that nothing of the next pages is looked at: positions are dense where
    /// nothing was dropped.
    fn through(&self, after: Position, limit: Limit, selection: Selection) -> Position {
        let is_whole = selection == Selection::All && after.number() >= self.dropped_through.load(Ordering::Relaxed);
        let last = after.number().saturating_add(limit.entries as u64);
        if is_whole { Position::of_number(last).min(Position::MAX) } else { Position::MAX }
    }

    pub(super) async fn entry(&self, at: Position) -> Result<Option<Entry>, ReadError> {
        let Some(before) = at.number().checked_sub(1).map(Position::of_number) else { return Ok(None) };
        match self.page(before, Limit::entries(1), Selection::All).await {
            Ok(page) => Ok(page.entries.into_iter().find(|entry| entry.position() == at)),
            // not written yet
            Err(ReadError::BeyondHead { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn find(&self, id: Uuid) -> Result<Option<RecordedEvent>, ReadError> {
        let row = self.one("find an event", statements::FIND, &id).await?;
        let fact = row.map(|row| rows::fact(&row).map_err(|error| unreadable(error, place(&row)))).transpose()?;
        Ok(fact.map(|fact| fact.event))
    }

    pub(super) async fn seek(&self, instant: DateTime<Utc>) -> Result<Position, ReadError> {
        let row = self.one("find a moment", statements::SEEK, &instant).await?;
        let position = row.map(|row| rows::position(&row, 0)).transpose();
        Ok(position.map_err(|error| unreadable(error, Position::START))?.unwrap_or_default())
    }

    pub(super) async fn identity(&self) -> Result<LogIdentity, ReadError> {
        self.identity.get_or_try_init(|| self.read_identity()).await.cloned()
    }

    async fn read_identity(&self) -> Result<LogIdentity, ReadError> {
        let attempted = "read its identity";
        let client = self.client(attempted).await?;
        let found = client.query(statements::IDENTITY, &[]).await.map_err(|error| StoreError::new(attempted, error))?;
        let names = found.iter().map(|row| Ok((LogId(row.try_get(0)?), rows::position(row, 1)?)));
        let names: Vec<_> = names.collect::<Result<_, _>>().map_err(|error| unreadable(error, Position::START))?;
        let nameless = || ReadError::Corrupt { position: Position::START, reason: "the log has no name".into() };
        LogIdentity::of_names(&names).ok_or_else(nameless)
    }

    pub(super) async fn part(&self) -> Result<(), StoreError> {
        let client = self.client("give it a name of its own").await?;
        let done = client.execute(statements::PART, &[]).await;
        done.map(|_| ()).map_err(|error| StoreError::new("give it a name of its own", error))
    }

    async fn one(
        &self,
        attempted: &'static str,
        statement: &str,
        parameter: &(dyn ToSql + Sync),
    ) -> Result<Option<Row>, StoreError> {
        let client = self.client(attempted).await?;
        let row = async { client.query_opt(&client.prepare_cached(statement).await?, &[parameter]).await };
        row.await.map_err(|error| StoreError::new(attempted, error))
    }

    pub(super) async fn drop_telemetry(&self, before: DateTime<Utc>) -> Result<Position, StoreError> {
        let attempted = "drop old telemetry";
        let client = self.client(attempted).await?;
        let row = client.query_one(statements::DROP_TELEMETRY, &[&before]).await;
        let row = row.map_err(|error| StoreError::new(attempted, error))?;
        rows::position(&row, 0).map_err(|error| StoreError::new(attempted, error))
    }

    async fn client(&self, attempted: &'static str) -> Result<Object, StoreError> {
        self.pool.get().await.map_err(|error| StoreError::new(attempted, error))
    }
}

/// The queries go out together and are answered in turn: the head first, so that all up to it is visible to the next
/// two; the mark of retention last, so that what these two missed is below it. What is not selected is not asked for.
async fn find(
    client: &Object,
    after: Position,
    through: Position,
    limit: Limit,
    selection: Selection,
) -> Result<Found, ReadError> {
    let bounds = [after.number(), limit.entries as u64, limit.bytes as u64, through.number()].map(bigint);
    let bounds: [&(dyn ToSql + Sync); 4] = std::array::from_fn(|index| &bounds[index] as _);
    let answers = async {
        let head = client.prepare_cached(statements::HEAD).await?;
        let facts = client.prepare_cached(statements::FACTS).await?;
        let telemetry = client.prepare_cached(statements::TELEMETRY).await?;
        let dropped_through = client.prepare_cached(statements::DROPPED_THROUGH).await?;
        try_join!(
            client.query_one(&head, &[]),
            only_if(selection.facts(), client.query(&facts, &bounds)),
            only_if(selection.telemetry(), client.query(&telemetry, &bounds)),
            client.query_one(&dropped_through, &[]),
        )
    };
    let (head, facts, telemetry, dropped) =
        answers.await.map_err(|error: Error| StoreError::new("read a page", error))?;
    let dropped_through = rows::position(&dropped, 0).map_err(|error| unreadable(error, after))?;
    Ok(Found { through, head, facts, telemetry, dropped_through })
}

/// More than the database can count is as good as the most that it can.
fn bigint(number: u64) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// The position in the row's first column.
fn place(row: &Row) -> Position {
    rows::position(row, 0).unwrap_or_default()
}

fn unreadable(error: RowError, position: Position) -> ReadError {
    match error {
        RowError::Column(source) => StoreError::new("read a row", source).into(),
        RowError::Value(reason) => ReadError::Corrupt { position, reason },
    }
}
