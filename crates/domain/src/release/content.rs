//! The content of a release: a package for each runtime that it can be installed on, and the images that the packages run. A target
//! takes the package of its runtime; entitlement, trust and audits read the images alone.

use serde::{Deserialize, Serialize};

use super::file::PackageFile;
use super::helm::HelmPackage;
use crate::names::{RepositoryPath, Slug};
use crate::oci::{Digest, Tag};

/// The content of a release. The default has no package: it is the content of a release that was never drafted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "StoredContent", into = "StoredContent")]
pub struct ReleaseContent {
    /// at most one of each kind
    pub packages: Vec<Package>,
    pub images: Vec<ReleaseImage>,
    pub notes: String,
}

/// A part of a release that one runtime installs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Package {
    Compose(ComposePackage),
    Helm(Box<HelmPackage>),
}

impl Package {
    /// The package that `docker compose` installs, if it is among these.
    pub fn compose(packages: &[Self]) -> Option<&ComposePackage> {
        packages.iter().find_map(|package| match package {
            Self::Compose(package) => Some(package),
            Self::Helm(_) => None,
        })
    }

    /// The package that Helm installs, if it is among these.
    pub fn helm(packages: &[Self]) -> Option<&HelmPackage> {
        packages.iter().find_map(|package| match package {
            Self::Helm(package) => Some(&**package),
            Self::Compose(_) => None,
        })
    }

    pub fn kind(&self) -> PackageKind {
        match self {
            Self::Compose(_) => PackageKind::Compose,
            Self::Helm(_) => PackageKind::Helm,
        }
    }
}

/// The kind of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackageKind {
    Compose,
    Helm,
}

impl PackageKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compose => "compose",
            Self::Helm => "helm",
        }
    }
}

/// A package that `docker compose` installs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ComposePackage {
    /// the vendor's compose file in YAML, byte for byte
    pub file: String,
    /// the files that it names, each once
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<PackageFile>,
}

/// An image of this registry that a package runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseImage {
    pub package: PackageKind,
    /// what runs it: the service of the compose file; of a chart, the first object, as `Deployment/web/nginx`, or `chart` for itself
    pub service: String,
    pub repository: RepositoryPath,
    pub digest: Digest,
    /// the tag that the digest was read from, for people
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
    /// the feature that a license must include to pull the image: the compose profile of the service, the feature of the chart
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<Slug>,
}

impl ReleaseContent {
    /// The package that `docker compose` installs, if there is one.
    pub fn compose(&self) -> Option<&ComposePackage> {
        Package::compose(&self.packages)
    }

    /// The first kind of which there are several packages.
    pub(super) fn repeated_kind(&self) -> Option<PackageKind> {
        let mut kinds = self.packages.iter().map(Package::kind).enumerate();
        kinds
            .find(|(index, kind)| self.packages[..*index].iter().any(|before| before.kind() == *kind))
            .map(|(_, kind)| kind)
    }
}

/// The content as events hold it: in the oldest shape that can say it, so that hubs of the last version read it too.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum StoredContent {
    /// Schema version 1: one compose file and its images.
    ComposeFile { compose: String, artifacts: Vec<ComposeImage>, notes: String },
    /// Schema version 2, and with a chart 3.
    Packages { packages: Vec<Package>, images: Vec<ReleaseImage>, notes: String },
}

#[derive(Serialize, Deserialize)]
struct ComposeImage {
    service: String,
    repository: RepositoryPath,
    digest: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tag: Option<Tag>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    feature: Option<Slug>,
}

impl ReleaseContent {
    /// The schema version of an event that holds the content.
    pub(super) fn schema_version(&self) -> u16 {
        match () {
            () if self.is_compose_file() => 1,
            () if Package::helm(&self.packages).is_none() => 2,
            // hubs that know no charts leave it to newer ones
            () => 3,
        }
    }

    fn is_compose_file(&self) -> bool {
        matches!(&self.packages[..], [Package::Compose(ComposePackage { file: _, files })] if files.is_empty())
    }
}

impl From<StoredContent> for ReleaseContent {
    fn from(stored: StoredContent) -> Self {
        match stored {
            StoredContent::ComposeFile { compose, artifacts, notes } => Self {
                packages: vec![Package::Compose(ComposePackage { file: compose, files: vec![] })],
                images: artifacts.into_iter().map(ReleaseImage::from).collect(),
                notes,
            },
            StoredContent::Packages { packages, images, notes } => Self { packages, images, notes },
        }
    }
}

impl From<ReleaseContent> for StoredContent {
    fn from(content: ReleaseContent) -> Self {
        let is_compose_file = content.is_compose_file();
        let ReleaseContent { mut packages, images, notes } = content;
        match packages.pop() {
            Some(Package::Compose(ComposePackage { file, files: _ })) if is_compose_file => {
                let artifacts = images.into_iter().map(ComposeImage::from).collect();
                Self::ComposeFile { compose: file, artifacts, notes }
            }
            last => {
                packages.extend(last);
                Self::Packages { packages, images, notes }
            }
        }
    }
}

impl From<ComposeImage> for ReleaseImage {
    fn from(image: ComposeImage) -> Self {
        let ComposeImage { service, repository, digest, tag, feature } = image;
        Self { package: PackageKind::Compose, service, repository, digest, tag, feature }
    }
}

impl From<ReleaseImage> for ComposeImage {
    fn from(image: ReleaseImage) -> Self {
        let ReleaseImage { package: _, service, repository, digest, tag, feature } = image;
        Self { service, repository, digest, tag, feature }
    }
}
