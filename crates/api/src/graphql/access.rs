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
use super::scalar::{Digest, Position, Repository, Tag};
use crate::failure::Failure;

pub(super) struct RepositoryAccess(AccessRow);

/// What somebody did, or tried to do, by a right.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Action")]
pub enum AccessAction {
    /// Of a manifest.
    Pull,
    /// Only refusals are here: a granted one belongs to the pull of a manifest. The log has them all.
    PullBlob,
    /// A manifest or blob was pushed.
    Push,
    /// Of a blob, from another repository.
    Mount,
    /// Of a tag, a manifest or a blob.
    Delete,
    /// A release was asked for on a target.
    Deploy,
    /// A person signed in with a password.
    SignIn,
}

/// One pull or push, granted or refused.
#[Object]
impl RepositoryAccess {
    /// The position in the log.
    async fn position(&self) -> Position {
        distr_eventlog::Position(self.0.position).into()
    }

    /// The time.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// What was done or tried.
    async fn action(&self) -> AccessAction {
        self.0.action.into()
    }

    /// Who asked: `member:<id>`, `robot:<id>`, `agent:<id>`, `anonymous`.
    async fn caller(&self) -> &str {
        &self.0.actor
    }

    /// Whose caller it was.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>> {
        match self.0.customer {
            Some(id) => Ok(Some(customer::load_nested(ctx, id).await?)),
            None => Ok(None),
        }
    }

    /// What was asked for: `organization/repository:tag`, `organization/repository@digest`.
    async fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The tag, if one was named.
    async fn tag(&self) -> Option<Tag> {
        self.0.tag.clone().map(Tag::from)
    }

    /// That was asked for, or that the tag pointed to then.
    async fn digest(&self) -> Option<Digest> {
        self.0.digest.clone().map(Digest::from)
    }

    /// Whether it was granted.
    async fn granted(&self) -> bool {
        matches!(self.0.outcome, AccessOutcome::Granted { .. })
    }

    /// By what it was granted: `license "hello-2026"`, `role publisher`.
    async fn rule(&self) -> Option<&str> {
        match &self.0.outcome {
            AccessOutcome::Granted { rule } => Some(rule),
            AccessOutcome::Refused { .. } => None,
        }
    }

    /// Why it was refused, for programs.
    async fn code(&self) -> Option<&str> {
        match &self.0.outcome {
            AccessOutcome::Granted { .. } => None,
            AccessOutcome::Refused { code, .. } => Some(code),
        }
    }

    /// Why it was refused, in the words that the caller was told or, if it was told nothing, in those that say more.
    async fn reason(&self) -> Option<&str> {
        match &self.0.outcome {
            AccessOutcome::Granted { .. } => None,
            AccessOutcome::Refused { reason, .. } => Some(reason),
        }
    }

    /// The address that the request came from.
    async fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// What the client called itself, if it said so.
    async fn user_agent(&self) -> Option<&str> {
        self.0.user_agent.as_deref()
    }
}

#[derive(Default)]
pub(super) struct AccessQuery;

#[Object]
impl AccessQuery {
    /// Who pulled from a repository, pushed to it or was refused, the newest first; also of one that is empty. By digest, what
    /// asked for it or was led to it by a tag; by tag, what asked for that tag.
    #[graphql(guard = "May(Permission::ReadLog)", complexity = "cost(first, child_complexity)")]
    async fn repository_accesses(
        &self,
        ctx: &Context<'_>,
        repository: Repository,
        digest: Option<Digest>,
        tag: Option<Tag>,
        first: Option<u16>,
        after: Option<String>,
    ) -> Result<Connection<String, RepositoryAccess>> {
        let of = match (digest, tag) {
            (Some(_), Some(_)) => return Err(Failure::BadInput("name a digest or a tag, not both".into()).into()),
            (Some(digest), None) => Of::Digest(digest.0),
            (None, Some(tag)) => Of::Tag(tag.0),
            (None, None) => Of::All,
        };
        let paging = paging(first, after)?;
        let page = access::list(&read(ctx).await?, ctx.scope()?, &repository.0, &of, &paging).await;
        Ok(connection(page.map_err(Failure::from)?, RepositoryAccess))
    }
}
