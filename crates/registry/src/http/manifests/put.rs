//! `PUT /v2/<name>/manifests/<reference>` (end-7): the bytes are stored, then the fact is appended, then the read models show
//! it, then the 201 leaves.

use actix_web::http::header::{CONTENT_TYPE, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::{Bytes, BytesMut};
use distr_domain::artifact::ArtifactCommand;
use distr_domain::oci::{Algorithm, Digest, Reference};
use futures_util::StreamExt;

use super::change::change;
use crate::blobs::digest_of;
use crate::caller::{Need, Right};
use crate::error::OciError;
use crate::guard::{Object, Visit};
use crate::links;
use crate::manifest::{self, LIMIT, Parsed};
use crate::registry::Registry;

pub(crate) async fn put(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    body: web::Payload,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let (name, text) = path.into_inner();
    let visit = registry.admit(&request, &name, Object::Manifest(&text), Need::Push).await?;
    let reference = text.parse().map_err(|error| OciError::ManifestInvalid(format!("{error}")))?;
    let bytes = collect(body).await?;
    let parsed = read(&request, &reference, &bytes)?;
    check_blobs(&registry, &visit, &parsed).await?;
    let Parsed { manifest, .. } = parsed;
    let (digest, subject) = (manifest.digest.clone(), manifest.subject.clone());
    registry.blobs.put(&digest, bytes).await?;
    let tag = match reference {
        Reference::Tag(tag) => Some(tag),
        Reference::Digest(_) => None,
    };
    let repository = visit.name.path.clone();
    change(&registry, &visit, ArtifactCommand::Push { repository, manifest, tag }).await?;
    if let Right::Whole { rule } = &visit.right {
        registry.record_grant(&visit, Some(&digest), None, rule).await?;
    }
    let mut response = HttpResponse::Created();
    response
        .insert_header((LOCATION, format!("/v2/{}/manifests/{digest}", visit.name)))
        .insert_header(("Docker-Content-Digest", digest.as_str()));
    if let Some(subject) = subject {
        response.insert_header(("OCI-Subject", subject.as_str()));
    }
    Ok(response.finish())
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
    manifest::parse(bytes, digest, content_type.filter(|text| !text.is_empty()))
}

fn matching(named: &Digest, bytes: &[u8]) -> Result<Digest, OciError> {
    let digest = digest_of(named.algorithm(), bytes);
    match digest == *named {
        true => Ok(digest),
        false => Err(OciError::DigestInvalid(format!("the manifest has the digest {digest}, not {named}"))),
    }
}

/// The repository must hold every blob, and the store must have it.
async fn check_blobs(registry: &Registry, visit: &Visit, parsed: &Parsed) -> Result<(), OciError> {
    let held = links::held(&registry.client().await?, &visit.name, &parsed.needed).await?;
    let mut missing = Vec::new();
    for digest in &parsed.needed {
        let is_there = held.contains(digest) && registry.blobs.size(digest).await?.is_some();
        if !is_there && !missing.contains(digest) {
            missing.push(digest.clone());
        }
    }
    match missing.is_empty() {
        true => Ok(()),
        false => Err(OciError::ManifestBlobUnknown { missing }),
    }
}
