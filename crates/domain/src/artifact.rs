//! What the repositories of the registry hold. A manifest and a tag have each a stream of their own, so that a push costs the
//! same however old its repository is, and pushes of different things never meet. The bytes are elsewhere, stored and verified
//! before the fact.

pub mod manifest;
pub mod retention;
pub mod settings;
pub mod tag;

use serde::{Deserialize, Serialize};

use self::retention::Retention;
use crate::decider::DomainEvent;
use crate::names::{RepositoryPath, Slug};
use crate::oci::{Descriptor, Digest, Tag};
use crate::pattern::Pattern;
use crate::quota::Quota;
use crate::rejection::Rejection;
use crate::version::Version;

/// What the registry read from a manifest's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub digest: Digest,
    pub media_type: String,
    /// bytes of the manifest itself
    pub size: u64,
    /// config and layers
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blobs: Vec<Descriptor>,
    /// manifests that an index lists
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
}

/// Who may pull from a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// the vendor, and whom a license entitles
    #[default]
    Private,
    /// everybody, without signing in
    Public,
}

/// The events of all streams of the category. Each names its repository, so that what is read from them does not depend on
/// the stream that they are in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum ArtifactEvent {
    /// A manifest is in the repository.
    ManifestPushed { repository: RepositoryPath, manifest: Manifest },
    /// A tag leads to another manifest, or is new.
    TagMoved { repository: RepositoryPath, tag: Tag, digest: Digest },
    /// A tag is there no more; its manifest stays.
    TagDeleted {
        repository: RepositoryPath,
        tag: Tag,
        /// in the words of whoever deleted it; none if nobody was asked, as by retention
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A manifest is in the repository no more.
    ManifestDeleted {
        repository: RepositoryPath,
        digest: Digest,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Tags do not move once they are there, but for these.
    TagsMadeImmutable { repository: RepositoryPath, except: Vec<Pattern> },
    /// All tags of the repository may move again.
    TagsMadeMutable { repository: RepositoryPath },
    /// A rule by which manifests that nobody needs go.
    RetentionSet { repository: RepositoryPath, retention: Retention },
    /// Nothing goes by itself any more.
    RetentionCleared { repository: RepositoryPath },
    /// Who may pull without a credential.
    VisibilityChanged { repository: RepositoryPath, visibility: Visibility },
    /// The most bytes that the repository may hold.
    QuotaSet { repository: RepositoryPath, quota: Quota },
    /// The repository may hold as much as the organization.
    QuotaCleared { repository: RepositoryPath },
    /// Somebody deleted all that was in the repository: this, and nothing that comes later. Each tag and manifest says so
    /// itself when it is gone.
    RepositoryEmptied {
        repository: RepositoryPath,
        tags: Vec<TagAt>,
        /// an index before what it lists
        manifests: Vec<Digest>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// A tag and where it pointed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagAt {
    pub tag: Tag,
    pub digest: Digest,
}

impl DomainEvent for ArtifactEvent {}

/// A release that names a manifest, or an index that lists it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pin {
    pub application: Slug,
    pub version: Version,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArtifactRejection {
    #[error("tag \"{tag}\" is not in the repository")]
    TagUnknown { tag: Tag },
    #[error("manifest \"{digest}\" is not in the repository")]
    ManifestUnknown { digest: Digest },
    #[error("tag \"{tag}\" is immutable and stays at {at}")]
    TagImmutable { tag: Tag, at: Digest },
    #[error("release {} {} names it; revoke the release first", pin.application, pin.version)]
    Pinned { digest: Digest, pin: Pin },
    #[error("index {index} lists it; delete the index first")]
    Listed { digest: Digest, index: Digest },
}

impl Rejection for ArtifactRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::TagUnknown { .. } => "artifact.tag_unknown",
            Self::ManifestUnknown { .. } => "artifact.manifest_unknown",
            Self::TagImmutable { .. } => "artifact.tag_immutable",
            Self::Pinned { .. } => "artifact.pinned",
            Self::Listed { .. } => "artifact.listed",
        }
    }
}
