//! Table `access`: who pulled what from the registry, or pushed, mounted or deleted it, or was refused. Granted pulls of blobs
//! are left out: a client pulls a manifest's blobs after it, and they are ten times as many. The log has them.

use chrono::{DateTime, Utc};
use distr_domain::access::{AccessAction, AccessOutcome, AccessRecord};
use distr_domain::ids::{ArtifactId, CustomerId, OrganizationId};
use distr_domain::names::RepositoryPath;
use distr_domain::oci::{Digest, Tag};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::cursor::InvalidCursor;
use crate::error::QueryError;
use crate::projection::{DecodedEntry, EntryContent, Projection, Rows};
use crate::query::{self, ListPage, Paging, ReadClient, Scope};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccessRow {
    pub id: Uuid,
    pub organization: OrganizationId,
    pub artifact: ArtifactId,
    pub position: u64,
    pub at: DateTime<Utc>,
    pub action: AccessAction,
    pub actor: String,
    pub customer: Option<CustomerId>,
    /// `acme/hello:1.0.0`, `acme/hello@sha256:…`, `acme/hello`
    pub subject: String,
    /// that was asked for
    pub tag: Option<Tag>,
    /// that was asked for, or that the tag pointed to
    pub digest: Option<Digest>,
    pub outcome: AccessOutcome,
    pub address: Option<String>,
    pub user_agent: Option<String>,
}

/// What of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    All,
    Digest(Digest),
    Tag(Tag),
}

pub struct AccessProjection;

impl Projection for AccessProjection {
    type Row = AccessRow;
    const TABLE: &'static str = "access";

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        match &entry.content {
            EntryContent::Access(record) if is_shown(record) => vec![entry.event_id],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<AccessRow>, entry: &DecodedEntry) {
        let EntryContent::Access(record) = &entry.content else { return };
        if !is_shown(record) {
            return;
        }
        rows.put_first(
            entry.event_id,
            AccessRow {
                id: entry.event_id,
                organization: entry.organization,
                artifact: ArtifactId(entry.id),
                position: entry.position.number(),
                at: entry.at,
                action: record.action,
                actor: record.actor.clone(),
                customer: record.customer,
                subject: record.subject.clone(),
                tag: tag(&record.subject),
                digest: record.digest.as_ref().and_then(|digest| digest.parse().ok()),
                outcome: record.outcome.clone(),
                address: record.address.clone(),
                user_agent: record.user_agent.clone(),
            },
        );
    }
}

fn is_shown(record: &AccessRecord) -> bool {
    match record.action {
        AccessAction::Pull | AccessAction::Push | AccessAction::Mount | AccessAction::Delete => true,
        AccessAction::PullBlob => matches!(record.outcome, AccessOutcome::Refused { .. }),
        AccessAction::Deploy | AccessAction::SignIn => false,
    }
}

/// The tag of `acme/hello:1.0.0`.
fn tag(subject: &str) -> Option<Tag> {
    let last = subject.rsplit('/').next()?;
    let (_, tag) = last.split_once(':').filter(|_| !last.contains('@'))?;
    tag.parse().ok()
}

/// Of a repository of the asker's organization, whether it has anything or not; the newest first. Nothing for a customer.
pub async fn list(
    client: &ReadClient,
    scope: Scope,
    repository: &RepositoryPath,
    of: &Of,
    paging: &Paging,
) -> Result<ListPage<AccessRow>, QueryError> {
    if let Some(cursor) = paging.after.as_ref().filter(|cursor| !cursor.is_numbered()) {
        return Err(InvalidCursor(cursor.encode()).into());
    }
    let artifact = ArtifactId::of(scope.organization, repository).0;
    match of {
        Of::All => query::list(client, include_str!("access/list.sql"), scope, paging, &[&artifact]).await,
        Of::Digest(digest) => {
            let sql = include_str!("access/of_digest.sql");
            query::list(client, sql, scope, paging, &[&artifact, &digest.as_str()]).await
        }
        Of::Tag(tag) => {
            let sql = include_str!("access/of_tag.sql");
            query::list(client, sql, scope, paging, &[&artifact, &tag.as_str()]).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_names_a_tag_a_digest_or_neither() {
        for (subject, expected) in [
            ("acme/hello:1.0.0", Some("1.0.0")),
            ("acme/team/hello:latest", Some("latest")),
            ("acme/hello@sha256:00", None),
            ("acme/hello", None),
            ("acme/hello:not a tag", None),
        ] {
            assert_eq!(tag(subject).as_ref().map(Tag::as_str), expected, "{subject}");
        }
    }
}
