//! What every part of the hub shares: the log, the read models, the tables beside, the clock. And the one call with which
//! an edge changes state: `Hub::execute`.

use std::sync::Arc;

use chrono::TimeDelta;
use deadpool_postgres::Pool;
use distr_domain::decider::Decider;
use distr_domain::fleet::Silence;
use distr_domain::ids::{OrganizationId, TargetId};
use distr_domain::quota::Quota;
use distr_eventlog::{Actor, Context, EventLog, ExecuteError, Executed, Position, execute};
use distr_projections::{Progress, Together, query::ReadClient};
use distr_registry::BlobStore;
use url::Url;
use uuid::Uuid;

use crate::agent::Tallies;
use crate::auth::last_use::LastUses;
use crate::auth::open_sockets::OpenSockets;
use crate::auth::throttle::Throttle;
use crate::auth::{Caller, MemberCaller, RequestInfo};
use crate::changes::Changes;
use crate::clock::SharedClock;
use crate::config::VISIBILITY_WAIT;
use crate::failure::Failure;
use crate::http::limits::Limits;
use crate::operations::Shown;
use crate::ops::secret::Vault;
use crate::traces::Traces;

pub struct Hub {
    pub log: Arc<dyn EventLog>,
    /// connections that look into the read models
    pub read: Pool,
    /// connections that look into the operational tables, and see the read models too
    pub ops: Pool,
    /// by the hash of the secret that they show
    pub callers: Together<Vec<u8>, Caller>,
    /// by the id of the credential that they showed before
    pub callers_again: Together<Uuid, Caller>,
    /// what the etag of a target's desired state is made of
    pub wishes: Together<TargetId, String>,
    /// for those who watch
    pub shown: Shown,
    pub clock: SharedClock,
    pub vault: Vault,
    /// the registry's bytes
    pub blobs: Arc<dyn BlobStore>,
    pub limits: Limits,
    pub sign_ins: Throttle,
    pub uses: LastUses,
    pub sockets: Arc<OpenSockets>,
    pub changes: Changes,
    pub tallies: Tallies,
    pub traces: Traces,
    pub progress: HubProgress,
    pub settings: Settings,
}

/// How far each group of read models is.
#[derive(Clone)]
pub struct HubProgress {
    pub core: Progress,
    pub fleet: Progress,
    pub audit: Progress,
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
}

/// Who changes something, and why.
pub struct Cause {
    pub organization: OrganizationId,
    pub actor: Actor,
    pub causation: Option<Uuid>,
    pub correlation: Uuid,
    /// the command's own id: the same one again has no second effect
    pub command: Uuid,
}

impl Cause {
    /// The id of what the command makes: the same again for the same command.
    pub fn id_of(&self, what: &str) -> Uuid {
        Uuid::new_v5(&self.command, what.as_bytes())
    }
}

impl Hub {
    pub async fn read(&self) -> Result<ReadClient, Failure> {
        Ok(self.read.get().await?)
    }

    pub fn cause_of(&self, caller: &MemberCaller, request: &RequestInfo) -> Cause {
        Cause {
            organization: caller.organization,
            actor: caller.actor(),
            causation: None,
            correlation: request.correlation,
            command: self.clock.new_id(),
        }
    }

    /// Decides and appends, and returns when the read models show what was decided: also what another command decided before.
    pub async fn execute<D: Decider>(
        &self,
        cause: &Cause,
        stream: Uuid,
        command: &D::Command,
    ) -> Result<Executed<D>, Failure> {
        let executed = self.append::<D>(cause, stream, command).await?;
        if let Some(seen) = executed.seen {
            self.visible(seen).await?;
        }
        Ok(executed)
    }

    /// Decides and appends; for what nobody reads back at once, and for callers to whom it matters which rule said no.
    pub async fn append<D: Decider>(
        &self,
        cause: &Cause,
        stream: Uuid,
        command: &D::Command,
    ) -> Result<Executed<D>, ExecuteError<D::Rejection>> {
        let context = self.context(cause);
        let executed = execute::<D>(self.log.as_ref(), stream, command, &context).await?;
        if let Some(position) = executed.position {
            let (category, events) = (D::CATEGORY.as_str(), executed.events.len());
            let (actor, correlation) = (&context.actor, context.correlation);
            tracing::info!(position = position.0, category, %stream, events, %actor, %correlation, "appended");
        }
        Ok(executed)
    }

    pub fn context(&self, cause: &Cause) -> Context {
        Context {
            organization: cause.organization,
            actor: cause.actor.clone(),
            causation: cause.causation,
            correlation: cause.correlation,
            command: cause.command,
            at: self.clock.now(),
        }
    }

    pub async fn visible(&self, position: Position) -> Result<(), Failure> {
        self.progress.core.wait_for(position, VISIBILITY_WAIT).await.map_err(Failure::NotYetVisible)
    }
}
