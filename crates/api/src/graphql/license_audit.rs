//! The license audit: who was granted what, what changed, what was used and what was refused.

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, ID, Json, Object, Result};
use chrono::{DateTime, Utc};
use distr_domain::permission::Permission;
use distr_projections::license_audit::{self, AuditKind as Kind, LicenseAuditRow};
use serde_json::Value;

use super::application::{self, Application};
use super::connection::{connection, cost, paging};
use super::context::{ContextExt, read};
use super::customer::{self, Customer};
use super::guard::May;
use super::scalar::Position;
use crate::error::ApiError;

pub(super) struct LicenseAuditEntry(pub LicenseAuditRow);

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Kind")]
pub enum AuditKind {
    Issued,
    Amended,
    Suspended,
    Resumed,
    Revoked,
    SeatTaken,
    SeatReleased,
    PullGranted,
    PullRefused,
    DeployGranted,
    DeployRefused,
}

#[Object]
impl LicenseAuditEntry {
    async fn position(&self) -> Position {
        distr_eventlog::Position(self.0.position).into()
    }

    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    async fn kind(&self) -> AuditKind {
        self.0.kind.into()
    }

    /// `member:<id>`, `robot:<id>`, `agent:<id>`, …
    async fn actor(&self) -> &str {
        &self.0.actor
    }

    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>> {
        match self.0.customer {
            Some(id) => Ok(Some(customer::load_nested(ctx, id).await?)),
            None => Ok(None),
        }
    }

    async fn application(&self, ctx: &Context<'_>) -> Result<Option<Application>> {
        match self.0.application {
            Some(id) => Ok(Some(application::load_nested(ctx, id).await?)),
            None => Ok(None),
        }
    }

    async fn license_id(&self) -> Option<ID> {
        self.0.license.map(|id| id.0.into())
    }

    /// What was used: `repository:tag`, `application version`.
    async fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// The event or the access record, whole.
    async fn detail(&self) -> Json<Value> {
        Json(self.0.detail.clone())
    }
}

#[derive(Default)]
pub(super) struct LicenseAuditQuery;

#[Object]
impl LicenseAuditQuery {
    /// In the order of the log; of one customer if it is named.
    #[graphql(guard = "May(Permission::ReadCustomers)", complexity = "cost(first, child_complexity)")]
    async fn license_audit(
        &self,
        ctx: &Context<'_>,
        customer: Option<super::scalar::Name>,
        first: Option<u16>,
        after: Option<String>,
    ) -> Result<Connection<String, LicenseAuditEntry>> {
        let of = customer.map(|name| ctx.customer_named(Some(&name.0))).transpose()?;
        let page = license_audit::list(&read(ctx).await?, ctx.scope()?, of, None, &paging(first, after)?).await;
        Ok(connection(page.map_err(ApiError::from)?, LicenseAuditEntry))
    }
}
