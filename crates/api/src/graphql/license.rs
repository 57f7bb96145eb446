//! Licenses: issued, amended, suspended, resumed, revoked. What one entitles to now is shown by its status.

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::ids::{ApplicationId, CustomerId, LicenseId};
use distr_domain::license::{License as Decider, LicenseCommand, Standing, Terms};
use distr_domain::permission::Permission;
use distr_projections::license::{self, LicenseRow};
use distr_projections::license_audit;

use super::application::{self, Application};
use super::connection::{connection, cost, paging};
use super::context::{ContextExt, Outcome, execute, read, text, when};
use super::customer::{self, Customer};
use super::guard::May;
use super::license_audit::LicenseAuditEntry;
use super::scalar::{Name, VersionRange};
use crate::failure::Failure;

pub(super) struct License(pub LicenseRow);

/// What a license is worth at this moment.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum LicenseStatus {
    /// It is in force.
    Active,
    /// It begins later.
    NotYetActive,
    /// Its time is over.
    Expired,
    /// It is suspended, and may be resumed.
    Suspended,
    /// It was revoked, for good.
    Revoked,
}

/// What is agreed. Lists that are left out do not restrict; seats and dates that are left out do not limit.
#[derive(InputObject)]
pub struct LicenseTerms {
    /// The versions that it covers; empty: all.
    #[graphql(default)]
    versions: Vec<VersionRange>,
    /// the release must be in one of them
    #[graphql(default)]
    channels: Vec<Name>,
    /// The features that it includes.
    #[graphql(default)]
    features: Vec<Name>,
    /// how many targets may run the application
    seats: Option<u32>,
    /// The time at which it begins; none: at once.
    not_before: Option<DateTime<Utc>>,
    /// the first instant at which it no longer holds
    expires_at: Option<DateTime<Utc>>,
}

impl TryFrom<LicenseTerms> for Terms {
    type Error = Failure;

    fn try_from(terms: LicenseTerms) -> Result<Self, Failure> {
        Ok(Terms {
            versions: terms.versions.into_iter().map(|range| range.0).collect(),
            channels: terms.channels.into_iter().map(|channel| channel.0).collect(),
            features: terms.features.into_iter().map(|feature| feature.0).collect(),
            seats: terms.seats,
            not_before: terms.not_before.map(|time| when("notBefore", time)).transpose()?,
            expires_at: terms.expires_at.map(|time| when("expiresAt", time)).transpose()?,
        })
    }
}

/// The contract of a customer for an application.
#[Object]
impl License {
    /// The id, which follows from the customer's and the name.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    /// The name, unique for the customer.
    async fn name(&self) -> Name {
        self.0.name.clone().into()
    }

    /// The customer.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Customer> {
        Ok(customer::load_nested(ctx, self.0.customer).await?)
    }

    /// The application.
    async fn application(&self, ctx: &Context<'_>) -> Result<Application> {
        Ok(application::load_nested(ctx, self.0.application).await?)
    }

    /// By its standing and the clock, now.
    async fn status(&self, ctx: &Context<'_>) -> LicenseStatus {
        let (now, terms) = (ctx.hub().commands.now(), &self.0.terms);
        match &self.0.standing {
            Standing::Revoked { .. } => LicenseStatus::Revoked,
            Standing::Suspended { .. } => LicenseStatus::Suspended,
            Standing::Active if terms.expires_at.is_some_and(|end| now >= end) => LicenseStatus::Expired,
            Standing::Active if terms.not_before.is_some_and(|begin| now < begin) => LicenseStatus::NotYetActive,
            Standing::Active => LicenseStatus::Active,
        }
    }

    /// Why it was suspended or revoked.
    async fn reason(&self) -> Option<&str> {
        match &self.0.standing {
            Standing::Active => None,
            Standing::Suspended { reason } | Standing::Revoked { reason } => Some(reason),
        }
    }

    /// The versions that it covers; empty: all.
    async fn versions(&self) -> Vec<VersionRange> {
        self.0.terms.versions.iter().cloned().map(VersionRange).collect()
    }

    /// The channels that it covers; empty: all.
    async fn channels(&self) -> Vec<Name> {
        self.0.terms.channels.iter().cloned().map(Name).collect()
    }

    /// The features that it includes.
    async fn features(&self) -> Vec<Name> {
        self.0.terms.features.iter().cloned().map(Name).collect()
    }

    /// How many targets may run the application; nothing means any number.
    async fn seats(&self) -> Option<u32> {
        self.0.terms.seats
    }

    /// The number of targets that use it.
    async fn seats_taken(&self) -> usize {
        self.0.seats_taken.len()
    }

    /// The time at which it begins, if it does not begin at once.
    async fn not_before(&self) -> Option<DateTime<Utc>> {
        self.0.terms.not_before
    }

    /// The time at which it ends, if it ends.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.terms.expires_at
    }

    /// The time at which it was issued.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Its grant, changes, uses and refusals, in order.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn audit(
        &self,
        ctx: &Context<'_>,
        first: Option<u16>,
        after: Option<String>,
    ) -> Result<Connection<String, LicenseAuditEntry>> {
        let (scope, paging) = (ctx.scope()?, paging(first, after)?);
        let page = license_audit::list(&read(ctx).await?, scope, None, Some(self.0.id), &paging).await;
        Ok(connection(page.map_err(Failure::from)?, LicenseAuditEntry))
    }
}

async fn load(ctx: &Context<'_>, customer: CustomerId, name: &Name) -> Result<License, Failure> {
    let id = LicenseId::of(customer, &name.0);
    let row = license::find(&read(ctx).await?, ctx.scope()?, id).await?;
    row.map(License).ok_or_else(|| Failure::not_found("license", &name.0))
}

#[derive(Default)]
pub(super) struct LicenseQuery;

#[Object]
impl LicenseQuery {
    /// One license.
    #[graphql(guard = "May(Permission::ReadCustomers)")]
    async fn license(&self, ctx: &Context<'_>, customer: Option<Name>, name: Name) -> Result<License> {
        let customer = ctx.customer_named(customer.as_ref().map(|name| &name.0))?;
        Ok(load(ctx, customer, &name).await?)
    }

    /// By name; of one customer if it is named.
    #[graphql(guard = "May(Permission::ReadCustomers)", complexity = "cost(first, child_complexity)")]
    async fn licenses(
        &self,
        ctx: &Context<'_>,
        customer: Option<Name>,
        first: Option<u16>,
        after: Option<String>,
    ) -> Result<Connection<String, License>> {
        let of = customer.map(|name| ctx.customer_named(Some(&name.0))).transpose()?;
        let page = license::list(&read(ctx).await?, ctx.scope()?, of, &paging(first, after)?).await;
        Ok(connection(page.map_err(Failure::from)?, License))
    }
}

/// The license after the change.
#[derive(SimpleObject)]
pub(super) struct LicensePayload {
    /// The license.
    license: License,
    #[graphql(flatten)]
    outcome: Outcome,
}

#[derive(Default)]
pub(super) struct LicenseMutation;

#[Object]
impl LicenseMutation {
    /// Issues a license.
    #[graphql(guard = "May(Permission::ManageLicenses)")]
    async fn license_issue(
        &self,
        ctx: &Context<'_>,
        customer: Name,
        application: Name,
        name: Name,
        terms: LicenseTerms,
    ) -> Result<LicensePayload> {
        let customer = customer::load(ctx, &customer).await?.0.id;
        application::load(ctx, &application).await?;
        let application = ApplicationId::of(ctx.organization()?, &application.0);
        let command = LicenseCommand::Issue { customer, application, name: name.0.clone(), terms: terms.try_into()? };
        change(ctx, customer, name, command).await
    }

    /// Replaces the terms as a whole.
    #[graphql(guard = "May(Permission::ManageLicenses)")]
    async fn license_amend(
        &self,
        ctx: &Context<'_>,
        customer: Name,
        name: Name,
        terms: LicenseTerms,
    ) -> Result<LicensePayload> {
        let customer = ctx.customer_named(Some(&customer.0))?;
        change(ctx, customer, name, LicenseCommand::Amend { terms: terms.try_into()? }).await
    }

    /// Until it is resumed, it entitles to nothing.
    #[graphql(guard = "May(Permission::ManageLicenses)")]
    async fn license_suspend(
        &self,
        ctx: &Context<'_>,
        customer: Name,
        name: Name,
        reason: String,
    ) -> Result<LicensePayload> {
        let customer = ctx.customer_named(Some(&customer.0))?;
        change(ctx, customer, name, LicenseCommand::Suspend { reason: text("reason", reason, 500)? }).await
    }

    /// Ends the suspension of a license.
    #[graphql(guard = "May(Permission::ManageLicenses)")]
    async fn license_resume(&self, ctx: &Context<'_>, customer: Name, name: Name) -> Result<LicensePayload> {
        let customer = ctx.customer_named(Some(&customer.0))?;
        change(ctx, customer, name, LicenseCommand::Resume).await
    }

    /// For ever. What runs goes on running; the next pull and the next deployment are refused with this reason.
    #[graphql(guard = "May(Permission::ManageLicenses)")]
    async fn license_revoke(
        &self,
        ctx: &Context<'_>,
        customer: Name,
        name: Name,
        reason: String,
    ) -> Result<LicensePayload> {
        let customer = ctx.customer_named(Some(&customer.0))?;
        change(ctx, customer, name, LicenseCommand::Revoke { reason: text("reason", reason, 500)? }).await
    }
}

async fn change(
    ctx: &Context<'_>,
    customer: CustomerId,
    name: Name,
    command: LicenseCommand,
) -> Result<LicensePayload> {
    let outcome = execute::<Decider>(ctx, LicenseId::of(customer, &name.0).0, command).await?;
    Ok(LicensePayload { license: load(ctx, customer, &name).await?, outcome })
}
