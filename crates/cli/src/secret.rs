//! `distr secret`: values that a configuration names as `${secret:NAME}`. They can be set, never read.

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::input;
use crate::operation::shown;
use crate::output::Columns;
use crate::session::Session;

shown!("src/secret.graphql": SecretSet SecretRemove SecretList);

const COLUMNS: Columns = &[("NAME", "")];

#[derive(Args)]
pub(crate) struct Of {
    /// The secret's name
    name: String,
    /// The customer's name; not needed by the customer's own members
    #[arg(long, value_name = "NAME")]
    customer: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Set a secret; its value is asked for or read from standard input
    Set {
        #[command(flatten)]
        of: Of,
    },
    /// List the names
    List {
        /// The customer's name; not needed by the customer's own members
        #[arg(long, value_name = "NAME")]
        customer: Option<String>,
    },
    /// Remove a secret
    Remove {
        #[command(flatten)]
        of: Of,
    },
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<()> {
        let Session { hub, out } = session;
        match self {
            Self::Set { of: Of { name, customer } } => {
                let value = input::secret("value")?;
                let sentence = format!(
                    "set secret \"{name}\"; deployments that name it get it when they are asked for again (distr deploy)"
                );
                let data = hub.ask::<SecretSet>(secret_set::Variables { customer, name, value }).await?;
                out.did(named(data.secret_set), "secret", &sentence)
            }
            Self::List { customer } => {
                let data = hub.ask::<SecretList>(secret_list::Variables { customer }).await?;
                out.list(data.secrets, COLUMNS)
            }
            Self::Remove { of: Of { name, customer } } => {
                let sentence = format!("removed secret \"{name}\"");
                let data = hub.ask::<SecretRemove>(secret_remove::Variables { customer, name }).await?;
                out.did(named(data.secret_remove), "secret", &sentence)
            }
        }
    }
}

/// With the name where other mutations have their object.
fn named(payload: Value) -> Value {
    json!({"secret": {"name": payload["name"]}, "changed": payload["changed"]})
}
