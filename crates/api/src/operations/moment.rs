//! Which state of the log somebody means who names a moment of it.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use distr_domain::rejection::Rejection;
use distr_eventlog::{Limit, Position, Selection};
use distr_projections::past::Moment;

use crate::commands::Commands;
use crate::failure::Failure;
use crate::models::ReadModels;
use crate::request::when;

/// What was committed a moment ago is in the read models within this time.
const VISIBILITY_WAIT: Duration = Duration::from_secs(10);

/// A moment, as people name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    At(DateTime<Utc>),
    Position(Position),
}

/// The error of a text that is neither a time nor a position.
#[derive(Debug, thiserror::Error)]
#[error("moment {0:?} is not valid: use a time with its zone, as 2026-11-01T12:00:00Z, or a position of the log")]
pub struct InvalidMoment(String);

impl FromStr for Named {
    type Err = InvalidMoment;

    fn from_str(text: &str) -> Result<Self, InvalidMoment> {
        let position = text.parse().map(Self::Position);
        let at = || DateTime::parse_from_rfc3339(text).map(|at| Self::At(at.to_utc()));
        position.or_else(|_| at()).map_err(|_| InvalidMoment(text.chars().take(80).collect()))
    }
}

/// The log has not been there yet.
#[derive(Debug, thiserror::Error)]
enum NotPast {
    #[error("{asked} has not come yet: it is {now}")]
    Time { asked: DateTime<Utc>, now: DateTime<Utc> },
    #[error("position {asked} is not in the log yet, which ends at {head}")]
    Position { asked: Position, head: Position },
}

impl Rejection for NotPast {
    fn code(&self) -> &'static str {
        "moment.not_past"
    }
}

/// Returns when the read models are as far. A position that has not come yet is refused to those who may know how long the log is, which
/// is of all organizations together; to others it is now.
pub async fn resolve(
    commands: &Commands,
    models: &ReadModels,
    named: Named,
    may_know_the_head: bool,
) -> Result<Moment, Failure> {
    let log = &commands.log;
    let moment = match named {
        Named::At(asked) => {
            let (asked, now) = (when("asOf", asked)?, commands.now());
            if asked > now {
                return Err(Failure::rejected(NotPast::Time { asked, now }));
            }
            Moment { position: log.seek(asked).await?, at: asked }
        }
        Named::Position(asked) => {
            let head = log.head().await?;
            match asked > head {
                true if may_know_the_head => return Err(Failure::rejected(NotPast::Position { asked, head })),
                true => Moment { position: head, at: commands.now() },
                false => Moment { position: asked, at: committed_at(commands, asked).await? },
            }
        }
    };
    for group in [&models.progress.core, &models.progress.audit] {
        group.wait_for(moment.position, VISIBILITY_WAIT).await.map_err(Failure::NotYetVisible)?;
    }
    Ok(moment)
}

/// Of what stands at the position; if retention has dropped that, of what comes next.
async fn committed_at(commands: &Commands, position: Position) -> Result<DateTime<Utc>, Failure> {
    let log = &commands.log;
    if let Some(entry) = log.entry(position).await? {
        return Ok(entry.committed_at());
    }
    let one = Limit { entries: 1, bytes: 1 };
    let next = log.scan(position, one, Selection::All).await?.entries.pop();
    Ok(next.map_or_else(|| commands.now(), |entry| entry.committed_at()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_or_a_position() {
        assert_eq!("42".parse::<Named>().unwrap(), Named::Position(Position::of_number(42)));
        let at: DateTime<Utc> = "2026-11-01T12:00:00Z".parse().unwrap();
        for text in ["2026-11-01T12:00:00Z", "2026-11-01T13:00:00+01:00", "2026-11-01T12:00:00.000Z"] {
            assert_eq!(text.parse::<Named>().unwrap(), Named::At(at), "{text}");
        }
        for text in ["", "yesterday", "2026-11-01", "2026-11-01T12:00:00", "-1", "18446744073709551616"] {
            assert!(text.parse::<Named>().unwrap_err().to_string().contains("2026-11-01T12:00:00Z"), "{text}");
        }
    }
}
