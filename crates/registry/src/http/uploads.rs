//! `/v2/<name>/blobs/uploads/…`: how bytes come in. Each step in its file; here is what they share.

mod append;
mod finish;
mod start;
mod status;

pub(super) use append::append;
pub(super) use finish::finish;
pub(super) use start::start;
pub(super) use status::{cancel, status};

use actix_web::http::StatusCode;
use actix_web::http::header::{LOCATION, RANGE};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use distr_domain::oci::{Algorithm, Digest};
use futures_util::StreamExt;
use uuid::Uuid;

use crate::blobs::{FinishError, ResumeError, UploadKey, Writing};
use crate::caller::Need;
use crate::error::OciError;
use crate::guard::{Object, Visit};
use crate::http::{measure_bytes, parameter};
use crate::links;
use crate::name::RepositoryName;
use crate::range;
use crate::registry::Registry;

/// An upload that its caller may go on with.
struct Session {
    visit: Visit,
    key: UploadKey,
}

impl Session {
    async fn admit(
        request: &HttpRequest,
        registry: &Registry,
        path: web::Path<(String, String)>,
    ) -> Result<Self, OciError> {
        let (name, id) = path.into_inner();
        let visit = registry.admit(request, &name, Object::Repository, Need::Push).await?;
        let id: Uuid = id.parse().map_err(|_| OciError::UploadUnknown)?;
        let key = UploadKey { artifact: visit.name.artifact(), id };
        Ok(Self { visit, key })
    }

    async fn resume(&self, registry: &Registry, algorithm: Algorithm) -> Result<Box<dyn Writing>, OciError> {
        registry.blobs.resume(self.key, algorithm).await.map_err(|error| match error {
            ResumeError::Unknown => OciError::UploadUnknown,
            ResumeError::Busy => OciError::UploadBusy,
            ResumeError::Fault(fault) => fault.into(),
        })
    }
}

/// Writes the request's body, which must be what its `Content-Range` says, if it has one. What arrived before a body broke
/// off stays, for the client to go on from.
async fn receive(
    mut writing: Box<dyn Writing>,
    request: &HttpRequest,
    mut body: web::Payload,
    location: &str,
) -> Result<Box<dyn Writing>, OciError> {
    let begin = writing.offset();
    let expected = expected_length(request, begin, location)?;
    while let Some(part) = body.next().await {
        match part {
            Ok(bytes) => {
                measure_bytes("in", bytes.len() as u64);
                writing.write(bytes).await?
            }
            Err(error) => {
                writing.pause().await?;
                return Err(OciError::UploadInvalid(format!("the body broke off: {error}")));
            }
        }
    }
    let received = writing.offset() - begin;
    match expected {
        Some(length) if length != received => {
            writing.pause().await?;
            let message = format!("the chunk has {received} bytes, and its Content-Range says {length}");
            Err(OciError::UploadInvalid(message))
        }
        _ => Ok(writing),
    }
}

/// The length of a chunk that says where it belongs.
fn expected_length(request: &HttpRequest, offset: u64, location: &str) -> Result<Option<u64>, OciError> {
    let Some(header) = request.headers().get(actix_web::http::header::CONTENT_RANGE) else {
        return Ok(None);
    };
    let chunk = header.to_str().ok().and_then(range::chunk);
    let chunk = chunk.ok_or_else(|| OciError::UploadInvalid("Content-Range must be <first>-<last>".to_owned()))?;
    match chunk.start == offset {
        true => Ok(Some(chunk.end - chunk.start)),
        false => Err(OciError::UploadOutOfOrder { location: location.to_owned(), offset }),
    }
}

/// Makes the upload a blob that the repository holds.
async fn complete(
    registry: &Registry,
    name: &RepositoryName,
    writing: Box<dyn Writing>,
    digest: &Digest,
) -> Result<HttpResponse, OciError> {
    writing.finish(digest).await.map_err(|error| match error {
        FinishError::WrongDigest { actual } => {
            OciError::DigestInvalid(format!("the blob has the digest {actual}, not {digest}"))
        }
        FinishError::Unknown => OciError::UploadUnknown,
        FinishError::Fault(fault) => fault.into(),
    })?;
    hold(registry, name, digest).await
}

/// Links a blob that is in the store to the repository.
async fn hold(registry: &Registry, name: &RepositoryName, digest: &Digest) -> Result<HttpResponse, OciError> {
    let mut client = registry.client().await?;
    if !links::hold(&mut client, registry.blobs.as_ref(), name, digest, registry.now()).await? {
        return Err(OciError::Collected);
    }
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/v2/{name}/blobs/{digest}")))
        .insert_header(("Docker-Content-Digest", digest.as_str()))
        .finish())
}

/// Where the upload goes on.
fn location(name: &RepositoryName, id: Uuid) -> String {
    format!("/v2/{name}/blobs/uploads/{id}")
}

fn progress(status: StatusCode, name: &RepositoryName, id: Uuid, offset: u64) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((LOCATION, location(name, id)))
        .insert_header((RANGE, format!("0-{}", offset.saturating_sub(1))))
        .insert_header(("Docker-Upload-UUID", id.to_string()));
    response
}

/// The digest that a parameter names.
fn digest(request: &HttpRequest, name: &str) -> Result<Option<Digest>, OciError> {
    let text = parameter(request, name);
    text.map(|text| text.parse().map_err(|error| OciError::DigestInvalid(format!("{error}")))).transpose()
}
