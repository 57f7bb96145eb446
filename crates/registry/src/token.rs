//! The registry's own bearer token: a JWT that says who the caller is and what the token was asked for. It lives for minutes,
//! and whether its caller is still live is asked with each request.

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::caller::Caller;
use crate::scope::Access;

pub(crate) const LIFE: TimeDelta = TimeDelta::minutes(5);
/// What the challenge calls this registry, and the token its audience.
pub(crate) const SERVICE: &str = "distr";

/// Signs and checks with HS256.
pub(crate) struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    sub: String,
    aud: String,
    iat: i64,
    exp: i64,
    jti: Uuid,
    pub(crate) access: Vec<Access>,
    pub(crate) caller: Caller,
}

/// Why a token is not taken. Its text may be shown: it says nothing that the presenter of the token doesn't know.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidToken {
    #[error("the token is not one of this registry")]
    Foreign(#[source] jsonwebtoken::errors::Error),
    #[error("the token has expired")]
    Expired,
}

impl Tokens {
    pub(crate) fn new(key: &[u8]) -> Self {
        Self { encoding: EncodingKey::from_secret(key), decoding: DecodingKey::from_secret(key) }
    }

    pub(crate) fn issue(
        &self,
        caller: Caller,
        access: Vec<Access>,
        at: DateTime<Utc>,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let claims = Claims {
            sub: caller.actor.to_string(),
            aud: SERVICE.to_owned(),
            iat: at.timestamp(),
            exp: (at + LIFE).timestamp(),
            jti: Uuid::now_v7(),
            access,
            caller,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
    }

    pub(crate) fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Claims, InvalidToken> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[SERVICE]);
        // against the given clock, below, instead of the library's
        validation.validate_exp = false;
        let token =
            jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation).map_err(InvalidToken::Foreign)?;
        match now.timestamp() < token.claims.exp {
            true => Ok(token.claims),
            false => Err(InvalidToken::Expired),
        }
    }
}

#[cfg(test)]
mod tests {
    use distr_domain::ids::{CustomerId, OrganizationId, TokenId};
    use distr_domain::permission::{CustomerRole, Membership};
    use distr_domain::token::TokenScope;
    use distr_eventlog::Actor;

    use super::*;
    use crate::caller::CallerAccess;
    use crate::scope;

    fn caller() -> Caller {
        let membership = Membership::Customer { customer: CustomerId(Uuid::nil()), role: CustomerRole::Admin };
        let scopes = vec![TokenScope::Pull];
        Caller {
            organization: Some(OrganizationId(Uuid::nil())),
            actor: Actor::Operator,
            access: CallerAccess::Member { membership, scopes, repositories: vec![], token: TokenId(Uuid::nil()) },
        }
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn a_token_carries_its_caller_for_five_minutes() {
        let tokens = Tokens::new(b"key");
        let access = scope::parse(["repository:acme/hello:pull"]);
        let token = tokens.issue(caller(), access.clone(), at(1000)).unwrap();
        let claims = tokens.verify(&token, at(1299)).unwrap();
        assert_eq!((claims.caller, claims.access), (caller(), access));
        assert!(matches!(tokens.verify(&token, at(1300)), Err(InvalidToken::Expired)));
    }

    #[test]
    fn a_token_of_another_key_or_with_other_claims_is_not_taken() {
        let tokens = Tokens::new(b"key");
        let token = tokens.issue(caller(), vec![], at(0)).unwrap();
        assert!(Tokens::new(b"other").verify(&token, at(1)).is_err());
        let (head, signature) = token.rsplit_once('.').unwrap();
        assert!(tokens.verify(&format!("{head}x.{signature}"), at(1)).is_err());
        assert!(tokens.verify(&format!("{head}."), at(1)).is_err());
    }
}
