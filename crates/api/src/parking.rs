//! `distr-hub park`, `retry` and `parked`: what an operator does about an entry that stops a group of read models or a policy.
//! What follows the log looks at `ops.parked` and at the row of its checkpoint; see `distr_projections`' follower.

use anyhow::{Context, bail};
use deadpool_postgres::Client;
use distr_eventlog::Position;

use crate::boot::{Database, attach_database};
use crate::config::StorageConfig;
use crate::ops;

#[derive(Debug, Clone, clap::Args)]
pub struct ParkConfig {
    #[command(flatten)]
    pub storage: StorageConfig,
    /// Group of read models or policy, as `distr-hub parked` names it
    pub group: String,
    /// Position of the entry in the log
    pub position: Position,
    /// Why the entry may be passed by; `distr-hub parked` shows it
    #[arg(long)]
    pub reason: String,
}

#[derive(Debug, Clone, clap::Args)]
pub struct RetryConfig {
    #[command(flatten)]
    pub storage: StorageConfig,
    /// Group of read models or policy, as `distr-hub parked` names it
    pub group: String,
    /// Position of the parked entry in the log
    pub position: Position,
}

/// What `standings.sql` says of one.
const POLICY: &str = "policy";

/// A group of read models or a policy, and where it stands.
struct Standing {
    kind: String,
    name: String,
    position: Position,
    error: Option<String>,
}

pub async fn park(config: ParkConfig) -> anyhow::Result<String> {
    let database = attach_database(&config.storage).await?;
    let outcome = park_in(&database, &config).await;
    database.close().await.and(outcome)
}

pub async fn retry(config: RetryConfig) -> anyhow::Result<String> {
    let database = attach_database(&config.storage).await?;
    let outcome = retry_in(&database, &config).await;
    database.close().await.and(outcome)
}

pub async fn list(config: StorageConfig) -> anyhow::Result<String> {
    let database = attach_database(&config).await?;
    let outcome = list_in(&database).await;
    database.close().await.and(outcome)
}

async fn park_in(database: &Database, config: &ParkConfig) -> anyhow::Result<String> {
    let (group, position) = (&config.group, config.position);
    let client = connect(database).await?;
    let standing = standing(&client, group).await?;
    let log = database.eventlog.open().await.context("cannot open the event log")?;
    let head = log.port().head().await;
    log.close().await;
    let head = head.context("cannot read the event log")?;
    if position > head {
        bail!("there is no entry at position {position} yet; the log ends at {head}");
    }
    let is_past = position <= standing.position;
    if is_past && standing.kind == POLICY {
        bail!("{group} has dealt with the entry at position {position}; it stands at {}", standing.position);
    }
    client.execute(include_str!("parking/park.sql"), &[group, &(position.number() as i64), &config.reason]).await?;
    go_on(&client, &standing).await?;
    let when = if is_past { " in the next rebuild" } else { "" };
    Ok(format!(
        "{group} passes by the entry at position {position}{when}; `distr-hub retry {group} {position}` undoes it"
    ))
}

async fn retry_in(database: &Database, config: &RetryConfig) -> anyhow::Result<String> {
    let (group, position) = (&config.group, config.position);
    let client = connect(database).await?;
    let standing = standing(&client, group).await?;
    let is_policy = standing.kind == POLICY;
    let sql = match is_policy && position <= standing.position {
        true => "UPDATE parked SET retry = true WHERE follower = $1 AND position = $2",
        false => "DELETE FROM parked WHERE follower = $1 AND position = $2",
    };
    if client.execute(sql, &[group, &(position.number() as i64)]).await? == 0 {
        bail!("{group} has not parked the entry at position {position}; `distr-hub parked` lists what is parked");
    }
    Ok(match (is_policy, position <= standing.position) {
        (_, false) => format!("{group} takes the entry at position {position} when it comes there"),
        (true, true) => format!(
            "{group} takes the entry at position {position} now; `distr-hub parked` names it no longer, or says why not"
        ),
        (false, true) => format!(
            "the entry at position {position} is in no read model of {group} yet: \
             run `distr-hub rebuild --restart --accept-differences`"
        ),
    })
}

async fn list_in(database: &Database) -> anyhow::Result<String> {
    let client = connect(database).await?;
    let mut lines = vec![];
    for Standing { kind, name, position, error } in standings(&client).await? {
        let error = error.map(|error| format!(", stopped: {error}")).unwrap_or_default();
        lines.push(format!("{kind} {name} stands at position {position}{error}"));
    }
    for row in client.query(include_str!("parking/parked.sql"), &[]).await? {
        let (group, position, reason): (String, i64, String) = (row.get(0), row.get(1), row.get(2));
        let (by, at, retry): (&str, String, bool) = (row.get(3), row.get(4), row.get(5));
        let retry = if retry { ", to be taken again" } else { "" };
        lines.push(format!("{group} parked position {position}, by the {by} at {at}{retry}: {reason}"));
    }
    Ok(lines.join("\n"))
}

async fn connect(database: &Database) -> anyhow::Result<Client> {
    ops::migrate(&database.main).await.context("cannot migrate the schema ops")?;
    ops::pool(&database.main, 1).get().await.context("cannot connect to the database")
}

async fn standings(client: &Client) -> anyhow::Result<Vec<Standing>> {
    let rows = client.query(include_str!("parking/standings.sql"), &[]).await;
    let rows = rows.context("cannot read the checkpoints; has a hub run on this database?")?;
    let standing = |row: &tokio_postgres::Row| Standing {
        kind: row.get(0),
        name: row.get(1),
        position: Position::of_number(row.get::<_, i64>(2) as u64),
        error: row.get(3),
    };
    Ok(rows.iter().map(standing).collect())
}

async fn standing(client: &Client, group: &str) -> anyhow::Result<Standing> {
    let all = standings(client).await?;
    let names = all.iter().map(|standing| standing.name.as_str()).collect::<Vec<_>>().join(", ");
    let found = all.into_iter().find(|standing| standing.name == group);
    found.with_context(|| format!("there is no group or policy {group:?}; there are {names}"))
}

/// Hubs that stay away come back when the error is gone.
async fn go_on(client: &Client, standing: &Standing) -> anyhow::Result<()> {
    let sql = match standing.kind.as_str() {
        POLICY => "UPDATE policy SET error = NULL WHERE name = $1",
        _ => "UPDATE checkpoint SET error = NULL WHERE group_name = $1",
    };
    client.execute(sql, &[&standing.name]).await?;
    Ok(())
}
