//! From the three kinds of "no" to what a caller is told: one table for GraphQL and HTTP. A fault tells its caller
//! nothing but that it happened; the log of the hub has the rest.

use actix_web::http::StatusCode;
use distr_domain::names::InvalidName;
use distr_domain::rejection::Rejection;
use distr_eventlog::{ExecuteError, ReadError};
use distr_projections::{QueryError, TogetherError, WaitError};
use distr_registry::ChangeError;

#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// A rule said no. `code` is the rejection's.
    #[error("{message}")]
    Rejected { code: &'static str, message: String },
    #[error("sign in, or send a token as \"Authorization: Bearer …\"")]
    Unauthenticated,
    #[error("{0}")]
    Forbidden(String),
    /// Not there, or not the caller's to see: the same words for both.
    #[error("there is no {kind} {name:?}")]
    NotFound { kind: &'static str, name: String },
    #[error("{0}")]
    BadInput(String),
    /// A body in a form that is not taken.
    #[error("{0}")]
    Unsupported(String),
    #[error("too many requests; wait {seconds} s")]
    TooMany { seconds: u64 },
    /// Others kept changing the same thing.
    #[error("the change met others at the same thing too often; try again")]
    Conflict,
    #[error("the change is stored, but the read models have not caught up with it yet; read again in a moment")]
    NotYetVisible(#[source] WaitError),
    #[error("the hub is starting or stopping; try again in a moment")]
    NotReady,
    #[error("something went wrong in the hub; its log has more under this request's id")]
    Fault(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ApiError {
    pub fn fault(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Fault(Box::new(source))
    }

    pub fn not_found(kind: &'static str, name: impl ToString) -> Self {
        Self::NotFound { kind, name: name.to_string() }
    }

    pub fn rejected(rejection: impl Rejection) -> Self {
        Self::Rejected { code: rejection.code(), message: rejection.to_string() }
    }

    /// For programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rejected { code, .. } => code,
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound { .. } => "not_found",
            Self::BadInput(_) => "bad_input",
            Self::Unsupported(_) => "unsupported",
            Self::TooMany { .. } => "too_many_requests",
            Self::Conflict => "conflict",
            Self::NotYetVisible(_) => "not_yet_visible",
            Self::NotReady => "not_ready",
            Self::Fault(_) => "internal",
        }
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::Rejected { .. } | Self::Conflict => StatusCode::CONFLICT,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::BadInput(_) => StatusCode::BAD_REQUEST,
            Self::Unsupported(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::NotYetVisible(_) | Self::NotReady => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Writes a fault into the hub's log, with its causes.
    pub fn log(&self) {
        if let Self::Fault(source) = self {
            tracing::error!(error = &**source as &dyn std::error::Error, "fault");
        }
    }
}

impl From<InvalidName> for ApiError {
    fn from(error: InvalidName) -> Self {
        Self::BadInput(error.to_string())
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Cursor(_) => Self::BadInput(error.to_string()),
            other => Self::fault(other),
        }
    }
}

impl From<TogetherError> for ApiError {
    fn from(error: TogetherError) -> Self {
        Self::fault(error)
    }
}

impl From<deadpool_postgres::PoolError> for ApiError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        Self::fault(error)
    }
}

impl From<tokio_postgres::Error> for ApiError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::fault(error)
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::BeyondHead { .. } => Self::BadInput(error.to_string()),
            other => Self::fault(other),
        }
    }
}

impl From<ChangeError> for ApiError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Execute(error) => error.into(),
            ChangeError::NotShownYet(error) => Self::NotYetVisible(error),
            fault => Self::fault(fault),
        }
    }
}

impl<R: Rejection> From<ExecuteError<R>> for ApiError {
    fn from(error: ExecuteError<R>) -> Self {
        match error {
            ExecuteError::Rejected(rejection) => Self::rejected(rejection),
            ExecuteError::Conflict { .. } => Self::Conflict,
            fault @ ExecuteError::Fault { .. } => Self::fault(fault),
        }
    }
}
