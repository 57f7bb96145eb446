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

/// The same, but for tokens that are for some repositories only.
pub(super) struct MayEverywhere(pub Permission);

impl Guard for MayEverywhere {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        let caller = ctx.caller()?;
        caller.check(self.0)?;
        Ok(caller.check_unlimited()?)
    }
}

/// The same, for those who signed in with a password, and never for a token.
pub(super) struct MayInSession(pub Permission);

impl Guard for MayInSession {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        let caller = ctx.caller()?;
        caller.check(self.0)?;
        Ok(caller.check_session()?)
    }
}

/// Lets in whoever is signed in with a password.
pub(super) struct InSession;

impl Guard for InSession {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        Ok(ctx.caller()?.check_session()?)
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
