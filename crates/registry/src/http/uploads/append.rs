//! `PATCH /v2/<name>/blobs/uploads/<id>` (end-5): one chunk, or all of a blob whose digest comes later.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use distr_domain::oci::Algorithm;

use super::receive::receive;
use super::{Session, progress};
use crate::error::OciError;
use crate::registry::Registry;

pub(crate) async fn append(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    body: web::Payload,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let session = Session::admit(&request, &registry, path.into_inner()).await?;
    let (name, id) = (&session.visit.name, session.key.id);
    // what the digest will be is not known; it is sha256 nearly always
    let writing = session.resume(&registry, Algorithm::Sha256).await?;
    let writing = receive(&session, &registry, writing, &request, body).await?;
    let offset = registry.uploads.pause(name, session.key, writing).await?;
    Ok(progress(StatusCode::ACCEPTED, name, id, offset).finish())
}
