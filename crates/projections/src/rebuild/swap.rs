//! The new edition takes the live one's name. Renaming a schema locks no table: a query that is under way finishes on the
//! old tables, the next one finds the new ones by name.

use std::time::{Duration, Instant};

use distr_eventlog::Position;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Transaction};

use super::replay::{Builder, Positions, apply, read, selection};
use crate::error::ProjectionError;
use crate::schema::{Edition, LIVE, NEXT, OLD};

/// By then every query that found the old tables by name has locked them.
const SETTLED: Duration = Duration::from_secs(2);
const DROP_RETRY: Duration = Duration::from_millis(500);
const DROP_ATTEMPTS: usize = 120;

/// One transaction: shut the runners out, do what they have done since, rename. Says where the groups stood at least, and
/// how long the runners had to wait.
pub(super) async fn swap(builder: &mut Builder<'_>) -> Result<(Position, Duration), ProjectionError> {
    let began = Instant::now();
    let groups = builder.groups;
    let log = builder.log.clone();
    let transaction = builder.client.transaction().await?;
    // waits for the page at hand; a runner that comes later waits here, and then finds that its epoch is over
    let fence = format!(
        "UPDATE {}.checkpoint SET epoch = epoch + 1, owner = NULL, lease_until = NULL RETURNING group_name, position",
        LIVE.tables
    );
    let live = Positions::from_rows(&transaction.query(&fence, &[]).await?);
    let sql = format!("SELECT group_name, position FROM {}.checkpoint", NEXT.tables);
    let next = Positions::from_rows(&transaction.query(&sql, &[]).await?);
    let mut reached = Position::MAX;
    for group in groups.chunks(1) {
        let name = group[0].name;
        let (mut at, to) = (next.of_group(name), live.of_group(name));
        while at < to {
            let page = read(log.as_ref(), at, to, selection(group)).await?;
            apply(&transaction, group, &page, at).await?;
            builder.applied += page.entries.len() as u64;
            at = page.scanned_to;
        }
        reached = reached.min(at);
    }
    rename(&transaction, LIVE, OLD).await?;
    rename(&transaction, NEXT, LIVE).await?;
    transaction.commit().await?;
    Ok((reached, began.elapsed()))
}

async fn rename(transaction: &Transaction<'_>, from: Edition, to: Edition) -> Result<(), ProjectionError> {
    for (from, to) in [(from.tables, to.tables), (from.as_of, to.as_of), (from.views, to.views)] {
        // the first shapes had fewer schemas
        let exists = transaction.query_opt("SELECT 1 FROM pg_namespace WHERE nspname = $1", &[&from]).await?;
        if exists.is_some() {
            transaction.batch_execute(&format!("ALTER SCHEMA {from} RENAME TO {to}")).await?;
        }
    }
    Ok(())
}

/// Says whether it is gone. Who still reads it (a long query, a dump) is not disturbed: then the next rebuild or the next
/// start of a hub drops it.
pub(super) async fn drop_when_unread(client: &mut Client, read: bool) -> Result<bool, ProjectionError> {
    if read {
        tokio::time::sleep(SETTLED).await;
    }
    for _ in 0..DROP_ATTEMPTS {
        if drop_old(client).await? {
            return Ok(true);
        }
        tokio::time::sleep(DROP_RETRY).await;
    }
    Ok(false)
}

/// Gives way at once where somebody reads, long before the database would look for a deadlock.
pub(super) async fn drop_old(client: &mut Client) -> Result<bool, ProjectionError> {
    let transaction = client.transaction().await?;
    transaction.batch_execute("SET LOCAL lock_timeout = '200ms'").await?;
    match OLD.discard(&transaction).await {
        Ok(()) => {
            transaction.commit().await?;
            Ok(true)
        }
        Err(ProjectionError::Database(error)) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => Ok(false),
        Err(error) => Err(error),
    }
}
