//! `GET` and `POST /token`: a registry token for a member's token, an agent's credential or nobody's, as the Docker token and
//! OAuth2 token specifications have it. It says who asks, and of what was asked for, what that caller may have at all; what
//! licenses say is decided at each use.

use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::SecondsFormat;
use serde::Deserialize;
use serde_json::json;

use crate::authentication::Issued;
use crate::authorization::basic;
use crate::caller::Caller;
use crate::client::Client;
use crate::error::OciError;
use crate::query::{check_texts, parameters};
use crate::registry::Registry;
use crate::scope::{self, Access};
use crate::token::LIFE;

/// The form of both OAuth2 grants. `service` and `client_id` are taken as they come: there is one service here.
#[derive(Deserialize)]
pub(super) struct Form {
    grant_type: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    refresh_token: String,
    #[serde(default)]
    access_type: String,
    #[serde(default)]
    scope: String,
}

/// Without any credential, a token for what is public.
pub(super) async fn by_basic(request: HttpRequest, registry: web::Data<Registry>) -> Result<HttpResponse, OciError> {
    limit(&registry, &request)?;
    let parameters = parameters(&request);
    let values = |name: &'static str| parameters.iter().filter(move |(key, _)| key == name).map(|(_, value)| value);
    let asked = scope::parse(values("scope").map(String::as_str));
    let Some(header) = request.headers().get(AUTHORIZATION) else {
        return issue(&registry, Caller::ANONYMOUS, asked, None).await;
    };
    let (username, secret) =
        header.to_str().ok().and_then(basic).ok_or_else(|| unauthorized("a user name and a token are needed"))?;
    let caller = sign_in(&registry, &request, &username, &secret).await?;
    let refresh = match values("offline_token").any(|value| value == "true") {
        true => Some(registry.refresh_tokens.issue(&caller).await?),
        false => None,
    };
    issue(&registry, caller, asked, refresh).await
}

pub(super) async fn by_grant(
    request: HttpRequest,
    form: Result<web::Form<Form>, actix_web::Error>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    limit(&registry, &request)?;
    let form = form.map_err(|_| OciError::GrantInvalid {
        error: "invalid_request",
        message: "send a form with grant_type, service, client_id and scope",
    })?;
    let asked = scope::parse([form.scope.as_str()]);
    match form.grant_type.as_str() {
        "password" => {
            let caller = sign_in(&registry, &request, &form.username, &form.password).await?;
            let refresh = match form.access_type == "offline" {
                true => Some(registry.refresh_tokens.issue(&caller).await?),
                false => None,
            };
            issue(&registry, caller, asked, refresh).await
        }
        "refresh_token" => {
            let caller = registry.refresh_tokens.redeem(&form.refresh_token).await?;
            let caller = caller.ok_or_else(|| unauthorized("the refresh token is not good any more; log in again"))?;
            issue(&registry, caller, asked, Some(form.refresh_token.clone())).await
        }
        _ => Err(OciError::GrantInvalid {
            error: "unsupported_grant_type",
            message: "the grant types password and refresh_token are taken",
        }),
    }
}

/// Before the credential is known, the address is all that there is.
fn limit(registry: &Registry, request: &HttpRequest) -> Result<(), OciError> {
    check_texts(request)?;
    registry.authentication.limit(Client::of(request).address)
}

async fn sign_in(registry: &Registry, request: &HttpRequest, username: &str, secret: &str) -> Result<Caller, OciError> {
    let caller = registry.authentication.sign_in(username, secret).await?;
    caller.ok_or_else(|| {
        let address = Client::of(request).address.map(tracing::field::display);
        tracing::info!(address, "a wrong credential at the registry");
        unauthorized("the user name or the token is wrong")
    })
}

async fn issue(
    registry: &Registry,
    caller: Caller,
    asked: Vec<Access>,
    refresh: Option<String>,
) -> Result<HttpResponse, OciError> {
    let access = registry.rights.allowed(&caller, asked).await?;
    let scope: Vec<String> = access.iter().map(Access::to_string).collect();
    let Issued { token, at } = registry.authentication.issue(caller, access)?;
    let mut answer = json!({
        "token": token,
        "access_token": token,
        "token_type": "Bearer",
        "scope": scope.join(" "),
        "expires_in": LIFE.num_seconds(),
        "issued_at": at.to_rfc3339_opts(SecondsFormat::Secs, true),
    });
    if let Some(refresh) = refresh {
        answer["refresh_token"] = refresh.into();
    }
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer))
}

fn unauthorized(message: &str) -> OciError {
    OciError::Unauthorized { challenge: "Basic realm=\"distr\"".to_owned(), message: message.to_owned() }
}
