//! `distr customer`

use anyhow::Result;
use clap::Subcommand;
use serde_json::Value;

use crate::exit::Failure;
use crate::hub::{Hub, PAGE};
use crate::operation::shown;
use crate::output::Columns;
use crate::session::Session;

shown!("src/customer.graphql": CustomerCreate CustomerRename CustomerList);

const COLUMNS: Columns = &[("NAME", "/name"), ("DISPLAY NAME", "/displayName"), ("CREATED", "/createdAt")];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create a customer
    Create {
        name: String,
        /// What people read [default: the name]
        #[arg(long)]
        display_name: Option<String>,
    },
    /// List the customers
    List,
    /// Change the name that people read
    Rename {
        name: String,
        #[arg(long)]
        display_name: String,
    },
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<()> {
        let Session { hub, out } = session;
        match self {
            Self::Create { name, display_name } => {
                let sentence = format!("created customer \"{name}\"");
                out.did(create(hub, name, display_name).await?, "customer", &sentence)
            }
            Self::List => out.list(list(hub).await?, COLUMNS),
            Self::Rename { name, display_name } => {
                let sentence = format!("customer \"{name}\" is now called \"{display_name}\"");
                out.did(rename(hub, name, display_name).await?, "customer", &sentence)
            }
        }
    }
}

pub(crate) async fn create(hub: &Hub, name: String, display_name: Option<String>) -> Result<Value> {
    let variables = customer_create::Variables { name, display_name };
    Ok(hub.ask::<CustomerCreate>(variables).await?.customer_create)
}

pub(crate) async fn rename(hub: &Hub, name: String, display_name: String) -> Result<Value> {
    let variables = customer_rename::Variables { name, display_name };
    Ok(hub.ask::<CustomerRename>(variables).await?.customer_rename)
}

/// An empty list of a customer's things may be that of a customer whose name is mistyped.
pub(crate) async fn check_named(hub: &Hub, customer: Option<&str>, found: &[Value]) -> Result<()> {
    let Some(name) = customer.filter(|_| found.is_empty()) else { return Ok(()) };
    match list(hub).await?.iter().any(|known| known["name"] == name) {
        true => Ok(()),
        false => {
            let message = format!("there is no customer \"{name}\"");
            Err(Failure::Refused { code: "not_found".to_owned(), message }.into())
        }
    }
}

pub(crate) async fn list(hub: &Hub) -> Result<Vec<Value>> {
    hub.list::<CustomerList>("/customers", |after| customer_list::Variables { first: Some(PAGE), after }).await
}
