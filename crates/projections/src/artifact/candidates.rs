//! What is attached to a manifest and may bear a signature, as a search for one asks for it: what the tags of the older scheme point
//! to, and apart from that, what has the manifest as its subject.

use distr_domain::ids::OrganizationId;
use distr_domain::names::RepositoryPath;
use distr_domain::oci::Digest;
use tokio_postgres::types::ToSql;

use super::attachment::{AttachedRow, tags_of_scheme};
use crate::error::QueryError;
use crate::query::{self, ReadClient};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    OldestFirst,
    NewestFirst,
}

/// Which part of what has the manifest as its subject is asked for.
#[derive(Debug, Clone)]
pub struct Candidates<'a> {
    pub order: Order,
    /// the positions between which they are; both are left out
    pub between: (u64, u64),
    pub without: &'a [Digest],
    pub first: u16,
    /// of a manifest that comes with what it names, in bytes
    pub max_size: u64,
    /// of those manifests together
    pub max_bytes: u64,
}

/// What tags point to counts as tagged though it has a subject, too. What a manifest of more than `max_size` bytes names is left
/// out.
pub async fn tagged(
    client: &ReadClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
    digest: &Digest,
    max_size: u64,
) -> Result<Vec<AttachedRow>, QueryError> {
    let (tags, max_size) = (tags_of_scheme(digest), bigint(max_size));
    let (repository, digest) = (repository.as_str(), digest.as_str());
    let parameters: [&(dyn ToSql + Sync); 5] = [&organization.0, &repository, &digest, &&tags[..], &max_size];
    query::all(client, include_str!("candidates/tagged.sql"), &parameters).await
}

pub async fn untagged(
    client: &ReadClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
    digest: &Digest,
    candidates: &Candidates<'_>,
) -> Result<Vec<AttachedRow>, QueryError> {
    let Candidates { order, between, without, first, max_size, max_bytes } = candidates;
    let (repository, digest) = (repository.as_str(), digest.as_str());
    let without: Vec<&str> = without.iter().map(Digest::as_str).collect();
    let [above, below, max_size, max_bytes] = [between.0, between.1, *max_size, *max_bytes].map(bigint);
    let (first, newest_first) = (i64::from(*first), *order == Order::NewestFirst);
    let parameters: [&(dyn ToSql + Sync); 10] =
        [&organization.0, &repository, &digest, &above, &below, &without, &newest_first, &first, &max_size, &max_bytes];
    query::all(client, include_str!("candidates/untagged.sql"), &parameters).await
}

fn bigint(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
