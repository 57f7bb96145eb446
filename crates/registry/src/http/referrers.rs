//! `GET /v2/<name>/referrers/<digest>` (end-12): the manifests whose subject this is, as an image index, a page at a time. A
//! customer sees those that it could pull now. A subject that isn't there has referrers nevertheless, or none.

use actix_web::http::header::{CONTENT_TYPE, LINK};
use actix_web::{HttpRequest, HttpResponse, web};
use distr_domain::oci::Digest;
use distr_projections::artifact::{self, ManifestRow, ReferrerFilter};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::caller::Need;
use crate::error::OciError;
use crate::guard::{Object, Visit};
use crate::http::{page, parameter, query};
use crate::registry::Registry;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// With annotations of a usual length, a page stays far below what clients take as a manifest.
const PAGE: u32 = 200;
/// How many manifests are read for their annotations at a time.
const READING: usize = 8;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    schema_version: u32,
    media_type: &'static str,
    manifests: Vec<Referrer>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Referrer {
    media_type: String,
    digest: Digest,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Box<RawValue>>,
}

pub(super) async fn list(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let (name, subject) = path.into_inner();
    let visit = registry.admit(&request, &name, Object::Repository, Need::Pull).await?;
    let subject: Digest = subject.parse().map_err(|error| OciError::DigestInvalid(format!("{error}")))?;
    let artifact_type = parameter(&request, "artifactType");
    let limit = page::limit(&request, PAGE)?;
    let rows = visible(&registry, &visit, &subject, artifact_type.as_deref(), &request, limit + 1).await?;
    let (rows, next) = page::cut(rows, limit, |row| row.digest.to_string());
    let manifests = stream::iter(rows).map(|row| describe(&registry, row)).buffered(READING).try_collect().await?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, INDEX));
    if artifact_type.is_some() {
        response.insert_header(("OCI-Filters-Applied", "artifactType"));
    }
    if let Some(last) = next {
        let mut parameters = vec![("n", limit.to_string()), ("last", last)];
        parameters.extend(artifact_type.map(|kind| ("artifactType", kind)));
        let next = format!("</v2/{}/referrers/{subject}?{}>; rel=\"next\"", visit.name, query(&parameters));
        response.insert_header((LINK, next));
    }
    let index = Index { schema_version: 2, media_type: INDEX, manifests };
    Ok(response.body(serde_json::to_vec(&index).expect("an index has string keys only")))
}

/// Up to `wanted` referrers that the caller may see.
async fn visible(
    registry: &Registry,
    visit: &Visit,
    subject: &Digest,
    artifact_type: Option<&str>,
    request: &HttpRequest,
    wanted: usize,
) -> Result<Vec<ManifestRow>, OciError> {
    let client = registry.client().await?;
    let mut last = parameter(request, "last");
    let mut seen = Vec::new();
    loop {
        let filter = ReferrerFilter { artifact_type, last: last.as_deref(), limit: PAGE + 1 };
        let rows = artifact::referrers(&client, visit.name.organization(), &visit.name.path, subject, &filter).await?;
        let is_end = rows.len() <= PAGE as usize;
        last = rows.last().map(|row| row.digest.to_string());
        seen.extend(registry.licensed_of(&client, visit, rows, |row| &row.digest).await?);
        if is_end || seen.len() >= wanted {
            seen.truncate(wanted);
            return Ok(seen);
        }
    }
}

async fn describe(registry: &Registry, row: ManifestRow) -> Result<Referrer, OciError> {
    let annotations = registry.annotations.of(&row.digest, row.size).await?;
    let ManifestRow { media_type, digest, size, artifact_type, .. } = row;
    Ok(Referrer { media_type, digest, size, artifact_type, annotations })
}
