//! From the database's rows to the log's types.

use std::collections::BTreeSet;

use bytes::Bytes;
use distr_domain::{decider::Category, ids::OrganizationId};
use tokio_postgres::{Error, Row, types::FromSql};
use uuid::Uuid;

use crate::block::{self, BlockError};
use crate::{
    Append, Position, RecordedEvent, RecordedTelemetry, StreamName, admission::Stored, page::ChainedFact, page::Head,
};

#[derive(Debug, thiserror::Error)]
pub(super) enum RowError {
    #[error("a column is missing or has another type")]
    Column(#[from] Error),
    #[error("{0}")]
    Value(String),
}

/// No rows if they are not wanted; then the database is not asked.
pub(super) async fn only_if(
    wanted: bool,
    query: impl Future<Output = Result<Vec<Row>, Error>>,
) -> Result<Vec<Row>, Error> {
    if wanted { query.await } else { Ok(Vec::new()) }
}

/// Each stream once.
pub(super) fn distinct_streams(appends: &[&Append]) -> Vec<StreamName> {
    appends.iter().map(|append| append.stream).collect::<BTreeSet<_>>().into_iter().collect()
}

pub(super) fn number(row: &Row, column: usize) -> Result<u64, RowError> {
    let number: i64 = row.try_get(column)?;
    number.try_into().map_err(|_| RowError::Value(format!("column {column} is negative: {number}")))
}

pub(super) fn position(row: &Row, column: usize) -> Result<Position, RowError> {
    number(row, column).map(Position::of_number)
}

pub(super) fn head(row: &Row) -> Result<Head, RowError> {
    Ok(Head { position: position(row, 0)?, last_fact: position(row, 1)? })
}

/// A row of `known_ids.sql`.
pub(super) fn stored(row: &Row) -> Result<(Uuid, Stored), RowError> {
    let stream = stream(row, 1, 2)?;
    Ok((row.try_get(0)?, Stored { stream, revision: number(row, 3)?, position: position(row, 4)? }))
}

/// A row of `facts.sql`, `find.sql` or `stream.sql`.
pub(super) fn fact(row: &Row) -> Result<ChainedFact, RowError> {
    let event = RecordedEvent {
        position: position(row, 0)?,
        stream: stream(row, 2, 3)?,
        revision: number(row, 4)?,
        id: row.try_get(5)?,
        event_type: row.try_get(6)?,
        schema_version: parsed(row, 7, |version: i32| version.try_into().ok())?,
        organization: OrganizationId(row.try_get(8)?),
        actor: parsed(row, 9, |actor: &str| actor.parse().ok())?,
        causation: row.try_get(10)?,
        correlation: row.try_get(11)?,
        recorded_at: row.try_get(12)?,
        committed_at: row.try_get(13)?,
        payload: Bytes::copy_from_slice(row.try_get(14)?),
    };
    Ok(ChainedFact { event, previous: position(row, 1)? })
}

/// A row of `telemetry.sql`: the records behind `after`.
pub(super) fn telemetry(row: &Row, after: Position) -> Result<Vec<RecordedTelemetry>, RowError> {
    let (first, last) = (position(row, 0)?, position(row, 1)?);
    let broken = |error: BlockError| RowError::Value(error.to_string());
    let records = block::unpack(row.try_get(2)?, row.try_get(3)?, row.try_get(4)?).map_err(broken)?;
    if first.plus(records.len() as u64) != last.plus(1) {
        return Err(RowError::Value(format!("the block from {first} to {last} has {} records", records.len())));
    }
    let committed_at = row.try_get(5)?;
    let recorded = records.into_iter().zip(first.number()..);
    let recorded = recorded.map(|(record, position)| RecordedTelemetry {
        position: Position::of_number(position),
        committed_at,
        record,
    });
    Ok(recorded.filter(|record| record.position > after).collect())
}

/// Of a row of `telemetry.sql`: its records before they were compressed.
pub(super) fn bytes(row: &Row) -> Result<usize, RowError> {
    parsed(row, 3, |size: i32| size.try_into().ok())
}

fn stream(row: &Row, category: usize, id: usize) -> Result<StreamName, RowError> {
    Ok(StreamName { category: parsed(row, category, Category::parse)?, id: row.try_get(id)? })
}

fn parsed<'a, C: FromSql<'a> + Copy + std::fmt::Debug, T>(
    row: &'a Row,
    column: usize,
    parse: impl FnOnce(C) -> Option<T>,
) -> Result<T, RowError> {
    let value: C = row.try_get(column)?;
    parse(value)
        .ok_or_else(|| RowError::Value(format!("column {column} has a value unknown to this version: {value:?}")))
}
