//! `GET /v2/`: whether this is a registry, and whether the token is good (end-1). And what the registry doesn't do.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::error::OciError;
use crate::registry::Registry;

pub(super) async fn check(request: HttpRequest, registry: web::Data<Registry>) -> Result<HttpResponse, OciError> {
    registry.authentication.authenticate(&request, None).await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({})))
}

/// The answer to another method than those that a path has.
pub(super) async fn refuse_method(
    request: HttpRequest,
    registry: web::Data<Registry>,
    allow: &'static str,
) -> Result<HttpResponse, OciError> {
    registry.authentication.authenticate(&request, None).await?;
    Err(OciError::MethodNotAllowed { allow })
}

/// The answer under a path that there is not.
pub(super) async fn refuse_path(request: HttpRequest, registry: web::Data<Registry>) -> Result<HttpResponse, OciError> {
    registry.authentication.authenticate(&request, None).await?;
    Err(OciError::PathUnknown)
}
