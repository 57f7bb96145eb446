//! Why something was not done, for all that lies between the edges and the log: a rule said no, what was named is not there,
//! or something is broken. The edges turn it into answers, and only they.

use distr_domain::names::InvalidName;
use distr_domain::rejection::Rejection;
use distr_eventlog::{AppendError, ExecuteError, Fault as LogFault, ReadError};
use distr_postgres::LookupError;
use distr_postgres::{is_away, is_full};
use distr_projections::{QueryError, WaitError};
use distr_registry::{ChangeError, Fault as RegistryFault};

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A rule said no. Whoever has to know which one calls what returns it by its type.
    #[error("{0}")]
    Rejected(Box<dyn Rejection>),
    #[error("sign in, or send a token as \"Authorization: Bearer …\"")]
    Unauthenticated,
    #[error("{0}")]
    Forbidden(String),
    /// The thing is not there, or not the caller's to see: the same words for both.
    #[error("there is no {kind} {name:?}")]
    NotFound { kind: &'static str, name: String },
    #[error("{0}")]
    BadInput(String),
    #[error("too many requests; wait {seconds} s")]
    TooMany { seconds: u64 },
    /// Others kept changing the same thing.
    #[error("the change met others at the same thing too often; try again")]
    Conflict,
    #[error("the change is stored, but the read models have not caught up with it yet; read again in a moment")]
    NotYetVisible(#[source] WaitError),
    /// The database did not take a question, or did not answer it in time.
    #[error("the hub's database does not answer; try again in a moment")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Nothing is stored until somebody makes room.
    #[error("the disk of the hub's database is full, and nothing can be stored; have the hub's operator make room")]
    Full(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The log gave up what it was to append, which it may have done all the same.
    #[error(
        "the hub's database does not answer, and whether the change is stored is not known; \
         look, or send it again with the same Idempotency-Key"
    )]
    OutcomeUnknown(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("something went wrong in the hub; its log has more under this request's id")]
    Fault(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why an operation that has rules of its own was not done.
#[derive(Debug)]
pub enum OperationError<R> {
    Rejected(R),
    Failed(Failure),
}

impl Failure {
    pub fn fault(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Fault(Box::new(source))
    }

    /// The failure of a question to the database, which may be asked again.
    fn of_database(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        match is_away(&source) {
            true => Self::Unavailable(Box::new(source)),
            false if is_full(&source) => Self::Full(Box::new(source)),
            false => Self::fault(source),
        }
    }

    pub fn not_found(kind: &'static str, name: impl ToString) -> Self {
        Self::NotFound { kind, name: name.to_string() }
    }

    pub fn rejected(rejection: impl Rejection) -> Self {
        Self::Rejected(Box::new(rejection))
    }

    /// For programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rejected(rejection) => rejection.code(),
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound { .. } => "not_found",
            Self::BadInput(_) => "bad_input",
            Self::TooMany { .. } => "too_many_requests",
            Self::Conflict => "conflict",
            Self::NotYetVisible(_) => "not_yet_visible",
            Self::Unavailable(_) | Self::Full(_) => "unavailable",
            Self::OutcomeUnknown(_) => "outcome_unknown",
            Self::Fault(_) => "internal",
        }
    }

    /// Writes a fault, or that the database is away, into the hub's log, with the causes.
    pub fn log(&self) {
        match self {
            Self::Fault(source) => tracing::error!(error = &**source as &dyn std::error::Error, "fault"),
            Self::Full(source) => tracing::error!(error = &**source as &dyn std::error::Error, "the disk is full"),
            Self::Unavailable(source) | Self::OutcomeUnknown(source) => {
                tracing::warn!(error = &**source as &dyn std::error::Error, "the database does not answer");
            }
            _ => {}
        }
    }
}

impl<R> From<Failure> for OperationError<R> {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl<R: Rejection> From<OperationError<R>> for Failure {
    fn from(error: OperationError<R>) -> Self {
        match error {
            OperationError::Rejected(rejection) => Self::rejected(rejection),
            OperationError::Failed(failure) => failure,
        }
    }
}

impl From<InvalidName> for Failure {
    fn from(error: InvalidName) -> Self {
        Self::BadInput(error.to_string())
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Cursor(_) => Self::BadInput(error.to_string()),
            other => Self::of_database(other),
        }
    }
}

impl From<LookupError> for Failure {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::TooLate { .. } => Self::Unavailable(Box::new(error)),
            other => Self::of_database(other),
        }
    }
}

impl From<deadpool_postgres::PoolError> for Failure {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        Self::of_database(error)
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::of_database(error)
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::BeyondHead { .. } => Self::BadInput(error.to_string()),
            other => Self::of_database(other),
        }
    }
}

impl From<AppendError> for Failure {
    fn from(error: AppendError) -> Self {
        match is_away(&error) {
            true => Self::OutcomeUnknown(Box::new(error)),
            false if is_full(&error) => Self::Full(Box::new(error)),
            false => Self::fault(error),
        }
    }
}

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Rejected(rejection) => Self::rejected(rejection),
            ChangeError::Fault(RegistryFault::Change(error)) => error.into(),
            ChangeError::Fault(RegistryFault::Behind(error)) => Self::NotYetVisible(error),
            ChangeError::Fault(fault) => Self::of_database(fault),
        }
    }
}

impl<R: Rejection> From<ExecuteError<R>> for Failure {
    fn from(error: ExecuteError<R>) -> Self {
        match error {
            ExecuteError::Rejected(rejection) => Self::rejected(rejection),
            ExecuteError::Conflict { .. } => Self::Conflict,
            ExecuteError::Fault { source: LogFault::Append(AppendError::NotAllowed), .. } => Self::Unauthenticated,
            ExecuteError::Fault { source: LogFault::Append(_), .. } if is_away(&error) => {
                Self::OutcomeUnknown(Box::new(error))
            }
            fault @ ExecuteError::Fault { .. } => Self::of_database(fault),
        }
    }
}
