//! Which blobs were uploaded to which repository: what a repository holds before one of its manifests names them. Rows in
//! schema `registry` rather than files beside the blobs, so that all hubs see them whatever keeps the bytes, and so that a
//! collector can ask which ones are old. They are not history: losing them costs a client a second upload.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use deadpool_postgres::Client;
use distr_domain::oci::Digest;
use distr_projections::artifact;

use crate::fault::Fault;
use crate::name::RepositoryName;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Any number, the same in every version: who holds this advisory lock migrates.
const LOCK: i64 = 0x6469_7374_7272_6567;

#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error("the schema of the registry could not be prepared")]
    Prepare(#[from] tokio_postgres::Error),
    #[error("the schema of the registry could not be brought up to date")]
    Migrate(#[from] refinery::Error),
}

/// Brings the schema `registry` up to date: forward only, once, whoever starts at the same time.
pub async fn migrate(client: &mut tokio_postgres::Client) -> Result<(), MigrateError> {
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await?;
    client.batch_execute("CREATE SCHEMA IF NOT EXISTS registry").await?;
    let mut runner = embedded::migrations::runner();
    runner.set_migration_table_name("registry.migration");
    let migrated = runner.run_async(client).await.map(drop);
    client.execute("SELECT pg_advisory_unlock($1)", &[&LOCK]).await?;
    Ok(migrated?)
}

pub(crate) async fn add(
    client: &Client,
    name: &RepositoryName,
    digest: &Digest,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    let statement = client.prepare_cached(include_str!("links/add.sql")).await?;
    client.execute(&statement, &[&name.organization().0, &name.path.as_str(), &digest.as_str(), &at]).await?;
    Ok(())
}

/// Which of these blobs the repository holds: uploaded to it, or named by one of its manifests.
pub(crate) async fn held(client: &Client, name: &RepositoryName, digests: &[Digest]) -> Result<HashSet<Digest>, Fault> {
    let mut held = linked(client, name, digests).await?;
    let rest: Vec<Digest> = digests.iter().filter(|digest| !held.contains(digest)).cloned().collect();
    if !rest.is_empty() {
        held.extend(artifact::referenced_blobs(client, name.organization(), &name.path, &rest).await?);
    }
    Ok(held)
}

async fn linked(client: &Client, name: &RepositoryName, digests: &[Digest]) -> Result<HashSet<Digest>, Fault> {
    let statement = client.prepare_cached(include_str!("links/linked.sql")).await?;
    let texts: Vec<&str> = digests.iter().map(Digest::as_str).collect();
    let rows = client.query(&statement, &[&name.organization().0, &name.path.as_str(), &texts]).await?;
    let found: HashSet<&str> = rows.iter().map(|row| row.get(0)).collect();
    Ok(digests.iter().filter(|digest| found.contains(digest.as_str())).cloned().collect())
}
