//! A blob store belongs to one database: the one whose links and manifests say which of its blobs are needed. Another database
//! knows of none of them, and its collection would remove them all. So both note the same id, and whoever serves or collects
//! looks first. A store that nobody has claimed goes to the first database that knows one of its blobs, or that finds it empty.

use distr_domain::oci::Digest;
use futures_util::{StreamExt, TryStreamExt};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::blobs::BlobStore;
use crate::fault::Fault;

/// How many blobs of a store without an owner are looked for in the database.
const SAMPLE: usize = 500;

/// Refuses a store that is another database's; claims one that is nobody's.
pub async fn check(client: &Client, blobs: &dyn BlobStore) -> Result<(), Fault> {
    let own = own(client).await?;
    let owner = match blobs.owner().await? {
        Some(owner) => owner,
        None if knows(client, blobs).await? => blobs.claim(own).await?,
        None => return Err(Fault::UnclaimedStore { own }),
    };
    if owner == own { Ok(()) } else { Err(Fault::ForeignStore { owner, own }) }
}

/// Makes the store this database's, whoever's it was. Answers with whose.
pub async fn take_over(client: &Client, blobs: &dyn BlobStore) -> Result<Option<Uuid>, Fault> {
    let (own, before) = (own(client).await?, blobs.owner().await?);
    blobs.take_over(own).await?;
    Ok(before.filter(|before| *before != own))
}

/// A database that was restored is another one: that which it was backed up from may still serve.
pub async fn become_another(client: &Client) -> Result<(), tokio_postgres::Error> {
    // a backup from before there were owners gets one when it is migrated
    let is_there: bool = client.query_one("SELECT to_regclass('registry.store_owner') IS NOT NULL", &[]).await?.get(0);
    if is_there {
        client.execute("UPDATE registry.store_owner SET id = gen_random_uuid()", &[]).await?;
    }
    Ok(())
}

async fn own(client: &Client) -> Result<Uuid, tokio_postgres::Error> {
    Ok(client.query_one("SELECT id FROM registry.store_owner", &[]).await?.get(0))
}

/// Whether the database knows one of the store's blobs, or there are none.
async fn knows(client: &Client, blobs: &dyn BlobStore) -> Result<bool, Fault> {
    let sample: Vec<Digest> = blobs.blobs().take(SAMPLE).map_ok(|blob| blob.digest).try_collect().await?;
    if sample.is_empty() {
        return Ok(true);
    }
    let digests: Vec<&str> = sample.iter().map(Digest::as_str).collect();
    let sql = "SELECT EXISTS (SELECT FROM registry.blob_link WHERE digest = ANY($1))";
    Ok(client.query_one(sql, &[&digests]).await?.get(0))
}
