//! What is answered over HTTP in place of what was asked, and with which status. GraphQL has its table in
//! `graphql/error_code.rs`. A fault tells its caller nothing but that it happened; the log of the hub has the rest.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use distr_domain::agent::AgentError;

use crate::auth::FOREIGN_ORIGIN;
use crate::failure::Failure;

#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error(transparent)]
    Failure(Failure),
    /// A body in a form that is not taken.
    #[error("{0}")]
    Unsupported(String),
    /// A cookie that came with another's page.
    #[error(
        "a browser's session counts for the hub's own pages alone: send application/json with X-Distr-Portal: 1 from the \
         hub's own origin, or a token as Authorization"
    )]
    ForeignOrigin,
    #[error("the hub is starting or stopping; try again in a moment")]
    NotReady,
}

impl<E> From<E> for ApiError
where
    Failure: From<E>,
{
    fn from(error: E) -> Self {
        Self::Failure(error.into())
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.log();
        let mut response = HttpResponse::build(self.status());
        if let Self::Failure(Failure::TooMany { seconds }) = self {
            response.insert_header(("Retry-After", seconds.to_string()));
        }
        response.json(AgentError { code: self.code().to_owned(), message: self.to_string() })
    }
}

impl ApiError {
    /// For programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Failure(failure) => failure.code(),
            Self::Unsupported(_) => "unsupported",
            Self::ForeignOrigin => FOREIGN_ORIGIN,
            Self::NotReady => "not_ready",
        }
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::Failure(failure) => status(failure),
            Self::Unsupported(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::NotReady => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Writes a fault, or that the database is away, into the hub's log, with the causes.
    pub fn log(&self) {
        if let Self::Failure(failure) = self {
            failure.log();
        }
    }
}

fn status(failure: &Failure) -> StatusCode {
    match failure {
        Failure::Rejected(_) | Failure::Conflict => StatusCode::CONFLICT,
        Failure::Unauthenticated => StatusCode::UNAUTHORIZED,
        Failure::Forbidden(_) => StatusCode::FORBIDDEN,
        Failure::NotFound { .. } => StatusCode::NOT_FOUND,
        Failure::BadInput(_) => StatusCode::BAD_REQUEST,
        Failure::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        Failure::NotYetVisible(_) | Failure::Unavailable(_) | Failure::Full(_) | Failure::OutcomeUnknown(_) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Failure::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
