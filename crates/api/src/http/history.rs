//! What proves an organization's history, as files at fixed addresses (C2SP's tlog-tiles), for whoever follows it with tools of
//! their own; and its entries in pages, for an export. `/log/ORGANIZATION/…`, by a bearer secret.

use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use distr_domain::ids::OrganizationId;
use distr_domain::permission::Permission;
use distr_eventlog::Position;
use distr_proof::hash::Hash;
use distr_proof::tile::{InvalidTilePath, TilePath, WIDTH};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::graphql::{check_ready, member};
use crate::auth::MemberCaller;
use crate::error::ApiError;
use crate::failure::Failure;
use crate::health::Readiness;
use crate::hub::Hub;
use crate::limits::shares;
use crate::proof::Entries;
use crate::request::{bearer, request_info, when};

/// A member, in whose organization it asks.
struct Reader {
    hub: Arc<Hub>,
    caller: MemberCaller,
}

impl Reader {
    /// A member whose organization it is, whatever else the address says. Of another one nothing is told.
    async fn enter(request: &HttpRequest, organization: &str) -> Result<Self, ApiError> {
        let hub = data::<Arc<Hub>>(request);
        check_ready(&data::<Arc<Readiness>>(request))?;
        let secret = bearer(request.headers()).ok_or(Failure::Unauthenticated)?;
        let caller = member(&hub.sessions, &request_info(request), &secret).await?;
        match caller.organization.0.to_string() == organization {
            true => Ok(Self { hub, caller }),
            false => Err(Failure::not_found("history", organization).into()),
        }
    }

    /// The same, of those who may read what everybody of the organization may: a token needs the scope for it, and is not for some repositories only.
    async fn enter_to_read(request: &HttpRequest, organization: &str) -> Result<Self, ApiError> {
        let reader = Self::enter(request, organization).await?;
        reader.caller.check(Permission::ReadCatalog)?;
        reader.caller.check_unlimited()?;
        Ok(reader)
    }

    /// The same, of those who may read the log.
    async fn enter_log(request: &HttpRequest, organization: &str) -> Result<Self, ApiError> {
        let reader = Self::enter(request, organization).await?;
        reader.caller.check(Permission::ReadLog)?;
        Ok(reader)
    }

    /// What it asks for, with its own share of what all use.
    async fn within<T>(&self, answer: impl Future<Output = T>) -> T {
        let share = self.hub.shares.share(Some(self.caller.holder()));
        shares::within(share, answer).await
    }

    fn own(&self) -> OrganizationId {
        self.caller.organization
    }
}

fn data<T: Clone + 'static>(request: &HttpRequest) -> T {
    request.app_data::<web::Data<T>>().expect("the app has it").get_ref().clone()
}

fn query<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, Failure> {
    let query = web::Query::<T>::from_query(request.query_string());
    query.map(web::Query::into_inner).map_err(|error| Failure::BadInput(format!("the address is not taken: {error}")))
}

/// The newest signed root, for every member, customers' too.
pub(super) async fn checkpoint(
    request: HttpRequest,
    organization: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let reader = Reader::enter_to_read(&request, &organization).await?;
    let root = reader.within(reader.hub.signing.checkpoint(reader.own())).await?;
    let root = root.ok_or_else(|| Failure::not_found("checkpoint of", reader.own().0))?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, "no-store")).content_type("text/plain; charset=utf-8");
    Ok(response.body(root.checkpoint.to_string()))
}

/// The hashes of a tile: as many as its address says, however many there are by now.
pub(super) async fn tile(request: HttpRequest, path: web::Path<(String, String)>) -> Result<HttpResponse, ApiError> {
    let (organization, path) = path.into_inner();
    let reader = Reader::enter_log(&request, &organization).await?;
    let tile: TilePath = path.parse().map_err(|error: InvalidTilePath| Failure::BadInput(error.to_string()))?;
    let hashes = reader.within(reader.hub.signing.tile(reader.own(), tile.id)).await?;
    let hashes = hashes.get(..tile.width).ok_or_else(|| Failure::not_found("tile", path))?;
    let mut response = HttpResponse::Ok();
    let lasts = if tile.width == WIDTH { "private, max-age=31536000, immutable" } else { "private, no-cache" };
    response.insert_header((CACHE_CONTROL, lasts)).content_type(ContentType::octet_stream());
    Ok(response.body(Hash::bytes_of(hashes)))
}

/// Leaves from one up to another, and where the page before ended, if this is not the first.
#[derive(Debug, Deserialize)]
struct EntriesQuery {
    from: u64,
    to: u64,
    after: Option<Position>,
}

pub(super) async fn entries(request: HttpRequest, organization: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let reader = Reader::enter_log(&request, &organization).await?;
    let EntriesQuery { from, to, after } = query(&request)?;
    let page = reader.within(reader.hub.signing.entries(reader.own(), Entries { from, to, after })).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(page))
}

/// A period, in a tree of so many leaves.
#[derive(Debug, Deserialize)]
struct PeriodQuery {
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    size: u64,
}

/// The leaves of a period, from one up to another.
#[derive(Debug, Serialize)]
struct Leaves {
    from: u64,
    to: u64,
}

pub(super) async fn leaves(request: HttpRequest, organization: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let reader = Reader::enter_log(&request, &organization).await?;
    let PeriodQuery { from, to, size } = query(&request)?;
    let from = from.map(|time| when("from", time)).transpose()?;
    let to = to.map(|time| when("to", time)).transpose()?;
    let (from, to) = reader.within(reader.hub.signing.leaves_of(reader.own(), from, to, size)).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(Leaves { from, to }))
}
