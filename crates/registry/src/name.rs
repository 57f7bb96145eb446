//! A repository's name on the wire: `<organization>/<path>`. The organization is the first part, always.

use std::fmt;
use std::str::FromStr;

use distr_domain::ids::{ArtifactId, OrganizationId};
use distr_domain::names::{InvalidName, RepositoryPath, Slug};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RepositoryName {
    pub(crate) slug: Slug,
    pub(crate) path: RepositoryPath,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidRepositoryName {
    #[error("repository name {0:?} is not valid: use <organization>/<path>")]
    NoPath(String),
    #[error(transparent)]
    Part(#[from] InvalidName),
}

impl RepositoryName {
    pub(crate) fn organization(&self) -> OrganizationId {
        OrganizationId::of(&self.slug)
    }

    pub(crate) fn artifact(&self) -> ArtifactId {
        ArtifactId::of(self.organization(), &self.path)
    }
}

impl FromStr for RepositoryName {
    type Err = InvalidRepositoryName;

    fn from_str(text: &str) -> Result<Self, InvalidRepositoryName> {
        let no_path = || InvalidRepositoryName::NoPath(text.chars().take(80).collect());
        let (slug, path) = text.split_once('/').ok_or_else(no_path)?;
        Ok(Self { slug: slug.parse()?, path: path.parse()? })
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.slug, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_part_is_the_organization() {
        let name: RepositoryName = "acme/tools/hello".parse().unwrap();
        assert_eq!((name.slug.as_str(), name.path.as_str()), ("acme", "tools/hello"));
        assert_eq!(name.to_string(), "acme/tools/hello");
        for bad in ["", "acme", "acme/", "/hello", "Acme/hello", "acme/Hello", "acme//hello", "ac.me/hello"] {
            assert!(bad.parse::<RepositoryName>().is_err(), "{bad}");
        }
    }
}
