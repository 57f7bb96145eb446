//! The terms of a license on the command line: given whole to issue one, in part to amend one.

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::Value;

use super::{license_amend, license_issue};
use crate::moment;

/// What is agreed. Empty lists do not restrict; seats and dates that are nothing do not limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Terms {
    pub(crate) versions: Vec<String>,
    pub(crate) channels: Vec<String>,
    pub(crate) features: Vec<String>,
    pub(crate) seats: Option<u32>,
    pub(crate) not_before: Option<DateTime<Utc>>,
    /// The first instant at which it no longer holds.
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

impl Terms {
    /// As a license of the hub has them.
    pub(crate) fn of(license: &Value) -> Result<Self> {
        serde_json::from_value(license.clone()).context("reading the terms of a license")
    }
}

#[derive(Args)]
pub(crate) struct TermsArgs {
    /// A range that a version must be in, as 1.x or ">=1.2 <2"; several alternatives by || or by giving it several times. A pre-release is in a range only if that names one of the same version
    #[arg(long = "versions", value_name = "RANGE")]
    versions: Vec<String>,
    /// A channel that a release must be in; may be given several times
    #[arg(long = "channel", value_name = "NAME")]
    channels: Vec<String>,
    /// A feature that it gives; may be given several times
    #[arg(long = "feature", value_name = "NAME")]
    features: Vec<String>,
    /// How many targets may run the application
    #[arg(long)]
    seats: Option<u32>,
    /// From when on it holds: a date or a time
    #[arg(long, value_name = "DATE", value_parser = moment::begin)]
    not_before: Option<DateTime<Utc>>,
    /// Until when it holds: through the end of a date (UTC), or up to a time
    #[arg(long, value_name = "DATE", value_parser = moment::end)]
    expires: Option<DateTime<Utc>>,
}

#[derive(Args)]
pub(crate) struct Changes {
    #[command(flatten)]
    terms: TermsArgs,
    /// A term that shall not restrict any more; may be given several times
    #[arg(long, value_name = "TERM")]
    clear: Vec<Term>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Term {
    Versions,
    Channels,
    Features,
    Seats,
    NotBefore,
    Expires,
}

impl From<TermsArgs> for Terms {
    fn from(args: TermsArgs) -> Self {
        let TermsArgs { versions, channels, features, seats, not_before, expires } = args;
        Self { versions, channels, features, seats, not_before, expires_at: expires }
    }
}

impl Changes {
    pub(crate) fn applied_to(self, mut now: Terms) -> Terms {
        for term in self.clear {
            match term {
                Term::Versions => now.versions.clear(),
                Term::Channels => now.channels.clear(),
                Term::Features => now.features.clear(),
                Term::Seats => now.seats = None,
                Term::NotBefore => now.not_before = None,
                Term::Expires => now.expires_at = None,
            }
        }
        let given = Terms::from(self.terms);
        let list = |given: Vec<String>, now| if given.is_empty() { now } else { given };
        Terms {
            versions: list(given.versions, now.versions),
            channels: list(given.channels, now.channels),
            features: list(given.features, now.features),
            seats: given.seats.or(now.seats),
            not_before: given.not_before.or(now.not_before),
            expires_at: given.expires_at.or(now.expires_at),
        }
    }
}

impl From<Terms> for license_issue::LicenseTermsInput {
    fn from(terms: Terms) -> Self {
        let Terms { versions, channels, features, seats, not_before, expires_at } = terms;
        Self { versions, channels, features, seats: seats.map(i64::from), not_before, expires_at }
    }
}

impl From<Terms> for license_amend::LicenseTermsInput {
    fn from(terms: Terms) -> Self {
        let Terms { versions, channels, features, seats, not_before, expires_at } = terms;
        Self { versions, channels, features, seats: seats.map(i64::from), not_before, expires_at }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        changes: Changes,
    }

    fn amended(arguments: &[&str]) -> Terms {
        let now = Terms { versions: vec!["1.x".into()], seats: Some(3), ..Terms::default() };
        let line = Line::parse_from([&["amend"], arguments].concat());
        line.changes.applied_to(now)
    }

    #[test]
    fn terms_that_are_not_named_stay() {
        let terms = amended(&["--seats", "5"]);
        assert_eq!((terms.versions, terms.seats), (vec!["1.x".to_owned()], Some(5)));
    }

    #[test]
    fn a_term_that_is_cleared_does_not_restrict_any_more() {
        let terms = amended(&["--clear", "seats", "--clear", "versions"]);
        assert_eq!(terms, Terms::default());
    }

    #[test]
    fn a_term_is_replaced_as_a_whole() {
        assert_eq!(amended(&["--versions", "2.x", "--versions", "3.x"]).versions, ["2.x", "3.x"]);
    }
}
