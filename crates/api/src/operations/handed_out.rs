//! What a member hands out for one use by somebody else: an enrolment, an invitation, a code for a new password. It is void while
//! that member may hand it out no more, and once its token has ended.

use distr_domain::ids::OrganizationId;
use distr_domain::permission::Permission;
use distr_projections::{Scope, member};

use crate::auth::{Caller, Identities};
use crate::failure::Failure;
use crate::ops::credential::Maker;

/// Whether whoever handed it out may still do so, which needs this permission.
pub async fn still_may(
    of: Identities<'_>,
    maker: Maker,
    organization: OrganizationId,
    permission: Permission,
) -> Result<bool, Failure> {
    if let Some(token) = maker.token {
        let caller = of.sessions.authenticate_again(token).await?;
        return Ok(matches!(caller, Some(Caller::Member(member)) if member.may(permission)));
    }
    let Some(id) = maker.member else { return Ok(true) };
    let scope = Scope { organization, customer: None };
    let member = member::find(&*of.models.client().await?, scope, id).await?;
    Ok(member.is_some_and(|member| member.active && member.membership.may(permission)))
}
