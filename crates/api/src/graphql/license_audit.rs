//! The license audit: who was granted what, what changed, what was used and what was refused.

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, ID, Json, Object, Result};
use chrono::{DateTime, Utc};
use distr_domain::permission::Permission;
use distr_eventlog::Actor;
use distr_projections::license_audit::{self, AuditKind as Kind, AuditOrder, LicenseAuditRow};
use serde_json::Value;

use super::application::{self, Application};
use super::as_of::Moment;
use super::connection::{connection, cost, paging};
use super::context::{ContextExt, read};
use super::customer::{self, Customer};
use super::guard::May;
use super::loader::{Of, failed};
use super::organization;
use super::scalar::Position;
use crate::failure::Failure;

pub(super) struct LicenseAuditEntry(pub LicenseAuditRow);

/// The kind of an audit entry: what happened to a license, or by it.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Kind")]
pub enum AuditKind {
    /// The license was issued.
    Issued,
    /// The terms of the license were changed.
    Amended,
    /// The license was suspended.
    Suspended,
    /// The suspension of the license ended.
    Resumed,
    /// The license was revoked for good.
    Revoked,
    /// A target took a seat.
    SeatTaken,
    /// A target gave its seat back.
    SeatReleased,
    /// A pull was granted by the license.
    PullGranted,
    /// A pull was refused.
    PullRefused,
    /// A deployment was granted by the license.
    DeployGranted,
    /// A deployment was refused.
    DeployRefused,
}

/// An entry of the license audit: something that happened to a license, or by it.
#[Object]
impl LicenseAuditEntry {
    /// The position in the log.
    async fn position(&self) -> Position {
        distr_eventlog::Position::of_number(self.0.position).into()
    }

    /// The time of the entry.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// The kind of the entry: what happened.
    async fn kind(&self) -> AuditKind {
        self.0.kind.into()
    }

    /// The actor, such as `member:<id>`, `robot:<id>` or `agent:<id>`. A customer's member sees
    /// `vendor:<name of the organization>` for whoever is not of its customer.
    async fn actor(&self, ctx: &Context<'_>) -> Result<String> {
        match self.is_known(ctx).await? {
            true => Ok(self.0.actor.clone()),
            false => Ok(format!("vendor:{}", organization::load(ctx).await?.0.name)),
        }
    }

    /// The customer; null if it is not known.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>> {
        match self.0.customer {
            Some(id) => Ok(Some(customer::load_nested(ctx, id).await?)),
            None => Ok(None),
        }
    }

    /// The application; null if it is not known.
    async fn application(&self, ctx: &Context<'_>) -> Result<Option<Application>> {
        match self.0.application {
            Some(id) => Ok(Some(application::load_nested(ctx, id).await?)),
            None => Ok(None),
        }
    }

    /// The id of the license, a UUID; null if no license had to do with it.
    async fn license_id(&self) -> Option<ID> {
        self.0.license.map(|id| id.0.into())
    }

    /// The subject that was used, as `repository:tag` or `application version`; null for a change of the license.
    async fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    /// The reason that was given for a change, or that of a refusal; null if there is none.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// The event or the access record, as JSON. The actor, its address and its program are left out if a customer's
    /// member may not know them.
    async fn detail(&self, ctx: &Context<'_>) -> Result<Json<Value>> {
        let mut detail = self.0.detail.clone();
        if let (false, Some(fields)) = (self.is_known(ctx).await?, detail.as_object_mut()) {
            fields.retain(|name, _| !OF_THE_ACTOR.contains(&name.as_str()));
        }
        Ok(Json(detail))
    }
}

/// What an access record says of who it was.
const OF_THE_ACTOR: [&str; 3] = ["actor", "address", "user_agent"];

impl LicenseAuditEntry {
    /// Whether the caller may know who it was: the vendor knows everybody, a customer its own.
    async fn is_known(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        let scope = ctx.scope()?;
        let Some(customer) = scope.customer else { return Ok(true) };
        match self.0.actor.parse() {
            // what is listed is of the customer, and so are the agents of its targets
            Ok(Actor::Agent(_) | Actor::Policy(_)) => Ok(true),
            Ok(Actor::Member(id) | Actor::Robot(id)) => {
                let key = Of { organization: scope.organization, id };
                let member = ctx.loader().load_one(key).await.map_err(failed)?;
                Ok(member.is_some_and(|member| member.customer == Some(customer)))
            }
            Ok(Actor::Operator | Actor::Anonymous) | Err(_) => Ok(false),
        }
    }
}

pub(super) fn order(newest_first: bool) -> AuditOrder {
    if newest_first { AuditOrder::NewestFirst } else { AuditOrder::Log }
}

#[derive(Default)]
pub(super) struct LicenseAuditQuery;

#[Object]
impl LicenseAuditQuery {
    /// The audit entries of the licenses of all customers that the caller may see, or of one.
    #[graphql(guard = "May(Permission::ReadCustomers)", complexity = "cost(first, child_complexity)")]
    async fn license_audit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer; all customers that the caller may see if left out.")]
        customer: Option<super::scalar::Name>,
        #[graphql(default, desc = "Whether the newest entries come first; else they come in the order of the log.")]
        newest_first: bool,
        #[graphql(desc = "The number of items in a page, from 1 to 500; 50 if left out.")] first: Option<u16>,
        #[graphql(desc = "The cursor of the last item of the page before; the first page if left out.")] after: Option<
            String,
        >,
        #[graphql(
            name = "asOf",
            desc = "The moment as of which the answer is; now if left out. Each root field of a document names the same one."
        )]
        _as_of: Option<Moment>,
    ) -> Result<Connection<String, LicenseAuditEntry>> {
        let of = customer.map(|name| ctx.customer_named(Some(&name.0))).transpose()?;
        let (scope, paging) = (ctx.scope()?, paging(first, after)?);
        let page = license_audit::list(&*read(ctx).await?, scope, (of, None), order(newest_first), &paging).await;
        Ok(connection(page.map_err(Failure::from)?, LicenseAuditEntry))
    }
}
