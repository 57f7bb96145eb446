//! Reading the whole log: bare, as Postgres gives its rows out; through the port, in order and checked; and to make all
//! read models anew, with the real `distr-hub rebuild`.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use futures_util::TryStreamExt;
use tokio::time::Instant;
use tokio_postgres::Client;

use distr_domain::fact::Fact;
use distr_eventlog::{Entry, EventLog, Limit, Position, PostgresLog, Selection};

use crate::row::Row;
use crate::sample::{Effort, Measure, alternate, median};
use crate::site::{Database, binary};

const PAGE: usize = 5_000;
/// Of what reading alone does.
const AIM: f64 = 0.5;

pub(super) async fn run(effort: &Effort, database: Database) -> Result<Vec<Row>> {
    let log = PostgresLog::connect(&database.url()).await?;
    let mut bare = Bare { client: database.connect().await? };
    let mut read = Read { log: &log, decode: false };
    let mut replay = Read { log: &log, decode: true };
    let mut rebuild = Rebuild { database: &database, log: &log, built: vec![], compared: vec![] };
    let figures = alternate(effort, &mut [&mut bare, &mut read, &mut replay, &mut rebuild]).await?;
    let [bare, read, replay, whole] = figures[..] else { unreachable!("a figure for each") };
    let rows = vec![
        Row::new("reading.log vs copy out", read, "entries/s").over(bare),
        Row::new("reading.replay vs log", replay, "entries/s").over(read),
        Row::new("reading.rebuild vs log", whole, "entries/s").over(read).aim(AIM),
        Row::new("reading.rebuild.built vs log", median(rebuild.built), "entries/s").over(read).aim(AIM),
        Row::new("reading.rebuild.compared", median(rebuild.compared), "s"),
        Row::new("reading.entries", log.head().await?.number() as f64, "entries"),
    ];
    log.close().await;
    database.stop().await?;
    Ok(rows)
}

/// All rows of the log as they lie there, thrown away as they come.
struct Bare {
    client: Client,
}

#[async_trait]
impl Measure for Bare {
    async fn sample(&mut self, _: Duration) -> Result<f64> {
        let began = Instant::now();
        let head: i64 = self.client.query_one("SELECT position FROM eventlog.head", &[]).await?.get(0);
        for rows in ["SELECT * FROM eventlog.event ORDER BY position", "SELECT * FROM eventlog.telemetry"] {
            let copy = self.client.copy_out(&format!("COPY ({rows}) TO STDOUT (FORMAT binary)")).await?;
            copy.try_for_each(async |_| Ok(())).await?;
        }
        Ok(head as f64 / began.elapsed().as_secs_f64())
    }
}

/// All entries in order; as events of the domain if they are decoded.
struct Read<'a> {
    log: &'a PostgresLog,
    decode: bool,
}

#[async_trait]
impl Measure for Read<'_> {
    async fn sample(&mut self, _: Duration) -> Result<f64> {
        let (began, mut after, mut count) = (Instant::now(), Position::START, 0);
        loop {
            let page = self.log.scan(after, Limit::entries(PAGE), Selection::All).await?;
            if page.scanned_to == after {
                return Ok(count as f64 / began.elapsed().as_secs_f64());
            }
            after = page.scanned_to;
            count += page.entries.len();
            if self.decode {
                page.entries.iter().try_for_each(decode)?;
            }
        }
    }
}

fn decode(entry: &Entry) -> Result<()> {
    match entry {
        Entry::Fact(event) => {
            std::hint::black_box(Fact::decode(event.stream.category, event.stored())?);
        }
        Entry::Telemetry(recorded) => {
            std::hint::black_box(serde_json::from_slice::<serde_json::Value>(&recorded.record.payload)?);
        }
    }
    Ok(())
}

/// The whole run of the program, and what it says of its two parts: entries a second, and seconds.
struct Rebuild<'a> {
    database: &'a Database,
    log: &'a PostgresLog,
    built: Vec<f64>,
    compared: Vec<f64>,
}

#[async_trait]
impl Measure for Rebuild<'_> {
    async fn sample(&mut self, _: Duration) -> Result<f64> {
        let head = self.log.head().await?;
        let began = Instant::now();
        let mut command = Command::new(binary("distr-hub")?);
        command
            .arg("rebuild")
            .env("DISTR_DATA_DIR", self.database.folder().join("hub"))
            .env("DATABASE_URL", self.database.url())
            .stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output()).await??;
        ensure!(output.status.success(), "the rebuild failed: {}", String::from_utf8_lossy(&output.stderr));
        let whole = head.number() as f64 / began.elapsed().as_secs_f64();
        let (built, compared) = times(&String::from_utf8_lossy(&output.stdout)).context("a rebuild says its times")?;
        self.built.push(head.number() as f64 / built);
        self.compared.push(compared);
        Ok(whole)
    }
}

/// Seconds, from the line `built in 1.23 s, compared in 0.45 s`.
fn times(said: &str) -> Option<(f64, f64)> {
    let line = said.lines().find_map(|line| line.strip_prefix("built in "))?;
    let (built, compared) = line.strip_suffix(" s")?.split_once(" s, compared in ")?;
    Some((built.parse().ok()?, compared.parse().ok()?))
}
