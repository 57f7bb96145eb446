//! The peers: a table with the columns, checks and indexes that the log's rows have, and a client that fills it as quickly
//! as one connection can, each batch a durable transaction.

use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::time::Instant;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Statement};
use uuid::Uuid;

use super::{EVENT_TYPE, payload};
use crate::clock::now;
use crate::sample::Measure;

/// As many streams as the widest subject writes to.
const STREAMS: usize = 128;
const CATEGORY: &str = "deployment";
const ACTOR: &str = "operator";

#[derive(Debug, Clone, Copy)]
pub(super) enum RawTable {
    Facts,
    Telemetry,
}

impl RawTable {
    /// Without the triggers, which refuse changes and deletions alone.
    const fn create(self) -> &'static str {
        match self {
            Self::Facts => "CREATE TABLE IF NOT EXISTS raw_fact (LIKE eventlog.event INCLUDING ALL)",
            // what a block holds of a record, a row each; the same columns are indexed
            Self::Telemetry => {
                "CREATE TABLE IF NOT EXISTS raw_telemetry (
                    position bigint NOT NULL, id uuid NOT NULL, organization uuid NOT NULL, subject uuid NOT NULL,
                    kind smallint NOT NULL, recorded_at timestamptz NOT NULL, payload bytea NOT NULL,
                    UNIQUE (position, recorded_at))"
            }
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Facts => "raw_fact",
            Self::Telemetry => "raw_telemetry",
        }
    }

    /// What is written; a column that is not named here has a default.
    const fn columns(self) -> &'static [(&'static str, Type)] {
        match self {
            Self::Facts => &[
                ("position", Type::INT8),
                ("previous", Type::INT8),
                ("category", Type::TEXT),
                ("stream", Type::UUID),
                ("revision", Type::INT8),
                ("id", Type::UUID),
                ("event_type", Type::TEXT),
                ("schema_version", Type::INT4),
                ("organization", Type::UUID),
                ("actor", Type::TEXT),
                ("causation", Type::UUID),
                ("correlation", Type::UUID),
                ("recorded_at", Type::TIMESTAMPTZ),
                ("payload", Type::BYTEA),
            ],
            Self::Telemetry => &[
                ("position", Type::INT8),
                ("id", Type::UUID),
                ("organization", Type::UUID),
                ("subject", Type::UUID),
                ("kind", Type::INT2),
                ("recorded_at", Type::TIMESTAMPTZ),
                ("payload", Type::BYTEA),
            ],
        }
    }

    /// The table with the columns that are written, as both statements name it.
    fn target(self) -> String {
        let names: Vec<&str> = self.columns().iter().map(|(name, _)| *name).collect();
        format!("{} ({})", self.name(), names.join(", "))
    }

    /// Rows after the last one of the table.
    async fn rows(self, client: &Client) -> Result<Rows> {
        let last = client.query_one(&format!("SELECT coalesce(max(position), 0) FROM {}", self.name()), &[]).await?;
        Ok(Rows { position: last.get(0), streams: (0..STREAMS).map(|_| (Uuid::new_v4(), -1)).collect() })
    }
}

/// What differs from row to row.
struct Raw {
    position: i64,
    previous: i64,
    /// or the subject
    stream: Uuid,
    revision: i64,
    id: Uuid,
    at: DateTime<Utc>,
    payload: Vec<u8>,
}

struct Rows {
    position: i64,
    /// with the last revision
    streams: Vec<(Uuid, i64)>,
}

impl Rows {
    fn next(&mut self) -> Raw {
        let previous = self.position;
        self.position += 1;
        let (stream, revision) = &mut self.streams[previous as usize % STREAMS];
        *revision += 1;
        Raw {
            position: self.position,
            previous,
            stream: *stream,
            revision: *revision,
            id: Uuid::now_v7(),
            at: now(),
            payload: payload().to_vec(),
        }
    }
}

/// `INSERT … SELECT FROM unnest(…)`, so many rows a transaction.
pub(super) struct Unnest {
    client: Client,
    statement: Statement,
    table: RawTable,
    batch: usize,
}

impl Unnest {
    pub(super) async fn new(client: Client, table: RawTable, batch: usize) -> Result<Self> {
        client.batch_execute(table.create()).await?;
        let arrays: Vec<String> =
            table.columns().iter().enumerate().map(|(index, (_, kind))| format!("${}::{kind}[]", index + 1)).collect();
        let sql = format!("INSERT INTO {} SELECT * FROM unnest({})", table.target(), arrays.join(", "));
        let statement = client.prepare(&sql).await?;
        Ok(Self { client, statement, table, batch })
    }

    async fn insert(&self, batch: Vec<Raw>) -> Result<()> {
        let count = batch.len();
        let position: Vec<i64> = batch.iter().map(|row| row.position).collect();
        let id: Vec<Uuid> = batch.iter().map(|row| row.id).collect();
        let stream: Vec<Uuid> = batch.iter().map(|row| row.stream).collect();
        let at: Vec<DateTime<Utc>> = batch.iter().map(|row| row.at).collect();
        let payload: Vec<&[u8]> = batch.iter().map(|row| &row.payload[..]).collect();
        let nil = vec![Uuid::nil(); count];
        match self.table {
            RawTable::Facts => {
                let previous: Vec<i64> = batch.iter().map(|row| row.previous).collect();
                let revision: Vec<i64> = batch.iter().map(|row| row.revision).collect();
                let (category, event_type) = (vec![CATEGORY; count], vec![EVENT_TYPE; count]);
                let (actor, version, causation) = (vec![ACTOR; count], vec![1_i32; count], vec![None::<Uuid>; count]);
                self.client
                    .execute(
                        &self.statement,
                        &[
                            &position,
                            &previous,
                            &category,
                            &stream,
                            &revision,
                            &id,
                            &event_type,
                            &version,
                            &nil,
                            &actor,
                            &causation,
                            &nil,
                            &at,
                            &payload,
                        ],
                    )
                    .await?
            }
            RawTable::Telemetry => {
                let kind = vec![1_i16; count];
                self.client.execute(&self.statement, &[&position, &id, &nil, &stream, &kind, &at, &payload]).await?
            }
        };
        Ok(())
    }
}

#[async_trait]
impl Measure for Unnest {
    async fn sample(&mut self, time: Duration) -> Result<f64> {
        let mut rows = self.table.rows(&self.client).await?;
        let (began, mut count) = (Instant::now(), 0);
        while began.elapsed() < time {
            let batch: Vec<Raw> = (0..self.batch).map(|_| rows.next()).collect();
            self.insert(batch).await?;
            count += self.batch;
        }
        Ok(count as f64 / began.elapsed().as_secs_f64())
    }
}

/// `COPY … FROM STDIN (FORMAT binary)`, so many rows a transaction.
pub(super) struct Copy {
    client: Client,
    table: RawTable,
    batch: usize,
}

impl Copy {
    pub(super) async fn new(client: Client, table: RawTable, batch: usize) -> Result<Self> {
        client.batch_execute(table.create()).await?;
        Ok(Self { client, table, batch })
    }
}

#[async_trait]
impl Measure for Copy {
    async fn sample(&mut self, time: Duration) -> Result<f64> {
        let mut rows = self.table.rows(&self.client).await?;
        let sql = format!("COPY {} FROM STDIN (FORMAT binary)", self.table.target());
        let types: Vec<Type> = self.table.columns().iter().map(|(_, kind)| kind.clone()).collect();
        let (began, mut count) = (Instant::now(), 0);
        while began.elapsed() < time {
            let sink = self.client.copy_in(&sql).await?;
            let mut writer = std::pin::pin!(BinaryCopyInWriter::new(sink, &types));
            for _ in 0..self.batch {
                let row = rows.next();
                match self.table {
                    RawTable::Facts => {
                        let Raw { position, previous, stream, revision, id, at, payload } = &row;
                        let columns: [&(dyn ToSql + Sync); 14] = [
                            position,
                            previous,
                            &CATEGORY,
                            stream,
                            revision,
                            id,
                            &EVENT_TYPE,
                            &1_i32,
                            &Uuid::nil(),
                            &ACTOR,
                            &None::<Uuid>,
                            &Uuid::nil(),
                            at,
                            payload,
                        ];
                        writer.as_mut().write(&columns).await?;
                    }
                    RawTable::Telemetry => {
                        let Raw { position, stream, id, at, payload, .. } = &row;
                        let columns: [&(dyn ToSql + Sync); 7] =
                            [position, id, &Uuid::nil(), stream, &1_i16, at, payload];
                        writer.as_mut().write(&columns).await?;
                    }
                }
            }
            count += writer.finish().await? as usize;
        }
        Ok(count as f64 / began.elapsed().as_secs_f64())
    }
}
