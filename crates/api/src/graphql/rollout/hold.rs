//! Why a rollout, a wave or a target waits.

use std::sync::Arc;

use async_graphql::{Context, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::rejection::Rejection;
use distr_domain::rollout::HaltCause;
use distr_domain::rollout::gate::GateRule;
use distr_domain::rollout::hold::Hold;
use distr_projections::deployment::DeploymentRow;

use crate::failure::Failure;
use crate::graphql::context::ContextExt;
use crate::graphql::loader::{LookAt, Of, WaitingOf, failed};
use crate::models;
use crate::operations::rollout_look::Look;

/// A hold: why a rollout or a target waits.
#[derive(SimpleObject)]
pub(in crate::graphql) struct RolloutHold {
    /// The code of the reason, for programs: `target.offline`, `entitlement.expired`, `gate.success`.
    code: String,
    /// The reason as a sentence.
    text: String,
    /// The time at which the hold ends by itself; null if it does not, or if that is not known.
    until: Option<DateTime<Utc>>,
}

impl From<&Hold> for RolloutHold {
    fn from(hold: &Hold) -> Self {
        Self { code: hold.code().to_owned(), text: hold.to_string(), until: hold.until() }
    }
}

/// A look at what is now, one for each rollout of a request.
pub(super) async fn look(ctx: &Context<'_>, at: LookAt) -> Result<Arc<Look>, Failure> {
    let seen = ctx.loader().load_one(at).await.map_err(failed)?;
    seen.ok_or_else(|| Failure::not_found("rollout", at.0.id))
}

/// Why open rollouts do not start on a deployment that waits in them; nothing if a moment is asked about that is past.
pub(in crate::graphql) async fn of_deployment(
    ctx: &Context<'_>,
    row: &DeploymentRow,
) -> Result<Option<Vec<RolloutHold>>, Failure> {
    if models::moment().is_some() {
        return Ok(None);
    }
    let of = WaitingOf(Of { organization: row.organization, id: row.target });
    let waiting = ctx.loader().load_one(of).await.map_err(failed)?.unwrap_or_default();
    let mut holds = vec![];
    for waiting in waiting.iter().filter(|waiting| waiting.application == row.application) {
        let at = LookAt(Of { organization: row.organization, id: waiting.rollout });
        holds.extend(look(ctx, at).await?.holds(row.target).iter().map(RolloutHold::from));
    }
    Ok(Some(holds))
}

/// Why a rollout was halted.
pub(super) fn sentence_of_halt(cause: &HaltCause) -> String {
    match cause {
        HaltCause::Gate { rule, wave, tally } => {
            let (rule, of) = match rule {
                GateRule::MaxFailures => ("maxFailures", "the rollout".to_owned()),
                GateRule::MaxFailurePercent => ("maxFailurePercent", format!("wave {wave}")),
                GateRule::MaxUnknownPercent => ("maxUnknownPercent", format!("wave {wave}")),
            };
            let (failed, lost, decided) = (tally.failed, tally.lost, tally.decided());
            format!(
                "{failed} targets failed and {lost} were lost, of {decided} decided targets of {of}: more than {rule} allows"
            )
        }
        HaltCause::Person { reason } => reason.clone(),
        HaltCause::ReleaseRevoked { reason } => format!("the release was revoked: {reason}"),
        HaltCause::ReleaseDemoted { channel } => format!("the release was taken out of channel \"{channel}\""),
    }
}
