//! Authentication: who sends a request, by its registry token or by the credential that a token is asked for with; and how often
//! each may ask.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use chrono::{DateTime, Utc};

use crate::authorization::bearer_token;
use crate::caller::{Caller, Callers};
use crate::challenge::{self, Wanted};
use crate::client::Client;
use crate::clock::Clock;
use crate::error::OciError;
use crate::fault::Fault;
use crate::limits::{Asker, Limits};
use crate::query::check_texts;
use crate::scope::Access;
use crate::token::{Claims, Tokens};

/// The authentication of requests.
pub(crate) struct Authentication {
    pub(crate) tokens: Tokens,
    pub(crate) callers: Arc<dyn Callers>,
    pub(crate) limits: Limits,
    /// where clients reach the hub; not set: what the request itself says
    pub(crate) public_url: Option<String>,
    pub(crate) clock: Clock,
}

/// A registry token, and when it was issued.
pub(crate) struct Issued {
    pub(crate) token: String,
    pub(crate) at: DateTime<Utc>,
}

impl Authentication {
    /// The claims of a good token whose owner still has access, or the challenge.
    pub(crate) async fn authenticate(
        &self,
        request: &HttpRequest,
        wanted: Option<Wanted<'_>>,
    ) -> Result<Claims, OciError> {
        let claims = self.claims(request, wanted)?;
        self.check_current(request, wanted, &claims).await?;
        Ok(claims)
    }

    /// The claims of a token that this registry has made. Whether its owner still has access is `check_current`.
    pub(crate) fn claims(&self, request: &HttpRequest, wanted: Option<Wanted<'_>>) -> Result<Claims, OciError> {
        check_texts(request)?;
        let header = request.headers().get(AUTHORIZATION).and_then(|header| header.to_str().ok());
        let verified = header.and_then(bearer_token).map(|token| self.tokens.verify(token, (self.clock)()));
        let credential = verified.as_ref().and_then(|claims| claims.as_ref().ok()?.caller.credential());
        self.limits.check(match credential {
            Some(credential) => Asker::Credential(credential),
            None => Asker::of_address(Client::of(request).address),
        })?;
        let invalid = |message: &str| self.challenge(request, wanted, Some("invalid_token"), message);
        match verified {
            None => Err(self.challenge(request, wanted, None, "a token is needed")),
            Some(verified) => verified.map_err(|error| invalid(&error.to_string())),
        }
    }

    pub(crate) async fn check_current(
        &self,
        request: &HttpRequest,
        wanted: Option<Wanted<'_>>,
        claims: &Claims,
    ) -> Result<(), OciError> {
        if claims.caller == Caller::ANONYMOUS {
            return Ok(());
        }
        match self.callers.current(&claims.caller).await {
            Ok(Some(current)) if current == claims.caller => Ok(()),
            Ok(_) => {
                let message = "the token's owner has lost its access";
                Err(self.challenge(request, wanted, Some("invalid_token"), message))
            }
            Err(fault) => Err(Fault::Callers(fault).into()),
        }
    }

    /// The answer that says where to get a token, and what to ask for. `error`: of RFC 6750, when there was a token.
    pub(crate) fn challenge(
        &self,
        request: &HttpRequest,
        wanted: Option<Wanted<'_>>,
        error: Option<&str>,
        message: &str,
    ) -> OciError {
        let challenge = challenge::bearer(request, self.public_url.as_deref(), wanted, error);
        OciError::Unauthorized { challenge, message: message.to_owned() }
    }

    /// Counts a request whose credential is not known yet: the address is all that there is.
    pub(crate) fn limit(&self, address: Option<IpAddr>) -> Result<(), OciError> {
        self.limits.check(Asker::of_address(address))
    }

    /// The caller with this user name and secret.
    pub(crate) async fn sign_in(&self, username: &str, secret: &str) -> Result<Option<Caller>, Fault> {
        self.callers.authenticate(username, secret).await.map_err(Fault::Callers)
    }

    /// A registry token for what its caller may do at most.
    pub(crate) fn issue(&self, caller: Caller, access: Vec<Access>) -> Result<Issued, Fault> {
        let at = (self.clock)();
        Ok(Issued { token: self.tokens.issue(caller, access, at)?, at })
    }
}
