//! Why an action did not reach its end, and whose fault it is: a generation that is bad is given up until a newer one
//! comes; trouble of the surroundings is tried again.

use std::io;

use distr_domain::agent::{ErrorCategory, ReportedError};

use crate::printed::Output;
use crate::redact::Redactor;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub category: ErrorCategory,
    pub blame: Blame,
    /// our own words, not yet cleaned of secrets
    pub text: String,
    /// what a tool or a program of the release said: it may hold whatever it was given, and is reported only if the host allows it
    pub words: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// the same again would end the same
    Generation,
    /// network, runtime, disk: worth another try
    Surroundings,
}

/// How an action ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    Failed(Failure),
    /// a newer generation came, or the agent stops
    Superseded,
}

impl Failure {
    pub fn bad(category: ErrorCategory, text: impl Into<String>) -> Self {
        Self { category, blame: Blame::Generation, text: text.into(), words: String::new() }
    }

    pub fn passing(category: ErrorCategory, text: impl Into<String>) -> Self {
        Self { category, blame: Blame::Surroundings, text: text.into(), words: String::new() }
    }

    pub fn internal(what: &str, error: impl std::fmt::Display) -> Self {
        Self::passing(ErrorCategory::Internal, format!("{what}: {error}"))
    }

    /// What a file system said to a write: a full disk is told from what the agent does wrong.
    pub fn of_disk(what: &str, error: &io::Error) -> Self {
        let category = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorCategory::Resources,
            _ => ErrorCategory::Internal,
        };
        Self::passing(category, format!("{what}: {error}"))
    }

    pub fn with_words(self, words: impl Into<String>) -> Self {
        Self { words: words.into(), ..self }
    }

    pub fn reported(&self, redactor: &Redactor) -> ReportedError {
        let text = match redactor.output() {
            Output::Errors if !self.words.is_empty() => format!("{}: {}", self.text, self.words),
            _ => self.text.clone(),
        };
        ReportedError { category: self.category, text: redactor.clean(&text) }
    }
}

impl From<Failure> for Stop {
    fn from(trouble: Failure) -> Self {
        Self::Failed(trouble)
    }
}
