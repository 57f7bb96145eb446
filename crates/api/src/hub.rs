//! The parts of a running hub. Boot makes them, and an edge takes from them what an operation needs; nothing below an edge
//! knows them all.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::fleet::Silence;
use distr_domain::quota::Quota;
use url::Url;

use crate::auth::{Identities, Sessions};
use crate::commands::Commands;
use crate::drawing::Drawing;
use crate::feed::Feed;
use crate::limits::Limits;
use crate::limits::bodies::Bodies;
use crate::limits::shares::Shares;
use crate::limits::turns::Turns;
use crate::models::{Artifacts, ReadModels};
use crate::operations::deploy::Deploying;
use crate::operations::desired::{DesiredEtags, Desiring};
use crate::operations::portal::Portals;
use crate::operations::publish::Publishing;
use crate::operations::rollout_world::Worlds;
use crate::operations::rollouts::RollingOut;
use crate::ops::secret::Vault;
use crate::proof::Signing;
use crate::tallies::Tallies;
use crate::traces::Traces;

pub struct Hub {
    pub commands: Commands,
    pub models: ReadModels,
    pub artifacts: Artifacts,
    pub sessions: Arc<Sessions>,
    pub vault: Arc<Vault>,
    pub signing: Arc<Signing>,
    pub feed: Arc<Feed>,
    pub desired_etags: DesiredEtags,
    pub tallies: Tallies,
    pub limits: Arc<Limits>,
    pub shares: Shares,
    pub bodies: Bodies,
    pub drawing: Drawing,
    /// at the archives of charts
    pub chart_turns: Turns,
    /// at releases with their packages
    pub package_turns: Turns,
    pub traces: Traces,
    /// since when this hub takes reports
    pub listening_since: DateTime<Utc>,
    pub settings: Settings,
}

pub struct Settings {
    pub public_url: Url,
    /// `host[:port]` of the registry in image references
    pub registry_host: String,
    /// what each organization may hold there
    pub registry_quota: Option<Quota>,
    pub heartbeat_seconds: u32,
    /// at this age an agent is told to ask for a new credential
    pub credential_age: TimeDelta,
    pub silence: Silence,
    pub introspection: bool,
    /// from where a cluster's nodes pull its agent
    pub kubernetes_agent_image: Option<String>,
}

impl Hub {
    pub fn identities(&self) -> Identities<'_> {
        Identities { commands: &self.commands, models: &self.models, sessions: &self.sessions }
    }

    pub fn portals(&self) -> Portals<'_> {
        Portals { hosts: &self.sessions.pool, models: &self.models, public_url: &self.settings.public_url }
    }

    pub fn publishing(&self) -> Publishing<'_> {
        let (commands, models) = (&self.commands, &self.models);
        let artifacts = &self.artifacts;
        let registry_host = &self.settings.registry_host;
        Publishing { commands, models, artifacts, chart_turns: &self.chart_turns, registry_host }
    }

    pub fn deploying(&self) -> Deploying<'_> {
        let (commands, models) = (&self.commands, &self.models);
        Deploying { commands, models, artifacts: &self.artifacts, vault: &self.vault }
    }

    /// The world that rollouts go by, as it is now.
    pub fn worlds(&self) -> Worlds<'_> {
        Worlds {
            models: &self.models,
            silence: self.settings.silence,
            listening_since: self.listening_since,
            now: self.commands.now(),
        }
    }

    pub fn rolling_out(&self) -> RollingOut<'_> {
        let (commands, models) = (&self.commands, &self.models);
        RollingOut { commands, models, artifacts: &self.artifacts, worlds: self.worlds() }
    }

    pub fn desiring(&self) -> Desiring<'_> {
        let (artifacts, vault, etags) = (&self.artifacts, &self.vault, &self.desired_etags);
        Desiring { artifacts, vault, etags, limits: &self.limits, registry_host: &self.settings.registry_host }
    }
}
