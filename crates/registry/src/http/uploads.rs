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

    /// Where the upload goes on.
    fn location(&self) -> String {
        location(&self.visit.name, self.key.id)
    }
}

/// Writes the request's body, which must be what its `Content-Range` says, if it has one. What arrived before a body broke
/// off stays, for the client to go on from. Of what does not fit into a quota nothing stays: no more than fits is written, and
/// the rest of the body is read, so that its client reads the refusal. `digest`: what the blob will have, if that is known.
async fn receive(
    session: &Session,
    registry: &Registry,
    mut writing: Box<dyn Writing>,
    request: &HttpRequest,
    mut body: web::Payload,
    digest: Option<&Digest>,
) -> Result<Box<dyn Writing>, OciError> {
    let begin = writing.offset();
    let expected = expected_length(request, begin, &session.location())?;
    let mut room = Room::of(session, registry, digest);
    let mut refusal = room.check(begin + announced(request)).await.err();
    while let Some(part) = body.next().await {
        match part {
            Ok(_) if refusal.is_some() => {}
            Ok(bytes) => {
                measure_bytes("in", bytes.len() as u64);
                refusal = room.check(writing.offset() + bytes.len() as u64).await.err();
                if refusal.is_none() {
                    writing.write(bytes).await?;
                }
            }
            Err(_) if refusal.is_some() => break,
            Err(error) => {
                writing.pause().await?;
                return Err(OciError::UploadInvalid(format!("the body broke off: {error}")));
            }
        }
    }
    if let Some(refusal) = refusal {
        drop(writing);
        registry.blobs.cancel(session.key).await?;
        return Err(refusal);
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

/// How large the upload may become, as far as it was asked.
struct Room<'a> {
    session: &'a Session,
    registry: &'a Registry,
    digest: Option<&'a Digest>,
    /// nothing: it was not asked yet
    size: Option<u64>,
}

impl<'a> Room<'a> {
    fn of(session: &'a Session, registry: &'a Registry, digest: Option<&'a Digest>) -> Self {
        Self { session, registry, digest, size: None }
    }

    /// Whether an upload of this size fits.
    async fn check(&mut self, size: u64) -> Result<(), OciError> {
        if self.size.is_none_or(|known| size > known) {
            self.size = Some(self.registry.check_room(&self.session.visit, self.digest, size).await?);
        }
        Ok(())
    }
}

/// How many bytes the body has, if the request says so.
fn announced(request: &HttpRequest) -> u64 {
    let length = request.headers().get(actix_web::http::header::CONTENT_LENGTH);
    length.and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(0)
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
    visit: &Visit,
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
    registry.hold(visit, digest).await?;
    Ok(created(&visit.name, digest))
}

fn created(name: &RepositoryName, digest: &Digest) -> HttpResponse {
    HttpResponse::Created()
        .insert_header((LOCATION, format!("/v2/{name}/blobs/{digest}")))
        .insert_header(("Docker-Content-Digest", digest.as_str()))
        .finish()
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
