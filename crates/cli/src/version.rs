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
    /// Without a sign-in, of this program alone; a hub that does not answer is an error.
    pub(crate) async fn run(self, globals: &Globals) -> Result<()> {
        let distr = env!("CARGO_PKG_VERSION");
        let (hub, address) = match Session::open(globals) {
            Ok(session) => {
                let answer = session.hub.ask::<HubVersion>(hub_version::Variables {}).await?;
                (json!(answer.hub.version), json!(session.hub.address()))
            }
            Err(error) if matches!(error.downcast_ref(), Some(Failure::NotSignedIn(_))) => (Value::Null, Value::Null),
            Err(error) => return Err(error),
        };
        Output::new(globals).show(json!({ "distr": distr, "hub": hub, "address": address }), FIELDS)
    }
}
