//! What a script is told when a command ends: the one table from failures to exit codes, and the one line of text.

use std::io::ErrorKind;
use std::process::ExitCode;

use anyhow::{Error, Result};

use crate::terminal::printable;

pub(crate) const HELP: &str = "\
Exit codes:
  0  done
  1  the hub refused, or something failed
  2  wrong usage
  3  a deployment failed, or was not healthy in time (deploy --wait);
     a rollout was halted, aborted or superseded (rollout --watch)
  4  not signed in
  5  the hub is not reachable
  6  apply --plan, rollout plan: something would change
  7  a rollout waits for a person (rollout --watch)
  130  ended by Ctrl-C

Environment: DISTR_HUB, DISTR_PROFILE, DISTR_TOKEN (wins over the profile), DISTR_PASSWORD (for login)";

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{message} ({code}){}", next_step(code))]
    Refused { code: String, message: String },
    #[error("{0}")]
    Usage(String),
    /// Each is a wrong usage of its own.
    #[error("{}", .0.join("; "))]
    Several(Vec<String>),
    #[error("{0}")]
    DeploymentFailed(String),
    #[error("{0}")]
    RolloutStopped(String),
    /// It goes on when somebody does something.
    #[error("{0}")]
    HeldForPerson(String),
    #[error("not signed in: {0}; sign in with: distr login")]
    NotSignedIn(String),
    #[error("the hub at {hub} is not reachable: {cause}; is it running, and is --hub or DISTR_HUB right?")]
    Unreachable { hub: String, cause: String },
    /// Not a failure, but scripts want to know.
    #[error("something would change")]
    WouldChange,
    /// Somebody pressed Ctrl-C; the sentence says what goes on without us.
    #[error("{0}")]
    Interrupted(String),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Refused { .. } => 1,
            Self::Usage(_) | Self::Several(_) => 2,
            Self::DeploymentFailed(_) | Self::RolloutStopped(_) => 3,
            Self::NotSignedIn(_) => 4,
            Self::Unreachable { .. } => 5,
            Self::WouldChange => 6,
            Self::HeldForPerson(_) => 7,
            // as shells say of a program that this signal ended
            Self::Interrupted(_) => 130,
        }
    }
}

/// What to do about a refusal, where its message does not say it.
fn next_step(code: &str) -> &'static str {
    match code {
        "forbidden" => "; see who you are with: distr whoami",
        "member.still_invited" => "; the command for it: distr member invite-again",
        "not_ready" | "not_yet_visible" | "conflict" => "; run the command again",
        "internal" => "; tell the hub's operator",
        _ => "",
    }
}

/// Writes the failure as one line, and gives the process its exit code.
pub(crate) fn report(result: Result<()>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    // whoever read our output has seen enough, as with `| head`
    if is_broken_pipe(&error) {
        return ExitCode::SUCCESS;
    }
    let failure = error.downcast_ref::<Failure>();
    match failure {
        Some(Failure::WouldChange) => {}
        Some(Failure::Interrupted(sentence)) => eprintln!("{sentence}"),
        Some(Failure::Several(all)) => all.iter().for_each(|text| eprintln!("error: {}", in_one_line(text))),
        _ => eprintln!("error: {}", one_line(&error)),
    }
    ExitCode::from(failure.map_or(1, Failure::code))
}

/// Whether the hub may be there again in a moment.
pub(crate) fn is_passing(error: &Error) -> bool {
    match error.downcast_ref() {
        Some(Failure::Unreachable { .. }) => true,
        Some(Failure::Refused { code, .. }) => {
            ["not_ready", "unavailable", "too_many_requests"].contains(&code.as_str())
        }
        _ => false,
    }
}

fn is_broken_pipe(error: &Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

fn one_line(error: &Error) -> String {
    in_one_line(&format!("{error:#}"))
}

fn in_one_line(text: &str) -> String {
    let text = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
    printable(&text)
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    fn code(error: impl Into<Error>) -> String {
        format!("{:?}", report(Err(error.into())))
    }

    fn expected(code: u8) -> String {
        format!("{:?}", ExitCode::from(code))
    }

    #[test]
    fn each_kind_of_failure_has_its_exit_code() {
        let refused = Failure::Refused { code: "license.revoked".into(), message: "it was revoked".into() };
        assert_eq!(code(refused), expected(1));
        assert_eq!(code(Failure::Usage("x".into())), expected(2));
        assert_eq!(code(Failure::DeploymentFailed("x".into())), expected(3));
        assert_eq!(code(Failure::RolloutStopped("x".into())), expected(3));
        assert_eq!(code(Failure::HeldForPerson("x".into())), expected(7));
        assert_eq!(code(Failure::NotSignedIn("x".into())), expected(4));
        assert_eq!(code(Failure::Unreachable { hub: "x".into(), cause: "y".into() }), expected(5));
        assert_eq!(code(Failure::WouldChange), expected(6));
        assert_eq!(code(anyhow::anyhow!("anything else")), expected(1));
    }

    #[test]
    fn what_was_attempted_does_not_hide_the_kind() {
        let failure: Result<()> = Err(Failure::Usage("x".into()).into());
        assert_eq!(code(failure.context("reading a file").unwrap_err()), expected(2));
    }

    #[test]
    fn a_reader_that_has_seen_enough_is_no_failure() {
        assert_eq!(code(std::io::Error::from(ErrorKind::BrokenPipe)), expected(0));
    }

    #[test]
    fn the_text_is_one_line_with_the_code_and_the_next_step() {
        let refused = Failure::Refused { code: "forbidden".into(), message: "a viewer\n may not do this".into() };
        assert_eq!(
            one_line(&refused.into()),
            "a viewer; may not do this (forbidden); see who you are with: distr whoami"
        );
    }
}
