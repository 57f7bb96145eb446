//! `distr version`: of this program, and of the hub that one is signed in to.

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::globals::Globals;
use crate::operation::read;
use crate::output::{Columns, Output};
use crate::session::Session;

read!("src/version.graphql": HubVersion);

const FIELDS: Columns = &[("distr", "/distr"), ("hub", "/hub"), ("at", "/address")];

#[derive(Args)]
#[command(after_help = "`distr --version` asks no hub.")]
pub(crate) struct Version;

impl Version {
    /// Without a sign-in, of this program alone; so too where a hub does not answer, which then is an error.
    pub(crate) async fn run(self, globals: &Globals) -> Result<()> {
        let distr = env!("CARGO_PKG_VERSION");
        let (hub, address) = match Session::open(globals) {
            Ok(session) => {
                let answer = session.hub.ask::<HubVersion>(hub_version::Variables {}).await;
                (answer.map(|answer| json!(answer.hub.version)), json!(session.hub.address()))
            }
            Err(error) if matches!(error.downcast_ref(), Some(Failure::NotSignedIn(_))) => {
                (Ok(Value::Null), Value::Null)
            }
            Err(error) => (Err(error), Value::Null),
        };
        let (hub, failed) = match hub {
            Ok(hub) => (hub, Ok(())),
            Err(error) => (Value::Null, Err(error)),
        };
        Output::new(globals).show(json!({ "distr": distr, "hub": hub, "address": address }), FIELDS)?;
        failed
    }
}
