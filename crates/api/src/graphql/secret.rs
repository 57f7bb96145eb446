//! Secrets of a customer that configurations name. Values go in and never come out here.

use async_graphql::{Context, Object, Result, SimpleObject};
use distr_domain::permission::Permission;

use super::context::{ContextExt, line};
use super::customer;
use super::guard::May;
use super::scalar::{Name, Position};
use crate::failure::Failure;
use crate::operations::secrets;
use crate::ops::secret::{self, Place};

const MAX_VALUE: usize = 64 * 1024;

#[derive(Default)]
pub(super) struct SecretQuery;

#[Object]
impl SecretQuery {
    /// The names of a customer's secrets, in order.
    #[graphql(guard = "May(Permission::ReadFleet)")]
    async fn secrets(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer, which a customer's member may leave out.")] customer: Option<Name>,
    ) -> Result<Vec<String>> {
        let client = ctx.hub().vault.client().await?;
        Ok(secret::names(&client, place(ctx, customer.as_ref()).await?).await?)
    }
}

/// The outcome of the change of a secret.
#[derive(SimpleObject)]
pub(super) struct SecretPayload {
    /// The name of the secret.
    name: String,
    /// True if the secret was set or removed; false if there was none to remove.
    changed: bool,
    /// The position of the change in the log. The position is the one that the read models have reached if nothing
    /// changed.
    position: Position,
}

#[derive(Default)]
pub(super) struct SecretMutation;

#[Object]
impl SecretMutation {
    /// Sets a secret of a customer. A fact of the log has the name of the secret and the actor, and never the value.
    /// Deployments whose configuration names the secret get the new value with the agent's next heartbeat.
    #[graphql(guard = "May(Permission::Deploy)")]
    async fn secret_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer, which a customer's member may leave out.")] customer: Option<Name>,
        #[graphql(desc = "The name of the secret: 1 to 100 letters, digits and `_`, not a digit first.")] name: String,
        #[graphql(desc = "The value of the secret, of up to 64 KiB.")] value: String,
    ) -> Result<SecretPayload> {
        let name = secret_name(name)?;
        if value.len() > MAX_VALUE {
            return Err(
                Failure::BadInput(format!("the value has {} bytes; use at most {MAX_VALUE}", value.len())).into()
            );
        }
        let place = place(ctx, customer.as_ref()).await?;
        let position =
            secrets::set((&ctx.hub().commands, &ctx.hub().vault), &ctx.cause()?, place, &name, &value).await?;
        Ok(SecretPayload { name, changed: true, position: position.into() })
    }

    /// Removes a secret of a customer.
    #[graphql(guard = "May(Permission::Deploy)")]
    async fn secret_remove(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer, which a customer's member may leave out.")] customer: Option<Name>,
        #[graphql(desc = "The name of the secret.")] name: String,
    ) -> Result<SecretPayload> {
        let place = place(ctx, customer.as_ref()).await?;
        let (changed, position) =
            secrets::remove((&ctx.hub().commands, &ctx.hub().vault), &ctx.cause()?, place, &name).await?;
        Ok(SecretPayload { name, changed, position: position.into() })
    }
}

async fn place(ctx: &Context<'_>, customer: Option<&Name>) -> Result<Place, Failure> {
    if let Some(customer) = customer {
        customer::load(ctx, customer).await?;
    }
    let customer = ctx.customer_named(customer.map(|name| &name.0))?;
    Ok(Place { organization: ctx.organization()?, customer })
}

/// As environment variables are named.
fn secret_name(name: String) -> Result<String, Failure> {
    let name = line("name", name, 100)?;
    let valid = name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_') && !name.as_bytes()[0].is_ascii_digit();
    match valid {
        true => Ok(name),
        false => Err(Failure::BadInput(format!("secret name {name:?}: use letters, digits and _, not a digit first"))),
    }
}
