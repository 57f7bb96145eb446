//! `DELETE /v2/<name>/manifests/<reference>` (end-9): a tag, or a manifest with every tag that points to it.

use actix_web::{HttpRequest, HttpResponse, web};
use distr_domain::oci::Reference;

use super::change::{changing, refused};
use crate::caller::{Need, Right};
use crate::error::OciError;
use crate::guard::Object;
use crate::registry::Registry;

pub(crate) async fn delete(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let (name, text) = path.into_inner();
    let object = Object::Manifest(&text);
    let visit = registry.admit(&request, &name, object, Need::Delete).await?;
    let reference = text.parse().map_err(|_| object.unknown(&visit.name))?;
    let changing = changing(&registry, &visit);
    let deleted = match reference {
        Reference::Tag(tag) => changing.delete_tag(&tag).await,
        Reference::Digest(digest) => changing.delete_manifest(&digest).await,
    };
    if let Err(error) = deleted {
        return Err(refused(&registry, &visit, error).await);
    }
    if let Right::Whole { rule } = &visit.right {
        registry.record_grant(&visit, visit.digest.as_ref(), None, rule).await?;
    }
    Ok(HttpResponse::Accepted().finish())
}
