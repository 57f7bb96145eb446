//! `/v2/<name>/blobs/uploads/…`: how bytes come in. Each step in its file; here is what they share.

mod again;
mod append;
mod finish;
mod receive;
mod start;
mod status;

pub(super) use append::append;
pub(super) use finish::finish;
pub(super) use start::start;
pub(super) use status::{cancel, status};

use actix_web::http::StatusCode;
use actix_web::http::header::{LOCATION, RANGE};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use distr_domain::oci::{Algorithm, Digest};
use uuid::Uuid;

use crate::blobs::{FinishError, ResumeError, UploadKey, Writing};
use crate::caller::Need;
use crate::error::OciError;
use crate::http::capacity;
use crate::name::RepositoryName;
use crate::query::parameter;
use crate::registry::Registry;
use crate::uploads::Upload;
use crate::visit::{Object, Visit};

/// An upload that its caller may go on with.
struct Session {
    visit: Visit,
    key: UploadKey,
}

impl Session {
    async fn admit(request: &HttpRequest, registry: &Registry, (name, id): (String, String)) -> Result<Self, OciError> {
        let visit = registry.admission.admit(request, &name, Object::Repository, Need::Push).await?;
        let id: Uuid = id.parse().map_err(|_| OciError::UploadUnknown)?;
        let key = UploadKey { artifact: visit.name.artifact(), id };
        Ok(Self { visit, key })
    }

    /// Ends it, and frees its bytes. Answers whether there was such an upload.
    async fn cancel(&self, registry: &Registry) -> Result<bool, OciError> {
        Ok(registry.uploads.cancel(&self.visit.name, self.key).await?)
    }

    async fn resume(&self, registry: &Registry, algorithm: Algorithm) -> Result<Box<dyn Writing>, OciError> {
        registry.blobs.resume(self.key, algorithm).await.map_err(|error| match error {
            ResumeError::Unknown => OciError::UploadUnknown,
            ResumeError::Busy => OciError::UploadBusy,
            ResumeError::Fault(fault) => fault.into(),
        })
    }

    fn upload(&self) -> Upload<'_> {
        Upload { name: &self.visit.name, key: self.key, credential: self.visit.caller.credential() }
    }

    /// Where the upload goes on.
    fn location(&self) -> String {
        location(&self.visit.name, self.key.id)
    }
}

/// Makes the upload a blob that the repository holds. One that fails leaves nothing.
async fn complete(
    registry: &Registry,
    session: &Session,
    writing: Box<dyn Writing>,
    digest: &Digest,
) -> Result<HttpResponse, OciError> {
    if let Err(error) = writing.finish(digest).await {
        registry.uploads.discard(&session.visit.name, session.key).await?;
        return Err(match error {
            FinishError::WrongDigest { actual } => {
                OciError::DigestInvalid(format!("the blob has the digest {actual}, not {digest}"))
            }
            FinishError::Unknown => OciError::UploadUnknown,
            FinishError::Fault(fault) => fault.into(),
        });
    }
    let quotas = registry.quotas.of(&session.visit.name).await?;
    capacity::hold(registry, &session.visit, &quotas, digest, Some(session.key)).await?;
    Ok(created(&session.visit.name, digest))
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
