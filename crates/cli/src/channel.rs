//! `distr channel`

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::Value;

use crate::as_of::AsOf;
use crate::hub::Hub;
use crate::operation::shown;
use crate::output::Columns;
use crate::session::Session;

shown!("src/channel.graphql": ChannelCreate ChannelPromote ChannelDemote ChannelList);

const COLUMNS: Columns = &[("NAME", "/name"), ("CURRENT", "/current"), ("VERSIONS", "/versions")];

/// A channel, and a release that goes in or out.
#[derive(Args)]
pub(crate) struct Move {
    /// The channel's name
    name: String,
    /// The application's name
    #[arg(long, value_name = "NAME")]
    app: String,
    #[arg(long)]
    version: String,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create a channel
    Create {
        name: String,
        /// The application's name
        #[arg(long, value_name = "NAME")]
        app: String,
    },
    /// List an application's channels
    List {
        #[arg(long, value_name = "NAME")]
        app: String,
        #[command(flatten)]
        as_of: AsOf,
    },
    /// Move a channel forward to a published release
    Promote(Move),
    /// Take a release out of a channel, which falls to the highest that remains
    Demote(Move),
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<()> {
        let Session { hub, out } = session;
        match self {
            Self::Create { name, app: application } => {
                let sentence = format!("created channel \"{name}\" of {application}");
                out.did(create(hub, application, name).await?, "channel", &sentence)
            }
            Self::List { app: application, as_of: AsOf { as_of } } => {
                out.list(list(hub, application, as_of).await?, COLUMNS)
            }
            Self::Promote(Move { name, app: application, version }) => {
                let sentence = format!("promoted {application} {version} to channel \"{name}\"");
                let variables = channel_promote::Variables { application, name, version };
                let data = hub.ask::<ChannelPromote>(variables).await?;
                out.did(data.channel_promote, "channel", &sentence)
            }
            Self::Demote(Move { name, app: application, version }) => {
                let sentence = format!("took {application} {version} out of channel \"{name}\"");
                let variables = channel_demote::Variables { application, name, version };
                let data = hub.ask::<ChannelDemote>(variables).await?;
                out.did(data.channel_demote, "channel", &sentence)
            }
        }
    }
}

pub(crate) async fn list(hub: &Hub, application: String, as_of: Option<String>) -> Result<Vec<Value>> {
    let mut data = hub.ask::<ChannelList>(channel_list::Variables { application, as_of }).await?;
    match data.application["channels"].take() {
        Value::Array(channels) => Ok(channels),
        _ => Ok(vec![]),
    }
}

pub(crate) async fn create(hub: &Hub, application: String, name: String) -> Result<Value> {
    let variables = channel_create::Variables { application, name };
    Ok(hub.ask::<ChannelCreate>(variables).await?.channel_create)
}
