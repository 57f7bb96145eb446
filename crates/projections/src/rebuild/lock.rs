//! One rebuild at a time in a database: an advisory lock of the connection that writes. It goes with the connection, however
//! that ends.

use std::time::Duration;

use distr_postgres::Address;
use tokio_postgres::Client;

use super::RebuildError;
use crate::error::ProjectionError;
use crate::schema::connect;

/// Two numbers that nothing else in the database locks.
const LOCK: &str = "1145656402, 1";
const HOLDER: &str = "SELECT pid FROM pg_locks
    WHERE locktype = 'advisory' AND classid = 1145656402 AND objid = 1 AND objsubid = 2 AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
const POLL: Duration = Duration::from_millis(250);
/// The server may notice only now that a rebuild was killed.
const LINGERING: usize = 12;
/// Between two lines about what is waited for.
const SAY_EVERY: usize = 40;

pub(super) async fn take(client: &Client, wait: bool) -> Result<(), RebuildError> {
    let mut looks = 0;
    while !try_take(client).await? {
        looks += 1;
        let holder = client.query_opt(HOLDER, &[]).await?.map(|row| row.get(0));
        if let Some(process) = holder {
            if !wait && looks > LINGERING {
                return Err(RebuildError::Running { process });
            }
            if wait && looks % SAY_EVERY == 1 {
                tracing::info!(process, "another process makes the read models anew; waiting for it");
            }
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

pub(super) async fn try_take(client: &Client) -> Result<bool, ProjectionError> {
    Ok(client.query_one(&format!("SELECT pg_try_advisory_lock({LOCK})"), &[]).await?.get(0))
}

/// Whoever comes next does not have to wait until the server notices that the connection is gone.
pub(super) async fn release(client: &Client) {
    // if it cannot be asked, the connection has ended, and the lock with it
    let _ = client.execute(&format!("SELECT pg_advisory_unlock({LOCK})"), &[]).await;
}

/// Ends the rebuild that runs in this database. Says whether there was one.
pub async fn cancel(database: &Address) -> Result<bool, ProjectionError> {
    let client = connect(database).await?;
    let ended = client.query(&format!("SELECT pg_terminate_backend(pid) FROM ({HOLDER}) AS holder"), &[]).await?;
    Ok(!ended.is_empty())
}
