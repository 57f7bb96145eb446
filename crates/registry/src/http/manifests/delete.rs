//! `DELETE /v2/<name>/manifests/<reference>` (end-9): a tag, or a manifest with every tag that points to it.

use actix_web::{HttpRequest, HttpResponse, web};
use distr_domain::oci::Reference;

use super::change::{changing, refused};
use crate::caller::Need;
use crate::error::OciError;
use crate::registry::Registry;
use crate::visit::Object;

pub(crate) async fn delete(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let (name, text) = path.into_inner();
    let object = Object::Manifest(&text);
    let visit = registry.admission.admit(&request, &name, object, Need::Delete).await?;
    let reference = text.parse().map_err(|_| object.unknown(&visit.name))?;
    let changing = changing(&registry, &visit);
    let deleted = match reference {
        Reference::Tag(tag) => changing.delete_tag(&tag).await,
        Reference::Digest(digest) => changing.delete_manifest(&digest).await,
    };
    if let Err(error) = deleted {
        return Err(refused(&registry, &visit, error).await);
    }
    registry.recorder.change(&visit, visit.digest.as_ref()).await?;
    Ok(HttpResponse::Accepted().finish())
}
