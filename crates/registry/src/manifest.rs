//! Reads a manifest's bytes: OCI image manifests and indexes, Docker's version 2 schema 2, and whatever has their shape under
//! another media type. What two readers could take for different things is refused (CVE-2021-41190), and so is what a strict
//! reader of the image specification could not decode.

// the fuzz targets include this file by its path
#[path = "manifest/shape.rs"]
mod shape;

use distr_domain::artifact::Manifest;
use distr_domain::oci::{Descriptor, Digest};
use serde::Deserialize;

/// As the distribution specification suggests.
pub(crate) const LIMIT: usize = 4 * 1024 * 1024;
/// Blobs and manifests that one may name. Docker builds images of 127 layers at most.
const MOST_NAMED: usize = 4096;

const INDEXES: [&str; 2] =
    ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];
const IMAGES: [&str; 2] =
    ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];

/// Withdrawn before version 1.1 of the specification, and still pushed by older clients. It has no version, and its blobs may be
/// left out.
const ARTIFACT: &str = "application/vnd.oci.artifact.manifest.v1+json";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    /// which artifact manifests do not have
    schema_version: Option<u64>,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<WireDescriptor>,
    layers: Option<Vec<WireDescriptor>>,
    /// of the OCI artifact manifest, which was withdrawn before 1.1 but is still pushed by older clients
    blobs: Option<Vec<WireDescriptor>>,
    manifests: Option<Vec<WireDescriptor>>,
    subject: Option<WireDescriptor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDescriptor {
    media_type: Option<String>,
    digest: Digest,
    size: u64,
    /// where the bytes are, when they may not be distributed
    urls: Option<Vec<String>>,
    /// the bytes themselves, in base64
    data: Option<String>,
}

/// Why it is not taken.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct InvalidManifest(String);

/// What a manifest says, and which of its blobs must be there.
#[derive(Debug, PartialEq)]
pub(crate) struct Parsed {
    pub(crate) manifest: Manifest,
    /// all but the layers that may stay elsewhere
    pub(crate) needed: Vec<Digest>,
    /// what descriptors bring with them: the digest, and the bytes in base64
    pub(crate) embedded: Vec<(Digest, String)>,
}

/// Whether clients can decode it. Of what was stored before each field was checked, it is asked again.
pub(crate) fn is_well_formed(bytes: &[u8]) -> bool {
    shape::check(bytes).is_ok()
}

/// Reads the manifest that has this digest. `content_type`: of the request, without parameters.
pub(crate) fn parse(bytes: &[u8], digest: Digest, content_type: Option<&str>) -> Result<Parsed, InvalidManifest> {
    shape::check(bytes).map_err(|error| invalid(error.to_string()))?;
    let wire: Wire = serde_json::from_slice(bytes).map_err(|error| invalid(error.to_string()))?;
    let named = wire.descriptors().count();
    if named > MOST_NAMED {
        return Err(invalid(format!("it names {named} blobs and manifests, and at most {MOST_NAMED} are taken")));
    }
    let media_type = media_type(&wire, content_type)?;
    match wire.schema_version {
        Some(2) => {}
        None if media_type == ARTIFACT => {}
        Some(other) => return Err(invalid(format!("schemaVersion is {other}, and only 2 is taken"))),
        None => return Err(invalid("$.schemaVersion is missing; only 2 is taken".to_owned())),
    }
    let is_index = shape(&wire, &media_type)?;
    let embedded = wire.descriptors().filter_map(|part| Some((part.digest.clone(), part.data.clone()?))).collect();
    let artifact_type = wire.artifact_type.filter(|text| !text.is_empty());
    let of_config = wire.config.as_ref().and_then(|config| config.media_type.clone());
    let parts: Vec<WireDescriptor> = wire
        .config
        .into_iter()
        .chain(wire.layers.into_iter().flatten())
        .chain(wire.blobs.into_iter().flatten())
        .collect();
    let needed = parts.iter().filter(|part| !part.may_stay_elsewhere()).map(|part| part.digest.clone()).collect();
    let manifest = Manifest {
        digest,
        media_type,
        size: bytes.len() as u64,
        blobs: parts.into_iter().map(WireDescriptor::descriptor).collect(),
        children: wire.manifests.into_iter().flatten().map(WireDescriptor::descriptor).collect(),
        subject: wire.subject.map(|subject| subject.digest),
        // as a list of referrers shows it: an image's is its config's media type, if it names none itself
        artifact_type: artifact_type.or(of_config.filter(|text| !is_index && !text.is_empty())),
    };
    Ok(Parsed { manifest, needed, embedded })
}

/// The manifest and the request must not contradict each other.
fn media_type(wire: &Wire, content_type: Option<&str>) -> Result<String, InvalidManifest> {
    let media_type = match (wire.media_type.as_deref(), content_type) {
        (Some(inside), Some(outside)) if inside != outside => {
            return Err(invalid(format!("mediaType is {inside:?} and the request's Content-Type is {outside:?}")));
        }
        (Some(media_type), _) | (None, Some(media_type)) => media_type,
        (None, None) => return Err(invalid("neither mediaType nor Content-Type says what it is".to_owned())),
    };
    let valid = media_type.len() <= 255 && media_type.bytes().all(|byte| byte.is_ascii_graphic());
    match valid {
        true => Ok(media_type.to_owned()),
        false => Err(invalid(format!("media type {media_type:?} is not one"))),
    }
}

/// Whether it is an index. It must be exactly one of index, image and artifact, and what its media type says.
fn shape(wire: &Wire, media_type: &str) -> Result<bool, InvalidManifest> {
    let is_index = match (&wire.manifests, &wire.config, &wire.layers, &wire.blobs) {
        (Some(_), None, None, None) => true,
        (None, Some(_), Some(_), None) | (None, None, None, Some(_)) => false,
        (None, None, None, None) if media_type == ARTIFACT => false,
        _ => return Err(invalid("it must have either manifests, or config and layers, or blobs".to_owned())),
    };
    let contradicts = if is_index { IMAGES.contains(&media_type) } else { INDEXES.contains(&media_type) };
    match contradicts {
        true => Err(invalid(format!("it has not the shape of {media_type:?}"))),
        false => Ok(is_index),
    }
}

impl Wire {
    fn descriptors(&self) -> impl Iterator<Item = &WireDescriptor> {
        let lists = [&self.layers, &self.blobs, &self.manifests].into_iter().flatten().flatten();
        self.config.iter().chain(lists).chain(&self.subject)
    }
}

impl WireDescriptor {
    fn may_stay_elsewhere(&self) -> bool {
        let kind = self.media_type.as_deref().unwrap_or_default();
        let has_urls = self.urls.as_ref().is_some_and(|urls| !urls.is_empty());
        has_urls && (kind.contains("nondistributable") || kind.contains(".foreign."))
    }

    fn descriptor(self) -> Descriptor {
        Descriptor { digest: self.digest, size: self.size, media_type: self.media_type.unwrap_or_default() }
    }
}

fn invalid(reason: String) -> InvalidManifest {
    InvalidManifest(reason)
}

#[cfg(test)]
mod tests;
