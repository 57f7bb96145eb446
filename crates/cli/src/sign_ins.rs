//! `distr session` and `distr password`: where one is signed in, and with what.

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::input;
use crate::operation::shown;
use crate::output::Columns;
use crate::session::Session;

shown!("src/sign_ins.graphql": SessionList SessionEndOne SessionEndOthers PasswordChange);

const COLUMNS: Columns = &[
    ("ID", "/id"),
    ("CURRENT", "/current"),
    ("SIGNED IN", "/createdAt"),
    ("FROM", "/createdFrom"),
    ("PROGRAM", "/userAgent"),
    ("LAST USED", "/lastUsedAt"),
    ("USED FROM", "/lastUsedFrom"),
    ("EXPIRES", "/expiresAt"),
];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List where you are signed in with your password
    List,
    /// End one of your sessions, or all but this one
    End(End),
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct End {
    id: Option<String>,
    /// All but this one
    #[arg(long)]
    others: bool,
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<()> {
        let Session { hub, out } = session;
        match self {
            Self::List => {
                let data = hub.ask::<SessionList>(session_list::Variables).await?;
                out.list(data.sessions, COLUMNS)
            }
            Self::End(End { id: Some(id), .. }) => {
                let sentence = format!("ended session {id}");
                let data = hub.ask::<SessionEndOne>(session_end_one::Variables { id }).await?;
                out.did(data.session_end, "session", &sentence)
            }
            Self::End(End { id: None, .. }) => {
                let data = hub.ask::<SessionEndOthers>(session_end_others::Variables).await?;
                let (ended, none) = ("ended all other sessions", "you have no other session");
                out.did_or(data.session_end_others, "session", ended, none)
            }
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum Password {
    /// Change your password; your other sessions end
    #[command(after_help = "\
Both are asked for, or come from the environment:
  DISTR_PASSWORD=… DISTR_NEW_PASSWORD=… distr password change")]
    Change,
}

impl Password {
    pub(crate) async fn run(self, session: &Session) -> Result<()> {
        let current = input::from_environment("DISTR_PASSWORD", "current password")?;
        let new = input::from_environment("DISTR_NEW_PASSWORD", "new password")?;
        let data = session.hub.ask::<PasswordChange>(password_change::Variables { current, new }).await?;
        session.out.did(data.password_change, "password", "changed your password, and ended your other sessions")
    }
}
