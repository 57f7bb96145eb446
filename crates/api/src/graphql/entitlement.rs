//! Whether a customer may have an artifact, and by what.

use async_graphql::{Context, Object, Result};
use distr_domain::permission::Permission;
use distr_domain::rejection::Rejection;

use super::as_of::Moment;
use super::context::ContextExt;
use super::guard::May;
use super::scalar::{Digest, Name, RepositoryName};
use crate::operations::entitlement::{self, Checked, Decision};

pub(super) struct Entitlement {
    checked: Checked,
    /// the asker is told no more than the registry tells it
    is_customer: bool,
}

/// The decision whether a customer may pull an artifact, as the registry makes it.
#[Object]
impl Entitlement {
    /// True if the customer may pull the artifact.
    async fn is_allowed(&self) -> bool {
        matches!(self.checked.decision, Decision::Public | Decision::Granted(_))
    }

    /// The name of the license that allows it; null if none does, or if the repository is public.
    async fn license(&self) -> Option<Name> {
        match &self.checked.decision {
            Decision::Granted(grant) => Some(Name(grant.name.clone())),
            _ => None,
        }
    }

    /// The code of the refusal, such as `entitlement.expired`; null if the artifact may be pulled.
    async fn code(&self) -> Option<&'static str> {
        match &self.checked.decision {
            Decision::Public | Decision::Granted(_) => None,
            Decision::Refused(refusal) if !self.is_withheld() => Some(refusal.code()),
            Decision::Absent | Decision::Refused(_) => Some("entitlement.not_there"),
        }
    }

    /// The reason for which it is allowed or refused, a sentence.
    async fn reason(&self) -> String {
        match &self.checked.decision {
            Decision::Public => "the repository is public".to_owned(),
            Decision::Granted(grant) => format!("license \"{}\" covers it", grant.name),
            Decision::Refused(refusal) if !self.is_withheld() => refusal.to_string(),
            Decision::Absent | Decision::Refused(_) => "there is no such artifact in the repository".to_owned(),
        }
    }

    /// The digest of the artifact; null if there is none of this name.
    async fn digest(&self) -> Option<Digest> {
        match self.is_withheld() {
            true => None,
            false => self.checked.digest.clone().map(Digest),
        }
    }
}

impl Entitlement {
    fn is_withheld(&self) -> bool {
        self.is_customer && matches!(&self.checked.decision, Decision::Refused(refusal) if refusal.is_withheld())
    }
}

#[derive(Default)]
pub(super) struct EntitlementQuery;

#[Object]
impl EntitlementQuery {
    /// The decision whether a customer may pull an artifact, and by which license. Nothing is pulled, and nothing is recorded.
    #[graphql(guard = "May(Permission::ReadCustomers)", complexity = 50)]
    async fn entitlement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer, which a customer's member may leave out.")] customer: Option<Name>,
        #[graphql(desc = "The name of the repository within the organization.")] repository: RepositoryName,
        #[graphql(desc = "A tag, or a digest such as `sha256:…`.")] reference: String,
        #[graphql(
            name = "asOf",
            desc = "The moment as of which the answer is; now if left out. Each root field of a document names the same one."
        )]
        _as_of: Option<Moment>,
    ) -> Result<Entitlement> {
        let (caller, reference) = (ctx.caller()?, entitlement::reference(&reference)?);
        caller.check_repository(&repository.0)?;
        let customer = ctx.customer_named(customer.as_ref().map(|name| &name.0))?;
        let (hub, of) = (ctx.hub(), (caller.organization, customer));
        let sight = (&hub.models, &hub.commands.clock);
        let checked = entitlement::check(sight, of, &repository.0, &reference).await?;
        Ok(Entitlement { checked, is_customer: caller.scope().customer.is_some() })
    }
}
