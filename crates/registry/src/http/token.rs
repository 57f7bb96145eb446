//! `GET` and `POST /token`: a registry token for a member's token or an agent's credential, as the Docker token and OAuth2
//! token specifications have it. Which scopes are asked for bounds the token; what it may really do is decided at each use.

use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::SecondsFormat;
use serde::Deserialize;
use serde_json::json;

use crate::error::OciError;
use crate::fault::Fault;
use crate::http::parameters;
use crate::registry::Registry;
use crate::scope::{self, Access};
use crate::token::LIFE;

/// The form of the OAuth2 password grant.
#[derive(Deserialize)]
pub(super) struct Form {
    grant_type: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    scope: String,
}

pub(super) async fn by_basic(request: HttpRequest, registry: web::Data<Registry>) -> Result<HttpResponse, OciError> {
    let header = request.headers().get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    let (username, secret) =
        header.and_then(basic).ok_or_else(|| unauthorized("a user name and a token are needed"))?;
    let parameters = parameters(&request);
    let scopes = parameters.iter().filter(|(key, _)| key == "scope").map(|(_, scope)| scope.as_str());
    issue(&registry, &username, &secret, scope::parse(scopes)).await
}

pub(super) async fn by_password(
    form: Result<web::Form<Form>, actix_web::Error>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let form = form.ok().filter(|form| form.grant_type == "password");
    let form = form.ok_or_else(|| OciError::GrantInvalid("only the grant type password is taken".to_owned()))?;
    issue(&registry, &form.username, &form.password, scope::parse([form.scope.as_str()])).await
}

async fn issue(
    registry: &Registry,
    username: &str,
    secret: &str,
    access: Vec<Access>,
) -> Result<HttpResponse, OciError> {
    let caller = registry.callers.authenticate(username, secret).await.map_err(Fault::Callers)?;
    let caller = caller.ok_or_else(|| unauthorized("the user name or the token is wrong"))?;
    let now = registry.now();
    let token = registry.tokens.issue(caller, access, now)?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(json!({
        "token": token,
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": LIFE.num_seconds(),
        "issued_at": now.to_rfc3339_opts(SecondsFormat::Secs, true),
    })))
}

fn unauthorized(message: &str) -> OciError {
    OciError::Unauthorized { challenge: "Basic realm=\"distr\"".to_owned(), message: message.to_owned() }
}

/// The user name and the secret of a `Basic` header.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    let decoded = STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(decoded).ok()?;
    text.split_once(':').map(|(username, secret)| (username.to_owned(), secret.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basic_header_has_a_user_name_and_a_secret() {
        let header = format!("Basic {}", STANDARD.encode("ci:dst_a:b"));
        assert_eq!(basic(&header), Some(("ci".to_owned(), "dst_a:b".to_owned())));
        for bad in ["Basic", "Basic !", "Bearer Y2k6eA==", &format!("Basic {}", STANDARD.encode("ci"))] {
            assert_eq!(basic(bad), None, "{bad}");
        }
    }
}
