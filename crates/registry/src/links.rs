//! Which blobs were uploaded to which repository or mounted there, and how large they are. A link alone makes a repository
//! serve a blob: nothing that a manifest says makes one. Rows in schema `registry` rather than files beside the blobs, so that
//! all hubs see them whatever keeps the bytes, and so that a collector can ask which ones are old. They are not history:
//! losing them costs a client a second upload.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use deadpool_postgres::{Client, GenericClient, Transaction};
use distr_domain::ids::OrganizationId;
use distr_domain::names::RepositoryPath;
use distr_domain::oci::Digest;
use distr_projections::artifact::references::{self, InRepository, References};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::blobs::{BlobStore, StoredBlob, UploadKey};
use crate::fault::Fault;
use crate::name::RepositoryName;
use crate::uploads::rows;

/// Advisory locks of this class stand for blobs; any number, the same in every version.
const BLOBS: i32 = 0x626c_6f62;
/// How many stand for all blobs. Postgres has room for some thousands at a time, whoever holds them: one manifest may name as
/// many blobs.
const LOCKS: u32 = 64;
/// Links that are looked at in one statement.
const PAGE: i64 = 1_000;

/// Links a blob that the store has just got, or has, to the repository; `upload` is what brought it, and ends with it. False: the
/// store has it no longer.
pub(crate) async fn hold(
    client: &mut Client,
    store: &dyn BlobStore,
    name: &RepositoryName,
    (digest, upload): (&Digest, Option<UploadKey>),
    at: DateTime<Utc>,
) -> Result<bool, Fault> {
    let together = client.transaction().await?;
    lock(&together, std::slice::from_ref(digest)).await?;
    let Some(size) = store.size_of_whole(digest).await? else { return Ok(false) };
    let ended = async {
        match upload {
            Some(upload) => rows::end(&together, name, upload).await,
            None => Ok(()),
        }
    };
    tokio::try_join!(add(&together, name, digest, size, at), ended)?;
    together.commit().await?;
    Ok(true)
}

/// Of these blobs, those that the repository holds and the store has, with their sizes. They stay for at least the grace period
/// from now.
pub(crate) async fn claim(
    client: &mut Client,
    store: &dyn BlobStore,
    name: &RepositoryName,
    digests: &[Digest],
    at: DateTime<Utc>,
) -> Result<HashMap<Digest, u64>, Fault> {
    let together = client.transaction().await?;
    lock(&together, digests).await?;
    let renewed = renew(&together, name.organization(), &name.path, digests, at).await?;
    let mut claimed = HashMap::new();
    for digest in renewed {
        if let Some(size) = store.size_of_whole(&digest).await? {
            claimed.insert(digest, size);
        }
    }
    together.commit().await?;
    Ok(claimed)
}

/// Renews the links to these blobs, as far as there are any; answers with which there are.
pub(crate) async fn renew(
    client: &impl GenericClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
    digests: &[Digest],
    at: DateTime<Utc>,
) -> Result<Vec<Digest>, tokio_postgres::Error> {
    let texts: Vec<&str> = digests.iter().map(Digest::as_str).collect();
    let statement = client.prepare_cached(include_str!("links/renew.sql")).await?;
    let parameters: [&(dyn ToSql + Sync); 4] = [&organization.0, &repository.as_str(), &texts, &at];
    Ok(parsed(&client.query(&statement, &parameters).await?).collect())
}

/// Makes a link to a blob of this size, or renews it.
async fn add(
    client: &impl GenericClient,
    name: &RepositoryName,
    digest: &Digest,
    size: u64,
    at: DateTime<Utc>,
) -> Result<(), tokio_postgres::Error> {
    let statement = client.prepare_cached(include_str!("links/add.sql")).await?;
    let parameters: [&(dyn ToSql + Sync); 5] =
        [&name.organization().0, &name.path.as_str(), &digest.as_str(), &at, &(size as i64)];
    client.execute(&statement, &parameters).await.map(drop)
}

/// Tells links that do not know it how large their blobs are.
pub(crate) async fn set_sizes(client: &Client, blobs: &[StoredBlob]) -> Result<(), tokio_postgres::Error> {
    let (digests, sizes): (Vec<&str>, Vec<i64>) =
        blobs.iter().map(|blob| (blob.digest.as_str(), blob.size as i64)).unzip();
    let statement = client.prepare_cached(include_str!("links/sized.sql")).await?;
    client.execute(&statement, &[&digests, &sizes]).await.map(drop)
}

/// Keeps the collector off these blobs until the transaction ends. In one order, so that two of these never wait for each other.
async fn lock(together: &Transaction<'_>, digests: &[Digest]) -> Result<(), tokio_postgres::Error> {
    let locks: BTreeSet<i32> = digests.iter().map(lock_of).collect();
    let locks: Vec<i32> = locks.into_iter().collect();
    let statement = together.prepare_cached(include_str!("links/lock.sql")).await?;
    together.query_one(&statement, &[&BLOBS, &locks]).await.map(drop)
}

/// Keeps everybody else off this blob until the transaction ends; false if somebody is at it, or at one with the same lock.
pub(crate) async fn try_lock_alone(alone: &Transaction<'_>, digest: &Digest) -> Result<bool, tokio_postgres::Error> {
    let statement = alone.prepare_cached("SELECT pg_try_advisory_xact_lock($1, $2)").await?;
    Ok(alone.query_one(&statement, &[&BLOBS, &lock_of(digest)]).await?.get(0))
}

/// As `try_lock_alone`, but waits for who is at it.
pub(crate) async fn lock_alone(alone: &Transaction<'_>, digest: &Digest) -> Result<(), tokio_postgres::Error> {
    let statement = alone.prepare_cached("SELECT pg_advisory_xact_lock($1, $2)").await?;
    alone.query_one(&statement, &[&BLOBS, &lock_of(digest)]).await.map(drop)
}

/// The lock that stands for this blob.
fn lock_of(digest: &Digest) -> i32 {
    let number = u32::from_str_radix(&digest.hex()[..8], 16).unwrap_or_default();
    (number % LOCKS) as i32
}

/// Of these blobs, those that anybody needs: a manifest's own bytes, and what a link holds that is younger, or that a manifest of
/// its repository backs. A manifest of a repository without the link needs nothing: the repository would not serve it.
pub(crate) async fn needed(
    client: &impl GenericClient,
    digests: &[Digest],
    before: DateTime<Utc>,
) -> Result<HashSet<Digest>, tokio_postgres::Error> {
    let texts: Vec<&str> = digests.iter().map(Digest::as_str).collect();
    // the links before the manifests: a push renews the link before its manifest is there
    let statement = client.prepare_cached(include_str!("links/young.sql")).await?;
    let mut needed: HashSet<Digest> = parsed(&client.query(&statement, &[&texts, &before]).await?).collect();
    needed.extend(references::manifests(client, digests).await?);
    let statement = client.prepare_cached(include_str!("links/of_blobs.sql")).await?;
    let mut last = (String::new(), Uuid::nil(), String::new());
    loop {
        // the first link that a manifest backs says enough of a blob that thousands of repositories hold
        let open: Vec<&str> = digests.iter().filter(|digest| !needed.contains(digest)).map(Digest::as_str).collect();
        let rows = client.query(&statement, &[&open, &last.0, &last.1, &last.2, &PAGE]).await?;
        let Some(end) = rows.last() else { return Ok(needed) };
        last = (end.get(2), end.get(0), end.get(1));
        let links: Vec<InRepository> = rows.iter().filter_map(link).collect();
        let found = references::in_repositories(client, &links).await?;
        needed.extend(links.into_iter().zip(found).filter(|(_, found)| found.is_named).map(|((.., digest), _)| digest));
    }
}

/// Removes the links that nobody renewed and no manifest of their repository backs; answers how many.
pub(crate) async fn expire(
    client: &Client,
    before: DateTime<Utc>,
    dry_run: bool,
) -> Result<u64, tokio_postgres::Error> {
    let (mut expired, mut last) = (0, (Uuid::nil(), String::new(), String::new()));
    loop {
        let statement = client.prepare_cached(include_str!("links/old.sql")).await?;
        let rows = client.query(&statement, &[&before, &last.0, &last.1, &last.2, &PAGE]).await?;
        let Some(end) = rows.last() else { return Ok(expired) };
        last = (end.get(0), end.get(1), end.get(2));
        let old: Vec<InRepository> = rows.iter().filter_map(link).collect();
        let found = references::in_repositories(client, &old).await?;
        let is_unbacked = |found: &References| !found.is_manifest && !found.is_named;
        let unbacked = old.into_iter().zip(found).filter(|(_, found)| is_unbacked(found)).map(|(link, _)| link);
        let unbacked: Vec<InRepository> = unbacked.collect();
        expired += match dry_run {
            true => unbacked.len() as u64,
            false => delete_old(client, before, &unbacked).await?,
        };
    }
}

async fn delete_old(
    client: &Client,
    before: DateTime<Utc>,
    links: &[InRepository],
) -> Result<u64, tokio_postgres::Error> {
    let Columns { organizations, repositories, digests } = Columns::of(links);
    let statement = client.prepare_cached(include_str!("links/expire.sql")).await?;
    client.execute(&statement, &[&before, &organizations, &repositories, &digests]).await
}

/// Whether each of these repositories holds the blob, in the order of the question.
pub(crate) async fn held_of_many(client: &Client, asked: &[InRepository]) -> Result<Vec<bool>, tokio_postgres::Error> {
    let Columns { organizations, repositories, digests } = Columns::of(asked);
    let statement = client.prepare_cached(include_str!("links/held_of_many.sql")).await?;
    let rows = client.query(&statement, &[&organizations, &repositories, &digests]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

struct Columns<'a> {
    organizations: Vec<Uuid>,
    repositories: Vec<&'a str>,
    digests: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    fn of(links: &'a [InRepository]) -> Self {
        Self {
            organizations: links.iter().map(|(organization, ..)| organization.0).collect(),
            repositories: links.iter().map(|(_, repository, _)| repository.as_str()).collect(),
            digests: links.iter().map(|(.., digest)| digest.as_str()).collect(),
        }
    }
}

fn link(row: &Row) -> Option<InRepository> {
    let (repository, digest): (&str, &str) = (row.get(1), row.get(2));
    Some((OrganizationId(row.get(0)), repository.parse().ok()?, digest.parse().ok()?))
}

/// What these tables hold was parsed before it came there.
fn parsed(rows: &[Row]) -> impl Iterator<Item = Digest> {
    rows.iter().filter_map(|row| row.get::<_, &str>(0).parse().ok())
}

/// Removes the bytes of a blob that was stored a moment ago, unless anybody needs it.
pub(crate) async fn free(client: &mut Client, store: &dyn BlobStore, digest: &Digest) -> Result<(), Fault> {
    let alone = client.transaction().await?;
    if !try_lock_alone(&alone, digest).await? {
        return Ok(());
    }
    if needed(&alone, std::slice::from_ref(digest), DateTime::UNIX_EPOCH).await?.is_empty() {
        store.remove(digest, DateTime::<Utc>::MAX_UTC).await?;
    }
    Ok(alone.commit().await?)
}

/// Answers whether there was such a link.
pub(crate) async fn remove(client: &Client, name: &RepositoryName, digest: &Digest) -> Result<bool, Fault> {
    let statement = client.prepare_cached(include_str!("links/remove.sql")).await?;
    let removed = client.execute(&statement, &[&name.organization().0, &name.path.as_str(), &digest.as_str()]).await?;
    Ok(removed > 0)
}

/// Which of these blobs the repository holds: uploaded to it, or mounted.
pub async fn held(
    client: &Client,
    organization: OrganizationId,
    repository: &RepositoryPath,
    digests: &[Digest],
) -> Result<HashSet<Digest>, tokio_postgres::Error> {
    let statement = client.prepare_cached(include_str!("links/held.sql")).await?;
    let texts: Vec<&str> = digests.iter().map(Digest::as_str).collect();
    Ok(parsed(&client.query(&statement, &[&organization.0, &repository.as_str(), &texts]).await?).collect())
}
