//! From a compose file to a release's content: each image of this hub's registry is pinned to the digest that it has now.

use std::collections::BTreeMap;

use distr_domain::application::{Application, FeatureTags};
use distr_domain::ids::{ApplicationId, OrganizationId};
use distr_domain::names::{RepositoryPath, Slug};
use distr_domain::oci::{Digest, Reference};
use distr_domain::release::{ReleaseArtifact, ReleaseContent};
use distr_projections::{artifact, organization};
use serde::Deserialize;

use crate::error::ApiError;
use crate::hub::Hub;

const MAX_COMPOSE: usize = 1024 * 1024;
/// Stands for the registry's host in a compose file, so that the file does not have to name it.
const REGISTRY_VARIABLE: &str = "${DISTR_REGISTRY}";

#[derive(Deserialize)]
struct Compose {
    #[serde(default)]
    services: BTreeMap<String, Service>,
}

#[derive(Deserialize)]
struct Service {
    image: Option<String>,
    build: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    profiles: Vec<String>,
}

/// What an image reference names.
#[derive(Debug, PartialEq)]
enum Image<'a> {
    /// of this hub: the repository with its organization, and what of it
    Ours {
        organization: &'a str,
        path: &'a str,
        reference: &'a str,
    },
    Elsewhere {
        pinned: bool,
    },
}

pub async fn pin(
    hub: &Hub,
    organization: OrganizationId,
    application: ApplicationId,
    compose: String,
    notes: String,
) -> Result<ReleaseContent, ApiError> {
    if compose.len() > MAX_COMPOSE {
        return Err(invalid(format!("the compose file has {} bytes; use at most {MAX_COMPOSE}", compose.len())));
    }
    let parsed: Compose = serde_saphyr::from_str(&compose)
        .map_err(|error| invalid(format!("the compose file cannot be read: {error}")))?;
    let mut artifacts = vec![];
    for (name, service) in &parsed.services {
        artifacts.extend(pin_service(hub, organization, name, service).await?);
    }
    let feature_tags = super::load::<Application>(hub, application.0).await?.feature_tags;
    for artifact in &artifacts {
        check_feature(artifact, &feature_tags)?;
    }
    Ok(ReleaseContent { compose, artifacts, notes })
}

/// A tag that belongs to a feature runs in a service of that feature: else a customer without it would get a release that
/// it cannot pull.
fn check_feature(artifact: &ReleaseArtifact, feature_tags: &[FeatureTags]) -> Result<(), ApiError> {
    let Some(tag) = &artifact.tag else { return Ok(()) };
    let mut owners = feature_tags.iter().filter(|of| of.matches(&artifact.repository, tag)).map(|of| &of.feature);
    let Some(first) = owners.next() else { return Ok(()) };
    match artifact.feature.as_ref().is_some_and(|feature| feature == first || owners.any(|owner| owner == feature)) {
        true => Ok(()),
        false => Err(invalid(format!(
            "service {:?} runs {}:{tag}, which belongs to feature {first:?}; give the service the profile {first:?}",
            artifact.service,
            artifact.repository,
            first = first.as_str(),
        ))),
    }
}

async fn pin_service(
    hub: &Hub,
    organization: OrganizationId,
    service: &str,
    definition: &Service,
) -> Result<Option<ReleaseArtifact>, ApiError> {
    if definition.build.is_some() {
        return Err(invalid(format!("service {service:?} is built; push its image and name that instead")));
    }
    let Some(image) = &definition.image else {
        return Err(invalid(format!("service {service:?} has no image")));
    };
    let (repository, reference) = match parse(image, &hub.settings.registry_host) {
        Image::Elsewhere { pinned: true } => return Ok(None),
        Image::Elsewhere { pinned: false } => {
            return Err(invalid(format!(
                "service {service:?}: image {image:?} is in another registry and not pinned; add its @sha256:… digest, \
                 or push it to {} and name that",
                hub.settings.registry_host
            )));
        }
        Image::Ours { organization: owner, path, reference } => {
            check_owner(hub, organization, service, owner).await?;
            (path.parse::<RepositoryPath>()?, reference.parse::<Reference>()?)
        }
    };
    let digest = resolve(hub, organization, &repository, &reference).await?.ok_or_else(|| {
        invalid(format!("service {service:?}: image {image:?} is not in the registry; push it first"))
    })?;
    let feature = definition.profiles.first().map(|profile| profile.parse::<Slug>()).transpose()?;
    let tag = match reference {
        Reference::Tag(tag) => Some(tag),
        Reference::Digest(_) => None,
    };
    Ok(Some(ReleaseArtifact { service: service.to_owned(), repository, digest, tag, feature }))
}

async fn check_owner(hub: &Hub, organization: OrganizationId, service: &str, owner: &str) -> Result<(), ApiError> {
    let own = organization::find(&hub.read().await?, organization).await?;
    match own {
        Some(own) if own.name.as_str() == owner => Ok(()),
        own => {
            let own = own.map(|own| own.name.to_string()).unwrap_or_default();
            Err(invalid(format!("service {service:?}: repository {owner:?}/… is not yours; yours begin with {own:?}/")))
        }
    }
}

async fn resolve(
    hub: &Hub,
    organization: OrganizationId,
    repository: &RepositoryPath,
    reference: &Reference,
) -> Result<Option<Digest>, ApiError> {
    let client = hub.read().await?;
    Ok(match reference {
        Reference::Tag(tag) => artifact::find_tag(&client, organization, repository, tag).await?.map(|tag| tag.digest),
        Reference::Digest(digest) => {
            let manifest = artifact::find_manifest(&client, organization, repository, digest).await?;
            manifest.map(|manifest| manifest.digest)
        }
    })
}

fn parse<'a>(image: &'a str, registry_host: &str) -> Image<'a> {
    let ours = [registry_host, REGISTRY_VARIABLE];
    let rest = ours.iter().find_map(|host| image.strip_prefix(host)?.strip_prefix('/'));
    let Some((organization, rest)) = rest.and_then(|rest| rest.split_once('/')) else {
        return Image::Elsewhere { pinned: image.contains("@sha256:") || image.contains("@sha512:") };
    };
    // the digest wins over a tag that is named with it
    match rest.split_once('@') {
        Some((path, digest)) => {
            let path = path.split_once(':').map_or(path, |(path, _)| path);
            Image::Ours { organization, path, reference: digest }
        }
        None => {
            let (path, reference) = rest.split_once(':').unwrap_or((rest, "latest"));
            Image::Ours { organization, path, reference }
        }
    }
}

fn invalid(message: String) -> ApiError {
    ApiError::Rejected { code: "release.invalid_compose", message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours<'a>(path: &'a str, reference: &'a str) -> Image<'a> {
        Image::Ours { organization: "acme", path, reference }
    }

    #[test]
    fn images_of_this_registry_are_known_by_its_host_or_the_variable() {
        let host = "127.0.0.1:8080";
        assert_eq!(parse("127.0.0.1:8080/acme/hello:1.0.0", host), ours("hello", "1.0.0"));
        assert_eq!(parse("${DISTR_REGISTRY}/acme/a/b:1", host), ours("a/b", "1"));
        assert_eq!(parse("127.0.0.1:8080/acme/hello", host), ours("hello", "latest"));
        assert_eq!(parse("127.0.0.1:8080/acme/hello:1@sha256:ab", host), ours("hello", "sha256:ab"));
    }

    #[test]
    fn images_of_other_registries_are_pinned_or_not() {
        let host = "127.0.0.1:8080";
        assert_eq!(parse("postgres:17", host), Image::Elsewhere { pinned: false });
        assert_eq!(parse("postgres@sha256:ab", host), Image::Elsewhere { pinned: true });
        assert_eq!(parse("127.0.0.1:80/acme/hello:1", host), Image::Elsewhere { pinned: false });
    }
}
