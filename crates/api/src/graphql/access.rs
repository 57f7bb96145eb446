//! Who pulled what from the registry, or pushed, mounted or deleted it, or was refused; for the vendor's auditors.

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, Object, Result};
use chrono::{DateTime, Utc};
use distr_domain::access::{AccessAction as Action, AccessOutcome};
use distr_domain::permission::Permission;
use distr_projections::access::{self, AccessRow, Of};

use super::connection::{connection, cost, paging};
use super::context::{ContextExt, read};
use super::customer::{self, Customer};
use super::guard::May;
use super::scalar::{Digest, Position, RepositoryName, Tag};
use crate::failure::Failure;

pub(super) struct RepositoryAccess(AccessRow);

/// The action of an access: what somebody did, or tried to do, by a right.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Action")]
pub enum AccessAction {
    /// A pull of a manifest.
    Pull,
    /// A refused pull of a blob: a granted one belongs to the pull of a manifest. The log has all pulls of blobs.
    PullBlob,
    /// A push of a manifest or a blob.
    Push,
    /// A mount of a blob from another repository.
    Mount,
    /// A deletion of a tag, a manifest or a blob.
    Delete,
    /// A request for a release on a target.
    Deploy,
    /// A sign-in of a person with a password.
    SignIn,
}

/// An access to a repository, such as a pull or a push, granted or refused.
#[Object]
impl RepositoryAccess {
    /// The position in the log.
    async fn position(&self) -> Position {
        distr_eventlog::Position::of_number(self.0.position).into()
    }

    /// The time of the access.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// The action that was done or tried.
    async fn action(&self) -> AccessAction {
        self.0.action.into()
    }

    /// The actor: `member:<id>`, `robot:<id>`, `agent:<id>` or `anonymous`.
    async fn actor(&self) -> &str {
        &self.0.actor
    }

    /// The customer that the actor belongs to; null if it belongs to none.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>> {
        match self.0.customer {
            Some(id) => Ok(Some(customer::load_nested(ctx, id).await?)),
            None => Ok(None),
        }
    }

    /// The subject that was asked for, such as `organization/repository:tag` or `organization/repository@digest`.
    async fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The tag that was named; null if none was.
    async fn tag(&self) -> Option<Tag> {
        self.0.tag.clone().map(Tag::from)
    }

    /// The digest that was asked for, or that the tag pointed to then; null if there was none.
    async fn digest(&self) -> Option<Digest> {
        self.0.digest.clone().map(Digest::from)
    }

    /// True if the access was granted.
    async fn granted(&self) -> bool {
        matches!(self.0.outcome, AccessOutcome::Granted { .. })
    }

    /// The rule by which the access was granted, such as `license "hello-2026"` or `role publisher`; null if it was
    /// refused.
    async fn rule(&self) -> Option<&str> {
        match &self.0.outcome {
            AccessOutcome::Granted { rule } => Some(rule),
            AccessOutcome::Refused { .. } => None,
        }
    }

    /// The code of the refusal, for programs; null if the access was granted.
    async fn code(&self) -> Option<&str> {
        match &self.0.outcome {
            AccessOutcome::Granted { .. } => None,
            AccessOutcome::Refused { code, .. } => Some(code),
        }
    }

    /// The reason for the refusal, in the words that the caller was told or, if it was told nothing, in those that say
    /// more. The reason is null if the access was granted.
    async fn reason(&self) -> Option<&str> {
        match &self.0.outcome {
            AccessOutcome::Granted { .. } => None,
            AccessOutcome::Refused { reason, .. } => Some(reason),
        }
    }

    /// The address that the request came from; null if it is not known.
    async fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// The name by which the client called itself; null if it did not say.
    async fn user_agent(&self) -> Option<&str> {
        self.0.user_agent.as_deref()
    }
}

#[derive(Default)]
pub(super) struct AccessQuery;

#[Object]
impl AccessQuery {
    /// The accesses to a repository, granted or refused, the newest first. A repository that is empty has its accesses,
    /// too.
    #[graphql(guard = "May(Permission::ReadLog)", complexity = "cost(first, child_complexity)")]
    async fn repository_accesses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the repository within the organization.")] repository: RepositoryName,
        #[graphql(
            desc = "The digest that was asked for, or that a tag led to; any digest if left out. A digest and a tag do \
                    not go together."
        )]
        digest: Option<Digest>,
        #[graphql(desc = "The tag that was asked for; any tag if left out. A digest and a tag do not go together.")]
        tag: Option<Tag>,
        #[graphql(desc = "The number of items in a page, from 1 to 500; 50 if left out.")] first: Option<u16>,
        #[graphql(desc = "The cursor of the last item of the page before; the first page if left out.")] after: Option<
            String,
        >,
    ) -> Result<Connection<String, RepositoryAccess>> {
        let of = match (digest, tag) {
            (Some(_), Some(_)) => return Err(Failure::BadInput("name a digest or a tag, not both".into()).into()),
            (Some(digest), None) => Of::Digest(digest.0),
            (None, Some(tag)) => Of::Tag(tag.0),
            (None, None) => Of::All,
        };
        let paging = paging(first, after)?;
        let page = access::list(&*read(ctx).await?, ctx.scope()?, &repository.0, &of, &paging).await;
        Ok(connection(page.map_err(Failure::from)?, RepositoryAccess))
    }
}
