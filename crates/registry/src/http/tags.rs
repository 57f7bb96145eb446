//! `GET /v2/<name>/tags/list` (end-8): in lexical order, a page at a time; a customer sees the tags that it could pull now.

use actix_web::http::header::LINK;
use actix_web::{HttpRequest, HttpResponse, web};
use deadpool_postgres::Client;
use distr_domain::oci::Tag;
use distr_projections::{artifact, entitlement};
use serde_json::json;

use crate::caller::{Need, Right};
use crate::error::OciError;
use crate::http::page;
use crate::query::{parameter, query};
use crate::registry::Registry;
use crate::visit::{Object, Visit};

const PAGE: u32 = 1000;

pub(super) async fn list(
    request: HttpRequest,
    path: web::Path<String>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let visit = registry.admission.admit(&request, &path, Object::Repository, Need::Pull).await?;
    let limit = page::limit(&request, PAGE)?;
    let client = registry.pool.get().await?;
    if let Right::Licensed { customer } = visit.right
        && !entitlement::concerns(&client, visit.name.organization(), customer, &visit.name.path).await?
    {
        return Err(Object::Repository.unknown(&visit.name));
    }
    let tags = visible(&registry, &client, &visit, parameter(&request, "last"), limit + 1).await?;
    if tags.is_empty() && !may_be_empty(&client, &visit).await? {
        return Err(Object::Repository.unknown(&visit.name));
    }
    let (tags, next) = page::cut(tags, limit, Tag::to_string);
    let mut response = HttpResponse::Ok();
    if let Some(last) = next {
        let parameters = query(&[("n", limit.to_string()), ("last", last)]);
        response.insert_header((LINK, format!("</v2/{}/tags/list?{parameters}>; rel=\"next\"", visit.name)));
    }
    Ok(response.json(json!({ "name": visit.name.to_string(), "tags": tags })))
}

/// Up to `wanted` tags after `last` that the caller may see.
async fn visible(
    registry: &Registry,
    client: &Client,
    visit: &Visit,
    mut last: Option<String>,
    wanted: usize,
) -> Result<Vec<Tag>, OciError> {
    let mut seen = Vec::new();
    loop {
        let (organization, path) = (visit.name.organization(), &visit.name.path);
        let rows = artifact::tags(client, organization, path, last.as_deref(), PAGE + 1).await?;
        let is_end = rows.len() <= PAGE as usize;
        last = rows.last().map(|row| row.name.to_string());
        let rows = registry.entitlements.licensed(client, visit, rows, |row| &row.digest).await?;
        seen.extend(rows.into_iter().map(|row| row.name));
        if is_end || seen.len() >= wanted {
            seen.truncate(wanted);
            return Ok(seen);
        }
    }
}

/// A repository that has manifests may have no tag (after `last`). For a customer, what shows nothing is not there.
async fn may_be_empty(client: &Client, visit: &Visit) -> Result<bool, OciError> {
    match visit.right {
        Right::Licensed { .. } => Ok(false),
        Right::Whole { .. } => Ok(artifact::has_manifests(client, visit.name.organization(), &visit.name.path).await?),
    }
}
