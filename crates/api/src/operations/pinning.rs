//! From packages to a release's content: each image of this hub's registry is pinned to the digest that it has now.

use std::collections::BTreeSet;

use distr_domain::application::{Application, FeatureTags};
use distr_domain::compose_file::REGISTRY_VARIABLE;
use distr_domain::ids::{ApplicationId, OrganizationId};
use distr_domain::names::{RepositoryPath, Slug};
use distr_domain::oci::{Digest, Reference};
use distr_domain::rejection::Rejection;
use distr_domain::release::{ComposePackage, Package, PackageKind, ReleaseContent, ReleaseImage};
use distr_projections::{artifact, organization};

use super::compose::{Compose, Image, Service, image as parse};
use super::publish::{Publishing, Source};
use crate::auth::MemberCaller;
use crate::failure::Failure;
use crate::models::ReadModels;

const MAX_COMPOSE: usize = 1024 * 1024;
const MAX_SERVICES: usize = 200;

/// The content of a draft, and warnings for its author.
pub(super) struct Pinned {
    pub(super) content: ReleaseContent,
    /// sentences with their places
    pub(super) warnings: Vec<String>,
}

pub(super) async fn pin(
    publishing: Publishing<'_>,
    caller: &MemberCaller,
    application: ApplicationId,
    Source { packages, notes }: Source,
) -> Result<Pinned, Failure> {
    let (mut images, mut warnings) = (vec![], vec![]);
    for package in &packages {
        let (of_package, more) = match package {
            Package::Compose(compose) => pin_compose(publishing, caller, compose).await?,
        };
        images.extend(of_package);
        warnings.extend(more);
    }
    let feature_tags = publishing.commands.load::<Application>(application.0).await?.feature_tags;
    for image in &images {
        check_feature(image, &feature_tags)?;
        warnings.extend(parts_that_lack(publishing.models, caller.organization, image).await?);
    }
    Ok(Pinned { content: ReleaseContent { packages, images, notes }, warnings })
}

async fn pin_compose(
    publishing: Publishing<'_>,
    caller: &MemberCaller,
    package: &ComposePackage,
) -> Result<(Vec<ReleaseImage>, Vec<String>), Failure> {
    if package.file.len() > MAX_COMPOSE {
        return Err(invalid(format!("the compose file has {} bytes; use at most {MAX_COMPOSE}", package.file.len())));
    }
    // away from the threads that serve others: it takes time and stack
    let reading = tokio::task::spawn_blocking({
        let package = package.clone();
        move || Compose::read(&package)
    });
    let parsed = reading.await.map_err(Failure::fault)?;
    let parsed = parsed.map_err(|error| invalid(error.to_string()))?;
    if parsed.services.len() > MAX_SERVICES {
        let many = parsed.services.len();
        return Err(invalid(format!("the compose file has {many} services; use at most {MAX_SERVICES}")));
    }
    let own = organization::find(&*publishing.models.client().await?, caller.organization).await?;
    let own = own.ok_or_else(|| Failure::not_found("organization", caller.organization))?.name;
    let mut images = vec![];
    for (name, service) in &parsed.services {
        images.extend(pin_service(publishing, (caller, &own), name, service).await?);
    }
    Ok((images, parsed.warnings))
}

/// A tag that belongs to a feature runs in a service of that feature: else a customer without it would get a release that
/// it cannot pull.
fn check_feature(image: &ReleaseImage, feature_tags: &[FeatureTags]) -> Result<(), Failure> {
    let Some(tag) = &image.tag else { return Ok(()) };
    let mut owners = feature_tags.iter().filter(|of| of.matches(&image.repository, tag)).map(|of| &of.feature);
    let Some(first) = owners.next() else { return Ok(()) };
    match image.feature.as_ref().is_some_and(|feature| feature == first || owners.any(|owner| owner == feature)) {
        true => Ok(()),
        false => Err(invalid(format!(
            "service {:?} runs {}:{tag}, which belongs to feature {first:?}; give the service the profile {first:?}",
            image.service,
            image.repository,
            first = first.as_str(),
        ))),
    }
}

async fn pin_service(
    publishing: Publishing<'_>,
    (caller, own): (&MemberCaller, &Slug),
    service: &str,
    definition: &Service,
) -> Result<Option<ReleaseImage>, Failure> {
    let feature = feature(service, definition)?;
    let Some(image) = &definition.image else {
        return Err(invalid(format!("service {service:?} has no image")));
    };
    let organization = caller.organization;
    let (repository, reference) = match parse(image, publishing.registry_host) {
        Image::Elsewhere { pinned: true } => return Ok(None),
        Image::Elsewhere { pinned: false } => {
            return Err(invalid(format!(
                "service {service:?}: image {image:?} is in another registry and not pinned; add its @sha256:… digest, \
                 or push it to {} and name that",
                publishing.registry_host
            )));
        }
        Image::Alias { registry } => {
            return Err(invalid(format!(
                "service {service:?}: image {image:?} is of {registry:?}, which may be this registry under another name; \
                 write {} or {REGISTRY_VARIABLE} for it",
                publishing.registry_host
            )));
        }
        Image::Invalid(reason) => {
            return Err(invalid(format!("service {service:?}: image {image:?} cannot be pinned: {reason}")));
        }
        Image::Ours { organization: owner, path, reference } => {
            if own.as_str() != owner {
                return Err(invalid(format!(
                    "service {service:?}: repository {owner:?}/… is not yours; yours begin with \"{own}/\""
                )));
            }
            let repository = path.parse::<RepositoryPath>()?;
            // before the look: a token learns nothing of repositories that it is not for
            caller.check_repository(&repository)?;
            (repository, reference.parse::<Reference>()?)
        }
    };
    let digest = resolve(publishing.models, organization, &repository, &reference).await?.ok_or_else(|| {
        invalid(format!("service {service:?}: image {image:?} is not in the registry; push it first"))
    })?;
    let tag = match reference {
        Reference::Tag(tag) => Some(tag),
        Reference::Digest(_) => None,
    };
    Ok(Some(ReleaseImage {
        package: PackageKind::Compose,
        service: service.to_owned(),
        repository,
        digest,
        tag,
        feature,
    }))
}

/// The feature that a license must include for the service to run, whatever registry its image is of.
fn feature(service: &str, definition: &Service) -> Result<Option<Slug>, Failure> {
    match &definition.profiles[..] {
        [] => Ok(None),
        [profile] => match profile.parse() {
            Ok(feature) => Ok(Some(feature)),
            Err(_) => Err(invalid(format!(
                "service {service:?} has the profile {profile:?}, which is no name of a feature: use lower case letters, digits \
                 and \"-\""
            ))),
        },
        [first, second, ..] => Err(invalid(format!(
            "service {service:?} has the profiles {first:?} and {second:?}; a profile is the feature that a license must include \
             for the service to run: give the service one"
        ))),
    }
}

/// A warning if the index lists images that the registry does not have: hosts of their platforms cannot pull it. An index of
/// which nothing is there is refused.
async fn parts_that_lack(
    models: &ReadModels,
    organization: OrganizationId,
    image: &ReleaseImage,
) -> Result<Option<String>, Failure> {
    let ReleaseImage { service, repository, digest, .. } = image;
    let client = models.client().await?;
    let manifest = artifact::find_manifest(&client, organization, repository, digest).await?;
    let listed = manifest.iter().flat_map(|manifest| &manifest.children).map(|child| &child.digest);
    let listed = BTreeSet::from_iter(listed).len();
    let lack = artifact::absent_parts(&client, organization, repository, digest).await?;
    match lack.len() {
        0 => Ok(None),
        all if all == listed => Err(invalid(format!(
            "service {service:?}: {repository}@{digest} lists {all} images, and the registry has none of them; push it again"
        ))),
        some => Ok(Some(format!(
            "service {service:?}: {repository}@{digest} lists {listed} images, and the registry lacks {some} of them: hosts of their \
             platforms cannot pull it"
        ))),
    }
}

async fn resolve(
    models: &ReadModels,
    organization: OrganizationId,
    repository: &RepositoryPath,
    reference: &Reference,
) -> Result<Option<Digest>, Failure> {
    let client = models.client().await?;
    Ok(match reference {
        Reference::Tag(tag) => artifact::find_tag(&client, organization, repository, tag).await?.map(|tag| tag.digest),
        Reference::Digest(digest) => {
            let manifest = artifact::find_manifest(&client, organization, repository, digest).await?;
            manifest.map(|manifest| manifest.digest)
        }
    })
}

/// Whether a draft may still be published: the registry has all its images, and features open what they opened.
pub(super) async fn check_again(
    publishing: Publishing<'_>,
    (organization, application): (OrganizationId, ApplicationId),
    images: &[ReleaseImage],
) -> Result<(), Failure> {
    let feature_tags = publishing.commands.load::<Application>(application.0).await?.feature_tags;
    for image in images {
        check_feature(image, &feature_tags)?;
    }
    for ReleaseImage { service, repository, digest, .. } in images {
        let reference = Reference::Digest(digest.clone());
        if resolve(publishing.models, organization, repository, &reference).await?.is_none() {
            return Err(invalid(format!(
                "service {service:?}: image {repository}@{digest} is in the registry no more; push it again, and draft the release anew"
            )));
        }
    }
    Ok(())
}

/// A compose file that no release can be made of, with the service and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct InvalidCompose(String);

impl Rejection for InvalidCompose {
    fn code(&self) -> &'static str {
        "release.invalid_compose"
    }
}

fn invalid(reason: String) -> Failure {
    Failure::rejected(InvalidCompose(reason))
}
