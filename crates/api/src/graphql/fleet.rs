//! The fleet as a whole: which targets are asked for, and how many are in each state.

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};
use distr_domain::fleet;
use distr_domain::ids::{ApplicationId, CustomerId};
use distr_domain::permission::Permission;
use distr_projections::target::{self, FleetFilter};

use super::as_of::Moment;
use super::context::{ContextExt, read, searched};
use super::guard::May;
use super::label::LabelFilter;
use super::scalar::Name;
use super::target::TargetState;
use crate::failure::Failure;

/// The most labels by which a list is narrowed at once.
const MAX_LABELS: usize = 8;

/// A filter of targets. A target is in the list if it fits every part that is given.
#[derive(InputObject, Default)]
pub(super) struct TargetFilter {
    /// The states of which the target is in one; any state if left out.
    states: Option<Vec<TargetState>>,
    /// The name of an application that is deployed on the target.
    application: Option<Name>,
    /// A part of the target's name, or of a name of its customer, of 1 to 100 characters; capitals make no difference.
    search: Option<String>,
    /// The labels that the target has, all of them, each by the vendor or by the customer; 8 at most.
    labels: Option<Vec<LabelFilter>>,
}

impl TargetFilter {
    pub(super) fn narrow(self, ctx: &Context<'_>, of: Option<CustomerId>) -> Result<FleetFilter, Failure> {
        let organization = ctx.organization()?;
        let labels = self.labels.unwrap_or_default();
        if labels.len() > MAX_LABELS {
            return Err(Failure::BadInput(format!("the filter has {} labels; at most {MAX_LABELS}", labels.len())));
        }
        Ok(FleetFilter {
            of,
            states: self.states.map(|states| states.into_iter().map(fleet::TargetState::from).collect()),
            application: self.application.map(|name| ApplicationId::of(organization, &name.0)),
            search: searched(self.search)?,
            labels: labels.into_iter().map(Into::into).collect(),
            silence: ctx.hub().settings.silence,
            now: ctx.now(),
        })
    }
}

/// The sort of a list of targets: by what it is put in order.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "target::FleetSort")]
pub(super) enum TargetSort {
    /// The state, what needs somebody most first: failed, offline, stale, held, progressing, unknown, ok; then the name.
    Attention,
    /// The name of the target.
    Name,
    /// The name of the customer, then that of the target.
    Customer,
    /// The time of the last heartbeat, what was never heard from first; then the name.
    Heard,
    /// The time of the registration, then the name.
    Created,
}

/// The order of a list: from its first item to its last, or the other way round.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum SortOrder {
    /// From the first to the last.
    Ascending,
    /// From the last to the first.
    Descending,
}

/// The number of targets in each state, without the retired.
#[derive(SimpleObject, Default)]
pub(super) struct TargetCounts {
    /// The number of targets in any state.
    total: u64,
    /// The number of targets on which all that was asked for runs healthily.
    ok: u64,
    /// The number of targets that are on the way to what was asked for.
    progressing: u64,
    /// The number of targets whose hosts hold something.
    held: u64,
    /// The number of targets on which something failed or is unhealthy.
    failed: u64,
    /// The number of targets that missed a few heartbeats.
    stale: u64,
    /// The number of targets that count as away.
    offline: u64,
    /// The number of targets that were never heard from.
    unknown: u64,
}

impl TargetCounts {
    fn add(&mut self, state: fleet::TargetState, count: u64) {
        let of_state = match state {
            fleet::TargetState::Ok => &mut self.ok,
            fleet::TargetState::Progressing => &mut self.progressing,
            fleet::TargetState::Held => &mut self.held,
            fleet::TargetState::Failed => &mut self.failed,
            fleet::TargetState::Stale => &mut self.stale,
            fleet::TargetState::Offline => &mut self.offline,
            fleet::TargetState::Unknown => &mut self.unknown,
        };
        *of_state += count;
        self.total += count;
    }
}

#[derive(Default)]
pub(super) struct FleetQuery;

#[Object]
impl FleetQuery {
    /// The number of targets in each state: of all customers that the caller may see, or of one, without the retired.
    #[graphql(guard = "May(Permission::ReadFleet)")]
    async fn target_counts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer; all customers that the caller may see if left out.")]
        customer: Option<Name>,
        #[graphql(desc = "The filter; all targets if left out.")] filter: Option<TargetFilter>,
        #[graphql(
            name = "asOf",
            desc = "The moment as of which the answer is; now if left out. Each root field of a document names the same one."
        )]
        _as_of: Option<Moment>,
    ) -> Result<TargetCounts> {
        let of = customer.map(|name| ctx.customer_named(Some(&name.0))).transpose()?;
        let filter = filter.unwrap_or_default().narrow(ctx, of)?;
        let counted = target::count_by_state(&*read(ctx).await?, ctx.scope()?, &filter).await.map_err(Failure::from)?;
        let mut counts = TargetCounts::default();
        for (state, count) in counted {
            counts.add(state, count);
        }
        Ok(counts)
    }
}
