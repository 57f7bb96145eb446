//! `distr token`

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::operation::{TokenScope, read, shown};
use crate::output::{Columns, line, remark, text};
use crate::session::Session;
use crate::{clock, member, moment};

shown!("src/token.graphql": TokenIssue TokenRotate TokenRevoke TokenList);
read!("src/token.graphql": Myself);

const COLUMNS: Columns = &[
    ("ID", "/id"),
    ("LABEL", "/label"),
    ("SCOPES", "/scopes"),
    ("REPOSITORIES", "/repositories"),
    ("MADE WITH", "/madeWith"),
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
        /// The only repository that it has to do with: a name, or a pattern as team/*; may be given several times
        /// [default: all]. Such a token pulls, pushes and deletes there alone, changes the settings of these repositories,
        /// and publishes, promotes and withdraws releases of applications that run no other repository of yours. Customers,
        /// licenses, targets, members and the log are closed to it
        #[arg(long = "repository", value_name = "PATTERN")]
        repositories: Vec<String>,
        /// Until when it is valid: through the end of a date (UTC), or up to a time
        #[arg(long, value_name = "DATE", value_parser = moment::end)]
        expires: Option<DateTime<Utc>>,
        /// Whose token: a robot's name or id [default: your own]
        #[arg(long, value_name = "ROBOT")]
        member: Option<String>,
    },
    /// List tokens, the revoked included
    List {
        /// Whose tokens [default: your own]
        #[arg(long)]
        member: Option<String>,
    },
    /// Create a token in the place of another, which ends after the overlap, and with it the tokens that were made with it;
    /// the new secret is shown this once
    Rotate {
        /// The id of the old one; see: distr token list
        id: String,
        /// Minutes for which the old token still works
        #[arg(long, value_name = "MINUTES", default_value_t = 1440)]
        overlap: u32,
        /// Until when the new one is valid [default: as the old one]
        #[arg(long, value_name = "DATE", value_parser = moment::end)]
        expires: Option<DateTime<Utc>>,
    },
    /// Let a token, and all that were made with it, let nobody in from now on
    Revoke {
        /// The token's id; see: distr token list
        id: String,
    },
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
                match out.is_json() {
                    true => out.list(tokens, COLUMNS),
                    false => out.list(tokens.into_iter().map(|token| row(token, clock::now())).collect(), COLUMNS),
                }
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

/// A token that ends, or ended, with one that it was made with says so where its own end would stand.
fn row(mut token: Value, now: DateTime<Utc>) -> Value {
    let time = |field: &str| token[field].as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
    let (Some(ends), None) = (time("endsAt"), time("revokedAt")) else { return token };
    if time("expiresAt") != Some(ends) {
        let field = if ends <= now { "revokedAt" } else { "expiresAt" };
        token[field] = json!(format!("{} with its parent", text(&token["endsAt"])));
    }
    token
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

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(expires: Option<&str>, revoked: Option<&str>, ends: Option<&str>) -> [String; 2] {
        let token = json!({"expiresAt": expires, "revokedAt": revoked, "endsAt": ends});
        let row = row(token, moment::begin("2027-06-01").unwrap());
        ["expiresAt", "revokedAt"].map(|field| text(&row[field]))
    }

    #[test]
    fn a_token_that_ended_with_its_parent_does_not_look_alive() {
        let (before, after) = ("2027-05-01T00:00:00Z", "2027-07-01T00:00:00.123456Z");
        assert_eq!(ends(None, None, None), ["-", "-"]);
        assert_eq!(ends(None, None, Some(before)), ["-", "2027-05-01T00:00:00Z with its parent"]);
        assert_eq!(ends(None, None, Some(after)), ["2027-07-01T00:00:00Z with its parent", "-"]);
        assert_eq!(ends(Some(after), None, Some(after)), ["2027-07-01T00:00:00Z", "-"]);
        assert_eq!(ends(None, Some(before), Some(before)), ["-", before]);
    }
}
