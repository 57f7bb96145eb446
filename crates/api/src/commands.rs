//! The write side: with `Commands::execute` everything but telemetry changes state.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use distr_domain::decider::Decider;
use distr_domain::ids::OrganizationId;
use distr_eventlog::{Actor, Context, EventLog, ExecuteError, Executed, Kept, Position, execute_kept};
use distr_projections::Progress;
use uuid::Uuid;

use crate::clock::SharedClock;
use crate::failure::Failure;
use crate::json_size::json_size;
use crate::limits::Limits;

/// A mutation waits so long until its effect can be read.
const VISIBILITY_WAIT: Duration = Duration::from_secs(10);

/// The log, the clock of what is appended, and how far the read models are that mutations wait for.
#[derive(Clone)]
pub struct Commands {
    pub log: Arc<dyn EventLog>,
    pub clock: SharedClock,
    pub core: Progress,
    pub limits: Arc<Limits>,
}

/// The author of a change, and what led to it.
pub struct Cause {
    pub organization: OrganizationId,
    pub actor: Actor,
    pub causation: Option<Uuid>,
    pub correlation: Uuid,
    /// the command's own id: the same one again has no second effect
    pub command: Uuid,
}

impl Cause {
    /// The cause of a step before the command itself, which is the same step when the command comes again.
    pub fn step(&self, name: &str) -> Self {
        Self { command: self.id_of(name), actor: self.actor.clone(), ..*self }
    }

    /// The id of what the command makes: the same again for the same command.
    pub fn id_of(&self, what: &str) -> Uuid {
        Uuid::new_v5(&self.command, what.as_bytes())
    }
}

impl Commands {
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A UUIDv7.
    pub fn new_id(&self) -> Uuid {
        self.clock.new_id()
    }

    /// The cause of one more command, by the same author for the same reason. It is another each time: what it changes has to be
    /// the same when it is changed twice.
    pub fn another(&self, cause: &Cause) -> Cause {
        Cause { command: self.new_id(), actor: cause.actor.clone(), ..*cause }
    }

    /// The state of a stream, from the log: for what must not be an instant old.
    pub async fn load<D: Decider>(&self, stream: Uuid) -> Result<D, Failure> {
        let (state, _) = distr_eventlog::load::<D>(self.log.as_ref(), stream).await.map_err(Failure::fault)?;
        Ok(state)
    }

    /// What the very same command led to, if it comes again: for operations that look at more than the stream before they decide.
    pub async fn repeated<D: Decider>(&self, cause: &Cause, stream: Uuid) -> Result<Option<Executed<D>>, Failure> {
        let executed = distr_eventlog::executed::<D>(self.log.as_ref(), stream, cause.command).await;
        let executed = executed.map_err(Failure::fault)?;
        if let Some(seen) = executed.as_ref().and_then(|executed| executed.seen) {
            self.visible(seen).await?;
        }
        Ok(executed)
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
        self.append_to(cause, stream, Kept::default(), command).await
    }

    /// The same for a caller that keeps the stream from one command to the next.
    pub async fn append_to<D: Decider>(
        &self,
        cause: &Cause,
        stream: Uuid,
        kept: Kept<D>,
        command: &D::Command,
    ) -> Result<Executed<D>, ExecuteError<D::Rejection>> {
        let context = self.context(cause);
        let executed = execute_kept::<D>(self.log.as_ref(), stream, kept, command, &context).await?;
        if let Some(position) = executed.position {
            let (category, events) = (D::CATEGORY.as_str(), executed.events.len());
            let (actor, correlation) = (&context.actor, context.correlation);
            tracing::info!(position = position.number(), category, %stream, events, %actor, %correlation, "appended");
            if let Actor::Member(member) | Actor::Robot(member) = actor {
                let bytes: usize = executed.events.iter().map(json_size).sum();
                self.limits.charge_written(*member, bytes + executed.state.kept_with_a_change());
            }
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
            at: self.now(),
        }
    }

    /// Returns when the read models show what is at the position.
    pub async fn visible(&self, position: Position) -> Result<(), Failure> {
        self.core.wait_for(position, VISIBILITY_WAIT).await.map_err(Failure::NotYetVisible)
    }

    /// The position of a change; where nothing changed, that of the read models.
    pub fn position_of<D: Decider>(&self, executed: &Executed<D>) -> Position {
        executed.position.unwrap_or_else(|| self.core.position())
    }
}
