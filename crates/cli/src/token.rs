//! `distr token`

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Subcommand;
use serde_json::Value;

use crate::operation::{TokenScope, read, shown};
use crate::output::{Columns, line, remark};
use crate::session::Session;
use crate::{member, moment};

shown!("src/token.graphql": TokenIssue TokenRotate TokenRevoke TokenList);
read!("src/token.graphql": Myself);

const COLUMNS: Columns = &[
    ("ID", "/id"),
    ("LABEL", "/label"),
    ("SCOPES", "/scopes"),
    ("REPOSITORIES", "/repositories"),
    ("CREATED", "/createdAt"),
    ("EXPIRES", "/expiresAt"),
    ("REVOKED", "/revokedAt"),
    ("LAST USED", "/lastUsedAt"),
    ("FROM", "/lastUsedFrom"),
];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create a token: one's own, or a robot's; its secret is shown this once
    Create {
        /// What it is for, for people
        label: String,
        /// What it may be used for; may be given several times
        #[arg(long = "scope", value_enum, required = true)]
        scopes: Vec<TokenScope>,
        /// The only repository that it may touch: a name, or a pattern as team/*; may be given several times [default: all]
        #[arg(long = "repository", value_name = "PATTERN")]
        repositories: Vec<String>,
        /// Until when it is valid: through the end of a date (UTC), or up to a time
        #[arg(long, value_name = "DATE", value_parser = moment::end)]
        expires: Option<DateTime<Utc>>,
        /// Whose token: a robot's name, a person's address, or an id [default: your own]
        #[arg(long)]
        member: Option<String>,
    },
    /// List tokens, the revoked included
    List {
        /// Whose tokens [default: your own]
        #[arg(long)]
        member: Option<String>,
    },
    /// Create a token in the place of another, which ends after the overlap; the new secret is shown this once
    Rotate {
        id: String,
        /// Minutes for which the old token still works
        #[arg(long, value_name = "MINUTES", default_value_t = 1440)]
        overlap: u32,
        /// Until when the new one is valid [default: as the old one]
        #[arg(long, value_name = "DATE", value_parser = moment::end)]
        expires: Option<DateTime<Utc>>,
    },
    /// Let a token let nobody in from now on
    Revoke { id: String },
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<()> {
        let Session { hub, out } = session;
        match self {
            Self::Create { label, scopes, repositories, expires, member } => {
                let member = match member {
                    Some(who) => Some(member::resolve(hub, &who).await?),
                    None => None,
                };
                let repositories = Some(repositories).filter(|patterns| !patterns.is_empty());
                let variables = token_issue::Variables { label, scopes, repositories, expires_at: expires, member };
                let data = hub.ask::<TokenIssue>(variables).await?;
                created(session, data.token_issue)
            }
            Self::List { member } => {
                let member = match member {
                    Some(who) => member::resolve(hub, &who).await?,
                    None => hub.ask::<Myself>(myself::Variables).await?.viewer.member_id,
                };
                let mut data = hub.ask::<TokenList>(token_list::Variables { member }).await?;
                let Value::Array(tokens) = data.member["tokens"].take() else { return out.list(vec![], COLUMNS) };
                out.list(tokens, COLUMNS)
            }
            Self::Rotate { id, overlap, expires } => {
                let variables = token_rotate::Variables { id, overlap_minutes: overlap.into(), expires_at: expires };
                let data = hub.ask::<TokenRotate>(variables).await?;
                created(session, data.token_rotate)
            }
            Self::Revoke { id } => {
                let sentence = format!("revoked token {id}");
                let data = hub.ask::<TokenRevoke>(token_revoke::Variables { id }).await?;
                out.did(data.token_revoke, "token", &sentence)
            }
        }
    }
}

/// On standard output the secret is alone, so that it can go to where it is needed without being seen.
fn created(session: &Session, mut payload: Value) -> Result<()> {
    let secret = payload["secret"].take();
    if session.out.is_json() {
        payload["token"]["secret"] = secret;
        return session.out.did(payload, "token", "");
    }
    if !session.out.quiet {
        let (label, id) = (&payload["token"]["label"], &payload["token"]["id"]);
        remark(&format!(
            "created token {label}, id {}; its secret is shown this once:",
            id.as_str().unwrap_or_default()
        ));
    }
    line(secret.as_str().unwrap_or_default())
}
