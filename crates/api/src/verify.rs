//! `distr-hub verify`: whether what was done is what the rules let happen, and whether the read models say the same. It reads alone, also
//! beside a hub that serves.

mod rollouts;

use anyhow::{Context, bail};
use distr_eventlog::Position;
use distr_projections::{rollout, rollout_target};

use crate::boot::{Database, attach_database};
use crate::config::StorageConfig;
use crate::ops;
use rollouts::Seen;

#[derive(Debug, Clone, clap::Args)]
pub struct VerifyConfig {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum What {
    /// Replay all rollouts from the log: no limit was passed, no wave came before its turn, nobody was asked without a release, and the
    /// read models say the same
    Rollouts(StorageConfig),
}

pub async fn run(config: VerifyConfig) -> anyhow::Result<String> {
    let What::Rollouts(storage) = config.what;
    let database = attach_database(&storage).await?;
    let outcome = verify_rollouts(&database).await;
    database.close().await.and(outcome)
}

async fn verify_rollouts(database: &Database) -> anyhow::Result<String> {
    let client = ops::pool(&database.main, 1).get().await.context("cannot connect to the database")?;
    // the rows as of one position
    client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let row = client.query_one(include_str!("verify/core_position.sql"), &[]).await;
    let row = row.context("cannot read the checkpoints; has a hub run on this database?")?;
    let shown = Position::of_number(row.get::<_, i64>(0) as u64);
    let rollouts = rollout::every(&client).await.context("cannot read the rollouts")?;
    let members = rollout_target::every(&client).await.context("cannot read the targets of rollouts")?;
    client.batch_execute("COMMIT").await?;
    let log = database.eventlog.open().await.context("cannot open the event log")?;
    let seen = Seen::replay(log.port().as_ref(), shown).await;
    log.close().await;
    let mut seen = seen?;
    seen.compare(&rollouts, &members);
    if seen.wrong.is_empty() {
        return Ok(format!(
            "{} rollouts with {} releases of targets up to position {shown}: nothing differs",
            rollouts.len(),
            seen.releases()
        ));
    }
    bail!("{} differences up to position {shown}:\n{}", seen.wrong.len(), seen.wrong.join("\n"))
}
