//! From packages to a release's content: each image of this hub's registry is pinned to the digest that it has now.

mod chart;
mod platform;

use std::collections::BTreeSet;

use distr_compose::Runs;
use distr_domain::application::{Application, FeatureTags};
use distr_domain::compose_file::REGISTRY_VARIABLE;
use distr_domain::ids::{ApplicationId, OrganizationId};
use distr_domain::names::{RepositoryPath, Slug};
use distr_domain::oci::{Digest, Reference, Tag};
use distr_domain::rejection::Rejection;
use distr_domain::release::{ComposePackage, Package, PackageKind, ReleaseContent, ReleaseImage};
use distr_projections::{artifact, organization};

use super::compose::{Compose, Image, image as parse};
use super::publish::{PackageSource, Publishing, Source};
use crate::auth::MemberCaller;
use crate::failure::Failure;
use crate::models::ReadModels;

const MAX_COMPOSE: usize = 1024 * 1024;
/// Media types of configurations of containers, one of which is in the manifest of an image.
const IMAGE_CONFIGS: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];

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
    let mut pinned = vec![];
    for package in packages {
        let (package, of_package, more) = match package {
            PackageSource::Compose(compose) => {
                let (images, warnings) = pin_compose(publishing, caller, &compose).await?;
                (Package::Compose(compose), images, warnings)
            }
            PackageSource::Helm(source) => {
                let (package, images) = chart::pin(publishing, caller, source).await?;
                (Package::Helm(Box::new(package)), images, vec![])
            }
        };
        pinned.push(package);
        images.extend(of_package);
        warnings.extend(more);
    }
    let feature_tags = publishing.commands.load::<Application>(application.0).await?.feature_tags;
    for image in &images {
        check_feature(image, &feature_tags)?;
        check_kind(publishing.models, caller.organization, image).await?;
        warnings.extend(parts_that_lack(publishing.models, caller.organization, image).await?);
    }
    Ok(Pinned { content: ReleaseContent { packages: pinned, images, notes }, warnings })
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
    let own = own_name(publishing, caller).await?;
    let mut images = vec![];
    for (name, service) in &parsed.services {
        images.extend(pin_service(publishing, (caller, &own), name, service).await?);
    }
    let of_platforms = platform::warnings(publishing.artifacts, caller.organization, &parsed.services, &images).await?;
    Ok((images, parsed.warnings.into_iter().chain(of_platforms).collect()))
}

/// The name of the organization, with which its repositories begin.
async fn own_name(publishing: Publishing<'_>, caller: &MemberCaller) -> Result<Slug, Failure> {
    let own = organization::find(&*publishing.models.client().await?, caller.organization).await?;
    Ok(own.ok_or_else(|| Failure::not_found("organization", caller.organization))?.name)
}

/// A tag that belongs to a feature runs in a service of that feature: else a customer without it would get a release that
/// it cannot pull.
fn check_feature(image: &ReleaseImage, feature_tags: &[FeatureTags]) -> Result<(), Failure> {
    let Some(tag) = &image.tag else { return Ok(()) };
    let mut owners = feature_tags.iter().filter(|of| of.matches(&image.repository, tag)).map(|of| &of.feature);
    let Some(first) = owners.next() else { return Ok(()) };
    match image.feature.as_ref().is_some_and(|feature| feature == first || owners.any(|owner| owner == feature)) {
        true => Ok(()),
        false => {
            let (runs, first) = (format!("{} runs {}:{tag}", place(image), image.repository), first.as_str());
            Err(match image.package {
                PackageKind::Compose => invalid(format!(
                    "{runs}, which belongs to feature {first:?}; give the service the profile {first:?}"
                )),
                PackageKind::Helm => chart::invalid(format!(
                    "{runs}, which belongs to feature {first:?}; let the chart run it with that feature alone"
                )),
            })
        }
    }
}

async fn pin_service(
    publishing: Publishing<'_>,
    of: (&MemberCaller, &Slug),
    service: &str,
    definition: &Runs,
) -> Result<Option<ReleaseImage>, Failure> {
    let feature = feature(service, definition)?;
    let Some(image) = &definition.image else {
        return Err(invalid(format!("service {service:?} has no image")));
    };
    let pinned = pin_image(publishing, of, image).await.map_err(|refused| match refused {
        NotPinned::Refused(why) => invalid(format!("service {service:?}: image {image:?} {why}")),
        NotPinned::Failed(failure) => failure,
    })?;
    Ok(pinned.map(|PinnedReference { repository, digest, tag }| ReleaseImage {
        package: PackageKind::Compose,
        service: service.to_owned(),
        repository,
        digest,
        tag,
        feature,
    }))
}

/// What a reference to this registry names now.
struct PinnedReference {
    repository: RepositoryPath,
    digest: Digest,
    /// the tag that it named
    tag: Option<Tag>,
}

/// Why a reference is not pinned.
enum NotPinned {
    /// the end of a sentence that begins with the image
    Refused(String),
    Failed(Failure),
}

impl<F: Into<Failure>> From<F> for NotPinned {
    fn from(failure: F) -> Self {
        Self::Failed(failure.into())
    }
}

/// An image of this registry by its digest; nothing for one of another registry, which is pinned where it is named.
async fn pin_image(
    publishing: Publishing<'_>,
    (caller, own): (&MemberCaller, &Slug),
    image: &str,
) -> Result<Option<PinnedReference>, NotPinned> {
    let host = publishing.registry_host;
    let refused = |why: String| Err(NotPinned::Refused(why));
    let (repository, reference) = match parse(image, host) {
        Image::Elsewhere { pinned: true } => return Ok(None),
        Image::Elsewhere { pinned: false } => {
            return refused(format!(
                "is in another registry and not pinned; add its @sha256:… digest, or push it to {host} and name that"
            ));
        }
        Image::Alias { registry } => {
            return refused(format!(
                "is of {registry:?}, which may be this registry under another name; write {host} or {REGISTRY_VARIABLE} for it"
            ));
        }
        Image::Invalid(reason) => return refused(format!("cannot be pinned: {reason}")),
        Image::Ours { organization: owner, path, reference } => {
            if own.as_str() != owner {
                return refused(format!(
                    "is of repository {owner:?}/…, which is not yours; yours begin with \"{own}/\""
                ));
            }
            let repository = path.parse::<RepositoryPath>()?;
            // before the look: a token learns nothing of repositories that it is not for
            caller.check_repository(&repository)?;
            (repository, reference.parse::<Reference>()?)
        }
    };
    match resolve(publishing.models, caller.organization, &repository, &reference).await? {
        None => refused("is not in the registry; push it first".to_owned()),
        Some(digest) => {
            let tag = match reference {
                Reference::Tag(tag) => Some(tag),
                Reference::Digest(_) => None,
            };
            Ok(Some(PinnedReference { repository, digest, tag }))
        }
    }
}

/// Where an image runs, as the beginning of a sentence.
fn place(image: &ReleaseImage) -> String {
    match image.package {
        PackageKind::Compose => format!("service {:?}", image.service),
        PackageKind::Helm => image.service.clone(),
    }
}

/// The feature that a license must include for the service to run, whatever registry its image is of.
fn feature(service: &str, definition: &Runs) -> Result<Option<Slug>, Failure> {
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

/// What a service of a compose file runs is an image, and no chart or other artifact.
async fn check_kind(models: &ReadModels, organization: OrganizationId, image: &ReleaseImage) -> Result<(), Failure> {
    let ReleaseImage { repository, digest, .. } = image;
    let found = artifact::find_manifest(&*models.client().await?, organization, repository, digest).await?;
    let Some(manifest) = found.filter(|_| image.package == PackageKind::Compose) else { return Ok(()) };
    let is_image = manifest.blobs.iter().any(|blob| IMAGE_CONFIGS.contains(&blob.media_type.as_str()));
    let what = match chart::archive_of(&manifest) {
        _ if is_image || !manifest.children.is_empty() => return Ok(()),
        Some(_) => "a chart, which Helm installs; publish it with `distr release publish --chart`".to_owned(),
        None => {
            let kind = manifest.artifact_type.as_ref().unwrap_or(&manifest.media_type);
            format!("no image, but an artifact of type {kind:?}, which no container runs; name an image")
        }
    };
    Err(invalid(format!("{}: {repository}@{digest} is {what}", place(image))))
}

/// A warning if the index lists images that the registry does not have: hosts of their platforms cannot pull it. An index of
/// which nothing is there is refused.
async fn parts_that_lack(
    models: &ReadModels,
    organization: OrganizationId,
    image: &ReleaseImage,
) -> Result<Option<String>, Failure> {
    let ReleaseImage { repository, digest, .. } = image;
    let place = place(image);
    let client = models.client().await?;
    let manifest = artifact::find_manifest(&client, organization, repository, digest).await?;
    let listed = manifest.iter().flat_map(|manifest| &manifest.children).map(|child| &child.digest);
    let listed = BTreeSet::from_iter(listed).len();
    let lack = artifact::absent_parts(&client, organization, repository, digest).await?;
    match lack.len() {
        0 => Ok(None),
        all if all == listed => Err(invalid(format!(
            "{place}: {repository}@{digest} lists {all} images, and the registry has none of them; push it again"
        ))),
        some => Ok(Some(format!(
            "{place}: {repository}@{digest} lists {listed} images, and the registry lacks {some} of them: hosts of their \
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
    for image @ ReleaseImage { repository, digest, .. } in images {
        let reference = Reference::Digest(digest.clone());
        if resolve(publishing.models, organization, repository, &reference).await?.is_none() {
            return Err(invalid(format!(
                "{}: image {repository}@{digest} is in the registry no more; push it again, and draft the release anew",
                place(image)
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
