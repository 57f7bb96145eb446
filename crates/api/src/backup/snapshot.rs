//! One moment of a database, held open while it is dumped.

use anyhow::{Context, bail};
use distr_postgres::Address;
use tokio_postgres::Client;

use super::manifest::Standing;
use crate::master_key::MasterKey;

pub(super) struct Snapshot {
    client: Client,
    /// for `pg_dump --snapshot`; good as long as this lives
    pub(super) id: String,
    pub(super) server_major: u32,
}

impl Snapshot {
    pub(super) async fn take(address: &Address) -> anyhow::Result<Self> {
        let address = address.with(|config| {
            config.application_name("distr-hub backup");
        });
        let client = address.connect().await?;
        client
            .batch_execute(
                "SET idle_in_transaction_session_timeout = 0;
                 SET statement_timeout = 0;
                 BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            )
            .await?;
        let row = client
            .query_one("SELECT pg_export_snapshot(), current_setting('server_version_num')::integer / 10000", &[])
            .await?;
        let server_major: i32 = row.get(1);
        Ok(Self { id: row.get(0), server_major: server_major.unsigned_abs(), client })
    }

    /// Where the log stands at this moment, and whether it is whole: as many entries as positions.
    pub(super) async fn standing(&self) -> anyhow::Result<Standing> {
        standing(&self.client).await
    }

    /// A backup with a key that opens nothing would be found out too late.
    pub(super) async fn check_master_key(&self, master: &MasterKey) -> anyhow::Result<()> {
        check_master_key(&self.client, master).await
    }
}

pub(super) async fn standing(client: &Client) -> anyhow::Result<Standing> {
    let row = client.query_one(include_str!("standing.sql"), &[]).await?;
    let (position, dropped_through): (i64, i64) = (row.get(0), row.get(3));
    let standing = Standing { position, facts: row.get(1), telemetry: row.get(2) };
    let positions = standing.facts + standing.telemetry;
    // what retention dropped may be missing, and nothing else
    if positions > position || (dropped_through == 0 && positions != position) {
        bail!("the log is damaged: its head stands at {position}, and it has {positions} entries");
    }
    Ok(standing)
}

pub(super) async fn check_master_key(client: &Client, master: &MasterKey) -> anyhow::Result<()> {
    let row = client.query_opt("SELECT id FROM ops.master_key", &[]).await.context("cannot read ops.master_key")?;
    match row.map(|row| row.get::<_, String>(0)) {
        Some(id) if id != master.id() => bail!(
            "the secrets of this database are sealed with the master key {id}, and this one is {}; \
             give the right one in DISTR_MASTER_KEY or in master.key",
            master.id()
        ),
        _ => Ok(()),
    }
}
