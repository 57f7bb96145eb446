//! Packages of a release: what a runtime installs.

use async_graphql::{Enum, InputObject, Object, OneofObject, SimpleObject, Union};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use distr_domain::release as domain;

use super::chart::{HelmPackage, HelmPackageInput};
use crate::failure::Failure;
use crate::graphql::scalar::BigInt;
use crate::operations::publish::PackageSource;

/// The kind of a package: what installs it.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::PackageKind")]
pub enum PackageKind {
    /// A compose file, which `docker compose` installs on a Docker host.
    Compose,
    /// A chart, which Helm installs on a Kubernetes cluster.
    Helm,
}

/// A package of a release: what one runtime installs. A target takes the package of its runtime.
#[derive(Union)]
pub(in crate::graphql) enum Package {
    Compose(ComposePackage),
    Helm(HelmPackage),
}

/// A package that `docker compose` installs on a Docker host.
#[derive(SimpleObject)]
pub(in crate::graphql) struct ComposePackage {
    /// The compose file in YAML, as it was given.
    #[graphql(complexity = 500)]
    file: String,
    /// The files that the release ships beside it.
    #[graphql(complexity = "20 + 20 * child_complexity")]
    files: Vec<PackageFile>,
}

/// A file that a release ships beside its compose file. Containers see it read-only.
pub(in crate::graphql) struct PackageFile(domain::PackageFile);

/// A file that a release ships beside its compose file. Containers see it read-only.
#[Object]
impl PackageFile {
    /// The path beside the compose file, with `/` between its parts.
    async fn path(&self) -> &str {
        self.0.path.as_str()
    }

    /// Whether the file may be run.
    async fn executable(&self) -> bool {
        self.0.executable
    }

    /// The size in bytes.
    async fn bytes(&self) -> BigInt {
        (self.0.content.bytes().len() as u64).into()
    }

    /// The content, in base64.
    #[graphql(complexity = 25)]
    async fn content(&self) -> String {
        BASE64_STANDARD.encode(self.0.content.bytes())
    }
}

/// A package of a draft, of one kind.
#[derive(OneofObject)]
pub(in crate::graphql) enum PackageInput {
    /// A package for Docker hosts.
    Compose(ComposePackageInput),
    /// A package for Kubernetes clusters.
    Helm(HelmPackageInput),
}

/// A package for Docker hosts.
#[derive(InputObject)]
pub(in crate::graphql) struct ComposePackageInput {
    /// The compose file in YAML, of up to 1 MiB.
    file: String,
    /// The files that the compose file names, at most 200 and of up to 1 MiB together; none if left out.
    #[graphql(default)]
    files: Vec<PackageFileInput>,
}

/// A file that lies beside the compose file.
#[derive(InputObject)]
pub(in crate::graphql) struct PackageFileInput {
    /// The path beside the compose file, of at most 200 characters, with `/` between its parts and without `..`.
    path: String,
    /// The content, in base64.
    content: String,
    /// Whether the file may be run.
    #[graphql(default)]
    executable: bool,
}

impl From<domain::Package> for Package {
    fn from(package: domain::Package) -> Self {
        match package {
            domain::Package::Compose(compose) => Self::Compose(ComposePackage {
                file: compose.file,
                files: compose.files.into_iter().map(PackageFile).collect(),
            }),
            domain::Package::Helm(package) => Self::Helm(HelmPackage::from(package)),
        }
    }
}

impl TryFrom<PackageInput> for PackageSource {
    type Error = Failure;

    fn try_from(input: PackageInput) -> Result<Self, Failure> {
        match input {
            PackageInput::Compose(ComposePackageInput { file, files }) => {
                let files = files.into_iter().map(domain::PackageFile::try_from).collect::<Result<_, _>>()?;
                Ok(Self::Compose(domain::ComposePackage { file, files }))
            }
            PackageInput::Helm(input) => Ok(Self::Helm(input.try_into()?)),
        }
    }
}

impl TryFrom<PackageFileInput> for domain::PackageFile {
    type Error = Failure;

    fn try_from(PackageFileInput { path, content, executable }: PackageFileInput) -> Result<Self, Failure> {
        let bytes = BASE64_STANDARD.decode(content);
        let bytes =
            bytes.map_err(|error| Failure::BadInput(format!("file {path:?}: its content is no base64: {error}")))?;
        Ok(Self { path: path.parse::<domain::FilePath>()?, content: bytes.into(), executable })
    }
}
