//! What changes a rollout: its start, and all that people do to one that is open.

use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::ids::{ApplicationId, MemberId};
use distr_domain::member::MemberKind;
use distr_domain::permission::{Membership, Permission, VendorRole};
use distr_domain::rollout::{HaltCause, Rollout as Decider, RolloutCommand, RolloutRejection, Stamp};

use super::plan::{Asked, RolloutScopeInput};
use super::{Rollout, id, load};
use crate::failure::Failure;
use crate::graphql::application;
use crate::graphql::context::{ContextExt, Outcome, execute, lines};
use crate::graphql::guard::May;
use crate::graphql::rollout_policy::rules::RolloutLimits;
use crate::graphql::scalar::{Name, PlanDigest, Version};
use crate::operations::rollouts::Begun;

/// The rollout after the change.
#[derive(SimpleObject)]
pub(in crate::graphql) struct RolloutPayload {
    /// The rollout.
    rollout: Rollout,
    #[graphql(flatten)]
    outcome: Outcome,
}

/// The rollout after it was planned, and perhaps started.
#[derive(SimpleObject)]
pub(in crate::graphql) struct RolloutStartPayload {
    /// The rollout.
    rollout: Rollout,
    /// The warnings of the plan, as sentences.
    warnings: Vec<String>,
    #[graphql(flatten)]
    outcome: Outcome,
}

fn because(reason: String) -> Result<String, Failure> {
    lines("reason", reason, 500)
}

fn stamp(ctx: &Context<'_>) -> Stamp {
    let commands = &ctx.hub().commands;
    Stamp { seen: commands.core.position().number(), at: commands.now() }
}

async fn change(
    ctx: &Context<'_>,
    (application, name): (Name, Name),
    command: RolloutCommand,
) -> Result<RolloutPayload> {
    let outcome = execute::<Decider>(ctx, id(ctx, &application, &name)?.0, command).await?;
    Ok(RolloutPayload { rollout: load(ctx, &application, &name).await?, outcome })
}

async fn begun(ctx: &Context<'_>, application: &Name, begun: Begun) -> Result<RolloutStartPayload> {
    let rollout = load(ctx, application, &begun.name.into()).await?;
    Ok(RolloutStartPayload { rollout, warnings: begun.warnings, outcome: Outcome::of(ctx, &begun.executed) })
}

/// Whoever may approve: a person, as somebody who has a robot would be two. The guard lets no customer in.
fn approver(ctx: &Context<'_>) -> Result<(MemberId, VendorRole), Failure> {
    let caller = ctx.caller()?;
    match (caller.membership, caller.kind) {
        (Membership::Vendor { role }, MemberKind::Person) => Ok((caller.member, role)),
        _ => Err(Failure::rejected(RolloutRejection::NotAPerson)),
    }
}

#[derive(Default)]
pub(in crate::graphql) struct RolloutMutation;

#[Object]
impl RolloutMutation {
    /// Plans a rollout and starts it, unless its policy demands an approval first or its time has not come. Targets of lower versions come to
    /// the release, wave by wave. A rollout that has not started is planned anew by the same name.
    #[graphql(guard = "May(Permission::RollOut)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the GraphQL field")]
    async fn rollout_start(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The version to which targets of lower versions come.")] version: Version,
        #[graphql(
            desc = "The name of the rollout, unique in the application; that of the version if left out, with a number if it was \
                    used before."
        )]
        name: Option<Name>,
        #[graphql(desc = "The name of the policy, of which the rollout keeps a copy.")] policy_name: Name,
        #[graphql(desc = "The scope; all targets that have the application if left out.")] scope: Option<
            RolloutScopeInput,
        >,
        #[graphql(
            desc = "The digest of the plan that was looked at: the start is refused if the plan is another one by now. Not \
                    compared if left out."
        )]
        plan: Option<PlanDigest>,
        #[graphql(
            desc = "The time before which the rollout does not start; at once if left out. The plan is made anew then, unless \
                    it was approved."
        )]
        not_before: Option<DateTime<Utc>>,
    ) -> Result<RolloutStartPayload> {
        let of = application.clone();
        let asked = Asked { application, version, name, policy: (Some(policy_name), None), scope, not_before };
        let wanted = asked.read(ctx).await?;
        let started = ctx.hub().rolling_out().start(&ctx.cause()?, wanted, plan.map(|plan| plan.0)).await?;
        begun(ctx, &of, started).await
    }

    /// Approves a stage of a rollout, where its policy names the role of the caller. Whoever planned the rollout approves nothing of it, and
    /// robots approve nothing.
    #[graphql(guard = "May(Permission::OverseeRollouts)")]
    async fn rollout_approve(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The name of the rollout.")] name: Name,
        #[graphql(desc = "The stage: 0 for the start, and the number of a wave for its opening.")] stage: u32,
        #[graphql(desc = "The digest of the plan that is approved, as `Rollout.digest` has it.")] plan: PlanDigest,
    ) -> Result<RolloutPayload> {
        let ((by, role), at) = (approver(ctx)?, ctx.hub().commands.now());
        change(ctx, (application, name), RolloutCommand::Approve { stage, digest: plan.0, by, role, at }).await
    }

    /// Refuses a stage of a rollout: its approvals until now are void, and the rollout is paused with the reason.
    #[graphql(guard = "May(Permission::OverseeRollouts)")]
    async fn rollout_refuse(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The name of the rollout.")] name: Name,
        #[graphql(desc = "The stage: 0 for the start, and the number of a wave for its opening.")] stage: u32,
        #[graphql(desc = "The reason, of 1 to 500 characters.")] reason: String,
    ) -> Result<RolloutPayload> {
        let (by, at) = (ctx.caller()?.member, ctx.hub().commands.now());
        let command = RolloutCommand::RefuseApproval { stage, by, reason: because(reason)?, at };
        change(ctx, (application, name), command).await
    }

    /// Pauses a rollout: nothing starts, and what is in flight finishes.
    #[graphql(guard = "May(Permission::OverseeRollouts)")]
    async fn rollout_pause(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The name of the rollout.")] name: Name,
        #[graphql(desc = "The reason, of 1 to 500 characters.")] reason: String,
    ) -> Result<RolloutPayload> {
        let command = RolloutCommand::Pause { reason: because(reason)?, stamp: stamp(ctx) };
        change(ctx, (application, name), command).await
    }

    /// Halts a rollout that has started: nothing starts, and what no agent has begun goes back, if the policy says so.
    #[graphql(guard = "May(Permission::OverseeRollouts)")]
    async fn rollout_halt(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The name of the rollout.")] name: Name,
        #[graphql(desc = "The reason, of 1 to 500 characters.")] reason: String,
    ) -> Result<RolloutPayload> {
        let cause = HaltCause::Person { reason: because(reason)? };
        change(ctx, (application, name), RolloutCommand::Halt { cause, stamp: stamp(ctx) }).await
    }

    /// Resumes a rollout that is paused or halted. Targets that failed or were lost until now halt it no more, and are no success either.
    #[graphql(guard = "May(Permission::RollOut)")]
    async fn rollout_resume(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The name of the rollout.")] name: Name,
        #[graphql(desc = "The reason, of 1 to 500 characters.")] reason: String,
    ) -> Result<RolloutPayload> {
        let command = RolloutCommand::Resume { reason: because(reason)?, stamp: stamp(ctx) };
        change(ctx, (application, name), command).await
    }

    /// Replaces the limits of a rollout. Lower ones stop new starts, and take nothing back. Where the policy demands approvals, only who may
    /// give them raises the limits above those of the plan, and not whoever planned it.
    #[graphql(guard = "May(Permission::RollOut)")]
    async fn rollout_adjust(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The name of the rollout.")] name: Name,
        #[graphql(desc = "The limits, in the place of all before.")] limits: RolloutLimits,
    ) -> Result<RolloutPayload> {
        let (limits, by) = (limits.try_into()?, approver(ctx).ok());
        let command = RolloutCommand::Adjust { limits, by, stamp: stamp(ctx) };
        change(ctx, (application, name), command).await
    }

    /// Skips the gate of the wave whose turn it is: the next one may open, whatever the gate says. An approval that the wave needs is not
    /// skipped.
    #[graphql(guard = "May(Permission::RollOut)")]
    async fn rollout_skip_wave(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The name of the rollout.")] name: Name,
        #[graphql(desc = "The number of the wave; the first is 1.")] wave: u32,
        #[graphql(desc = "The reason, of 1 to 500 characters.")] reason: String,
    ) -> Result<RolloutPayload> {
        let of = (ctx.organization()?, id(ctx, &application, &name)?);
        ctx.hub().rolling_out().lapse_approvals(&ctx.cause()?, of, stamp(ctx)).await?;
        let command = RolloutCommand::SkipWave { wave, reason: because(reason)?, stamp: stamp(ctx) };
        change(ctx, (application, name), command).await
    }

    /// Ends a rollout for ever. Targets that were not released are cancelled.
    #[graphql(guard = "May(Permission::RollOut)")]
    async fn rollout_abort(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The name of the rollout.")] name: Name,
        #[graphql(desc = "The reason, of 1 to 500 characters.")] reason: String,
    ) -> Result<RolloutPayload> {
        let command = RolloutCommand::Abort { reason: because(reason)?, stamp: stamp(ctx) };
        change(ctx, (application, name), command).await
    }

    /// Starts a rollout that leads each target of the scope that runs the version back to what it ran before, within the same limits, in one
    /// wave. A rollout that is open is aborted first, with the reason. The payload has the new rollout.
    #[graphql(guard = "May(Permission::RollOut)")]
    async fn rollout_roll_back(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The name of the rollout that is taken back.")] name: Name,
        #[graphql(desc = "The reason, of 1 to 500 characters.")] reason: String,
    ) -> Result<RolloutStartPayload> {
        application::load(ctx, &application).await?;
        let organization = ctx.organization()?;
        let of = (organization, ApplicationId::of(organization, &application.0));
        let by = (ctx.caller()?.member, because(reason)?);
        let started = ctx.hub().rolling_out().roll_back(&ctx.cause()?, of, &name.0, by).await?;
        begun(ctx, &application, started).await
    }
}
