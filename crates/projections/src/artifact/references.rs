//! Which bytes manifests refer to: what the registry asks before it removes some.

use std::collections::HashSet;

use deadpool_postgres::GenericClient;
use distr_domain::ids::OrganizationId;
use distr_domain::names::RepositoryPath;
use distr_domain::oci::Digest;
use tokio_postgres::Row;
use uuid::Uuid;

/// A digest in a repository.
pub type InRepository = (OrganizationId, RepositoryPath, Digest);

/// The manifests of a repository, as far as they have to do with one digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct References {
    /// one of them has the digest
    pub is_manifest: bool,
    /// one of them names the digest
    pub is_named: bool,
}

/// In the order of the question.
pub async fn in_repositories(
    client: &impl GenericClient,
    asked: &[InRepository],
) -> Result<Vec<References>, tokio_postgres::Error> {
    let organizations: Vec<Uuid> = asked.iter().map(|(organization, ..)| organization.0).collect();
    let repositories: Vec<&str> = asked.iter().map(|(_, repository, _)| repository.as_str()).collect();
    let digests: Vec<&str> = asked.iter().map(|(.., digest)| digest.as_str()).collect();
    let statement = client.prepare_cached(include_str!("named_in_repository.sql")).await?;
    let rows = client.query(&statement, &[&organizations, &repositories, &digests]).await?;
    Ok(rows.iter().map(|row| References { is_manifest: row.get(0), is_named: row.get(1) }).collect())
}

/// Of these digests, those that are manifests, of whatever organization.
pub async fn manifests(
    client: &impl GenericClient,
    digests: &[Digest],
) -> Result<HashSet<Digest>, tokio_postgres::Error> {
    let digests: Vec<&str> = digests.iter().map(Digest::as_str).collect();
    let statement = client.prepare_cached(include_str!("manifests_anywhere.sql")).await?;
    Ok(parsed(&client.query(&statement, &[&digests]).await?).collect())
}

/// At most `limit` digests after `last` that manifests of any organization are or name, in byte order.
pub async fn all(client: &impl GenericClient, last: &str, limit: i64) -> Result<Vec<Digest>, tokio_postgres::Error> {
    let statement = client.prepare_cached(include_str!("named_anywhere.sql")).await?;
    Ok(parsed(&client.query(&statement, &[&last, &limit]).await?).collect())
}

/// What the tables hold was parsed before it came there.
fn parsed(rows: &[Row]) -> impl Iterator<Item = Digest> {
    rows.iter().filter_map(|row| row.get::<_, &str>(0).parse().ok())
}
