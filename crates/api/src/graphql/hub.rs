//! The hub itself: what its pages must know to speak of it and to tell the time as it does.

use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::context::ContextExt;
use super::guard::SignedIn;

/// The hub that answers.
#[derive(SimpleObject)]
struct Hub {
    /// The version of the hub's program.
    version: &'static str,
    /// The URL by which people, agents and Docker reach the hub.
    public_url: String,
    /// The host of the registry, with its port if it has one, as image references name it.
    registry_host: String,
    /// The time of the hub's clock.
    now: DateTime<Utc>,
    /// The number of seconds between two heartbeats of an agent.
    heartbeat_seconds: u32,
    /// The number of seconds of silence after which a target is stale.
    stale_seconds: i64,
    /// The number of seconds of silence after which a target is offline.
    offline_seconds: i64,
}

#[derive(Default)]
pub(super) struct HubQuery;

#[Object]
impl HubQuery {
    /// The hub that answers: its version, its addresses and its clock.
    #[graphql(guard = "SignedIn")]
    async fn hub(&self, ctx: &Context<'_>) -> Result<Hub> {
        let hub = ctx.hub();
        let settings = &hub.settings;
        Ok(Hub {
            version: env!("CARGO_PKG_VERSION"),
            public_url: settings.public_url.as_str().trim_end_matches('/').to_owned(),
            registry_host: settings.registry_host.clone(),
            now: hub.commands.now(),
            heartbeat_seconds: settings.heartbeat_seconds,
            stale_seconds: settings.silence.stale_after.num_seconds(),
            offline_seconds: settings.silence.offline_after.num_seconds(),
        })
    }
}
