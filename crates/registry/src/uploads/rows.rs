//! The rows of uploads under way, of all hubs: how many there are of an organization and of a caller, and what they are going to
//! hold. Postgres does not log them, so that a crash may take them: an upload that goes on is noted again.

use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::{Client, GenericClient};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{TooManyUploads, Upload, UploadCaps};
use crate::blobs::UploadKey;
use crate::fault::OperationError;
use crate::name::RepositoryName;

/// An upload that nobody went on with for so long was given up.
const UNDER_WAY: TimeDelta = TimeDelta::hours(1);

/// Notes an upload that begins.
pub(crate) async fn begin(
    client: &Client,
    upload: Upload<'_>,
    caps: UploadCaps,
    at: DateTime<Utc>,
) -> Result<(), OperationError<TooManyUploads>> {
    let statement = client.prepare_cached(include_str!("begin.sql")).await?;
    let (of_organization, of_caller) = (i64::from(caps.of_organization), i64::from(caps.of_caller));
    let (organization, repository) = (upload.name.organization().0, upload.name.path.as_str());
    let since = at - UNDER_WAY;
    let parameters: [&(dyn ToSql + Sync); 8] =
        [&upload.key.id, &organization, &repository, &upload.credential, &at, &of_organization, &of_caller, &since];
    let row = client.query_one(&statement, &parameters).await?;
    match (row.get(0), row.get(1)) {
        (_, true) => Err(OperationError::Rejected(TooManyUploads::OfCaller { most: caps.of_caller })),
        (true, _) => Err(OperationError::Rejected(TooManyUploads::OfOrganization { most: caps.of_organization })),
        _ => Ok(()),
    }
}

/// How many bytes the upload may become, as far as it was asked before.
pub(crate) async fn reserved(client: &Client, upload: UploadKey) -> Result<u64, tokio_postgres::Error> {
    let statement = client.prepare_cached(include_str!("reserved.sql")).await?;
    let row = client.query_opt(&statement, &[&upload.id]).await?;
    Ok(row.map_or(0, |row| row.get::<_, i64>(0).unsigned_abs()))
}

/// Notes how many bytes the upload may become.
pub(crate) async fn reserve(
    client: &Client,
    upload: Upload<'_>,
    bytes: u64,
    at: DateTime<Utc>,
) -> Result<(), tokio_postgres::Error> {
    let statement = client.prepare_cached(include_str!("reserve.sql")).await?;
    let (organization, repository) = (upload.name.organization().0, upload.name.path.as_str());
    let parameters: [&(dyn ToSql + Sync); 6] =
        [&upload.key.id, &organization, &repository, &upload.credential, &at, &(bytes as i64)];
    client.execute(&statement, &parameters).await.map(drop)
}

/// Notes that the upload may become no more than `to` bytes, if `from` is what was noted. One that ended stays away.
pub(crate) async fn lower(client: &Client, upload: UploadKey, from: u64, to: u64) -> Result<(), tokio_postgres::Error> {
    let statement = client.prepare_cached(include_str!("lower.sql")).await?;
    client.execute(&statement, &[&upload.id, &(from as i64), &(to as i64)]).await.map(drop)
}

/// The upload to this repository is finished or cancelled. One of another repository goes on.
pub(crate) async fn end(
    client: &impl GenericClient,
    name: &RepositoryName,
    upload: UploadKey,
) -> Result<(), tokio_postgres::Error> {
    let statement = client.prepare_cached(include_str!("end.sql")).await?;
    client.execute(&statement, &[&upload.id, &name.organization().0, &name.path.as_str()]).await.map(drop)
}

/// Forgets what is older and not among those that the store still has.
pub(crate) async fn forget(
    client: &Client,
    before: DateTime<Utc>,
    stored: &[Uuid],
) -> Result<(), tokio_postgres::Error> {
    let statement = client.prepare_cached(include_str!("forget.sql")).await?;
    client.execute(&statement, &[&before, &stored]).await.map(drop)
}
