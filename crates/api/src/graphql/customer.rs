//! The client organizations of the vendor. A customer's member sees its own.

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::customer::{Customer as Decider, CustomerCommand};
use distr_domain::ids::CustomerId;
use distr_domain::permission::Permission;
use distr_projections::customer::{self, CustomerRow};

use super::as_of::Moment;
use super::connection::{connection, cost, paging};
use super::context::{ContextExt, Outcome, execute, line, read, searched};
use super::guard::May;
use super::loader::{Of, failed};
use super::scalar::Name;
use crate::failure::Failure;

pub(super) struct Customer(pub CustomerRow);

/// A customer: a client of the vendor, with its licenses and targets.
#[Object]
impl Customer {
    /// The id, a UUID, which follows from the organization's id and the name.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    /// The name, unique in the organization; it never changes.
    async fn name(&self) -> Name {
        self.0.name.clone().into()
    }

    /// The name that people see.
    async fn display_name(&self) -> &str {
        &self.0.display_name
    }

    /// The time at which the customer was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

pub(super) async fn load(ctx: &Context<'_>, name: &Name) -> Result<Customer, Failure> {
    let id = ctx.customer_named(Some(&name.0))?;
    let row = customer::find(&*read(ctx).await?, ctx.scope()?, id).await?;
    row.map(Customer).ok_or_else(|| Failure::not_found("customer", &name.0))
}

/// The same, with one question for many that are asked for at the same time.
pub(super) async fn load_with_others(ctx: &Context<'_>, name: &Name) -> Result<Customer, Failure> {
    let key = Of { organization: ctx.organization()?, id: ctx.customer_named(Some(&name.0))? };
    let row = ctx.loader().load_one(key).await.map_err(failed)?;
    row.map(Customer).ok_or_else(|| Failure::not_found("customer", &name.0))
}

/// The customer of something that the caller may see.
pub(super) async fn load_nested(ctx: &Context<'_>, id: CustomerId) -> Result<Customer, Failure> {
    let key = Of { organization: ctx.organization()?, id };
    let row = ctx.loader().load_one(key).await.map_err(failed)?;
    row.map(Customer).ok_or_else(|| Failure::not_found("customer", id))
}

#[derive(Default)]
pub(super) struct CustomerQuery;

#[Object]
impl CustomerQuery {
    /// The customer with this name.
    #[graphql(guard = "May(Permission::ReadCustomers)")]
    async fn customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer.")] name: Name,
        #[graphql(
            name = "asOf",
            desc = "The moment as of which the answer is; now if left out. Each root field of a document names the same one."
        )]
        _as_of: Option<Moment>,
    ) -> Result<Customer> {
        Ok(load(ctx, &name).await?)
    }

    /// The customers of the organization, by name. A customer's member sees its own.
    #[graphql(guard = "May(Permission::ReadCustomers)", complexity = "cost(first, child_complexity)")]
    async fn customers(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "A part of the name or of the display name, of 1 to 100 characters; capitals make no difference."
        )]
        search: Option<String>,
        #[graphql(desc = "The number of items in a page, from 1 to 500; 50 if left out.")] first: Option<u16>,
        #[graphql(desc = "The cursor of the last item of the page before; the first page if left out.")] after: Option<
            String,
        >,
        #[graphql(
            name = "asOf",
            desc = "The moment as of which the answer is; now if left out. Each root field of a document names the same one."
        )]
        _as_of: Option<Moment>,
    ) -> Result<Connection<String, Customer>> {
        let (search, paging) = (searched(search)?, paging(first, after)?);
        let page = customer::list(&*read(ctx).await?, ctx.scope()?, search.as_deref(), &paging).await;
        Ok(connection(page.map_err(Failure::from)?, Customer))
    }
}

/// The customer after the change.
#[derive(SimpleObject)]
pub(super) struct CustomerPayload {
    /// The customer.
    customer: Customer,
    #[graphql(flatten)]
    outcome: Outcome,
}

#[derive(Default)]
pub(super) struct CustomerMutation;

#[Object]
impl CustomerMutation {
    /// Creates a customer.
    #[graphql(guard = "May(Permission::ManageCustomers)")]
    async fn customer_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer, unique in the organization; it never changes.")] name: Name,
        #[graphql(desc = "The name that people see, of 1 to 200 characters; the name itself if left out.")]
        display_name: Option<String>,
    ) -> Result<CustomerPayload> {
        let display_name = line("displayName", display_name.unwrap_or_else(|| name.0.to_string()), 200)?;
        let id = CustomerId::of(ctx.organization()?, &name.0);
        let command = CustomerCommand::Create { name: name.0.clone(), display_name };
        let outcome = execute::<Decider>(ctx, id.0, command).await?;
        Ok(CustomerPayload { customer: load(ctx, &name).await?, outcome })
    }

    /// Changes the name that people see; the customer's own name stays.
    #[graphql(guard = "May(Permission::ManageCustomers)")]
    async fn customer_rename(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer.")] name: Name,
        #[graphql(desc = "The name that people see, of 1 to 200 characters.")] display_name: String,
    ) -> Result<CustomerPayload> {
        let id = CustomerId::of(ctx.organization()?, &name.0);
        let command = CustomerCommand::Rename { display_name: line("displayName", display_name, 200)? };
        let outcome = execute::<Decider>(ctx, id.0, command).await?;
        Ok(CustomerPayload { customer: load(ctx, &name).await?, outcome })
    }
}
