//! Durable appends of facts and of heartbeats, against rows of the same bytes that somebody inserts into the same
//! Postgres without being asked anything: no revision, no position, no order.

mod raw;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use bytes::Bytes;
use distr_domain::decider::Category;
use distr_domain::ids::OrganizationId;
use distr_eventlog::{
    Actor, Append, EventLog, Expected, NewEvent, PostgresLog, StreamName, TelemetryKind, TelemetryRecord,
};
use distr_eventlog_kurrent::KurrentLog;
use distr_kurrent_server::Server;
use futures_util::future::try_join_all;
use tokio::time::Instant;
use uuid::Uuid;

use self::raw::{Copy, RawTable, Unnest};
use crate::clock::now;
use crate::row::Row;
use crate::sample::{Effort, Measure, alternate};
use crate::site::Database;

/// The raw insert rate is what Postgres does with batches like these.
const UNNEST_ROWS: usize = 100;
const COPY_ROWS: usize = 5_000;

/// Half of the raw rate.
const AIM: f64 = 0.5;

pub(super) async fn run(effort: &Effort) -> Result<Vec<Row>> {
    let database = Database::start().await?;
    let log = Arc::new(PostgresLog::connect(&database.url()).await?);
    let mut rows = facts(effort, &database, &log).await?;
    rows.extend(heartbeats(effort, &database, &log).await?);
    rows.push(engines(effort, &log).await?);
    log.close().await;
    database.stop().await?;
    Ok(rows)
}

async fn facts(effort: &Effort, database: &Database, log: &Arc<PostgresLog>) -> Result<Vec<Row>> {
    let table = RawTable::Facts;
    let mut single = Unnest::new(database.connect().await?, table, 1).await?;
    let mut unnest = Unnest::new(database.connect().await?, table, UNNEST_ROWS).await?;
    let mut copy = Copy::new(database.connect().await?, table, COPY_ROWS).await?;
    let [mut one, mut some, mut many] = [1, 32, 128].map(|producers| Facts { log: log.clone(), producers });
    let figures = alternate(effort, &mut [&mut one, &mut single, &mut some, &mut unnest, &mut many, &mut copy]).await?;
    let [one, single, some, unnest, many, copy] = figures[..] else { unreachable!("a figure for each") };
    let row = |name: &str, value| Row::new(format!("append.facts.{name}"), value, "facts/s");
    Ok(vec![
        row("1 vs single inserts", one).over(single).aim(AIM),
        row("1 vs unnest", one).over(unnest),
        row("1 vs copy", one).over(copy),
        row("32 vs unnest", some).over(unnest),
        row("32 vs copy", some).over(copy),
        row("128 vs unnest", many).over(unnest).aim(AIM),
        row("128 vs copy", many).over(copy).aim(AIM),
    ])
}

/// The other engine against this one: its client and adapter, with a server of the protocol in memory behind them, in this process.
async fn engines(effort: &Effort, log: &Arc<PostgresLog>) -> Result<Row> {
    const PRODUCERS: usize = 64;
    let server = Server::start();
    let kurrent = Arc::new(KurrentLog::connect(&server.url()).await?);
    let mut here = Facts { log: log.clone(), producers: PRODUCERS };
    let mut there = Facts { log: kurrent.clone(), producers: PRODUCERS };
    let figures = alternate(effort, &mut [&mut there, &mut here]).await?;
    let [there, here] = figures[..] else { unreachable!("a figure for each") };
    kurrent.close().await;
    Ok(Row::new("append.facts.64 by KurrentDB's protocol vs Postgres", there, "facts/s").over(here))
}

async fn heartbeats(effort: &Effort, database: &Database, log: &Arc<PostgresLog>) -> Result<Vec<Row>> {
    let table = RawTable::Telemetry;
    let mut unnest = Unnest::new(database.connect().await?, table, UNNEST_ROWS).await?;
    let mut copy = Copy::new(database.connect().await?, table, COPY_ROWS).await?;
    let mut singles = Heartbeats { log: log.clone(), producers: 512, records: 1 };
    let mut hundreds = Heartbeats { log: log.clone(), producers: 32, records: 100 };
    let figures = alternate(effort, &mut [&mut singles, &mut unnest, &mut hundreds, &mut copy]).await?;
    let [singles, unnest, hundreds, copy] = figures[..] else { unreachable!("a figure for each") };
    let row = |name: &str, value| Row::new(format!("append.heartbeats.{name}"), value, "heartbeats/s");
    Ok(vec![
        row("512x1 vs unnest", singles).over(unnest).aim(AIM),
        row("512x1 vs copy", singles).over(copy).aim(AIM),
        row("32x100 vs unnest", hundreds).over(unnest).aim(AIM),
        row("32x100 vs copy", hundreds).over(copy).aim(AIM),
    ])
}

/// Each producer has a stream of its own, and appends one event when it has its answer to the last.
struct Facts {
    log: Arc<dyn EventLog>,
    producers: usize,
}

#[async_trait]
impl Measure for Facts {
    async fn sample(&mut self, time: Duration) -> Result<f64> {
        let began = Instant::now();
        let produce = (0..self.producers).map(|_| {
            let log = self.log.clone();
            tokio::spawn(async move {
                let stream = StreamName { category: Category::Deployment, id: Uuid::new_v4() };
                let (mut expected, mut count) = (Expected::NoStream, 0);
                while began.elapsed() < time {
                    let appended = log.append(fact(stream, expected)).await?;
                    expected = Expected::Revision(appended.last_revision);
                    count += 1;
                }
                anyhow::Ok(count)
            })
        });
        total(try_join_all(produce).await?, began)
    }
}

/// Each producer appends so many records when it has its answer to the last.
struct Heartbeats {
    log: Arc<PostgresLog>,
    producers: usize,
    records: usize,
}

#[async_trait]
impl Measure for Heartbeats {
    async fn sample(&mut self, time: Duration) -> Result<f64> {
        let began = Instant::now();
        let records = self.records;
        let produce = (0..self.producers).map(|_| {
            let log = self.log.clone();
            tokio::spawn(async move {
                let mut count = 0;
                while began.elapsed() < time {
                    log.append_telemetry((0..records).map(|_| record()).collect()).await?;
                    count += records;
                }
                anyhow::Ok(count)
            })
        });
        total(try_join_all(produce).await?, began)
    }
}

fn total(counts: Vec<Result<usize>>, began: Instant) -> Result<f64> {
    let counts: Vec<usize> = counts.into_iter().collect::<Result<_>>()?;
    Ok(counts.into_iter().sum::<usize>() as f64 / began.elapsed().as_secs_f64())
}

fn fact(stream: StreamName, expected: Expected) -> Append {
    let event = NewEvent { id: Uuid::now_v7(), event_type: EVENT_TYPE.into(), schema_version: 1, payload: payload() };
    Append {
        stream,
        organization: OrganizationId(Uuid::nil()),
        expected,
        events: vec![event],
        actor: Actor::Operator,
        causation: None,
        correlation: Uuid::nil(),
        recorded_at: now(),
    }
}

fn record() -> TelemetryRecord {
    TelemetryRecord {
        id: Uuid::now_v7(),
        organization: OrganizationId(Uuid::nil()),
        subject: Uuid::new_v4(),
        kind: TelemetryKind::Heartbeat,
        recorded_at: now(),
        payload: payload(),
    }
}

const EVENT_TYPE: &str = "DeploymentHealthy";

/// About 400 bytes, as a heartbeat with a deployment has; partly the same in each, partly not.
fn payload() -> Bytes {
    let (id, boot, deployment) = (Uuid::now_v7(), Uuid::new_v4(), Uuid::new_v4());
    format!(
        "{{\"id\":\"{id}\",\"boot\":\"{boot}\",\"sequence\":4711,\"at\":\"2026-01-01T00:00:00Z\",\
         \"agent_version\":\"0.1.0\",\"deployments\":[{{\"deployment\":\"{deployment}\",\"generation\":1,\
         \"step\":\"applied\",\"running\":{{\"generation\":1,\"version\":\"1.0.0\"}},\"health\":\"ok\",\
         \"drift\":null,\"error\":null}}],\"note\":\"{:>48}\"}}",
        id.as_u128()
    )
    .into()
}
