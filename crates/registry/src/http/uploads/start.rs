//! `POST /v2/<name>/blobs/uploads/` (end-4a, end-4b, end-11): begins an upload, takes a whole blob, or mounts one from another
//! repository of the organization.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use distr_domain::oci::Digest;

use super::again::compare;
use super::receive::receive;
use super::{Session, complete, created, digest, progress};
use crate::caller::{Need, Right};
use crate::challenge::Wanted;
use crate::error::OciError;
use crate::fault::OperationError;
use crate::http::capacity;
use crate::links;
use crate::name::RepositoryName;
use crate::query::parameter;
use crate::registry::Registry;
use crate::visit::Visit;

pub(crate) async fn start(
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Payload,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let from = parameter(&request, "from").filter(|from| from.parse::<RepositoryName>().is_ok());
    let from = from.filter(|_| parameter(&request, "mount").is_some());
    let visit = registry.admission.admit_to_push(&request, &path, from.as_deref()).await?;
    check_algorithm(&request)?;
    if let Some(blob) = digest(&request, "mount")? {
        match source(&registry, &visit, &blob, parameter(&request, "from")).await? {
            Source::Repository(from) => {
                let quotas = registry.quotas.of(&visit.name).await?;
                capacity::hold(&registry, &visit, &quotas, &blob, None).await?;
                registry.recorder.mount(&visit, &blob, &from).await?;
                return Ok(created(&visit.name, &blob));
            }
            Source::WithAnotherToken(from) => {
                let wanted = Wanted::Mount { name: &visit.name.to_string(), from: &from };
                let message = "the token does not cover the repository to mount from";
                return Err(registry.admission.insufficient(&request, wanted, message));
            }
            Source::Nowhere => {}
        }
    }
    let whole = digest(&request, "digest")?;
    let quotas = registry.quotas.of(&visit.name).await?;
    capacity::check_quotas(&registry, &visit, &quotas, whole.as_ref(), 1).await?;
    capacity::check_disk(&registry, &visit, registry.disk.check_blob(1)).await?;
    if let Some(digest) = &whole
        && registry.quotas.adds_nothing(&visit.name, &quotas, digest).await?
    {
        compare(&request, body, digest).await?;
        let visit = registry.admission.admit_to_push(&request, &path, None).await?;
        capacity::hold(&registry, &visit, &quotas, digest, None).await?;
        return Ok(created(&visit.name, digest));
    }
    let session = begin(&registry, visit).await?;
    let Some(digest) = whole else {
        let mut response = progress(StatusCode::ACCEPTED, &session.visit.name, session.key.id, 0);
        if let Some(length) = registry.blobs.min_chunk() {
            response.insert_header(("OCI-Chunk-Min-Length", length));
        }
        return Ok(response.finish());
    };
    let writing = session.resume(&registry, digest.algorithm()).await?;
    match receive(&session, &registry, writing, &request, body).await {
        Ok(writing) => {
            // it may have come slowly, and the right to push may have ended meanwhile
            registry.admission.admit_to_push(&request, &path, None).await?;
            complete(&registry, &session, writing, &digest).await
        }
        Err(error) => {
            // nobody was told where to go on
            session.cancel(&registry).await?;
            Err(error)
        }
    }
}

/// The algorithm of the digest that a client means to end with.
fn check_algorithm(request: &HttpRequest) -> Result<(), OciError> {
    match parameter(request, "digest-algorithm").as_deref() {
        None | Some("sha256" | "sha512") => Ok(()),
        Some(other) => {
            let message = format!("digest-algorithm is {other:?}, and the registry takes sha256 and sha512");
            Err(OciError::ParameterInvalid(message))
        }
    }
}

/// Begins an upload, unless too many are under way. A refusal is recorded here.
async fn begin(registry: &Registry, visit: Visit) -> Result<Session, OciError> {
    match registry.uploads.begin(&visit.name, visit.caller.credential()).await {
        Ok(key) => Ok(Session { visit, key }),
        Err(OperationError::Rejected(too_many)) => {
            registry.recorder.refusal(&visit, None, &too_many).await?;
            Err(OciError::TooManyUploads { name: visit.name.to_string(), too_many })
        }
        Err(OperationError::Fault(fault)) => Err(fault.into()),
    }
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
    let right = registry.rights.of(&visit.caller, &source, Need::Pull).await?;
    if !matches!(right, Ok(Right::Whole { .. })) {
        return Ok(false);
    }
    let (client, blobs) = (registry.pool.get().await?, std::slice::from_ref(blob));
    let held = links::held(&client, source.organization(), &source.path, blobs).await?;
    // only who may pull it from there learns whether the store has lost it
    Ok(held.contains(blob) && registry.blobs.size(blob).await?.is_some())
}
