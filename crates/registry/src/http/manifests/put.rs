//! `PUT /v2/<name>/manifests/<reference>[?tag=…]` (end-7): the bytes are stored, then the fact is appended, then the read models show
//! it, then the 201 leaves.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use actix_web::http::header::{CONTENT_TYPE, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use deadpool_postgres::Client;
use distr_domain::oci::{Algorithm, Digest, Reference, Tag};
use distr_projections::artifact;
use futures_util::StreamExt;
use tokio::time::timeout;

use super::change::{changing, refused};
use crate::blobs::digest_of;
use crate::caller::Need;
use crate::error::OciError;
use crate::http::capacity;
use crate::links;
use crate::manifest::{self, LIMIT, Parsed};
use crate::query::parameters;
use crate::registry::Registry;
use crate::visit::{Object, Visit};

/// Each tag is a stream of events of its own, and a header of the answer, of which clients take about a hundred.
const MOST_TAGS: usize = 50;
/// The whole of a manifest comes within this time.
const WITHIN: Duration = Duration::from_secs(120);

pub(crate) async fn put(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    body: web::Payload,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let (name, text) = path.into_inner();
    let admit = || registry.admission.admit(&request, &name, Object::Manifest(&text), Need::Push);
    admit().await?;
    let reference = text.parse().map_err(|error| OciError::ManifestInvalid(format!("{error}")))?;
    let bytes = timeout(WITHIN, collect(body)).await;
    let bytes = bytes.map_err(|_| OciError::ManifestInvalid("the body takes too long".to_owned()))??;
    // it may have come slowly, and the right to push may have ended meanwhile
    let visit = admit().await?;
    let parsed = read(&request, &reference, &bytes)?;
    let tags = tags(&request, &reference)?;
    let mut client = registry.pool.get().await?;
    check_parts(&registry, &mut client, &visit, &parsed).await?;
    check_embedded(&parsed)?;
    let Parsed { manifest, .. } = parsed;
    let (digest, subject) = (manifest.digest.clone(), manifest.subject.clone());
    // whoever waits for the read models keeps no connection from them
    drop(client);
    let quotas = registry.quotas.of(&visit.name).await?;
    capacity::check_quotas(&registry, &visit, &quotas, Some(&digest), bytes.len() as u64).await?;
    capacity::check_disk(&registry, &visit, registry.disk.check_manifest(bytes.len() as u64)).await?;
    registry.blobs.put(&digest, bytes).await?;
    capacity::hold(&registry, &visit, &quotas, &digest, None).await?;
    if let Err(error) = changing(&registry, &visit).push(manifest, &tags).await {
        return Err(refused(&registry, &visit, error).await);
    }
    registry.recorder.change(&visit, Some(&digest)).await?;
    let mut response = HttpResponse::Created();
    response
        .insert_header((LOCATION, format!("/v2/{}/manifests/{digest}", visit.name)))
        .insert_header(("Docker-Content-Digest", digest.as_str()));
    if let Some(subject) = subject {
        response.insert_header(("OCI-Subject", subject.as_str()));
    }
    for tag in tags {
        response.append_header(("OCI-Tag", tag.as_str()));
    }
    Ok(response.finish())
}

/// The tag that the path names, or those that the parameters `tag` name beside a digest.
fn tags(request: &HttpRequest, reference: &Reference) -> Result<Vec<Tag>, OciError> {
    let named: Vec<String> =
        parameters(request).into_iter().filter(|(key, _)| key == "tag").map(|(_, tag)| tag).collect();
    if named.len() > MOST_TAGS {
        let message = format!("the request names {} tags, and at most {MOST_TAGS} are taken at once", named.len());
        return Err(OciError::ManifestInvalid(message));
    }
    let mut tags: Vec<Tag> = match reference {
        Reference::Tag(tag) => vec![tag.clone()],
        Reference::Digest(_) => named
            .into_iter()
            .map(|tag| tag.parse())
            .collect::<Result<_, _>>()
            .map_err(|error| OciError::ManifestInvalid(format!("{error}")))?,
    };
    let mut seen = HashSet::new();
    tags.retain(|tag| seen.insert(tag.clone()));
    Ok(tags)
}

async fn collect(mut body: web::Payload) -> Result<Bytes, OciError> {
    let mut bytes = BytesMut::new();
    while let Some(part) = body.next().await {
        let part = part.map_err(|error| OciError::ManifestInvalid(format!("the body broke off: {error}")))?;
        if bytes.len() + part.len() > LIMIT {
            return Err(OciError::ManifestTooLarge { limit: LIMIT });
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes.freeze())
}

fn read(request: &HttpRequest, reference: &Reference, bytes: &[u8]) -> Result<Parsed, OciError> {
    let digest = match reference {
        Reference::Tag(_) => digest_of(Algorithm::Sha256, bytes),
        Reference::Digest(named) => matching(named, bytes)?,
    };
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|header| header.to_str().ok());
    let content_type = content_type.and_then(|header| header.split(';').next()).map(str::trim);
    let parsed = manifest::parse(bytes, digest, content_type.filter(|text| !text.is_empty()));
    parsed.map_err(|error| OciError::ManifestInvalid(error.to_string()))
}

fn matching(named: &Digest, bytes: &[u8]) -> Result<Digest, OciError> {
    let digest = digest_of(named.algorithm(), bytes);
    match digest == *named {
        true => Ok(digest),
        false => Err(OciError::DigestInvalid(format!("the manifest has the digest {digest}, not {named}"))),
    }
}

/// The repository must hold every blob and every manifest of an index, and the store must have the blobs, as large as the manifest
/// says; so must the manifests be. A subject may come later, or never.
async fn check_parts(registry: &Registry, client: &mut Client, visit: &Visit, parsed: &Parsed) -> Result<(), OciError> {
    let claimed =
        links::claim(client, registry.blobs.as_ref(), &visit.name, &parsed.needed, (registry.clock)()).await?;
    let children: Vec<Digest> = parsed.manifest.children.iter().map(|child| child.digest.clone()).collect();
    let (organization, path) = (visit.name.organization(), &visit.name.path);
    let known: BTreeMap<Digest, u64> =
        artifact::known_manifests(client, organization, path, &children).await?.into_iter().collect();
    let blobs = parsed.needed.iter().filter(|digest| !claimed.contains_key(digest));
    let missing: BTreeSet<&Digest> = blobs.chain(children.iter().filter(|child| !known.contains_key(child))).collect();
    if !missing.is_empty() {
        return Err(OciError::ManifestBlobUnknown { missing: missing.into_iter().cloned().collect() });
    }
    let blobs = parsed.manifest.blobs.iter().filter_map(|blob| Some(("blob", blob, claimed.get(&blob.digest)?)));
    let children =
        parsed.manifest.children.iter().filter_map(|child| Some(("manifest", child, known.get(&child.digest)?)));
    match blobs.chain(children).find(|(_, part, size)| part.size != **size) {
        None => Ok(()),
        Some((kind, part, size)) => {
            let message = format!("it says that {kind} {} has {} bytes, and it has {size}", part.digest, part.size);
            Err(OciError::ManifestInvalid(message))
        }
    }
}

/// What the manifest brings with it, too, must be what it says.
fn check_embedded(parsed: &Parsed) -> Result<(), OciError> {
    let is_wrong = |(digest, data): &&(Digest, String)| {
        let bytes = STANDARD.decode(data);
        !bytes.is_ok_and(|bytes| digest_of(digest.algorithm(), &bytes) == *digest)
    };
    match parsed.embedded.iter().find(is_wrong) {
        None => Ok(()),
        Some((digest, _)) => Err(OciError::ManifestInvalid(format!(
            "the data of the descriptor of {digest} is not what has this digest"
        ))),
    }
}
