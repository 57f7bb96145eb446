//! Uploads under way, of all hubs: how many there are of an organization and of a caller, and what they are going to hold. Rows
//! that are not logged, as a crash may take them: an upload that goes on is noted again.

use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::{Client, GenericClient};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::blobs::UploadKey;
use crate::guard::Visit;
use crate::name::RepositoryName;

/// An upload that nobody went on with for so long was given up.
const UNDER_WAY: TimeDelta = TimeDelta::hours(1);

/// How many uploads may be under way: begun or gone on with in the last hour, and neither finished nor cancelled.
#[derive(Debug, Clone, Copy)]
pub struct UploadCaps {
    pub of_organization: u32,
    /// of one credential
    pub of_caller: u32,
}

impl Default for UploadCaps {
    /// Far more than clients have at a time: Docker sends five layers at once.
    fn default() -> Self {
        Self { of_organization: 1000, of_caller: 250 }
    }
}

/// Who has too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooManyUploads {
    #[error("the organization has {most} unfinished uploads of the last hour, and may have no more")]
    OfOrganization { most: u32 },
    #[error("the credential has {most} unfinished uploads of the last hour, and may have no more")]
    OfCaller { most: u32 },
}

/// Notes an upload that begins.
pub(crate) async fn begin(
    client: &Client,
    visit: &Visit,
    upload: UploadKey,
    caps: UploadCaps,
    at: DateTime<Utc>,
) -> Result<Result<(), TooManyUploads>, tokio_postgres::Error> {
    let statement = client.prepare_cached(include_str!("unfinished/begin.sql")).await?;
    let (of_organization, of_caller) = (i64::from(caps.of_organization), i64::from(caps.of_caller));
    let (organization, repository) = (visit.name.organization().0, visit.name.path.as_str());
    let credential = visit.caller.credential();
    let since = at - UNDER_WAY;
    let parameters: [&(dyn ToSql + Sync); 8] =
        [&upload.id, &organization, &repository, &credential, &at, &of_organization, &of_caller, &since];
    let row = client.query_one(&statement, &parameters).await?;
    Ok(match (row.get(0), row.get(1)) {
        (_, true) => Err(TooManyUploads::OfCaller { most: caps.of_caller }),
        (true, _) => Err(TooManyUploads::OfOrganization { most: caps.of_organization }),
        _ => Ok(()),
    })
}

/// How many bytes the upload may become, as far as it was asked before.
pub(crate) async fn reserved(client: &Client, upload: UploadKey) -> Result<u64, tokio_postgres::Error> {
    let statement = client.prepare_cached(include_str!("unfinished/reserved.sql")).await?;
    let row = client.query_opt(&statement, &[&upload.id]).await?;
    Ok(row.map_or(0, |row| row.get::<_, i64>(0).unsigned_abs()))
}

/// Notes how many bytes the upload may become.
pub(crate) async fn reserve(
    client: &Client,
    visit: &Visit,
    upload: UploadKey,
    bytes: u64,
    at: DateTime<Utc>,
) -> Result<(), tokio_postgres::Error> {
    let statement = client.prepare_cached(include_str!("unfinished/reserve.sql")).await?;
    let (organization, repository) = (visit.name.organization().0, visit.name.path.as_str());
    let credential = visit.caller.credential();
    let parameters: [&(dyn ToSql + Sync); 6] =
        [&upload.id, &organization, &repository, &credential, &at, &(bytes as i64)];
    client.execute(&statement, &parameters).await.map(drop)
}

/// Notes that the upload may become no more than `to` bytes, if `from` is what was noted. One that ended stays away.
pub(crate) async fn lower(client: &Client, upload: UploadKey, from: u64, to: u64) -> Result<(), tokio_postgres::Error> {
    let statement = client.prepare_cached(include_str!("unfinished/lower.sql")).await?;
    client.execute(&statement, &[&upload.id, &(from as i64), &(to as i64)]).await.map(drop)
}

/// The upload to this repository is finished or cancelled. One of another repository goes on.
pub(crate) async fn end(
    client: &impl GenericClient,
    name: &RepositoryName,
    upload: UploadKey,
) -> Result<(), tokio_postgres::Error> {
    let statement = client.prepare_cached(include_str!("unfinished/end.sql")).await?;
    client.execute(&statement, &[&upload.id, &name.organization().0, &name.path.as_str()]).await.map(drop)
}

/// Forgets what is older and not among those that the store still has.
pub(crate) async fn forget(
    client: &Client,
    before: DateTime<Utc>,
    stored: &[Uuid],
) -> Result<(), tokio_postgres::Error> {
    let statement = client.prepare_cached(include_str!("unfinished/forget.sql")).await?;
    client.execute(&statement, &[&before, &stored]).await.map(drop)
}
