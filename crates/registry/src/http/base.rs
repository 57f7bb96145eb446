//! `GET /v2/`: whether this is a registry, and whether the token is good (end-1). And what the registry doesn't do.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::error::OciError;
use crate::registry::Registry;

pub(super) async fn check(request: HttpRequest, registry: web::Data<Registry>) -> Result<HttpResponse, OciError> {
    registry.authentication.authenticate(&request, None).await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({})))
}

pub(super) async fn unsupported(request: HttpRequest, registry: web::Data<Registry>) -> Result<HttpResponse, OciError> {
    registry.authentication.authenticate(&request, None).await?;
    Err(OciError::Unsupported)
}
