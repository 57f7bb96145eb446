//! From a chart that was pushed, and what its author rendered of it, to a package of a release.

use std::collections::BTreeSet;

use distr_chart::archive::MAX_ARCHIVE;
use distr_chart::lock::FoundImage;
use distr_chart::{ChartContent, InvalidChart};
use distr_domain::names::Slug;
use distr_domain::oci::Descriptor;
use distr_domain::rejection::Rejection;
use distr_domain::release::{
    Chart, ChartLock, HelmPackage, LockedImage, MAX_LOCKED_IMAGES, MAX_LOCKED_KINDS, OwnImage, PackageKind,
    ReleaseImage, check_rules,
};
use distr_projections::artifact::{self, ManifestRow};

use super::{NotPinned, PinnedReference, own_name, pin_image};
use crate::auth::MemberCaller;
use crate::failure::Failure;
use crate::operations::attachments::{bytes, held_alone};
use crate::operations::publish::{HelmSource, Publishing};

/// What the manifests of charts consist of.
const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
const ARCHIVE: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// The service by which the images of a release name the chart itself.
const ITSELF: &str = "chart";

/// The package, and the images of this registry that it runs, the chart itself among them.
pub(super) async fn pin(
    publishing: Publishing<'_>,
    caller: &MemberCaller,
    source: HelmSource,
) -> Result<(HelmPackage, Vec<ReleaseImage>), Failure> {
    check_size(&source)?;
    let own = own_name(publishing, caller).await?;
    let reference = source.chart.strip_prefix("oci://").unwrap_or(&source.chart);
    let pinned = pin_image(publishing, (caller, &own), reference).await;
    let pinned = pinned.map_err(|refused| told(refused, &format!("chart {reference:?}")))?.ok_or_else(|| {
        invalid(format!(
            "chart {reference:?} is in another registry; push it to {}/{own} and name that",
            publishing.registry_host
        ))
    })?;
    let (content, archive) = read(publishing, caller, &pinned).await?;
    let known: BTreeSet<&Slug> = content.settings.features.keys().collect();
    let (mut images, mut locked) = (vec![of_chart(&pinned)], vec![]);
    for found in source.found.images {
        if let Some(feature) = found.features.iter().find(|feature| !known.contains(feature)) {
            return Err(invalid(format!(
                "image {:?} belongs to feature {feature}, which the chart's distr.yaml does not have",
                found.reference
            )));
        }
        let pinned = pin_image(publishing, (caller, &own), &found.reference).await;
        let image = || format!("{}: image {:?}", first_place(&found), found.reference);
        let pinned = pinned.map_err(|refused| told(refused, &image()))?;
        images.extend(pinned.iter().flat_map(|pinned| of_found(pinned, &found)));
        locked.push(lock(publishing.registry_host, pinned, found));
    }
    let lock = ChartLock {
        registry: publishing.registry_host.to_owned(),
        images: locked,
        kinds: source.found.kinds,
        rules: source.found.rules,
        cases: source.cases,
        tool: source.tool,
    };
    let chart = Chart {
        repository: pinned.repository,
        digest: pinned.digest,
        tag: pinned.tag,
        archive: archive.digest,
        size: archive.size,
        name: content.name,
        version: content.version,
        app_version: content.app_version,
        kube_version: content.kube_version,
        values: content.values,
        schema: content.schema,
    };
    Ok((HelmPackage { chart, settings: content.settings, lock }, images))
}

fn check_size(source: &HelmSource) -> Result<(), Failure> {
    let found = &source.found;
    for (what, count, most) in
        [("images", found.images.len(), MAX_LOCKED_IMAGES), ("kinds of objects", found.kinds.len(), MAX_LOCKED_KINDS)]
    {
        if count > most {
            return Err(invalid(format!("the chart has {count} {what}; use at most {most}")));
        }
    }
    check_rules(&found.rules).map_err(|error| invalid(error.to_string()))
}

/// What the chart says of itself, and its archive.
async fn read(
    publishing: Publishing<'_>,
    caller: &MemberCaller,
    pinned: &PinnedReference,
) -> Result<(ChartContent, Descriptor), Failure> {
    let PinnedReference { repository, digest, .. } = pinned;
    let manifest = {
        let client = publishing.models.client().await?;
        artifact::find_manifest(&client, caller.organization, repository, digest).await?
    };
    let manifest = manifest.ok_or_else(|| invalid(format!("{repository}@{digest} is in the registry no more")))?;
    let archive = archive_of(&manifest)
        .ok_or_else(|| invalid(format!("{repository}@{digest} is no chart; push one with `helm push`")))?
        .clone();
    if archive.size > MAX_ARCHIVE {
        return Err(invalid(InvalidChart::Large(archive.size).to_string()));
    }
    let is_held = held_alone(publishing.artifacts, &manifest, &archive.digest).await?;
    // before the bytes: they are in memory as long as they are read
    let _turn = publishing.chart_turns.take(caller.holder().group).await?;
    let content = match is_held {
        true => bytes(publishing.artifacts, &archive.digest, archive.size).await?,
        false => None,
    };
    let content = content.ok_or_else(|| {
        invalid(format!("the registry does not hold the archive of {repository}@{digest}; push it again"))
    })?;
    // away from the threads that serve others: it takes time
    let reading = tokio::task::spawn_blocking(move || ChartContent::read(&content));
    let content = reading.await.map_err(Failure::fault)?.map_err(|error| invalid(error.to_string()))?;
    Ok((content, archive))
}

/// The archive of a manifest that is one of a chart: a configuration and an archive, and perhaps a provenance.
pub(super) fn archive_of(manifest: &ManifestRow) -> Option<&Descriptor> {
    let of_type = |wanted: &str| manifest.blobs.iter().filter(|blob| blob.media_type == wanted).collect::<Vec<_>>();
    match (&of_type(CONFIG)[..], &of_type(ARCHIVE)[..]) {
        ([_], [archive]) => Some(archive),
        _ => None,
    }
}

fn of_chart(pinned: &PinnedReference) -> ReleaseImage {
    ReleaseImage {
        package: PackageKind::Helm,
        service: ITSELF.to_owned(),
        repository: pinned.repository.clone(),
        digest: pinned.digest.clone(),
        tag: pinned.tag.clone(),
        feature: None,
    }
}

/// Once for each feature that brings it, so that each of them gives the right to it.
fn of_found(pinned: &PinnedReference, found: &FoundImage) -> Vec<ReleaseImage> {
    let image = |feature| ReleaseImage { service: first_place(found), feature, ..of_chart(pinned) };
    match found.features.is_empty() {
        true => vec![image(None)],
        false => found.features.iter().cloned().map(Some).map(image).collect(),
    }
}

fn lock(registry_host: &str, pinned: Option<PinnedReference>, found: FoundImage) -> LockedImage {
    let own = found.reference.strip_prefix(registry_host).and_then(|rest| rest.strip_prefix('/'));
    LockedImage {
        reference: own.filter(|_| pinned.is_some()).unwrap_or(&found.reference).to_owned(),
        image: pinned.map(|PinnedReference { repository, digest, .. }| OwnImage { repository, digest }),
        found: found.found,
    }
}

fn first_place(found: &FoundImage) -> String {
    found.found.first().cloned().unwrap_or_else(|| found.reference.clone())
}

fn told(refused: NotPinned, beginning: &str) -> Failure {
    match refused {
        NotPinned::Refused(why) => invalid(format!("{beginning} {why}")),
        NotPinned::Failed(failure) => failure,
    }
}

/// A chart that no release can be made of, with the place and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct InvalidChartPackage(String);

impl Rejection for InvalidChartPackage {
    fn code(&self) -> &'static str {
        "release.invalid_chart"
    }
}

pub(super) fn invalid(reason: String) -> Failure {
    Failure::rejected(InvalidChartPackage(reason))
}
