//! What is attached to a manifest: signatures, attestations, lists of parts, by the newer scheme of subjects and the older one of
//! tags.

use distr_domain::ids::OrganizationId;
use distr_domain::names::RepositoryPath;
use distr_domain::oci::{Digest, Tag};
use serde::Deserialize;
use tokio_postgres::types::ToSql;

use super::ManifestRow;
use crate::error::QueryError;
use crate::query::{self, ReadClient};

/// A manifest that is attached to another one.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AttachedRow {
    pub manifest: ManifestRow,
    /// of the older scheme, if it is attached by a tag alone
    pub tag: Option<Tag>,
    /// false if the manifest's blobs and children were left out, as the answer is large enough
    pub is_whole: bool,
}

/// Which part of what is attached to a manifest is asked for.
#[derive(Debug, Clone)]
pub struct AttachedPage {
    /// of those that have the manifest as their subject; the few that tags point to are beside them, on the first page
    pub first: u16,
    /// the last one of the page before
    pub after: Option<Digest>,
    /// how much of manifests, in bytes, comes with what it names
    pub max_bytes: u64,
}

/// A manifest that refers to another one, without the parts that it names: a list has many of them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ReferrerRow {
    pub digest: Digest,
    pub media_type: String,
    /// bytes of the manifest itself
    pub size: u64,
    pub artifact_type: Option<String>,
}

#[derive(Debug, Clone, Copy)]
pub struct ReferrerFilter<'a> {
    pub artifact_type: Option<&'a str>,
    pub last: Option<&'a str>,
    pub limit: u32,
}

/// What is attached to a manifest: what the tags of the older scheme point to, what refers to it and may bear a signature,
/// and what else refers to it; each the oldest first.
pub async fn attached(
    client: &ReadClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
    digest: &Digest,
    page: &AttachedPage,
) -> Result<Vec<AttachedRow>, QueryError> {
    let tags = tags_of_scheme(digest);
    let (repository, digest, after) = (repository.as_str(), digest.as_str(), page.after.as_ref().map(Digest::as_str));
    let (first, max_bytes) = (i64::from(page.first), i64::try_from(page.max_bytes).unwrap_or(i64::MAX));
    let parameters: [&(dyn ToSql + Sync); 7] =
        [&organization.0, &repository, &digest, &&tags[..], &after, &first, &max_bytes];
    query::all(client, include_str!("attached.sql"), &parameters).await
}

/// The tags with which the older scheme attaches to a manifest.
pub(super) fn tags_of_scheme(digest: &Digest) -> [String; 3] {
    ["sig", "att", "sbom"].map(|kind| format!("{}.{kind}", digest.as_str().replace(':', "-")))
}

/// At most `limit` referrers of `subject` after the digest `last`, by digest.
pub async fn referrers(
    client: &ReadClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
    subject: &Digest,
    filter: &ReferrerFilter<'_>,
) -> Result<Vec<ReferrerRow>, QueryError> {
    let (repository, subject) = (repository.as_str(), subject.as_str());
    let ReferrerFilter { artifact_type, last, limit } = *filter;
    let limit = i64::from(limit);
    let sql = include_str!("referrers.sql");
    query::all(client, sql, &[&organization.0, &repository, &subject, &artifact_type, &last, &limit]).await
}
