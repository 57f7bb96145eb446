//! `GET` and `DELETE /v2/<name>/blobs/uploads/<id>` (end-13, end-14): how far an upload is, and its end without a blob.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::{Session, progress};
use crate::error::OciError;
use crate::registry::Registry;

pub(crate) async fn status(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let session = Session::admit(&request, &registry, path.into_inner()).await?;
    let offset = registry.blobs.offset(session.key).await?.ok_or(OciError::UploadUnknown)?;
    Ok(progress(StatusCode::NO_CONTENT, &session.visit.name, session.key.id, offset).finish())
}

pub(crate) async fn cancel(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let session = Session::admit(&request, &registry, path.into_inner()).await?;
    match session.cancel(&registry).await? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(OciError::UploadUnknown),
    }
}
