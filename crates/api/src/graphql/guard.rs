//! The guard of every field that is not for everybody.

use async_graphql::{Context, Guard, Result};
use distr_domain::permission::Permission;

use super::context::ContextExt;

/// Lets members with this permission in, by role and by the scopes of their token.
pub(super) struct May(pub Permission);

impl Guard for May {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        Ok(ctx.caller()?.check(self.0)?)
    }
}

/// Lets in whoever is signed in.
pub(super) struct SignedIn;

impl Guard for SignedIn {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        ctx.caller()?;
        Ok(())
    }
}
