//! `POST /v2/<name>/blobs/uploads/` (end-4a, end-4b, end-11): begins an upload, takes a whole blob, or mounts one from another
//! repository of the organization.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use distr_domain::oci::Digest;
use uuid::Uuid;

use super::{Session, complete, created, digest, progress, receive};
use crate::blobs::UploadKey;
use crate::caller::{Need, Right};
use crate::challenge::Wanted;
use crate::error::OciError;
use crate::guard::{Object, Visit};
use crate::http::parameter;
use crate::links;
use crate::name::RepositoryName;
use crate::registry::Registry;

pub(crate) async fn start(
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Payload,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let visit = registry.admit(&request, &path, Object::Repository, Need::Push).await?;
    if let Some(blob) = digest(&request, "mount")? {
        match source(&registry, &visit, &blob, parameter(&request, "from")).await? {
            Source::Repository(from) => {
                registry.hold(&visit, &blob).await?;
                registry.record_mount(&visit, &blob, &from).await?;
                return Ok(created(&visit.name, &blob));
            }
            Source::WithAnotherToken(from) => {
                let wanted = Wanted::Mount { name: &visit.name.to_string(), from: &from };
                let message = "the token does not cover the repository to mount from";
                return Err(registry.challenge(&request, Some(wanted), Some("insufficient_scope"), message));
            }
            Source::Nowhere => {}
        }
    }
    let whole = digest(&request, "digest")?;
    registry.check_room(&visit, whole.as_ref(), 1).await?;
    let key = UploadKey { artifact: visit.name.artifact(), id: Uuid::new_v4() };
    registry.blobs.begin(key).await?;
    let Some(digest) = whole else {
        let mut response = progress(StatusCode::ACCEPTED, &visit.name, key.id, 0);
        if let Some(length) = registry.blobs.min_chunk() {
            response.insert_header(("OCI-Chunk-Min-Length", length));
        }
        return Ok(response.finish());
    };
    let session = Session { visit, key };
    let writing = session.resume(&registry, digest.algorithm()).await?;
    let writing = receive(&session, &registry, writing, &request, body, Some(&digest)).await?;
    complete(&registry, &session.visit, writing, &digest).await
}

/// From where a blob can be mounted.
enum Source {
    Repository(String),
    /// The caller could pull it from there, and did not ask for that when it got its token.
    WithAnotherToken(String),
    Nowhere,
}

/// From where the caller could pull this blob: from the repository that it names, or from any that its token covers. If from
/// nowhere, it uploads it: which of the reasons it was tells nothing.
async fn source(registry: &Registry, visit: &Visit, blob: &Digest, from: Option<String>) -> Result<Source, OciError> {
    if registry.blobs.size(blob).await?.is_none() {
        return Ok(Source::Nowhere);
    }
    let Some(from) = from else {
        for name in visit.pullable() {
            if pulls(registry, visit, name, blob).await? {
                return Ok(Source::Repository(name.to_owned()));
            }
        }
        return Ok(Source::Nowhere);
    };
    if !pulls(registry, visit, &from, blob).await? {
        return Ok(Source::Nowhere);
    }
    match visit.pullable().any(|name| name == from) {
        true => Ok(Source::Repository(from)),
        false => Ok(Source::WithAnotherToken(from)),
    }
}

/// Whether the caller may pull the blob from there, whatever its token covers.
async fn pulls(registry: &Registry, visit: &Visit, name: &str, blob: &Digest) -> Result<bool, OciError> {
    let Ok(source) = name.parse::<RepositoryName>() else { return Ok(false) };
    let right = registry.right(&visit.caller, &source, Need::Pull).await?;
    if !matches!(right, Ok(Right::Whole { .. })) {
        return Ok(false);
    }
    let held = links::held(&registry.client().await?, &source, std::slice::from_ref(blob)).await?;
    Ok(held.contains(blob))
}
