//! Table `ops.followed_log`: the log that this database's read models and policies have followed. Where it is another one now, or
//! ends before what they have seen, nothing may go on: entries would be passed by for good, and nobody would notice.

use anyhow::{Context, bail};
use distr_eventlog::{Entry, EventLog, Limit, Position, Selection};
use distr_postgres::Address;
use tokio_postgres::Client;
use uuid::Uuid;

/// Refuses a log that is not the one that was followed, or that was set back.
pub async fn check(database: &Address, log: &dyn EventLog) -> anyhow::Result<()> {
    let client = database.connect().await.context("cannot connect to the database")?;
    let (first, head) = (first_entry(log).await?, log.head().await?);
    if let Some(first) = first {
        let sql = "INSERT INTO ops.followed_log (first_entry) VALUES ($1) ON CONFLICT DO NOTHING";
        client.execute(sql, &[&first]).await?;
    }
    let followed = client.query_opt("SELECT first_entry FROM ops.followed_log", &[]).await?;
    let followed: Option<Uuid> = followed.map(|row| row.get(0));
    if followed != first {
        bail!(
            "the event log is not the one that this database has followed: is EVENTLOG_URL, or DATABASE_URL, what it was? \
             Databases that belong together come from one backup"
        );
    }
    let farthest = farthest(&client).await?;
    if farthest > head.number() as i64 {
        bail!(
            "this database has followed the event log to position {farthest}, and the log ends at {head}: it was set back, as \
             when an older copy of it alone is restored. Restore both from one backup with `distr-hub restore`"
        );
    }
    Ok(())
}

/// How far policies and read models are; these may not have been made yet.
async fn farthest(client: &Client) -> Result<i64, tokio_postgres::Error> {
    let policies = "SELECT coalesce(max(position), 0) FROM ops.policy";
    let read_models = "SELECT coalesce(max(position), 0) FROM read.checkpoint";
    let are_made: bool = client.query_one("SELECT to_regclass('read.checkpoint') IS NOT NULL", &[]).await?.get(0);
    let mut farthest: i64 = client.query_one(policies, &[]).await?.get(0);
    if are_made {
        farthest = farthest.max(client.query_one(read_models, &[]).await?.get(0));
    }
    Ok(farthest)
}

async fn first_entry(log: &dyn EventLog) -> anyhow::Result<Option<Uuid>> {
    let page = log.scan(Position::START, Limit::entries(1), Selection::Facts).await?;
    Ok(page.entries.first().map(|entry| match entry {
        Entry::Fact(event) => event.id,
        Entry::Telemetry(record) => record.record.id,
    }))
}
