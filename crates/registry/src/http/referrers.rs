//! `GET /v2/<name>/referrers/<digest>` (end-12): the manifests whose subject this is, as an image index, a page at a time. A
//! customer sees those that it could pull now. A subject that isn't there has referrers nevertheless, or none. A page ends below
//! what clients take as a manifest, and rests on a bounded number of bytes that were read for it.

use actix_web::http::header::{CONTENT_TYPE, LINK};
use actix_web::{HttpRequest, HttpResponse, web};
use distr_domain::oci::Digest;
use distr_projections::artifact::{self, ReferrerFilter, ReferrerRow};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::annotations::Annotated;
use crate::caller::Need;
use crate::error::OciError;
use crate::http::page;
use crate::manifest::LIMIT;
use crate::query::{parameter, query};
use crate::registry::Registry;
use crate::visit::{Object, Visit};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// How many there are on a page at most.
const PAGE: u32 = 200;
/// Bytes of a page's descriptors at most. Clients take no more than 4 MiB; the rest is for what surrounds the descriptors.
const PAGE_BYTES: usize = LIMIT - 4096;
/// Bytes of manifests that a page rests on at most: they are read for their annotations.
const PAGE_READS: u64 = 32 * 1024 * 1024;
/// How many manifests are read for their annotations at a time.
const READING: usize = 8;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    schema_version: u32,
    media_type: &'static str,
    manifests: Vec<Box<RawValue>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Referrer<'a> {
    media_type: &'a str,
    digest: &'a Digest,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<&'a RawValue>,
}

pub(super) async fn list(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let (name, subject) = path.into_inner();
    let visit = registry.admission.admit(&request, &name, Object::Repository, Need::Pull).await?;
    let subject: Digest = subject.parse().map_err(|error| OciError::DigestInvalid(format!("{error}")))?;
    let artifact_type = parameter(&request, "artifactType");
    let limit = page::limit(&request, PAGE)?;
    let rows = visible(&registry, &visit, &subject, artifact_type.as_deref(), &request, limit + 1).await?;
    let (manifests, next) = fill(&registry, rows, limit).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, INDEX));
    if artifact_type.is_some() {
        response.insert_header(("OCI-Filters-Applied", "artifactType"));
    }
    if let Some(last) = next {
        let mut parameters = vec![("n", limit.to_string()), ("last", last.to_string())];
        parameters.extend(artifact_type.map(|kind| ("artifactType", kind)));
        let next = format!("</v2/{}/referrers/{subject}?{}>; rel=\"next\"", visit.name, query(&parameters));
        response.insert_header((LINK, next));
    }
    let index = Index { schema_version: 2, media_type: INDEX, manifests };
    Ok(response.body(serde_json::to_vec(&index).expect("an index has string keys only")))
}

/// Of one more row than a page may have, the descriptors that a page has room for; and the last row that it covers, if there
/// are more. What clients could not decode is left out.
async fn fill(
    registry: &Registry,
    mut rows: Vec<ReferrerRow>,
    limit: usize,
) -> Result<(Vec<Box<RawValue>>, Option<Digest>), OciError> {
    let found = rows.len();
    rows.truncate(limit);
    rows.truncate(readable(&rows));
    let mut described = stream::iter(&rows).map(|row| describe(registry, row)).buffered(READING);
    let (mut page, mut bytes, mut covered) = (Vec::new(), 0, 0_usize);
    while let Some(descriptor) = described.try_next().await? {
        bytes += descriptor.as_ref().map_or(0, |descriptor| descriptor.get().len() + 1);
        if bytes > PAGE_BYTES {
            break;
        }
        page.extend(descriptor);
        covered += 1;
    }
    drop(described);
    let last = rows.get(covered.wrapping_sub(1)).filter(|_| covered < found).map(|row| row.digest.clone());
    Ok((page, last))
}

/// How many of the rows a page can be made of by the bytes that are read for it; at least one.
fn readable(rows: &[ReferrerRow]) -> usize {
    let mut bytes = 0;
    let within = rows.iter().take_while(|row| {
        bytes += row.size;
        bytes <= PAGE_READS
    });
    within.count().max(1)
}

/// Up to `wanted` referrers that the caller may see.
async fn visible(
    registry: &Registry,
    visit: &Visit,
    subject: &Digest,
    artifact_type: Option<&str>,
    request: &HttpRequest,
    wanted: usize,
) -> Result<Vec<ReferrerRow>, OciError> {
    let client = registry.pool.get().await?;
    let mut last = parameter(request, "last");
    let mut seen = Vec::new();
    loop {
        let filter = ReferrerFilter { artifact_type, last: last.as_deref(), limit: PAGE + 1 };
        let rows = artifact::referrers(&client, visit.name.organization(), &visit.name.path, subject, &filter).await?;
        let is_end = rows.len() <= PAGE as usize;
        last = rows.last().map(|row| row.digest.to_string());
        seen.extend(registry.entitlements.licensed(&client, visit, rows, |row| &row.digest).await?);
        if is_end || seen.len() >= wanted {
            seen.truncate(wanted);
            return Ok(seen);
        }
    }
}

/// Nothing, if clients could not decode it.
async fn describe(registry: &Registry, row: &ReferrerRow) -> Result<Option<Box<RawValue>>, OciError> {
    let annotated = registry.annotations.of(&row.digest, row.size).await?;
    let annotations = match &annotated {
        Annotated::With(json) => Some(&**json),
        Annotated::Without => None,
        Annotated::Malformed => return Ok(None),
    };
    let ReferrerRow { media_type, digest, size, artifact_type } = row;
    let referrer = Referrer { media_type, digest, size: *size, artifact_type: artifact_type.as_deref(), annotations };
    Ok(Some(to_raw_value(&referrer).expect("a descriptor has string keys only")))
}
