//! Signing in and out, and who the caller is.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::member::MemberKind;
use distr_domain::permission::{CustomerRole, Membership, VendorRole};

use super::context::ContextExt;
use super::customer::{self, Customer};
use super::guard::SignedIn;
use super::loader::{Of, PersonOf, failed};
use super::organization::{self, Organization};
use super::scalar::Name;
use crate::auth::{self, MemberCaller, Via};
use crate::error::ApiError;
use crate::ops::credential;

/// A member's role; the first four are the vendor's, the others a customer's.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// everything, members included
    Owner,
    /// pushes artifacts, publishes releases, promotes channels
    Publisher,
    /// looks after customers: licenses, targets, deployments
    Support,
    /// reads everything, the log included; changes nothing
    Auditor,
    /// runs the customer's own targets, deployments and members
    CustomerAdmin,
    CustomerViewer,
}

impl From<Membership> for Role {
    fn from(membership: Membership) -> Self {
        match membership {
            Membership::Vendor { role: VendorRole::Owner } => Role::Owner,
            Membership::Vendor { role: VendorRole::Publisher } => Role::Publisher,
            Membership::Vendor { role: VendorRole::Support } => Role::Support,
            Membership::Vendor { role: VendorRole::Auditor } => Role::Auditor,
            Membership::Customer { role: CustomerRole::Admin, .. } => Role::CustomerAdmin,
            Membership::Customer { role: CustomerRole::Viewer, .. } => Role::CustomerViewer,
        }
    }
}

/// Who is asking.
pub(super) struct Viewer<'a>(&'a MemberCaller);

#[Object]
impl Viewer<'_> {
    async fn member_id(&self) -> ID {
        self.0.member.0.into()
    }

    async fn role(&self) -> Role {
        self.0.membership.into()
    }

    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        Ok(organization::load(ctx).await?)
    }

    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>> {
        match self.0.membership.customer() {
            Some(id) => Ok(Some(customer::load_nested(ctx, id).await?)),
            None => Ok(None),
        }
    }

    /// Nothing for a robot.
    async fn email(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        if self.0.kind == MemberKind::Robot {
            return Ok(None);
        }
        let key = PersonOf(Of { organization: self.0.organization, id: self.0.member });
        let person = ctx.loader().load_one(key).await.map_err(failed)?;
        Ok(person.map(|person| person.email))
    }
}

#[derive(Default)]
pub(super) struct SessionQuery;

#[Object]
impl SessionQuery {
    /// The caller.
    #[graphql(guard = "SignedIn")]
    async fn viewer<'a>(&self, ctx: &Context<'a>) -> Result<Viewer<'a>> {
        Ok(Viewer(ctx.caller()?))
    }
}

#[derive(SimpleObject)]
pub(super) struct SessionPayload {
    /// send it as `Authorization: Bearer …`
    token: String,
    expires_at: DateTime<Utc>,
}

#[derive(SimpleObject)]
pub(super) struct SignOutPayload {
    /// false if there was no session to end, as with a token
    changed: bool,
}

#[derive(Default)]
pub(super) struct SessionMutation;

#[Object]
impl SessionMutation {
    /// A session for a person. Open to everybody, and throttled.
    async fn session_create(
        &self,
        ctx: &Context<'_>,
        organization: Name,
        email: String,
        password: String,
    ) -> Result<SessionPayload> {
        let attempt = auth::SignIn { organization: organization.0, email, password };
        let signed_in = auth::sign_in(ctx.hub(), &ctx.request(), attempt).await.inspect_err(|error| {
            if let ApiError::TooMany { seconds } = error {
                ctx.insert_http_header("Retry-After", seconds.to_string());
            }
        })?;
        Ok(SessionPayload { token: signed_in.secret, expires_at: signed_in.expires_at })
    }

    /// Ends the session that this request came with, at once.
    #[graphql(guard = "SignedIn")]
    async fn session_end(&self, ctx: &Context<'_>) -> Result<SignOutPayload> {
        let Via::Session { id } = &ctx.caller()?.via else {
            return Ok(SignOutPayload { changed: false });
        };
        let client = ctx.hub().ops.get().await.map_err(ApiError::from)?;
        credential::delete(&client, *id).await?;
        Ok(SignOutPayload { changed: true })
    }
}
