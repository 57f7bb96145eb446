//! `GET /v2/<name>/tags/list` (end-8): in lexical order, a page at a time; a customer sees the tags that it could pull now.

use actix_web::http::header::LINK;
use actix_web::{HttpRequest, HttpResponse, web};
use deadpool_postgres::Client;
use distr_domain::oci::{Digest, Tag};
use distr_projections::artifact::{self, TagRow};
use serde_json::json;

use crate::caller::{Need, Right};
use crate::error::OciError;
use crate::guard::{Object, Visit};
use crate::http::parameter;
use crate::registry::Registry;

const PAGE: u32 = 1000;

pub(super) async fn list(
    request: HttpRequest,
    path: web::Path<String>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let visit = registry.admit(&request, &path, Object::Repository, Need::Pull).await?;
    let limit = limit(parameter(&request, "n").as_deref())?;
    let client = registry.client().await?;
    let tags = page(&registry, &client, &visit, parameter(&request, "last"), limit + 1).await?;
    if tags.is_empty() && !may_be_empty(&client, &visit).await? {
        return Err(Object::Repository.unknown(&visit.name));
    }
    let has_next = tags.len() > limit;
    let tags = &tags[..tags.len().min(limit)];
    let mut response = HttpResponse::Ok();
    if let (true, Some(last)) = (has_next, tags.last()) {
        let next = format!("</v2/{}/tags/list?n={limit}&last={last}>; rel=\"next\"", visit.name);
        response.insert_header((LINK, next));
    }
    Ok(response.json(json!({ "name": visit.name.to_string(), "tags": tags })))
}

fn limit(n: Option<&str>) -> Result<usize, OciError> {
    let limit = n.map_or(Ok(PAGE), str::parse);
    let limit = limit.map_err(|_| OciError::PageInvalid("n must be a number that is not negative".to_owned()))?;
    Ok(limit.min(PAGE) as usize)
}

/// Up to `wanted` tags after `last` that the caller may see.
async fn page(
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
        seen.extend(visible(registry, client, visit, rows).await?);
        if is_end || seen.len() >= wanted {
            seen.truncate(wanted);
            return Ok(seen);
        }
    }
}

async fn visible(registry: &Registry, client: &Client, visit: &Visit, rows: Vec<TagRow>) -> Result<Vec<Tag>, OciError> {
    let Right::Licensed { customer } = visit.right else {
        return Ok(rows.into_iter().map(|row| row.name).collect());
    };
    let mut digests: Vec<Digest> = rows.iter().map(|row| row.digest.clone()).collect();
    digests.sort();
    digests.dedup();
    let licensed = registry.licensed(client, visit, customer, &digests).await?;
    let may = |row: &TagRow| digests.binary_search(&row.digest).is_ok_and(|index| licensed[index]);
    Ok(rows.into_iter().filter(may).map(|row| row.name).collect())
}

/// A repository that has manifests may have no tag (after `last`). For a customer, what shows nothing is not there.
async fn may_be_empty(client: &Client, visit: &Visit) -> Result<bool, OciError> {
    match visit.right {
        Right::Licensed { .. } => Ok(false),
        Right::Whole { .. } => Ok(artifact::has_manifests(client, visit.name.organization(), &visit.name.path).await?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_limit_whatever_is_asked_for() {
        assert_eq!(limit(None).unwrap(), 1000);
        assert_eq!(limit(Some("0")).unwrap(), 0);
        assert_eq!(limit(Some("4000000000")).unwrap(), 1000);
        for bad in ["-1", "x", "", "99999999999"] {
            assert!(limit(Some(bad)).is_err(), "{bad}");
        }
    }
}
