//! Tables `manifest` and `tag`: what each repository of the registry holds.

use chrono::{DateTime, Utc};
use distr_domain::artifact::{ArtifactEvent, Manifest, Pin, Visibility};
use distr_domain::fact::Fact;
use distr_domain::ids::{ArtifactId, ManifestId, OrganizationId, TagId};
use distr_domain::names::RepositoryPath;
use distr_domain::oci::{Descriptor, Digest, Tag};
use distr_domain::pattern::Pattern;
use distr_domain::quota::Quota;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{DecodedEntry, Projection, Rows};
use crate::query::{self, ListPage, Paging, ReadClient, Scope};

mod attachment;
pub mod candidates;
pub mod listing;
pub mod references;

pub use attachment::{AttachedPage, AttachedRow, ReferrerFilter, ReferrerRow, attached, referrers};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ManifestRow {
    /// of the repository and the digest
    pub id: Uuid,
    pub organization: OrganizationId,
    pub artifact: ArtifactId,
    pub repository: RepositoryPath,
    pub digest: Digest,
    pub media_type: String,
    pub size: u64,
    pub blobs: Vec<Descriptor>,
    pub children: Vec<Descriptor>,
    pub subject: Option<Digest>,
    pub artifact_type: Option<String>,
    pub pushed_at: DateTime<Utc>,
    pub position: u64,
}

impl From<ManifestRow> for Manifest {
    fn from(row: ManifestRow) -> Self {
        let ManifestRow { digest, media_type, size, blobs, children, subject, artifact_type, .. } = row;
        Self { digest, media_type, size, blobs, children, subject, artifact_type }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TagRow {
    /// of the repository and the name
    pub id: Uuid,
    pub organization: OrganizationId,
    pub artifact: ArtifactId,
    pub repository: RepositoryPath,
    pub name: Tag,
    pub digest: Digest,
    pub moved_at: DateTime<Utc>,
    pub position: u64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RepositoryRow {
    pub repository: RepositoryPath,
    pub artifact: ArtifactId,
    pub manifests: u64,
    pub last_pushed_at: DateTime<Utc>,
    pub visibility: Visibility,
    pub quota: Option<Quota>,
}

fn manifest_key(entry: &DecodedEntry, repository: &RepositoryPath, digest: &Digest) -> Uuid {
    ManifestId::of(ArtifactId::of(entry.organization, repository), digest).0
}

fn tag_key(entry: &DecodedEntry, repository: &RepositoryPath, tag: &Tag) -> Uuid {
    TagId::of(ArtifactId::of(entry.organization, repository), tag).0
}

pub struct ManifestProjection;

impl Projection for ManifestProjection {
    type Row = ManifestRow;
    const TABLE: &'static str = "manifest";
    const SINCE: Option<fn(&ManifestRow) -> u64> = Some(|row| row.position);

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        match entry.fact() {
            Some(Fact::Artifact(ArtifactEvent::ManifestPushed { repository, manifest })) => {
                vec![manifest_key(entry, repository, &manifest.digest)]
            }
            Some(Fact::Artifact(ArtifactEvent::ManifestDeleted { repository, digest, .. })) => {
                vec![manifest_key(entry, repository, digest)]
            }
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<ManifestRow>, entry: &DecodedEntry) {
        match entry.fact() {
            Some(Fact::Artifact(ArtifactEvent::ManifestPushed { repository, manifest })) => {
                let id = manifest_key(entry, repository, &manifest.digest);
                rows.put(
                    id,
                    ManifestRow {
                        id,
                        organization: entry.organization,
                        artifact: ArtifactId::of(entry.organization, repository),
                        repository: repository.clone(),
                        digest: manifest.digest.clone(),
                        media_type: manifest.media_type.clone(),
                        size: manifest.size,
                        blobs: manifest.blobs.clone(),
                        children: manifest.children.clone(),
                        subject: manifest.subject.clone(),
                        artifact_type: manifest.artifact_type.clone(),
                        pushed_at: entry.at,
                        position: entry.position.number(),
                    },
                );
            }
            Some(Fact::Artifact(ArtifactEvent::ManifestDeleted { repository, digest, .. })) => {
                rows.remove(manifest_key(entry, repository, digest));
            }
            _ => {}
        }
    }
}

pub struct TagProjection;

impl Projection for TagProjection {
    type Row = TagRow;
    const TABLE: &'static str = "tag";
    const SINCE: Option<fn(&TagRow) -> u64> = Some(|row| row.position);

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        match entry.fact() {
            Some(Fact::Artifact(
                ArtifactEvent::TagMoved { repository, tag, .. } | ArtifactEvent::TagDeleted { repository, tag, .. },
            )) => vec![tag_key(entry, repository, tag)],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<TagRow>, entry: &DecodedEntry) {
        match entry.fact() {
            Some(Fact::Artifact(ArtifactEvent::TagMoved { repository, tag, digest })) => {
                let id = tag_key(entry, repository, tag);
                rows.put(
                    id,
                    TagRow {
                        id,
                        organization: entry.organization,
                        artifact: ArtifactId::of(entry.organization, repository),
                        repository: repository.clone(),
                        name: tag.clone(),
                        digest: digest.clone(),
                        moved_at: entry.at,
                        position: entry.position.number(),
                    },
                );
            }
            Some(Fact::Artifact(ArtifactEvent::TagDeleted { repository, tag, .. })) => {
                rows.remove(tag_key(entry, repository, tag));
            }
            _ => {}
        }
    }
}

pub async fn find_manifest(
    client: &ReadClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
    digest: &Digest,
) -> Result<Option<ManifestRow>, QueryError> {
    let (repository, digest) = (repository.as_str(), digest.as_str());
    query::find(client, include_str!("artifact/manifest.sql"), &[&organization.0, &repository, &digest]).await
}

pub async fn find_tag(
    client: &ReadClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
    tag: &Tag,
) -> Result<Option<TagRow>, QueryError> {
    let (repository, tag) = (repository.as_str(), tag.as_str());
    query::find(client, include_str!("artifact/tag.sql"), &[&organization.0, &repository, &tag]).await
}

/// At most `limit` tags after `last`, which need not exist, in lexical order without regard to case.
pub async fn tags(
    client: &ReadClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
    last: Option<&str>,
    limit: u32,
) -> Result<Vec<TagRow>, QueryError> {
    let (repository, limit) = (repository.as_str(), i64::from(limit));
    query::all(client, include_str!("artifact/tags.sql"), &[&organization.0, &repository, &last, &limit]).await
}

pub async fn tags_of(
    client: &ReadClient,
    organization: OrganizationId,
    repositories: &[RepositoryPath],
) -> Result<Vec<TagRow>, QueryError> {
    let repositories: Vec<&str> = repositories.iter().map(RepositoryPath::as_str).collect();
    query::all(client, include_str!("artifact/tags_of.sql"), &[&organization.0, &repositories]).await
}

/// By name; none for a customer, who sees artifacts through releases.
pub async fn repositories(
    client: &ReadClient,
    scope: Scope,
    only: &[Pattern],
    paging: &Paging,
) -> Result<ListPage<RepositoryRow>, QueryError> {
    let only: Vec<&str> = only.iter().map(Pattern::as_str).collect();
    query::list(client, include_str!("artifact/repositories.sql"), scope, paging, &[&only]).await
}

/// None for a customer, and for one that has nothing.
pub async fn find_repository(
    client: &ReadClient,
    scope: Scope,
    repository: &RepositoryPath,
) -> Result<Option<RepositoryRow>, QueryError> {
    let customer = scope.customer.map(|customer| customer.0);
    let sql = include_str!("artifact/repository.sql");
    query::find(client, sql, &[&scope.organization.0, &customer, &repository.as_str()]).await
}

/// Whether the repository has anything; one that has not is as good as none.
pub async fn has_manifests(
    client: &ReadClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
) -> Result<bool, QueryError> {
    let repository = repository.as_str();
    let has = query::find(client, include_str!("artifact/has_manifests.sql"), &[&organization.0, &repository]).await?;
    Ok(has.unwrap_or(false))
}

/// Which of these blobs a manifest of the repository names.
pub async fn referenced_blobs(
    client: &ReadClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
    digests: &[Digest],
) -> Result<Vec<Digest>, QueryError> {
    let digests: Vec<&str> = digests.iter().map(Digest::as_str).collect();
    let repository = repository.as_str();
    let sql = include_str!("artifact/referenced_blobs.sql");
    query::all(client, sql, &[&organization.0, &repository, &digests]).await
}

/// Those of these manifests that the repository has, each with its size in bytes.
pub async fn known_manifests(
    client: &ReadClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
    digests: &[Digest],
) -> Result<Vec<(Digest, u64)>, QueryError> {
    let digests: Vec<&str> = digests.iter().map(Digest::as_str).collect();
    let repository = repository.as_str();
    query::all(client, include_str!("artifact/known.sql"), &[&organization.0, &repository, &digests]).await
}

/// The tags that point to this manifest.
pub async fn tags_at(
    client: &ReadClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
    digest: &Digest,
) -> Result<Vec<TagRow>, QueryError> {
    let (repository, digest) = (repository.as_str(), digest.as_str());
    query::all(client, include_str!("artifact/tags_at.sql"), &[&organization.0, &repository, &digest]).await
}

/// A release that can be deployed or published and names this manifest, or an index that lists it at any depth.
pub async fn pin(
    client: &ReadClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
    digest: &Digest,
) -> Result<Option<Pin>, QueryError> {
    let (repository, digest) = (repository.as_str(), digest.as_str());
    query::find(client, include_str!("artifact/pin.sql"), &[&organization.0, &repository, &digest]).await
}

/// An index of the repository that lists this manifest.
pub async fn index_of(
    client: &ReadClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
    digest: &Digest,
) -> Result<Option<Digest>, QueryError> {
    let (repository, digest) = (repository.as_str(), digest.as_str());
    query::find(client, include_str!("artifact/index_of.sql"), &[&organization.0, &repository, &digest]).await
}

/// What these manifests list, each part once.
pub async fn parts(
    client: &ReadClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
    indexes: &[Digest],
) -> Result<Vec<Digest>, QueryError> {
    let indexes: Vec<&str> = indexes.iter().map(Digest::as_str).collect();
    let repository = repository.as_str();
    query::all(client, include_str!("artifact/parts.sql"), &[&organization.0, &repository, &indexes]).await
}

/// What the index lists and the repository does not have, each once.
pub async fn absent_parts(
    client: &ReadClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
    index: &Digest,
) -> Result<Vec<Digest>, QueryError> {
    let (repository, index) = (repository.as_str(), index.as_str());
    query::all(client, include_str!("artifact/absent_parts.sql"), &[&organization.0, &repository, &index]).await
}

/// At most `limit` repositories that have anything after the path `last`, in byte order.
pub async fn catalog(
    client: &ReadClient,
    organization: OrganizationId,
    last: Option<&str>,
    limit: u32,
) -> Result<Vec<RepositoryPath>, QueryError> {
    let limit = i64::from(limit);
    query::all(client, include_str!("artifact/catalog.sql"), &[&organization.0, &last, &limit]).await
}
