//! `distr member`: people, who sign in, and robots, which have tokens.

use anyhow::{Result, bail};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::hub::{Hub, PAGE};
use crate::operation::{Role, shown};
use crate::output::{Columns, line, remark, text};
use crate::session::Session;

shown!("src/member.graphql": MemberInvite MemberInviteAgain MemberResetPassword MemberEndSessions RobotAdd MemberChangeRole MemberRemove MemberList);

const COLUMNS: Columns = &[
    ("ID", "/id"),
    ("KIND", "/kind"),
    ("NAME", "/name"),
    ("EMAIL", "/email"),
    ("ROLE", "/role"),
    ("CUSTOMER", "/customer"),
    ("SIGN IN", "/signIn"),
    ("CODE EXPIRES", "/codeExpiresAt"),
    ("ADDED", "/createdAt"),
];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Invite a person; the one-time code is shown this once, and the person chooses a password with `distr login --code`
    Invite {
        email: String,
        #[arg(long, value_enum)]
        role: Role,
        /// The customer, for the roles of a customer
        #[arg(long, value_name = "NAME")]
        customer: Option<String>,
    },
    /// Create a new code for an invitation that nobody accepted; the one before is void
    InviteAgain {
        /// A person's address, or an id
        member: String,
    },
    /// Void a person's password, end all its sessions, and create a one-time code for a new password
    ResetPassword {
        /// A person's address, or an id
        member: String,
    },
    /// End all sessions of a member, who may sign in again
    EndSessions {
        /// A person's address, or an id
        member: String,
    },
    /// Add a robot: give it tokens with `distr token create --member`
    Robot {
        name: String,
        #[arg(long, value_enum)]
        role: Role,
        /// The customer, for the roles of a customer
        #[arg(long, value_name = "NAME")]
        customer: Option<String>,
    },
    /// List the members
    List,
    /// Give another role
    Role {
        /// A robot's name, a person's address, or an id
        member: String,
        #[arg(long, value_enum)]
        role: Role,
    },
    /// End the member's sessions and tokens at once; of an invited one, take the invitation back
    Remove {
        /// A robot's name, a person's address, or an id
        member: String,
    },
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<()> {
        let Session { hub, out } = session;
        match self {
            Self::Invite { email, role, customer } => {
                let sentence = format!("invited {email}");
                let data = hub.ask::<MemberInvite>(member_invite::Variables { email, role, customer }).await?;
                coded(session, data.member_invite, &sentence)
            }
            Self::InviteAgain { member } => {
                let id = resolve(hub, &member).await?;
                let data = hub.ask::<MemberInviteAgain>(member_invite_again::Variables { id }).await?;
                coded(session, data.member_invite_again, &format!("invited {member} again"))
            }
            Self::ResetPassword { member } => {
                let id = resolve(hub, &member).await?;
                let data = hub.ask::<MemberResetPassword>(member_reset_password::Variables { id }).await?;
                coded(session, data.member_reset_password, &format!("voided the password of {member}"))
            }
            Self::EndSessions { member } => {
                let id = resolve(hub, &member).await?;
                let data = hub.ask::<MemberEndSessions>(member_end_sessions::Variables { id }).await?;
                let (ended, none) = (format!("ended the sessions of {member}"), format!("{member} has no session"));
                out.did_or(data.member_end_sessions, "changed", &ended, &none)
            }
            Self::Robot { name, role, customer } => {
                let sentence = format!("added robot \"{name}\"");
                let data = hub.ask::<RobotAdd>(robot_add::Variables { name, role, customer }).await?;
                out.did(data.robot_add, "member", &sentence)
            }
            Self::List => out.list(list(hub).await?, COLUMNS),
            Self::Role { member, role } => {
                let sentence = format!("changed the role of {member}");
                let id = resolve(hub, &member).await?;
                let data = hub.ask::<MemberChangeRole>(member_change_role::Variables { id, role }).await?;
                out.did(data.member_change_role, "member", &sentence)
            }
            Self::Remove { member } => {
                let id = resolve(hub, &member).await?;
                let mut data = hub.ask::<MemberRemove>(member_remove::Variables { id: id.clone() }).await?;
                // a member who was removed has no name any more
                data.member_remove["member"] = json!({"id": id});
                out.did(data.member_remove, "member", &format!("removed {member}"))
            }
        }
    }
}

/// On standard output the code is alone, so that it can be handed on without being seen.
fn coded(session: &Session, mut payload: Value, sentence: &str) -> Result<()> {
    let code = payload["code"].take();
    let until = payload["expiresAt"].take();
    if session.out.is_json() {
        payload["member"]["code"] = code;
        return session.out.did(payload, "member", "");
    }
    if !session.out.quiet {
        let until = text(&until);
        remark(&format!(
            "{sentence}; the code is shown this once, good until {until}, for: distr login --hub {} --code",
            session.hub.address()
        ));
    }
    line(code.as_str().unwrap_or_default())
}

async fn list(hub: &Hub) -> Result<Vec<Value>> {
    hub.list::<MemberList>("/members", |after| member_list::Variables { first: Some(PAGE), after }).await
}

/// The id of the one member with this id, address or name.
pub(crate) async fn resolve(hub: &Hub, who: &str) -> Result<String> {
    let members = list(hub).await?;
    let called = |member: &&Value| ["id", "email", "name"].iter().any(|field| member[field] == who);
    let mut found = members.iter().filter(called);
    match (found.next(), found.next()) {
        (Some(member), None) => Ok(member["id"].as_str().unwrap_or_default().to_owned()),
        (Some(_), Some(_)) => bail!("several members are called {who:?}; use the id from: distr member list"),
        (None, _) => bail!("there is no member {who:?}; see: distr member list"),
    }
}
