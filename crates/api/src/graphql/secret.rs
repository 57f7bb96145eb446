//! Secrets of a customer that configurations name. Values go in and never come out here.

use async_graphql::{Context, Object, Result, SimpleObject};
use distr_domain::permission::Permission;

use super::context::{ContextExt, text};
use super::customer;
use super::guard::May;
use super::scalar::Name;
use crate::error::ApiError;
use crate::ops::secret::{self, Place};

const MAX_VALUE: usize = 64 * 1024;

#[derive(Default)]
pub(super) struct SecretQuery;

#[Object]
impl SecretQuery {
    /// The names, in order.
    #[graphql(guard = "May(Permission::ReadFleet)")]
    async fn secrets(&self, ctx: &Context<'_>, customer: Option<Name>) -> Result<Vec<String>> {
        let client = ctx.hub().ops.get().await.map_err(ApiError::from)?;
        Ok(secret::names(&client, place(ctx, customer.as_ref()).await?).await?)
    }
}

#[derive(SimpleObject)]
pub(super) struct SecretPayload {
    name: String,
    /// false if there was none to remove
    changed: bool,
}

#[derive(Default)]
pub(super) struct SecretMutation;

#[Object]
impl SecretMutation {
    /// Deployments whose configuration names it get the new value with the agent's next heartbeat.
    #[graphql(guard = "May(Permission::Deploy)")]
    async fn secret_set(
        &self,
        ctx: &Context<'_>,
        customer: Option<Name>,
        name: String,
        value: String,
    ) -> Result<SecretPayload> {
        let name = secret_name(name)?;
        if value.len() > MAX_VALUE {
            return Err(
                ApiError::BadInput(format!("the value has {} bytes; use at most {MAX_VALUE}", value.len())).into()
            );
        }
        let hub = ctx.hub();
        let client = hub.ops.get().await.map_err(ApiError::from)?;
        let place = place(ctx, customer.as_ref()).await?;
        hub.vault.set(&client, place, &name, &value, hub.clock.now()).await?;
        Ok(SecretPayload { name, changed: true })
    }

    #[graphql(guard = "May(Permission::Deploy)")]
    async fn secret_remove(&self, ctx: &Context<'_>, customer: Option<Name>, name: String) -> Result<SecretPayload> {
        let client = ctx.hub().ops.get().await.map_err(ApiError::from)?;
        let changed = secret::remove(&client, place(ctx, customer.as_ref()).await?, &name).await?;
        Ok(SecretPayload { name, changed })
    }
}

async fn place(ctx: &Context<'_>, customer: Option<&Name>) -> Result<Place, ApiError> {
    if let Some(customer) = customer {
        customer::load(ctx, customer).await?;
    }
    let customer = ctx.customer_named(customer.map(|name| &name.0))?;
    Ok(Place { organization: ctx.organization()?, customer })
}

/// As environment variables are named.
fn secret_name(name: String) -> Result<String, ApiError> {
    let name = text("name", name, 100)?;
    let valid = name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_') && !name.as_bytes()[0].is_ascii_digit();
    match valid {
        true => Ok(name),
        false => Err(ApiError::BadInput(format!("secret name {name:?}: use letters, digits and _, not a digit first"))),
    }
}
