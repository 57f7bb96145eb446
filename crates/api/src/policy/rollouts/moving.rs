//! One rollout is moved: what the engine says is done, until it says nothing more.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::agent::AskedBy;
use distr_domain::decider::Category;
use distr_domain::deployment::{Deployment, DeploymentCommand, Desired, Origin};
use distr_domain::ids::{DeploymentId, TargetId};
use distr_domain::rollout::engine::{Action, next};
use distr_domain::rollout::world::World;
use distr_domain::rollout::{Class, Kind, Planned, Rollout, RolloutCommand, Stamp};
use distr_domain::version::Version;
use distr_eventlog::{Actor, ExecuteError, Kept};
use distr_projections::rollout::OpenRollout;
use distr_projections::{Scope, application, deployment, target};
use uuid::Uuid;

use super::{NAME, Rollouts};
use crate::auth::RequestInfo;
use crate::commands::Cause;
use crate::failure::Failure;
use crate::operations::deploy::{Deploy, Deploying, Wanted, heard};
use crate::operations::rollout_world::Worlds;
use crate::{pause, policy};

/// A rollout makes way for the others after so many looks at its world.
const LOOKS: usize = 8;
/// It also does when its looks have taken so long.
const LOOKS_LIMIT: Duration = Duration::from_secs(10);
/// Commands on one state of the world: an engine that never comes to rest is wrong.
const COMMANDS: usize = 400;
/// When a command was refused, or a target was not there, somebody else changed what was looked at.
const SOON: TimeDelta = TimeDelta::seconds(1);

pub(super) struct Moving<'a> {
    pub(super) parts: &'a Rollouts,
    pub(super) open: &'a OpenRollout,
    /// since when this hub takes reports
    pub(super) listening_since: DateTime<Utc>,
}

/// How a look ended.
enum Looked {
    /// Nothing is to be done before then, or before something new is known.
    Rests(Option<DateTime<Utc>>),
    /// Deployments were asked for something, so that the world is another one.
    Acted,
}

impl Moving<'_> {
    /// Answers when to look again, if something changes by the clock.
    pub(super) async fn go_on(&self) -> Result<Option<DateTime<Utc>>, Failure> {
        let begun = Instant::now();
        for _ in 0..LOOKS {
            if begun.elapsed() > LOOKS_LIMIT {
                break;
            }
            let rollout = self.parts.commands.load::<Rollout>(self.open.id.0).await?;
            let Some(plan) = rollout.plan.clone() else { return Ok(None) };
            let worlds = Worlds {
                models: &self.parts.models,
                silence: self.parts.silence,
                listening_since: self.listening_since,
                now: self.parts.commands.now(),
            };
            let world = worlds.of(self.open.organization, self.open.id, &plan, &rollout.approvals).await?;
            if let Looked::Rests(wake) = self.act(rollout, &plan, &world).await? {
                return Ok(wake);
            }
        }
        Ok(Some(self.parts.commands.now()))
    }

    async fn act(&self, mut rollout: Rollout, plan: &Planned, world: &World) -> Result<Looked, Failure> {
        let mut kept: Kept<Rollout> = Kept::default();
        for _ in 0..COMMANDS {
            let turn = next(&rollout, world, self.parts.commands.now());
            let [first, ..] = &turn.actions[..] else { return Ok(Looked::Rests(turn.next_wake)) };
            if !matches!(first, Action::Command(_)) {
                return self.ask_deployments(plan, world, turn.actions).await;
            }
            for action in turn.actions {
                let Action::Command(command) = action else { continue };
                pause::at("rollouts.command").await;
                match self.command(kept, &command).await? {
                    Some((state, next)) => (rollout, kept) = (state, next),
                    None => return Ok(Looked::Rests(Some(self.parts.commands.now() + SOON))),
                }
            }
        }
        Ok(Looked::Acted)
    }

    fn cause(&self, command: Uuid) -> Cause {
        Cause {
            organization: self.open.organization,
            actor: Actor::Policy(NAME.into()),
            causation: None,
            correlation: self.open.id.0,
            command,
        }
    }

    /// On the rollout's own stream. Nothing if a rule said no.
    async fn command(
        &self,
        kept: Kept<Rollout>,
        command: &RolloutCommand,
    ) -> Result<Option<(Rollout, Kept<Rollout>)>, Failure> {
        let cause = self.cause(self.parts.commands.new_id());
        let executed = policy::command(&self.parts.commands, NAME, &cause, self.open.id.0, kept, command).await?;
        Ok(executed.map(|executed| (executed.state.clone(), executed.into())))
    }

    async fn ask_deployments(&self, plan: &Planned, world: &World, actions: Vec<Action>) -> Result<Looked, Failure> {
        // once more, right before deployments are asked: it may have been halted
        let rollout = self.parts.commands.load::<Rollout>(self.open.id.0).await?;
        let mut has_acted = false;
        for action in actions {
            has_acted |= match action {
                Action::Wish { target, hop, attempt } if rollout.awaits(target, &hop, attempt) => {
                    self.wish(plan, world, target, (hop, attempt)).await?
                }
                Action::Withdraw { target } => self.withdraw(plan, target).await?,
                _ => false,
            };
        }
        Ok(if has_acted { Looked::Acted } else { Looked::Rests(Some(self.parts.commands.now() + SOON)) })
    }

    /// The same wish as a person's. The same try again is the same command, which has no second effect.
    async fn wish(
        &self,
        plan: &Planned,
        world: &World,
        target: TargetId,
        (hop, attempt): (Version, u32),
    ) -> Result<bool, Failure> {
        let scope = Scope { organization: self.open.organization, customer: None };
        let client = self.parts.models.client().await?;
        let target_row = target::find(&client, scope, target).await?;
        let application = application::find(&client, scope, plan.application).await?;
        drop(client);
        let (Some(target_row), Some(application)) = (target_row, application) else { return Ok(false) };
        let why = match plan.kind {
            Kind::Rollback => Some(format!("rollback by rollout {}", plan.name)),
            Kind::Upgrade | Kind::Security => None,
        };
        let deploy = Deploy {
            scope,
            target,
            target_name: target_row.name,
            application: application.name,
            wanted: Wanted::Version(hop.clone()),
            config: None,
            values: None,
            namespace: None,
            downgrade: why,
            origin: Some(Origin { rollout: self.open.id, attempt }),
        };
        let Rollouts { commands, models, artifacts, vault, .. } = self.parts;
        let deploying = Deploying { commands, models, artifacts, vault };
        let command = Uuid::new_v5(&self.open.id.0, format!("wish/{target}/{hop}/{attempt}").as_bytes());
        let request = RequestInfo { correlation: self.open.id.0, address: None, user_agent: None };
        pause::at("rollouts.wish").await;
        match deploying.set_release(&self.cause(command), &request, deploy).await {
            Ok(_) => Ok(true),
            Err(Failure::Rejected(refusal)) => {
                let stamp = Stamp { seen: world.seen, at: commands.now() };
                let (reason, targets) = (refusal.code().to_owned(), vec![target]);
                let skip = RolloutCommand::Settle { class: Class::Skipped, reason, targets, away: vec![], stamp };
                Ok(self.command(Kept::default(), &skip).await?.is_some())
            }
            // it was retired a moment ago, and leaves the rollout when that is shown
            Err(Failure::NotFound { .. }) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// A wish that nobody has begun goes back to what runs, or was asked for before, under the license by which it runs: nobody gets
    /// anything by it that is not there.
    async fn withdraw(&self, plan: &Planned, target: TargetId) -> Result<bool, Failure> {
        let Rollouts { commands, models, .. } = self.parts;
        let id = DeploymentId::of(target, plan.application);
        let deployment = commands.load::<Deployment>(id.0).await?;
        let is_own = deployment.origin.is_some_and(|origin| origin.rollout == self.open.id);
        let Some(desired) = deployment.desired.clone().filter(|_| is_own) else { return Ok(false) };
        let before = match &deployment.running {
            Some(running) => Some(running.clone()),
            None => deployment::wanted_before(&*models.client().await?, id, self.open.id).await?,
        };
        let Some(version) = before else { return Ok(false) };
        let desired = Desired { version, asked_by: AskedBy::Vendor, channel: None, ..desired };
        let heard = heard(models, self.open.organization, target, id).await?;
        let downgrade = Some(format!("rollout {} stopped before it was begun", plan.name));
        let command = DeploymentCommand::SetDesired { desired, heard, downgrade, origin: None };
        let name = format!("withdraw/{target}/{}", deployment.generation);
        let cause = self.cause(Uuid::new_v5(&self.open.id.0, name.as_bytes()));
        match commands.append::<Deployment>(&cause, id.0, &command).await {
            Ok(executed) => {
                if let Some(seen) = executed.seen {
                    commands.visible(seen).await?;
                }
                Ok(executed.position.is_some())
            }
            Err(ExecuteError::Rejected(rejection)) => {
                policy::note_refusal(NAME, Category::Deployment, id.0, &rejection);
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}
