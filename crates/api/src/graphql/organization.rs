//! The vendor itself.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::organization::{Organization as Decider, OrganizationCommand};
use distr_domain::permission::Permission;
use distr_projections::organization::{self, OrganizationRow};

use super::branding::Branding;
use super::context::{ContextExt, Outcome, execute, line, read};
use super::guard::{May, SignedIn};
use super::repository::RegistryUsage;
use super::scalar::Name;
use crate::failure::Failure;

pub(super) struct Organization(pub OrganizationRow);

/// An organization: the vendor, with its applications, customers and repositories.
#[Object]
impl Organization {
    /// The id, a UUID, which follows from the name.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    /// The name, which is part of URLs and of the names of repositories.
    async fn name(&self) -> Name {
        self.0.name.clone().into()
    }

    /// The name that people see.
    async fn display_name(&self) -> &str {
        &self.0.display_name
    }

    /// How the organization shows itself to its customers.
    async fn branding(&self) -> Branding {
        (&self.0).into()
    }

    /// The time at which the organization was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// The bytes that its repositories hold, and their quota; a blob that several repositories hold counts once. The
    /// usage is null for a customer's member, and for a token that is for some repositories only.
    async fn registry_usage(&self, ctx: &Context<'_>) -> Result<Option<RegistryUsage>> {
        let caller = ctx.caller()?;
        if caller.scope().customer.is_some() || !caller.repositories().is_empty() {
            return Ok(None);
        }
        let bytes = distr_registry::bytes_of_organization(&*read(ctx).await?, self.0.id).await;
        let quota = ctx.hub().settings.registry_quota.map(|quota| quota.bytes().into());
        Ok(Some(RegistryUsage { bytes: bytes.map_err(Failure::from)?.into(), quota }))
    }
}

pub(super) async fn load(ctx: &Context<'_>) -> Result<Organization, Failure> {
    let organization = ctx.organization()?;
    let row = organization::find(&*read(ctx).await?, organization).await?;
    row.map(Organization).ok_or_else(|| Failure::not_found("organization", organization))
}

#[derive(Default)]
pub(super) struct OrganizationQuery;

#[Object]
impl OrganizationQuery {
    /// The organization of the caller.
    #[graphql(guard = "SignedIn")]
    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        Ok(load(ctx).await?)
    }
}

#[derive(Default)]
pub(super) struct OrganizationMutation;

/// The organization after the change.
#[derive(SimpleObject)]
pub(super) struct OrganizationPayload {
    /// The organization.
    organization: Organization,
    #[graphql(flatten)]
    outcome: Outcome,
}

#[Object]
impl OrganizationMutation {
    /// Changes the name that people see; the organization's own name stays.
    #[graphql(guard = "May(Permission::ManageOrganization)")]
    async fn organization_rename(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name that people see, of 1 to 200 characters.")] display_name: String,
    ) -> Result<OrganizationPayload> {
        let command = OrganizationCommand::Rename { display_name: line("displayName", display_name, 200)? };
        let outcome = execute::<Decider>(ctx, ctx.organization()?.0, command).await?;
        Ok(OrganizationPayload { organization: load(ctx).await?, outcome })
    }
}
