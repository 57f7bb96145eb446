//! What a member hands out for one use by somebody else: an enrolment, an invitation, a code for a new password. It is void while
//! that member may hand it out no more, and once its token has ended.

use std::sync::Arc;

use async_trait::async_trait;
use distr_domain::ids::OrganizationId;
use distr_domain::permission::Permission;
use distr_projections::{Scope, member};

use crate::auth::presence::{self, Right};
use crate::auth::{Caller, Identities, Sessions};
use crate::failure::Failure;
use crate::models::ReadModels;
use crate::ops::credential::Maker;
use crate::pause;

/// A credential that was handed out, with what is asked of its maker.
pub struct HandedOut {
    sessions: Arc<Sessions>,
    models: ReadModels,
    maker: Maker,
    organization: OrganizationId,
    permission: Permission,
}

impl HandedOut {
    /// `permission`: what handing it out needs
    pub fn by(maker: Maker, of: Identities<'_>, organization: OrganizationId, permission: Permission) -> Self {
        Self { sessions: of.sessions.clone(), models: of.models.clone(), maker, organization, permission }
    }

    /// Runs the use of what was handed out, each fact of which is one only while whoever handed it out may still do so; none: it is
    /// void already.
    pub async fn used<T>(self, using: impl Future<Output = Result<T, Failure>>) -> Result<Option<T>, Failure> {
        if !self.lasts().await? {
            return Ok(None);
        }
        let using = async {
            pause::at("handed_out.looked_at").await;
            using.await
        };
        match presence::within(Arc::new(self), using).await {
            Err(Failure::Unauthenticated) => Ok(None),
            used => used.map(Some),
        }
    }
}

#[async_trait]
impl Right for HandedOut {
    async fn lasts(&self) -> Result<bool, Failure> {
        if let Some(token) = self.maker.token {
            let caller = self.sessions.authenticate_again(token).await?;
            return Ok(matches!(caller, Some(Caller::Member(member)) if member.may(self.permission)));
        }
        let Some(id) = self.maker.member else { return Ok(true) };
        let scope = Scope { organization: self.organization, customer: None };
        let member = member::find(&*self.models.client().await?, scope, id).await?;
        Ok(member.is_some_and(|member| member.active && member.membership.may(self.permission)))
    }
}
