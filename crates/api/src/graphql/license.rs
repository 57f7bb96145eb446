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
use super::as_of::Moment;
use super::connection::{connection, cost, paging};
use super::context::{ContextExt, Outcome, execute, lines, read};
use super::customer::{self, Customer};
use super::guard::May;
use super::license_audit::LicenseAuditEntry;
use super::scalar::{Name, VersionRange};
use crate::failure::Failure;
use crate::request::when;

pub(super) struct License(pub LicenseRow);

/// The status of a license: what it is worth at this moment.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum LicenseStatus {
    /// The license is in force.
    Active,
    /// The license begins later.
    NotYetActive,
    /// The time of the license is over.
    Expired,
    /// The license is suspended, and may be resumed.
    Suspended,
    /// The license was revoked for good.
    Revoked,
}

/// The terms of a license. Versions and channels that are left out do not restrict; seats and dates that are left out
/// do not limit. Features that are left out are not included.
#[derive(InputObject)]
pub struct LicenseTermsInput {
    /// The versions that the license covers; all versions if the list is empty.
    #[graphql(default)]
    versions: Vec<VersionRange>,
    /// The channels that the license is bound to: the release must be in one of them. The license is bound to none if
    /// the list is empty.
    #[graphql(default)]
    channels: Vec<Name>,
    /// The features that the license includes.
    #[graphql(default)]
    features: Vec<Name>,
    /// The number of targets that may run the application; any number if left out.
    seats: Option<u32>,
    /// The time at which the license begins; at once if left out.
    not_before: Option<DateTime<Utc>>,
    /// The first instant at which the license no longer holds; never if left out.
    expires_at: Option<DateTime<Utc>>,
}

impl TryFrom<LicenseTermsInput> for Terms {
    type Error = Failure;

    fn try_from(terms: LicenseTermsInput) -> Result<Self, Failure> {
        Ok(Terms {
            versions: terms.versions.into_iter().flat_map(|ranges| ranges.0.0).collect(),
            channels: terms.channels.into_iter().map(|channel| channel.0).collect(),
            features: terms.features.into_iter().map(|feature| feature.0).collect(),
            seats: terms.seats,
            not_before: terms.not_before.map(|time| when("notBefore", time)).transpose()?,
            expires_at: terms.expires_at.map(|time| when("expiresAt", time)).transpose()?,
        })
    }
}

/// A license: the contract of a customer for an application.
#[Object]
impl License {
    /// The id, a UUID, which follows from the customer's id and the name.
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

    /// The status at this moment, by the standing of the license and the clock.
    async fn status(&self, ctx: &Context<'_>) -> LicenseStatus {
        let (now, terms) = (ctx.now(), &self.0.terms);
        match &self.0.standing {
            Standing::Revoked { .. } => LicenseStatus::Revoked,
            Standing::Suspended { .. } => LicenseStatus::Suspended,
            Standing::Active if terms.expires_at.is_some_and(|end| now >= end) => LicenseStatus::Expired,
            Standing::Active if terms.not_before.is_some_and(|begin| now < begin) => LicenseStatus::NotYetActive,
            Standing::Active => LicenseStatus::Active,
        }
    }

    /// The reason for which the license was suspended or revoked; null if it is neither.
    async fn reason(&self) -> Option<&str> {
        match &self.0.standing {
            Standing::Active => None,
            Standing::Suspended { reason } | Standing::Revoked { reason } => Some(reason),
        }
    }

    /// The versions that the license covers; all versions if the list is empty.
    async fn versions(&self) -> Vec<VersionRange> {
        self.0.terms.versions.iter().map(|range| VersionRange(range.clone().into())).collect()
    }

    /// The channels that the license is bound to; none if the list is empty, so that it covers any release.
    async fn channels(&self) -> Vec<Name> {
        self.0.terms.channels.iter().cloned().map(Name).collect()
    }

    /// The features that the license includes.
    async fn features(&self) -> Vec<Name> {
        self.0.terms.features.iter().cloned().map(Name).collect()
    }

    /// The number of targets that may run the application; null for any number.
    async fn seats(&self) -> Option<u32> {
        self.0.terms.seats
    }

    /// The number of targets that use the license.
    async fn seats_taken(&self) -> u32 {
        self.0.seats_taken
    }

    /// The time at which the license begins; null if it begins at once.
    async fn not_before(&self) -> Option<DateTime<Utc>> {
        self.0.terms.not_before
    }

    /// The first instant at which the license no longer holds; null if it does not end.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.terms.expires_at
    }

    /// The time at which the license was issued.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// The audit entries of the license: its grant, changes, uses and refusals.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn audit(
        &self,
        ctx: &Context<'_>,
        #[graphql(default, desc = "Whether the newest entries come first; else they come in the order of the log.")]
        newest_first: bool,
        #[graphql(desc = "The number of items in a page, from 1 to 500; 50 if left out.")] first: Option<u16>,
        #[graphql(desc = "The cursor of the last item of the page before; the first page if left out.")] after: Option<
            String,
        >,
    ) -> Result<Connection<String, LicenseAuditEntry>> {
        let (scope, paging) = (ctx.scope()?, paging(first, after)?);
        let order = super::license_audit::order(newest_first);
        let page = license_audit::list(&*read(ctx).await?, scope, (None, Some(self.0.id)), order, &paging).await;
        Ok(connection(page.map_err(Failure::from)?, LicenseAuditEntry))
    }
}

async fn load(ctx: &Context<'_>, customer: CustomerId, name: &Name) -> Result<License, Failure> {
    let id = LicenseId::of(customer, &name.0);
    let row = license::find(&*read(ctx).await?, ctx.scope()?, id).await?;
    row.map(License).ok_or_else(|| Failure::not_found("license", &name.0))
}

#[derive(Default)]
pub(super) struct LicenseQuery;

#[Object]
impl LicenseQuery {
    /// The license of a customer with this name.
    #[graphql(guard = "May(Permission::ReadCustomers)")]
    async fn license(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer, which a customer's member may leave out.")] customer: Option<Name>,
        #[graphql(desc = "The name of the license.")] name: Name,
        #[graphql(
            name = "asOf",
            desc = "The moment as of which the answer is; now if left out. Each root field of a document names the same one."
        )]
        _as_of: Option<Moment>,
    ) -> Result<License> {
        let customer = ctx.customer_named(customer.as_ref().map(|name| &name.0))?;
        Ok(load(ctx, customer, &name).await?)
    }

    /// The licenses of all customers that the caller may see, or of one, by name.
    #[graphql(guard = "May(Permission::ReadCustomers)", complexity = "cost(first, child_complexity)")]
    async fn licenses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer; all customers that the caller may see if left out.")]
        customer: Option<Name>,
        #[graphql(desc = "The number of items in a page, from 1 to 500; 50 if left out.")] first: Option<u16>,
        #[graphql(desc = "The cursor of the last item of the page before; the first page if left out.")] after: Option<
            String,
        >,
        #[graphql(
            name = "asOf",
            desc = "The moment as of which the answer is; now if left out. Each root field of a document names the same one."
        )]
        _as_of: Option<Moment>,
    ) -> Result<Connection<String, License>> {
        let of = customer.map(|name| ctx.customer_named(Some(&name.0))).transpose()?;
        let page = license::list(&*read(ctx).await?, ctx.scope()?, of, &paging(first, after)?).await;
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
        #[graphql(desc = "The name of the customer.")] customer: Name,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The name of the license, unique for the customer.")] name: Name,
        #[graphql(desc = "The terms of the license.")] terms: LicenseTermsInput,
    ) -> Result<LicensePayload> {
        let customer = customer::load(ctx, &customer).await?.0.id;
        application::load(ctx, &application).await?;
        let application = ApplicationId::of(ctx.organization()?, &application.0);
        let command = LicenseCommand::Issue { customer, application, name: name.0.clone(), terms: terms.try_into()? };
        change(ctx, customer, name, command).await
    }

    /// Replaces the terms of a license as a whole.
    #[graphql(guard = "May(Permission::ManageLicenses)")]
    async fn license_amend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer.")] customer: Name,
        #[graphql(desc = "The name of the license.")] name: Name,
        #[graphql(desc = "The terms of the license.")] terms: LicenseTermsInput,
    ) -> Result<LicensePayload> {
        let customer = ctx.customer_named(Some(&customer.0))?;
        change(ctx, customer, name, LicenseCommand::Amend { terms: terms.try_into()? }).await
    }

    /// Suspends a license: until it is resumed, it entitles to nothing.
    #[graphql(guard = "May(Permission::ManageLicenses)")]
    async fn license_suspend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer.")] customer: Name,
        #[graphql(desc = "The name of the license.")] name: Name,
        #[graphql(desc = "The reason for the change, of 1 to 500 characters.")] reason: String,
    ) -> Result<LicensePayload> {
        let customer = ctx.customer_named(Some(&customer.0))?;
        change(ctx, customer, name, LicenseCommand::Suspend { reason: lines("reason", reason, 500)? }).await
    }

    /// Ends the suspension of a license.
    #[graphql(guard = "May(Permission::ManageLicenses)")]
    async fn license_resume(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer.")] customer: Name,
        #[graphql(desc = "The name of the license.")] name: Name,
    ) -> Result<LicensePayload> {
        let customer = ctx.customer_named(Some(&customer.0))?;
        change(ctx, customer, name, LicenseCommand::Resume).await
    }

    /// Revokes a license. The revocation is for ever: what runs goes on running, and the next pull and the next
    /// deployment are refused with this reason.
    #[graphql(guard = "May(Permission::ManageLicenses)")]
    async fn license_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer.")] customer: Name,
        #[graphql(desc = "The name of the license.")] name: Name,
        #[graphql(desc = "The reason for the change, of 1 to 500 characters.")] reason: String,
    ) -> Result<LicensePayload> {
        let customer = ctx.customer_named(Some(&customer.0))?;
        change(ctx, customer, name, LicenseCommand::Revoke { reason: lines("reason", reason, 500)? }).await
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
