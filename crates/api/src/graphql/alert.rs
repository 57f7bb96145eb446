//! Alerts: what needs a person, until it is settled or put off.

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::alert::{Alert as Decider, AlertCommand};
use distr_domain::ids::AlertId;
use distr_domain::permission::Permission;
use distr_projections::Paging;
use distr_projections::alert::{self, AlertFilter};

use super::connection::{connection, cost, paging};
use super::context::{ContextExt, Outcome, execute, line, lines, read};
use super::deployment::ErrorCategory;
use super::guard::May;
use super::scalar::Name;
use crate::failure::Failure;

/// Nobody knows today what can wait for longer.
const LONGEST: TimeDelta = TimeDelta::days(366);

/// The kind of an alert: what it is about.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "alert::AlertKind")]
pub enum AlertKind {
    /// A deployment failed, or is unhealthy.
    DeploymentFailed,
    /// A deployment is held: the host's policy refuses it, or somebody there has to agree.
    DeploymentHeld,
    /// A deployment changes so often that not every change is told.
    DeploymentFlapping,
    /// A target is offline: it was heard, and is not any more.
    TargetSilent,
    /// All seats of a license are taken.
    LicenseUsedUp,
    /// A license ends within 30 days.
    LicenseEnds,
    /// A token of a member of the vendor ends within 14 days.
    TokenEnds,
}

/// Until when an alert is put off.
#[derive(SimpleObject)]
struct AlertPutOff {
    /// The time until which nobody has to look.
    until: DateTime<Utc>,
    /// The reason, as the one who put it off gave it.
    reason: String,
    /// Who put it off: `member:<id>` or `robot:<id>`.
    by: String,
    /// The time at which it was put off.
    at: DateTime<Utc>,
}

/// An alert: something that needs a person. It is there for as long as it is so.
#[derive(SimpleObject)]
struct Alert {
    /// The id, which says what the alert is about and which time that it is so. Once it is settled and comes again, it is
    /// another.
    id: ID,
    /// The kind of the alert: what it is about.
    kind: AlertKind,
    /// The time since which it is so, of what has one: the last change of a deployment, the last time that a target was
    /// heard.
    since: Option<DateTime<Utc>>,
    /// The time at which something ends, of what ends.
    due_at: Option<DateTime<Utc>>,
    /// The category of a deployment's error.
    category: Option<ErrorCategory>,
    /// The reason: the agent's own words about a deployment, the seats of a license; empty if the kind says all.
    reason: String,
    /// The name of the customer; null for a token.
    customer: Option<Name>,
    /// The name of the customer that people read.
    customer_display_name: Option<String>,
    /// The name of the target.
    target: Option<Name>,
    /// The name of the application.
    application: Option<Name>,
    /// The name of the license.
    license: Option<Name>,
    /// The label of the token.
    token: Option<String>,
    /// Until when it is put off; null if it is not. A customer's member is shown none.
    put_off: Option<AlertPutOff>,
}

impl From<alert::Alert> for Alert {
    fn from(of: alert::Alert) -> Self {
        let put_off = |alert::PutOff { until, reason, by, at }| AlertPutOff { until, reason, by, at };
        Self {
            id: of.key.into(),
            kind: of.kind.into(),
            since: of.since,
            due_at: of.due_at,
            category: of.category.map(ErrorCategory::from),
            reason: of.reason,
            customer: of.customer.map(Name),
            customer_display_name: of.customer_display_name,
            target: of.target.map(Name),
            application: of.application.map(Name),
            license: of.license.map(Name),
            token: of.token,
            put_off: of.put_off.map(put_off),
        }
    }
}

fn filter(ctx: &Context<'_>, is_put_off: Option<bool>, key: Option<String>) -> AlertFilter {
    let hub = ctx.hub();
    AlertFilter { is_put_off, key, now: hub.commands.now(), silence: hub.settings.silence }
}

/// The alert, if it is there now.
async fn find(ctx: &Context<'_>, key: &str) -> Result<Option<Alert>, Failure> {
    let filter = filter(ctx, None, Some(key.to_owned()));
    let page = alert::list(&*read(ctx).await?, ctx.scope()?, &filter, &Paging::first(1)).await?;
    Ok(page.items.into_iter().next().map(|(_, found)| found.into()))
}

#[derive(Default)]
pub(super) struct AlertQuery;

#[Object]
impl AlertQuery {
    /// What needs a person now, the worst first. A customer's member sees the alerts of its customer's targets and
    /// licenses.
    #[graphql(guard = "May(Permission::ReadFleet)", complexity = "cost(first, child_complexity)")]
    async fn alerts(
        &self,
        ctx: &Context<'_>,
        #[graphql(default, desc = "Whether those that are put off are shown, in the place of those that are not.")]
        put_off: bool,
        #[graphql(desc = "The number of items in a page, from 1 to 500; 50 if left out.")] first: Option<u16>,
        #[graphql(desc = "The cursor of the last item of the page before; the first page if left out.")] after: Option<
            String,
        >,
    ) -> Result<Connection<String, Alert>> {
        let filter = filter(ctx, Some(put_off), None);
        let page = alert::list(&*read(ctx).await?, ctx.scope()?, &filter, &paging(first, after)?).await;
        Ok(connection(page.map_err(Failure::from)?, Alert::from))
    }
}

/// The alert after the change.
#[derive(SimpleObject)]
struct AlertPayload {
    /// The alert; null if it was settled meanwhile.
    alert: Option<Alert>,
    #[graphql(flatten)]
    outcome: Outcome,
}

#[derive(Default)]
pub(super) struct AlertMutation;

#[Object]
impl AlertMutation {
    /// Puts an alert off: nobody has to look until then, unless it is settled and comes again.
    #[graphql(guard = "May(Permission::ManageCustomers)")]
    async fn alert_put_off(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the alert.")] id: ID,
        #[graphql(desc = "The time until which nobody has to look, at most a year from now.")] until: DateTime<Utc>,
        #[graphql(desc = "The reason, of 1 to 500 characters.")] reason: String,
    ) -> Result<AlertPayload> {
        let (key, reason, now) = (line("id", id.0, 200)?, lines("reason", reason, 500)?, ctx.hub().commands.now());
        find(ctx, &key).await?.ok_or_else(|| Failure::not_found("alert", &key))?;
        if until <= now || until > now + LONGEST {
            return Err(Failure::BadInput("until is not within a year from now".into()).into());
        }
        changed(ctx, key.clone(), AlertCommand::PutOff { alert: key, until, reason }).await
    }

    /// Takes an alert up again that was put off.
    #[graphql(guard = "May(Permission::ManageCustomers)")]
    async fn alert_take_up(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the alert.")] id: ID,
    ) -> Result<AlertPayload> {
        let key = line("id", id.0, 200)?;
        find(ctx, &key).await?.ok_or_else(|| Failure::not_found("alert", &key))?;
        changed(ctx, key.clone(), AlertCommand::TakeUp { alert: key }).await
    }
}

async fn changed(ctx: &Context<'_>, key: String, command: AlertCommand) -> Result<AlertPayload> {
    let outcome = execute::<Decider>(ctx, AlertId::of(ctx.organization()?, &key).0, command).await?;
    Ok(AlertPayload { alert: find(ctx, &key).await?, outcome })
}
