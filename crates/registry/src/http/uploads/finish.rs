//! `PUT /v2/<name>/blobs/uploads/<id>?digest=…` (end-6): the last chunk, if any, and the digest that all of it must have.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{Session, complete, digest, receive};
use crate::error::OciError;
use crate::registry::Registry;

pub(crate) async fn finish(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    body: web::Payload,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let session = Session::admit(&request, &registry, path).await?;
    let digest = digest(&request, "digest")?;
    let digest = digest.ok_or_else(|| OciError::DigestInvalid("the parameter digest is missing".to_owned()))?;
    let writing = session.resume(&registry, digest.algorithm()).await?;
    let writing = receive(&session, &registry, writing, &request, body, Some(&digest)).await?;
    complete(&registry, &session.visit, writing, &digest).await
}
