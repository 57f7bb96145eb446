//! `GET` and `HEAD /v2/<name>/manifests/<reference>` (end-3). A `GET` that brings bytes is a pull,
//! and is recorded as one.

use std::sync::LazyLock;

use actix_web::body::SizedStream;
use actix_web::http::header::{CONTENT_TYPE, ETAG};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use deadpool_postgres::Client;
use distr_domain::oci::{Digest, Reference};
use distr_projections::artifact::{self, ManifestRow};

use crate::caller::Need;
use crate::error::OciError;
use crate::guard::{Object, Visit};
use crate::http::{conditional, measure_bytes, no_body};
use crate::licensed::Granted;
use crate::registry::Registry;

pub(crate) async fn head(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let (name, reference) = path.into_inner();
    let (_, manifest, _) = find(&request, &registry, &name, &reference, Need::Look).await?;
    if conditional::is_known(&request, &manifest.digest) {
        return Ok(conditional::not_modified(&manifest.digest));
    }
    Ok(described(&manifest).body(no_body(manifest.size)))
}

pub(crate) async fn get(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let (name, reference) = path.into_inner();
    let (visit, manifest, granted) = find(&request, &registry, &name, &reference, Need::Pull).await?;
    if conditional::is_known(&request, &manifest.digest) {
        return Ok(conditional::not_modified(&manifest.digest));
    }
    let bytes = registry.blobs.read(&manifest.digest, 0..manifest.size).await?;
    registry.record_grant(&visit, Some(&manifest.digest), granted.basis, &granted.rule).await?;
    measure_bytes("out", manifest.size);
    Ok(described(&manifest).body(SizedStream::new(manifest.size, bytes)))
}

/// The manifest, if the caller may have it.
async fn find(
    request: &HttpRequest,
    registry: &Registry,
    name: &str,
    text: &str,
    need: Need,
) -> Result<(Visit, ManifestRow, Granted), OciError> {
    let object = Object::Manifest(text);
    let visit = registry.admit(request, name, object, need).await?;
    // what is no reference names no manifest
    let reference: Reference = text.parse().map_err(|_| object.unknown(&visit.name))?;
    let client = registry.client().await?;
    let digest = digest_of(&client, &visit, &reference).await?;
    let manifest = artifact::find_manifest(&client, visit.name.organization(), &visit.name.path, &digest).await?;
    // asked of what is not there, too: a customer is not to tell it from what is not its own, not even by the time
    let granted = registry.license_manifest(&client, &visit, text, &digest, manifest.is_some()).await?;
    let manifest = manifest.ok_or_else(|| object.unknown(&visit.name))?;
    Ok((visit, manifest, granted))
}

/// Of a tag that is not there, a digest that nothing has.
async fn digest_of(client: &Client, visit: &Visit, reference: &Reference) -> Result<Digest, OciError> {
    match reference {
        Reference::Digest(digest) => Ok(digest.clone()),
        Reference::Tag(tag) => {
            let tag = artifact::find_tag(client, visit.name.organization(), &visit.name.path, tag).await?;
            Ok(tag.map_or_else(|| NOTHING.clone(), |tag| tag.digest))
        }
    }
}

static NOTHING: LazyLock<Digest> =
    LazyLock::new(|| format!("sha256:{}", "0".repeat(64)).parse().expect("a digest of zeros"));

fn described(manifest: &ManifestRow) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, manifest.media_type.as_str()))
        .insert_header((ETAG, conditional::etag(&manifest.digest)))
        .insert_header(("Docker-Content-Digest", manifest.digest.as_str()));
    response
}
