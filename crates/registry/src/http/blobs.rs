//! `GET`, `HEAD` (end-2) and `DELETE /v2/<name>/blobs/<digest>` (end-10). A repository serves a blob that was uploaded to it or
//! mounted there, whatever its manifests name; a customer gets of that what its licenses entitle it to.

use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_RANGE, CONTENT_TYPE, ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use distr_domain::oci::Digest;
use distr_projections::artifact;

use crate::caller::Need;
use crate::entitlements::Granted;
use crate::error::OciError;
use crate::http::{conditional, measure_bytes, no_body};
use crate::links;
use crate::name::RepositoryName;
use crate::pull::Pullable;
use crate::range::{self, Requested};
use crate::registry::Registry;
use crate::visit::{Object, Visit};

/// How long the bucket takes a URL that it was given out for; a download that began may take longer.
const REDIRECTED_FOR: Duration = Duration::from_secs(300);

pub(super) async fn head(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let (name, digest) = path.into_inner();
    let Blob { visit, digest, .. } = find(&request, &registry, &name, &digest, Need::Look).await?;
    // whoever hears that it is there does not send it
    let size = registry.blobs.size_of_whole(&digest).await?.ok_or_else(|| unknown(&visit, &digest))?;
    if conditional::is_known(&request, &digest) {
        return Ok(conditional::not_modified(&digest));
    }
    Ok(described(StatusCode::OK, &digest).body(no_body(size)))
}

pub(super) async fn get(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let (name, digest) = path.into_inner();
    let Blob { visit, digest, granted } = find(&request, &registry, &name, &digest, Need::Pull).await?;
    let opened = registry.blobs.open(&digest).await?.ok_or_else(|| unknown(&visit, &digest))?;
    let size = opened.size();
    if conditional::is_known(&request, &digest) {
        return Ok(conditional::not_modified(&digest));
    }
    let (mut response, bytes) = match range::requested(conditional::range(&request, &digest), size) {
        Requested::Whole => (described(StatusCode::OK, &digest), 0..size),
        Requested::Part(part) => {
            let mut response = described(StatusCode::PARTIAL_CONTENT, &digest);
            response.insert_header((CONTENT_RANGE, format!("bytes {}-{}/{size}", part.start, part.end - 1)));
            (response, part)
        }
        Requested::Unsatisfiable => return Err(OciError::RangeUnsatisfiable { size }),
    };
    if let Some(location) = elsewhere(&registry, &digest).await? {
        registry.recorder.grant(&visit, Some(&digest), granted.basis, &granted.rule).await?;
        return Ok(redirect(&digest, &location));
    }
    let length = bytes.end - bytes.start;
    let stream = opened.read(bytes).await?;
    registry.recorder.grant(&visit, Some(&digest), granted.basis, &granted.rule).await?;
    measure_bytes("out", length);
    Ok(response.body(SizedStream::new(length, stream)))
}

/// What the repository only holds goes at once; its bytes, when nobody else holds them either, with the next collection. What
/// a manifest names stays as long as the manifest.
pub(super) async fn delete(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let (name, text) = path.into_inner();
    let object = Object::Blob(&text);
    let visit = registry.admission.admit(&request, &name, object, Need::Delete).await?;
    let digest: Digest = text.parse().map_err(|error| OciError::DigestInvalid(format!("{error}")))?;
    let client = registry.pool.get().await?;
    let blobs = std::slice::from_ref(&digest);
    let (organization, path) = (visit.name.organization(), &visit.name.path);
    let held = links::held(&client, organization, path, blobs).await?;
    let named = artifact::referenced_blobs(&client, organization, path, blobs).await?;
    if !held.is_empty() && !named.is_empty() {
        return Err(OciError::BlobNamed { name: name.clone(), digest });
    }
    match links::remove(&client, &visit.name, &digest).await? {
        true => {
            registry.recorder.change(&visit, Some(&digest)).await?;
            Ok(HttpResponse::Accepted().finish())
        }
        false => Err(object.unknown(&visit.name)),
    }
}

struct Blob {
    visit: Visit,
    digest: Digest,
    granted: Granted,
}

/// The blob, if the caller may have it.
async fn find(
    request: &HttpRequest,
    registry: &Registry,
    name: &str,
    text: &str,
    need: Need,
) -> Result<Blob, OciError> {
    let object = Object::Blob(text);
    let digest = match text.parse::<Digest>() {
        Ok(digest) => digest,
        Err(error) => {
            registry.admission.admit(request, name, object, need).await?;
            return Err(OciError::DigestInvalid(format!("{error}")));
        }
    };
    let look_up = async |name: &RepositoryName, customer| registry.pulls.blob(name, digest.clone(), customer).await;
    let (visit, found) = registry.admission.admit_to_pull(request, name, (object, need), look_up).await?;
    let granted = registry.entitlements.grant(&visit, object, &digest, &found).await?;
    match found.pullable.is_there() {
        true => Ok(Blob { visit, digest, granted }),
        false => Err(object.unknown(&visit.name)),
    }
}

fn unknown(visit: &Visit, digest: &Digest) -> OciError {
    Object::Blob(digest.as_str()).unknown(&visit.name)
}

/// Where the client is sent, if the bytes are in a bucket and clients may be sent there.
async fn elsewhere(registry: &Registry, digest: &Digest) -> Result<Option<String>, OciError> {
    match registry.redirect_blobs {
        true => Ok(registry.blobs.location(digest, REDIRECTED_FOR).await?),
        false => Ok(None),
    }
}

/// A client asks there with the range that it asked for here.
fn redirect(digest: &Digest, location: &str) -> HttpResponse {
    HttpResponse::TemporaryRedirect()
        .insert_header((LOCATION, location))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("Docker-Content-Digest", digest.as_str()))
        .finish()
}

fn described(status: StatusCode, digest: &Digest) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((CONTENT_TYPE, "application/octet-stream"))
        .insert_header((ACCEPT_RANGES, "bytes"))
        .insert_header((ETAG, conditional::etag(digest)))
        .insert_header(("Docker-Content-Digest", digest.as_str()));
    response
}
