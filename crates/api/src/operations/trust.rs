//! "Only signed by these keys": asked of each release when it is published, promoted and deployed.

use distr_domain::application::Application;
use distr_domain::ids::{ApplicationId, OrganizationId};
use distr_domain::names::Slug;
use distr_domain::oci::Digest;
use distr_domain::rejection::Rejection;
use distr_domain::release::{HelmPackage, Package, PackageKind, Release, ReleaseImage};
use distr_domain::trust::{
    ImageSignature, ReleaseSignature, ReleaseTrust, SignedLayer, SignedParts, SigningPolicy, TrustedKey,
};
use distr_domain::version::Version;
use distr_projections::organization;
use distr_projections::release::ReleaseRow;
use distr_signature::{
    Claim, PublicKey, ReleaseStatement, ReleaseUnverified, SignedChart, Unverified, verify, verify_release,
};

use super::attachments;
use super::attachments::search::{Searched, search};
use crate::commands::Commands;
use crate::failure::{Failure, OperationError};
use crate::models::{Artifacts, ReadModels};

const MAX_KEYS: usize = 20;
const MAX_PEM: usize = 8 * 1024;

/// Why a signing policy does not let a release through.
#[derive(Debug, thiserror::Error)]
pub enum TrustRejection {
    #[error(
        "release {application} {version} may not be released: {reason}; the signing policy requires that: publish it with \
         --sign KEY, or add a signature with `distr release sign`"
    )]
    Unsigned { application: Slug, version: Version, reason: ReleaseUnverified },
    #[error("service \"{service}\": image {image} may not be released: {nearest}{}", elsewhere(*searched))]
    UnverifiedImage { service: String, image: String, nearest: Unverified, searched: Searched },
}

pub type TrustError = OperationError<TrustRejection>;

impl Rejection for TrustRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::Unsigned { .. } => "release.unsigned",
            Self::UnverifiedImage { .. } => "release.unverified_image",
        }
    }
}

fn elsewhere(searched: Searched) -> &'static str {
    match searched {
        Searched::Found | Searched::Nowhere => "",
        Searched::NotInSome => {
            "; more is attached to it that may be a signature than is looked at, which is the oldest and the newest of at most \
             1 MiB each: sign the image again right before it is released, or attach the signature with a tag, as \
             `cosign sign` of cosign 2 does"
        }
    }
}

/// A release, as far as signatures go.
pub struct Subject<'a> {
    pub organization: OrganizationId,
    pub application: &'a Slug,
    pub version: &'a Version,
    pub packages: &'a [Package],
    pub images: &'a [ReleaseImage],
    pub signatures: &'a [ReleaseSignature],
    /// what it was published with
    pub published: Option<&'a ReleaseTrust>,
}

/// A policy of keys that can be used. What it does not say stays as it is; the first one requires everything.
pub fn policy(
    keys: Vec<TrustedKey>,
    requires: Option<SignedParts>,
    before: &SigningPolicy,
) -> Result<SigningPolicy, Failure> {
    if keys.len() > MAX_KEYS {
        return Err(Failure::BadInput(format!("{} keys are too many; use at most {MAX_KEYS}", keys.len())));
    }
    if let Some(key) = keys.iter().find(|key| key.pem.len() > MAX_PEM) {
        return Err(Failure::BadInput(format!("key \"{}\" has more than {MAX_PEM} bytes", key.name)));
    }
    public_keys(&keys)?;
    let kept = if before.is_in_force() { before.requires } else { SignedParts::ImagesAndRelease };
    Ok(SigningPolicy { keys, requires: requires.unwrap_or(kept) })
}

pub fn public_keys(keys: &[TrustedKey]) -> Result<Vec<PublicKey>, Failure> {
    let keys: Result<_, _> = keys.iter().map(PublicKey::parse).collect();
    keys.map_err(|error| Failure::BadInput(error.to_string()))
}

/// What a draft is published with; nothing if its application trusts everything.
pub async fn of_draft(
    commands: &Commands,
    artifacts: &Artifacts,
    (organization, application): (OrganizationId, ApplicationId),
    release: &Release,
) -> Result<Option<ReleaseTrust>, Failure> {
    let (owner, version) = match (commands.load::<Application>(application.0).await?, &release.version) {
        (owner @ Application { name: Some(_), .. }, Some(version)) if owner.signing_policy.is_in_force() => {
            (owner, version)
        }
        _ => return Ok(None),
    };
    let subject = subject(organization, &owner, version, release);
    Ok(Some(verify_all(artifacts, &owner.signing_policy, &subject).await?))
}

/// Whether a published release is signed as the policy of this moment demands, which may be stricter than that of its
/// publishing.
pub async fn check_usable(
    commands: &Commands,
    artifacts: &Artifacts,
    (organization, application): (OrganizationId, ApplicationId),
    version: &Version,
    release: &Release,
) -> Result<(), TrustError> {
    let owner = commands.load::<Application>(application.0).await?;
    if owner.name.is_none() || !owner.signing_policy.is_in_force() || release.version.is_none() {
        return Ok(());
    }
    let subject = subject(organization, &owner, version, release);
    in_force(artifacts, &owner.signing_policy, &subject).await.map(|_| ())
}

fn subject<'a>(
    organization: OrganizationId,
    owner: &'a Application,
    version: &'a Version,
    release: &'a Release,
) -> Subject<'a> {
    Subject {
        organization,
        application: owner.name.as_ref().expect("the caller looked"),
        version,
        packages: &release.content.packages,
        images: &release.content.images,
        signatures: &release.signatures,
        published: release.trust.as_ref(),
    }
}

/// What agents verify a release with: the keys of this moment, or those of its publishing if there are none now. One that is
/// not signed as it should be goes out with the keys alone: its agents say why they do not run it.
pub async fn for_agents(
    artifacts: &Artifacts,
    policy: &SigningPolicy,
    application: &Slug,
    row: &ReleaseRow,
) -> Result<Option<ReleaseTrust>, Failure> {
    let subject = Subject {
        organization: row.organization,
        application,
        version: &row.version,
        packages: &row.packages,
        images: &row.images,
        signatures: &row.signatures,
        published: row.trust.as_ref(),
    };
    match in_force(artifacts, policy, &subject).await {
        Err(OperationError::Rejected(_)) => {
            let signatures = row.trust.as_ref().map(|trust| trust.signatures.clone()).unwrap_or_default();
            Ok(Some(ReleaseTrust { keys: policy.keys.clone(), signatures, requires: policy.requires }))
        }
        verified => Ok(verified?),
    }
}

async fn in_force(
    artifacts: &Artifacts,
    policy: &SigningPolicy,
    subject: &Subject<'_>,
) -> Result<Option<ReleaseTrust>, TrustError> {
    let is_same = |trust: &&ReleaseTrust| trust.keys == policy.keys && trust.requires == policy.requires;
    match subject.published {
        published if !policy.is_in_force() => Ok(published.cloned()),
        Some(published) if is_same(&published) => Ok(Some(published.clone())),
        _ => verify_all(artifacts, policy, subject).await.map(Some),
    }
}

async fn verify_all(
    artifacts: &Artifacts,
    policy: &SigningPolicy,
    subject: &Subject<'_>,
) -> Result<ReleaseTrust, TrustError> {
    let SigningPolicy { keys, requires } = policy.clone();
    let public = public_keys(&keys)?;
    if requires.release() {
        verify_whole(artifacts, subject, &public).await?;
    }
    let mut signatures: Vec<ImageSignature> = vec![];
    for image in subject.images.iter().filter(|_| requires.images()) {
        let is_known =
            |known: &ImageSignature| (&known.repository, &known.digest) == (&image.repository, &image.digest);
        if !signatures.iter().any(is_known) {
            signatures.push(signature(artifacts, subject, image, &public).await?);
        }
    }
    Ok(ReleaseTrust { keys, signatures, requires })
}

async fn verify_whole(artifacts: &Artifacts, subject: &Subject<'_>, keys: &[PublicKey]) -> Result<(), TrustError> {
    let layers: Vec<SignedLayer> = subject.signatures.iter().map(|signature| signature.layer.clone()).collect();
    match verify_release(&statement(&artifacts.models, subject).await?, &layers, keys) {
        Ok(_) => Ok(()),
        Err(reason) => {
            let (application, version) = (subject.application.clone(), subject.version.clone());
            Err(OperationError::Rejected(TrustRejection::Unsigned { application, version, reason }))
        }
    }
}

/// What a signature of the release as a whole has to say.
pub async fn statement(models: &ReadModels, subject: &Subject<'_>) -> Result<ReleaseStatement, Failure> {
    let organization = organization::find(&*models.client().await?, subject.organization).await?;
    let organization = organization.ok_or_else(|| Failure::not_found("organization", subject.organization))?.name;
    let in_compose = subject.images.iter().filter(|image| image.package == PackageKind::Compose);
    let services = in_compose
        .map(|image| (image.service.clone(), format!("{organization}/{}", image.repository), image.digest.clone()));
    let names = (&organization, subject.application, subject.version);
    let chart = Package::helm(subject.packages).map(|HelmPackage { chart, lock, settings }| {
        SignedChart::of(&format!("{organization}/{}", chart.repository), &chart.digest, lock, settings)
    });
    match (Package::compose(subject.packages), chart) {
        (Some(compose), chart) => {
            let statement = ReleaseStatement::new(names, &compose.file, services).with_files(&compose.files);
            Ok(chart.into_iter().fold(statement, ReleaseStatement::with_chart))
        }
        (None, Some(chart)) => Ok(ReleaseStatement::of_chart(names, chart)),
        (None, None) => Err(Failure::not_found("package", subject.version)),
    }
}

async fn signature(
    artifacts: &Artifacts,
    subject: &Subject<'_>,
    image: &ReleaseImage,
    keys: &[PublicKey],
) -> Result<ImageSignature, TrustError> {
    let ReleaseImage { service, repository, digest, .. } = image;
    let (mut found, mut nearest) = (None, Unverified::Unsigned);
    let mut look = |layers: Vec<SignedLayer>| {
        match signed_by(digest, layers, keys) {
            Ok(signed) => found = Some(signed),
            Err(reason) => nearest = nearest.clone().or_nearer(reason),
        }
        found.is_some()
    };
    // what was verified once is not lost with what is attached
    let published = subject.published.and_then(|trust| trust.signature_of(repository, digest));
    let image = attachments::Subject { organization: subject.organization, repository, digest };
    let searched = match look(published.map(|signature| signature.layer.clone()).into_iter().collect()) {
        true => Searched::Found,
        false => search(artifacts, image, look).await?,
    };
    if let Some((key, layer)) = found {
        return Ok(ImageSignature { repository: repository.clone(), digest: digest.clone(), key, layer });
    }
    Err(OperationError::Rejected(TrustRejection::UnverifiedImage {
        service: service.clone(),
        image: format!("{repository}@{digest}"),
        nearest,
        searched,
    }))
}

/// The name of the key that signed the image, and the layer that says so.
fn signed_by(image: &Digest, layers: Vec<SignedLayer>, keys: &[PublicKey]) -> Result<(Slug, SignedLayer), Unverified> {
    let (layers, claims): (Vec<_>, Vec<_>) =
        layers.into_iter().filter_map(|layer| Claim::read(&layer).map(|claim| (layer, claim))).unzip();
    let (key, index) = verify(image, &claims, keys)?;
    Ok((key.name.clone(), layers.into_iter().nth(index).expect("a layer for each claim")))
}
