//! Why an action did not reach its end, and whose fault it is: a generation that is bad is given up until a newer one
//! comes; trouble of the surroundings is tried again.

use std::io;

use distr_domain::agent::{ErrorCategory, ReportedError};

use crate::redact::Redactor;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub category: ErrorCategory,
    pub blame: Blame,
    /// not yet cleaned of secrets
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// the same again would end the same
    Generation,
    /// network, engine, disk: worth another try
    Surroundings,
}

/// How an action ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    Trouble(Trouble),
    /// a newer generation came, or the agent stops
    Superseded,
}

impl Trouble {
    pub fn bad(category: ErrorCategory, text: impl Into<String>) -> Self {
        Self { category, blame: Blame::Generation, text: text.into() }
    }

    pub fn passing(category: ErrorCategory, text: impl Into<String>) -> Self {
        Self { category, blame: Blame::Surroundings, text: text.into() }
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

    /// What the registry, or the engine on its behalf, said to a pull.
    pub fn of_pull(image: &str, text: &str) -> Self {
        let lower = text.to_lowercase();
        let has = |needles: &[&str]| needles.iter().any(|needle| lower.contains(needle));
        let text = format!("cannot pull {image}: {text}");
        if has(&["no space left on device", "disk quota exceeded"]) {
            return Self::passing(ErrorCategory::Resources, text);
        }
        if has(&["no matching manifest", "unsupported media type", "invalid reference format"]) {
            return Self::bad(ErrorCategory::Config, text);
        }
        if has(&["unauthorized", "authentication required"]) {
            return Self::passing(ErrorCategory::Entitlement, text);
        }
        if has(&["denied", "manifest unknown", "name unknown", "not found", "no basic auth"]) {
            return Self::bad(ErrorCategory::Entitlement, text);
        }
        Self::passing(ErrorCategory::Network, text)
    }

    /// What `docker compose` said before it ended with an error.
    pub fn of_compose(text: &str) -> Self {
        let lower = text.to_lowercase();
        let has = |needles: &[&str]| needles.iter().any(|needle| lower.contains(needle));
        if has(&["cannot connect to the docker daemon", "is the docker daemon running", "error during connect"]) {
            return Self::passing(ErrorCategory::Runtime, text);
        }
        if has(&["no space left on device", "cannot allocate memory", "disk quota exceeded"]) {
            return Self::passing(ErrorCategory::Resources, text);
        }
        if has(&[
            "removal of container",
            "no such container",
            "no such image",
            "address pools have been fully subnetted",
        ]) {
            return Self::passing(ErrorCategory::Runtime, text);
        }
        if has(&["is unhealthy", "dependency failed to start", "didn't complete successfully"]) {
            return Self::bad(ErrorCategory::Unhealthy, text);
        }
        if has(&["port is already allocated", "address already in use", "ports are not available"]) {
            return Self::bad(ErrorCategory::Resources, text);
        }
        Self::bad(ErrorCategory::Runtime, text)
    }

    pub fn reported(&self, redactor: &Redactor) -> ReportedError {
        ReportedError { category: self.category, text: redactor.clean(&self.text) }
    }
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Blame::*;
    use ErrorCategory::*;

    #[test]
    fn a_pull_is_given_up_only_when_the_registry_refused_it() {
        for (text, category, blame) in [
            ("denied: license \"gold\" expired at 2026-01-01", Entitlement, Generation),
            ("manifest unknown: manifest unknown", Entitlement, Generation),
            ("unauthorized: authentication required", Entitlement, Surroundings),
            ("dial tcp 10.0.0.1:443: connect: connection refused", Network, Surroundings),
            ("received unexpected HTTP status: 503 Service Unavailable", Network, Surroundings),
            ("write /var/lib/docker/tmp/x: no space left on device", Resources, Surroundings),
            ("no matching manifest for linux/arm64 in the manifest list entries", Config, Generation),
        ] {
            let trouble = Trouble::of_pull("r/a/b@sha256:0", text);
            assert_eq!((trouble.category, trouble.blame), (category, blame), "{text}");
            assert!(trouble.text.ends_with(text));
        }
    }

    #[test]
    fn what_compose_said_has_a_category() {
        for (text, category, blame) in [
            ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock", Runtime, Surroundings),
            (
                "driver failed programming external connectivity: Bind for 0.0.0.0:80 failed: port is already allocated",
                Resources,
                Generation,
            ),
            ("dependency failed to start: container distr-a-db-1 is unhealthy", Unhealthy, Generation),
            ("OCI runtime create failed: exec: \"nope\": executable file not found in $PATH", Runtime, Generation),
            ("failed to create shim: no space left on device", Resources, Surroundings),
        ] {
            let trouble = Trouble::of_compose(text);
            assert_eq!((trouble.category, trouble.blame), (category, blame), "{text}");
        }
    }
}
