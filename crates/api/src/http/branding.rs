//! What vendors choose for their portals: pictures by their digest, and the stylesheet of their colours. Everybody may read them, as
//! they stand on pages before a sign-in. A picture that is opened by itself does nothing: it has an origin of its own, and no script.

use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use actix_web::{HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_domain::oci::Digest;
use distr_projections::picture;

use crate::error::ApiError;
use crate::failure::Failure;
use crate::hub::Hub;
use crate::operations::portal;

const SANDBOX: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
const FOR_EVER: &str = "public, max-age=31536000, immutable";

pub(super) async fn file(hub: web::Data<Arc<Hub>>, name: web::Path<String>) -> Result<HttpResponse, ApiError> {
    match portal::organization_of_stylesheet(&name) {
        Some(organization) => {
            let row = hub.portals().shown(&organization, false).await?;
            let accents = row.as_ref().and_then(|row| portal::accents(&row.branding)).ok_or_else(|| none(&name))?;
            let stylesheet = row.as_ref().and_then(|row| portal::brand(row, false).stylesheet);
            let is_current = stylesheet.is_some_and(|path| path.ends_with(name.as_str()));
            let mut response = HttpResponse::Ok();
            response.insert_header((CACHE_CONTROL, if is_current { FOR_EVER } else { "no-cache" }));
            response.insert_header(("cross-origin-resource-policy", "same-origin"));
            Ok(response.content_type("text/css; charset=utf-8").body(accents.stylesheet()))
        }
        None => picture(&hub, &name).await,
    }
}

async fn picture(hub: &Hub, name: &str) -> Result<HttpResponse, ApiError> {
    let digest: Digest = format!("sha256:{name}").parse().map_err(|_| none(name))?;
    let row = picture::find(&*hub.models.client().await?, &digest).await?.ok_or_else(|| none(name))?;
    let bytes = STANDARD.decode(&row.data).map_err(Failure::fault)?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, FOR_EVER)).insert_header((CONTENT_SECURITY_POLICY, SANDBOX));
    response.insert_header(("cross-origin-resource-policy", "same-origin"));
    Ok(response.content_type(row.media_type.as_str()).body(bytes))
}

fn none(name: &str) -> Failure {
    Failure::not_found("picture", name)
}
