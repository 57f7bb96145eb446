//! Which blobs were uploaded to which repository, and how large they are: what a repository holds before one of its manifests
//! names them, and as long as one does. Rows in schema `registry` rather than files beside the blobs, so that all hubs see
//! them whatever keeps the bytes, and so that a collector can ask which ones are old. They are not history: losing them costs
//! a client a second upload.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use deadpool_postgres::{Client, GenericClient, Transaction};
use distr_domain::ids::OrganizationId;
use distr_domain::names::RepositoryPath;
use distr_domain::oci::Digest;
use distr_projections::artifact;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::blobs::{BlobStore, StoredBlob};
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

/// Links a blob that the store has just got, or has, to the repository. False: the store has it no longer.
pub(crate) async fn hold(
    client: &mut Client,
    store: &dyn BlobStore,
    name: &RepositoryName,
    digest: &Digest,
    at: DateTime<Utc>,
) -> Result<bool, Fault> {
    let together = client.transaction().await?;
    lock(&together, std::slice::from_ref(digest)).await?;
    let Some(size) = store.size(digest).await? else { return Ok(false) };
    add(&together, name.organization(), &name.path, [(digest, size)], at).await?;
    together.commit().await?;
    Ok(true)
}

/// Of these blobs, those that the repository holds and the store has. They stay for at least the grace period from now.
pub(crate) async fn claim(
    client: &mut Client,
    store: &dyn BlobStore,
    name: &RepositoryName,
    digests: &[Digest],
    at: DateTime<Utc>,
) -> Result<HashSet<Digest>, Fault> {
    let together = client.transaction().await?;
    lock(&together, digests).await?;
    let (mut stored, mut sizes) = (vec![], vec![]);
    for digest in digests.iter().collect::<BTreeSet<_>>() {
        if let Some(size) = store.size(digest).await? {
            stored.push(digest.as_str());
            sizes.push(size as i64);
        }
    }
    let statement = together.prepare_cached(include_str!("links/claim.sql")).await?;
    let parameters: [&(dyn ToSql + Sync); 5] = [&name.organization().0, &name.path.as_str(), &stored, &sizes, &at];
    let claimed = parsed(&together.query(&statement, &parameters).await?).collect();
    together.commit().await?;
    Ok(claimed)
}

/// Makes links to blobs of these sizes, or renews them.
pub(crate) async fn add(
    client: &impl GenericClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
    blobs: impl IntoIterator<Item = (&Digest, u64)>,
    at: DateTime<Utc>,
) -> Result<(), tokio_postgres::Error> {
    let blobs: BTreeMap<&str, i64> = blobs.into_iter().map(|(digest, size)| (digest.as_str(), size as i64)).collect();
    let (digests, sizes): (Vec<&str>, Vec<i64>) = blobs.into_iter().unzip();
    let statement = client.prepare_cached(include_str!("links/add.sql")).await?;
    client.execute(&statement, &[&organization.0, &repository.as_str(), &digests, &sizes, &at]).await?;
    Ok(())
}

/// Tells links that do not know it how large their blobs are.
pub(crate) async fn set_sizes(client: &Client, blobs: &[StoredBlob]) -> Result<(), tokio_postgres::Error> {
    let (digests, sizes): (Vec<&str>, Vec<i64>) =
        blobs.iter().map(|blob| (blob.digest.as_str(), blob.size as i64)).unzip();
    let statement = client.prepare_cached(include_str!("links/sized.sql")).await?;
    client.execute(&statement, &[&digests, &sizes]).await.map(drop)
}

/// Keeps the collector off these blobs until the transaction ends.
async fn lock(together: &Transaction<'_>, digests: &[Digest]) -> Result<(), tokio_postgres::Error> {
    let texts: Vec<&str> = digests.iter().map(Digest::as_str).collect();
    let statement = together.prepare_cached(include_str!("links/lock.sql")).await?;
    together.query_one(&statement, &[&texts]).await.map(drop)
}

/// Keeps everybody else off this blob until the transaction ends; false if somebody is at it.
pub(crate) async fn try_lock_alone(alone: &Transaction<'_>, digest: &Digest) -> Result<bool, tokio_postgres::Error> {
    let sql = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))";
    let statement = alone.prepare_cached(sql).await?;
    Ok(alone.query_one(&statement, &[&digest.as_str()]).await?.get(0))
}

/// Of these blobs, those that anybody needs: a manifest, or a repository with a link that is younger.
pub(crate) async fn needed(
    client: &impl GenericClient,
    digests: &[Digest],
    before: DateTime<Utc>,
) -> Result<HashSet<Digest>, tokio_postgres::Error> {
    let texts: Vec<&str> = digests.iter().map(Digest::as_str).collect();
    let statement = client.prepare_cached(include_str!("links/needed.sql")).await?;
    Ok(parsed(&client.query(&statement, &[&texts, &before]).await?).collect())
}

/// Removes the links that nobody renewed and no manifest of their repository backs; answers how many.
pub(crate) async fn expire(
    client: &Client,
    before: DateTime<Utc>,
    dry_run: bool,
) -> Result<u64, tokio_postgres::Error> {
    if dry_run {
        let count: i64 = client.query_one(include_str!("links/expired.sql"), &[&before]).await?.get(0);
        return Ok(count as u64);
    }
    client.execute(include_str!("links/expire.sql"), &[&before]).await
}

/// At most `limit` digests after `last` that manifests of any organization are or name, in byte order.
pub(crate) async fn named(client: &Client, last: &str, limit: i64) -> Result<Vec<Digest>, tokio_postgres::Error> {
    let statement = client.prepare_cached(include_str!("links/named.sql")).await?;
    Ok(parsed(&client.query(&statement, &[&last, &limit]).await?).collect())
}

/// What these tables hold was parsed before it came there.
fn parsed(rows: &[Row]) -> impl Iterator<Item = Digest> {
    rows.iter().filter_map(|row| row.get::<_, &str>(0).parse().ok())
}

/// Answers whether there was such a link.
pub(crate) async fn remove(client: &Client, name: &RepositoryName, digest: &Digest) -> Result<bool, Fault> {
    let statement = client.prepare_cached(include_str!("links/remove.sql")).await?;
    let removed = client.execute(&statement, &[&name.organization().0, &name.path.as_str(), &digest.as_str()]).await?;
    Ok(removed > 0)
}

/// Which of these blobs the repository holds: uploaded to it, or named by one of its manifests.
pub(crate) async fn held(client: &Client, name: &RepositoryName, digests: &[Digest]) -> Result<HashSet<Digest>, Fault> {
    let mut held = linked(client, name, digests).await?;
    // both are always asked: which of them knew is nobody's business
    held.extend(artifact::referenced_blobs(client, name.organization(), &name.path, digests).await?);
    Ok(held)
}

async fn linked(client: &Client, name: &RepositoryName, digests: &[Digest]) -> Result<HashSet<Digest>, Fault> {
    let statement = client.prepare_cached(include_str!("links/linked.sql")).await?;
    let texts: Vec<&str> = digests.iter().map(Digest::as_str).collect();
    let rows = client.query(&statement, &[&name.organization().0, &name.path.as_str(), &texts]).await?;
    let found: HashSet<&str> = rows.iter().map(|row| row.get(0)).collect();
    Ok(digests.iter().filter(|digest| found.contains(digest.as_str())).cloned().collect())
}
