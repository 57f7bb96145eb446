//! How many durable appends a second this machine takes: `cargo run --release --example append_rate`.
//!
//! Facts of one event with about 400 bytes, from 1 to 512 producers that each wait for their answer; telemetry in calls
//! of 100 records; beside them what Postgres does with bare `unnest` batches of 100 into a table of the same indexes.

use std::{error::Error, sync::Arc, time::Duration};

use bytes::Bytes;
use chrono::DateTime;
use distr_domain::{decider::Category, ids::OrganizationId};
use distr_embedded_postgres::{Options, start};
use distr_eventlog::{
    Actor, Append, EventLog, Expected, NewEvent, Position, PostgresLog, Selection, StreamName, TelemetryKind,
    TelemetryRecord,
};
use futures_util::future::join_all;
use tokio::time::Instant;
use tokio_postgres::NoTls;
use uuid::Uuid;

const RUN: Duration = Duration::from_secs(4);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::temp_dir().join(format!("append-rate-{}", Uuid::new_v4()));
    let server = start(Options::new(&directory)).await?;
    server.create_database("log").await?;
    let log = Arc::new(PostgresLog::connect(&server.url("log")).await?);
    for producers in [1, 8, 32, 128, 512] {
        facts(&log, producers).await;
    }
    for producers in [10, 50] {
        telemetry(&log, producers).await;
    }
    replay(&log).await?;
    unnest(&server.url("log")).await?;
    log.close().await;
    server.stop().await?;
    Ok(std::fs::remove_dir_all(directory)?)
}

async fn facts(log: &Arc<PostgresLog>, producers: usize) {
    let began = Instant::now();
    let produce = (0..producers).map(|_| {
        let log = Arc::clone(log);
        tokio::spawn(async move {
            let stream = StreamName { category: Category::License, id: Uuid::new_v4() };
            let (mut expected, mut waits) = (Expected::NoStream, Vec::new());
            while began.elapsed() < RUN {
                let asked = Instant::now();
                let appended = log.append(fact(stream, expected)).await.expect("the append is taken");
                expected = Expected::Revision(appended.last_revision);
                waits.push(asked.elapsed());
            }
            waits
        })
    });
    let mut waits: Vec<Duration> = join_all(produce).await.into_iter().flat_map(Result::unwrap).collect();
    waits.sort();
    let at = |part: usize| waits[(waits.len() - 1) * part / 100];
    report(&format!("{producers} producers of facts"), waits.len(), began);
    println!("{:>40} {:?}, p99 {:?}", "p50", at(50), at(99));
}

fn fact(stream: StreamName, expected: Expected) -> Append {
    let event =
        NewEvent { id: Uuid::now_v7(), event_type: "DeploymentHealthy".into(), schema_version: 1, payload: payload() };
    Append {
        stream,
        organization: OrganizationId(Uuid::nil()),
        expected,
        events: vec![event],
        actor: Actor::Operator,
        causation: None,
        correlation: Uuid::nil(),
        recorded_at: DateTime::UNIX_EPOCH,
    }
}

fn payload() -> Bytes {
    format!("{{\"target\":\"{}\",\"note\":\"{}\"}}", Uuid::new_v4(), "0123456789".repeat(33)).into()
}

async fn telemetry(log: &Arc<PostgresLog>, producers: usize) {
    let began = Instant::now();
    let produce = (0..producers).map(|_| {
        let log = Arc::clone(log);
        tokio::spawn(async move {
            let mut count = 0;
            while began.elapsed() < RUN {
                let records = (0..100).map(|_| TelemetryRecord {
                    id: Uuid::now_v7(),
                    organization: OrganizationId(Uuid::nil()),
                    subject: Uuid::new_v4(),
                    kind: TelemetryKind::Heartbeat,
                    recorded_at: DateTime::UNIX_EPOCH,
                    payload: payload(),
                });
                log.append_telemetry(records.collect()).await.expect("the records are taken");
                count += 100;
            }
            count
        })
    });
    let count = join_all(produce).await.into_iter().map(Result::unwrap).sum();
    report(&format!("{producers} producers of telemetry"), count, began);
}

async fn replay(log: &PostgresLog) -> Result<(), Box<dyn Error>> {
    for selection in [Selection::Facts, Selection::All] {
        let (began, head) = (Instant::now(), log.head().await?);
        let (mut after, mut count) = (Position::START, 0);
        while after < head {
            let page = log.read_all(after, 5000, selection).await?;
            after = page.scanned_to;
            count += page.entries.len();
        }
        report(&format!("replay of {selection:?}"), count, began);
    }
    Ok(())
}

async fn unnest(url: &str) -> Result<(), Box<dyn Error>> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    client.batch_execute("CREATE TABLE bare (LIKE eventlog.event INCLUDING ALL)").await?;
    let insert = "INSERT INTO bare SELECT position, position - 1, 'license', stream, 0, id, 'DeploymentHealthy', 1, id, \
                  'operator', NULL, id, now(), payload FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::bytea[]) \
                  AS new (position, stream, id, payload)";
    let insert = client.prepare(insert).await?;
    let (began, mut count) = (Instant::now(), 0);
    while began.elapsed() < RUN {
        let positions: Vec<i64> = (count + 1..=count + 100).collect();
        let [streams, ids] = [(); 2].map(|()| (0..100).map(|_| Uuid::now_v7()).collect::<Vec<_>>());
        let payloads: Vec<Vec<u8>> = (0..100).map(|_| payload().to_vec()).collect();
        client.execute(&insert, &[&positions, &streams, &ids, &payloads]).await?;
        count += 100;
    }
    report("bare unnest batches of 100", count as usize, began);
    Ok(())
}

fn report(what: &str, count: usize, began: Instant) {
    println!("{what:>40} {:>9.0} a second", count as f64 / began.elapsed().as_secs_f64());
}
