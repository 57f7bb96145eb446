//! `distr member`: people, who sign in, and robots, which have tokens.

use anyhow::{Result, bail};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::hub::{Hub, PAGE};
use crate::input;
use crate::operation::{Role, shown};
use crate::output::Columns;
use crate::session::Session;

shown!("src/member.graphql": MemberAdd RobotAdd MemberChangeRole MemberRemove MemberList);

const COLUMNS: Columns = &[
    ("ID", "/id"),
    ("KIND", "/kind"),
    ("NAME", "/name"),
    ("EMAIL", "/email"),
    ("ROLE", "/role"),
    ("CUSTOMER", "/customer"),
    ("ADDED", "/createdAt"),
];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Add a person; the first password is asked for or read from standard input
    Add {
        email: String,
        /// What the person is called
        #[arg(long)]
        name: String,
        #[arg(long, value_enum)]
        role: Role,
        /// The customer, for the roles of a customer
        #[arg(long, value_name = "NAME")]
        customer: Option<String>,
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
    /// End the member's sessions and tokens at once
    Remove {
        /// A robot's name, a person's address, or an id
        member: String,
    },
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<()> {
        let Session { hub, out } = session;
        match self {
            Self::Add { email, name, role, customer } => {
                let password = input::secret("password of the new member")?;
                let sentence = format!("added {email}");
                let variables = member_add::Variables { email, name, password, role, customer };
                let data = hub.ask::<MemberAdd>(variables).await?;
                out.did(data.member_add, "member", &sentence)
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
