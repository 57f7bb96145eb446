//! `GET /v2/_catalog`: the repositories of the caller's organization, a page at a time; for a customer, those with something
//! that it could pull now. The specification reserves it; `crane catalog` and many scripts use it.

use actix_web::http::header::LINK;
use actix_web::{HttpRequest, HttpResponse, web};
use deadpool_postgres::Client;
use distr_domain::ids::{CustomerId, OrganizationId};
use distr_domain::names::RepositoryPath;
use distr_projections::{artifact, organization};
use serde_json::json;

use crate::caller::{Caller, Need, Right};
use crate::error::OciError;
use crate::http::page;
use crate::query::{parameter, query};
use crate::registry::Registry;

const PAGE: u32 = 1000;

pub(super) async fn list(request: HttpRequest, registry: web::Data<Registry>) -> Result<HttpResponse, OciError> {
    let (caller, organization, right) = registry.admission.admit_to_catalog(&request).await?;
    let limit = page::limit(&request, PAGE)?;
    let client = registry.pool.get().await?;
    let Some(row) = organization::find(&client, organization).await? else {
        return Ok(HttpResponse::Ok().json(json!({ "repositories": [] })));
    };
    let prefix = format!("{}/", row.name);
    let last = parameter(&request, "last");
    let last = last.as_deref().map(|last| last.strip_prefix(&prefix).unwrap_or(last));
    let paths = match right {
        Right::Whole { .. } => whole(&client, &caller, organization, last, limit + 1).await?,
        Right::Licensed { customer } => {
            licensed(&registry, &client, &caller, (organization, customer), last, limit + 1).await?
        }
    };
    let (paths, next) = page::cut(paths, limit, RepositoryPath::to_string);
    let names: Vec<String> = paths.iter().map(|path| format!("{prefix}{path}")).collect();
    let mut response = HttpResponse::Ok();
    if let Some(last) = next {
        let parameters = [("n", limit.to_string()), ("last", format!("{prefix}{last}"))];
        response.insert_header((LINK, format!("</v2/_catalog?{}>; rel=\"next\"", query(&parameters))));
    }
    Ok(response.json(json!({ "repositories": names })))
}

/// Up to `wanted` repositories after `last` that the caller's token may touch.
async fn whole(
    client: &Client,
    caller: &Caller,
    organization: OrganizationId,
    last: Option<&str>,
    wanted: usize,
) -> Result<Vec<RepositoryPath>, OciError> {
    let mut last = last.map(str::to_owned);
    let mut seen = Vec::new();
    loop {
        let paths = artifact::catalog(client, organization, last.as_deref(), PAGE + 1).await?;
        let is_end = paths.len() <= PAGE as usize;
        last = paths.last().map(RepositoryPath::to_string);
        seen.extend(paths.into_iter().filter(|path| caller.right(path, Need::Pull).is_ok()));
        if is_end || seen.len() >= wanted {
            seen.truncate(wanted);
            return Ok(seen);
        }
    }
}

/// Up to `wanted` repositories after `last` that have something for the customer.
async fn licensed(
    registry: &Registry,
    client: &Client,
    caller: &Caller,
    (organization, customer): (OrganizationId, CustomerId),
    last: Option<&str>,
    wanted: usize,
) -> Result<Vec<RepositoryPath>, OciError> {
    let paths = registry.entitlements.repositories(client, caller, (organization, customer)).await?;
    let mut seen = Vec::new();
    for path in paths.into_iter().filter(|path| last.is_none_or(|last| path.as_str() > last)) {
        if seen.len() == wanted {
            break;
        }
        if artifact::has_manifests(client, organization, &path).await? {
            seen.push(path);
        }
    }
    Ok(seen)
}
