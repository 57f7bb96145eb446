//! `PUT /v2/<name>/blobs/uploads/<id>?digest=…` (end-6): the last chunk, if any, and the digest that all of it must have.

use actix_web::{HttpRequest, HttpResponse, web};
use distr_domain::oci::Digest;

use super::again::compare;
use super::receive::receive;
use super::{Session, complete, created, digest};
use crate::error::OciError;
use crate::http::capacity;
use crate::registry::Registry;

pub(crate) async fn finish(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    body: web::Payload,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let path = path.into_inner();
    let session = Session::admit(&request, &registry, path.clone()).await?;
    let digest = digest(&request, "digest")?;
    let digest = digest.ok_or_else(|| OciError::DigestInvalid("the parameter digest is missing".to_owned()))?;
    let writing = session.resume(&registry, digest.algorithm()).await?;
    if writing.offset() == 0 && comes_again(&session, &registry, &digest).await? {
        drop(writing);
        return again(&session, &registry, (&request, path), body, &digest).await;
    }
    let writing = receive(&session, &registry, writing, &request, body).await?;
    // it may have come slowly, and the right to push may have ended meanwhile
    let session = Session::admit(&request, &registry, path).await?;
    complete(&registry, &session, writing, &digest).await
}

async fn comes_again(session: &Session, registry: &Registry, digest: &Digest) -> Result<bool, OciError> {
    let name = &session.visit.name;
    Ok(registry.quotas.adds_nothing(name, &registry.quotas.of(name).await?, digest).await?)
}

/// Takes a blob that is held already. Of bytes that are another blob's the upload ends, as always.
async fn again(
    session: &Session,
    registry: &Registry,
    (request, path): (&HttpRequest, (String, String)),
    body: web::Payload,
    digest: &Digest,
) -> Result<HttpResponse, OciError> {
    let compared = compare(request, body, digest).await;
    if matches!(compared, Ok(()) | Err(OciError::DigestInvalid(_))) {
        session.cancel(registry).await?;
    }
    compared?;
    let session = Session::admit(request, registry, path).await?;
    let quotas = registry.quotas.of(&session.visit.name).await?;
    capacity::hold(registry, &session.visit, &quotas, digest, None).await?;
    Ok(created(&session.visit.name, digest))
}
