//! What a list of tags says of each beside its digest: how much it is, and which releases name it.

use distr_domain::ids::{OrganizationId, ReleaseId};
use distr_domain::names::RepositoryPath;
use distr_domain::oci::Digest;
use serde::Deserialize;

use crate::error::QueryError;
use crate::query::{self, ReadClient};

/// How many bytes a manifest is with what it names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ManifestSize {
    pub digest: Digest,
    pub bytes: u64,
}

pub async fn sizes(
    client: &ReadClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
    digests: &[Digest],
) -> Result<Vec<ManifestSize>, QueryError> {
    let digests: Vec<&str> = digests.iter().map(Digest::as_str).collect();
    let repository = repository.as_str();
    query::all(client, include_str!("sizes.sql"), &[&organization.0, &repository, &digests]).await
}

/// The releases that name a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NamedBy {
    pub digest: Digest,
    pub releases: Vec<ReleaseId>,
}

pub async fn named_by(
    client: &ReadClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
    digests: &[Digest],
) -> Result<Vec<NamedBy>, QueryError> {
    let digests: Vec<&str> = digests.iter().map(Digest::as_str).collect();
    let repository = repository.as_str();
    query::all(client, include_str!("named_by.sql"), &[&organization.0, &repository, &digests]).await
}
