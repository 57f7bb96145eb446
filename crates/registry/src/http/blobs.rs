//! `GET` and `HEAD /v2/<name>/blobs/<digest>` (end-2). A repository serves a blob that one of its manifests names, or that was
//! just uploaded to it; a customer, what its licenses entitle it to.

use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_RANGES, CONTENT_RANGE, CONTENT_TYPE, ETAG};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use distr_domain::oci::Digest;

use crate::caller::Need;
use crate::error::OciError;
use crate::guard::{Object, Visit};
use crate::http::{measure_bytes, no_body};
use crate::licensed::Granted;
use crate::links;
use crate::range::{self, Requested};
use crate::registry::Registry;

pub(super) async fn head(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let (name, digest) = path.into_inner();
    let Found { digest, size, .. } = find(&request, &registry, &name, &digest, Need::Look).await?;
    Ok(described(StatusCode::OK, &digest).body(no_body(size)))
}

pub(super) async fn get(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let (name, digest) = path.into_inner();
    let Found { visit, digest, size, granted } = find(&request, &registry, &name, &digest, Need::Pull).await?;
    let header = request.headers().get(actix_web::http::header::RANGE).and_then(|range| range.to_str().ok());
    let (mut response, bytes) = match range::requested(header, size) {
        Requested::Whole => (described(StatusCode::OK, &digest), 0..size),
        Requested::Part(part) => {
            let mut response = described(StatusCode::PARTIAL_CONTENT, &digest);
            response.insert_header((CONTENT_RANGE, format!("bytes {}-{}/{size}", part.start, part.end - 1)));
            (response, part)
        }
        Requested::Unsatisfiable => return Err(OciError::RangeUnsatisfiable { size }),
    };
    let length = bytes.end - bytes.start;
    let stream = registry.blobs.read(&digest, bytes).await?;
    registry.record_grant(&visit, Some(&digest), granted.basis, &granted.rule).await?;
    measure_bytes("out", length);
    Ok(response.body(SizedStream::new(length, stream)))
}

struct Found {
    visit: Visit,
    digest: Digest,
    size: u64,
    granted: Granted,
}

/// The blob, if the caller may have it.
async fn find(
    request: &HttpRequest,
    registry: &Registry,
    name: &str,
    text: &str,
    need: Need,
) -> Result<Found, OciError> {
    let object = Object::Blob(text);
    let visit = registry.admit(request, name, object, need).await?;
    let digest: Digest = text.parse().map_err(|error| OciError::DigestInvalid(format!("{error}")))?;
    let client = registry.client().await?;
    let held = links::held(&client, &visit.name, std::slice::from_ref(&digest)).await?;
    if held.is_empty() {
        return Err(object.unknown(&visit.name));
    }
    let granted = registry.license_blob(&client, &visit, &digest).await?;
    let size = registry.blobs.size(&digest).await?.ok_or_else(|| object.unknown(&visit.name))?;
    Ok(Found { visit, digest, size, granted })
}

fn described(status: StatusCode, digest: &Digest) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((CONTENT_TYPE, "application/octet-stream"))
        .insert_header((ACCEPT_RANGES, "bytes"))
        .insert_header((ETAG, format!("\"{digest}\"")))
        .insert_header(("Docker-Content-Digest", digest.as_str()));
    response
}
