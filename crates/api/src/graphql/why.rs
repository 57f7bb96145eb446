//! Why an event is in the log.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use distr_domain::permission::Permission;
use distr_domain::rejection::Rejection;

use super::context::ContextExt;
use super::event::Event;
use super::guard::May;
use super::scalar::Position;
use crate::failure::Failure;
use crate::operations::why::{Asking, Why as Found};

/// Why an event is in the log: what led to it, what it rests on, and what followed from it. Lists are in the order of the log.
#[derive(SimpleObject)]
struct Why {
    /// The event.
    event: Event,
    /// The chain of events that led to it, at most 100: from the first, which somebody's command led to, to the one before it.
    causes: Vec<Event>,
    /// The id of the cause at which the chain breaks off, such as a report that is not kept any more; null if it is whole.
    lost_cause: Option<ID>,
    /// The facts that it rests on, at most 100. For a use of a right, or the refusal of one: the newest change of the license,
    /// or of each license of the customer if none had to do with it. For what a rollout did: what people said of the rollout.
    grounds: Vec<Event>,
    /// The facts that it led to, and those that these led to, the nearest 100.
    consequences: Vec<Event>,
    /// True if more facts followed than `consequences` has.
    has_more: bool,
}

impl From<Found> for Why {
    fn from(Found { event, causes, lost, grounds, consequences, has_more }: Found) -> Self {
        let all = |entries: Vec<_>| entries.into_iter().map(Event::from).collect();
        Self {
            event: event.into(),
            causes: all(causes),
            lost_cause: lost.map(ID::from),
            grounds: all(grounds),
            consequences: all(consequences),
            has_more,
        }
    }
}

/// Nothing stands there.
#[derive(Debug, thiserror::Error)]
#[error("no event of your organization stands at position {0}")]
struct NoEvent(distr_eventlog::Position);

impl Rejection for NoEvent {
    fn code(&self) -> &'static str {
        "event.not_found"
    }
}

#[derive(Default)]
pub(super) struct WhyQuery;

#[Object]
impl WhyQuery {
    /// Why an event is in the log; refused with `event.not_found` if none of the organization stands there.
    #[graphql(guard = "May(Permission::ReadLog)", complexity = "100 + 100 * child_complexity")]
    async fn why(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The position of the event in the log.")] position: Position,
    ) -> Result<Why> {
        let hub = ctx.hub();
        let asking = Asking { log: hub.commands.log.as_ref(), models: &hub.models, organization: ctx.organization()? };
        let found = asking.why(position.0).await?.ok_or_else(|| Failure::rejected(NoEvent(position.0)))?;
        Ok(found.into())
    }
}
