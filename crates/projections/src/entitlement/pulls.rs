//! What pulls rest on, read for many at once. What opens something as part of a release is `opening_manifest` and `opening_blob`
//! in `entitlement.sql`; what opens it besides is asked for only where that is not enough (`asked_attached`).

use std::collections::HashMap;
use std::hash::Hash;

use distr_domain::entitlement::{EntitlementSubject, HeldLicense};
use distr_domain::ids::{ArtifactId, CustomerId, OrganizationId};
use distr_domain::names::RepositoryPath;
use distr_domain::oci::{Digest, Reference};
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::error::QueryError;
use crate::query::ReadClient;

/// A question about something in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PullQuestion<T> {
    pub organization: OrganizationId,
    pub repository: RepositoryPath,
    /// of the repository
    pub artifact: ArtifactId,
    /// whether licenses decide, so that the releases matter
    pub licensed: bool,
    /// a reference or a digest
    pub wanted: T,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestPull {
    /// whether everybody may pull from the repository
    pub is_public: bool,
    /// nothing if the repository has no such manifest
    pub manifest: Option<ManifestFacts>,
    /// what opens it as part of a release
    pub asked: Vec<EntitlementSubject>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestFacts {
    pub digest: Digest,
    pub media_type: String,
    /// in bytes
    pub size: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobPull {
    /// whether everybody may pull from the repository
    pub is_public: bool,
    /// what opens it as part of a release
    pub asked: Vec<EntitlementSubject>,
}

type Answers<K, V> = Result<HashMap<K, V>, QueryError>;

pub async fn manifests(
    client: &ReadClient,
    questions: Vec<PullQuestion<Reference>>,
) -> Answers<PullQuestion<Reference>, ManifestPull> {
    let (tags, digests): (Vec<Option<&str>>, Vec<Option<&str>>) =
        questions.iter().map(|question| tag_or_digest(&question.wanted)).unzip();
    let columns = Columns::of(&questions);
    let parameters: [&(dyn ToSql + Sync); 6] =
        [&columns.organizations, &columns.repositories, &columns.artifacts, &columns.licensed, &tags, &digests];
    let rows = query(client, include_str!("pulls/manifests.sql"), &parameters).await?;
    answers(questions, &rows, |row| {
        let digest: Option<&str> = row.get("digest");
        // what the read models hold was parsed before it came there
        let manifest = digest.and_then(|digest| digest.parse().ok()).map(|digest| ManifestFacts {
            digest,
            media_type: row.get("media_type"),
            size: row.get::<_, i64>("size") as u64,
        });
        Ok(ManifestPull { is_public: row.get("is_public"), manifest, asked: list(row.get("asked"))? })
    })
}

pub async fn blobs(
    client: &ReadClient,
    questions: Vec<PullQuestion<Digest>>,
) -> Answers<PullQuestion<Digest>, BlobPull> {
    let digests: Vec<&str> = questions.iter().map(|question| question.wanted.as_str()).collect();
    let columns = Columns::of(&questions);
    let parameters: [&(dyn ToSql + Sync); 5] =
        [&columns.organizations, &columns.repositories, &columns.artifacts, &columns.licensed, &digests];
    let rows = query(client, include_str!("pulls/blobs.sql"), &parameters).await?;
    answers(questions, &rows, |row| Ok(BlobPull { is_public: row.get("is_public"), asked: list(row.get("asked"))? }))
}

/// All that each of these customers ever held, by name.
pub async fn licenses(
    client: &ReadClient,
    customers: Vec<(OrganizationId, CustomerId)>,
) -> Answers<(OrganizationId, CustomerId), Vec<HeldLicense>> {
    let (organizations, ids): (Vec<Uuid>, Vec<Uuid>) =
        customers.iter().map(|(organization, customer)| (organization.0, customer.0)).unzip();
    let rows = query(client, include_str!("pulls/licenses.sql"), &[&organizations, &ids]).await?;
    answers(customers, &rows, |row| list(row.get("held")))
}

struct Columns<'a> {
    organizations: Vec<Uuid>,
    repositories: Vec<&'a str>,
    artifacts: Vec<Uuid>,
    licensed: Vec<bool>,
}

impl<'a> Columns<'a> {
    fn of<T>(questions: &'a [PullQuestion<T>]) -> Self {
        Self {
            organizations: questions.iter().map(|question| question.organization.0).collect(),
            repositories: questions.iter().map(|question| question.repository.as_str()).collect(),
            artifacts: questions.iter().map(|question| question.artifact.0).collect(),
            licensed: questions.iter().map(|question| question.licensed).collect(),
        }
    }
}

fn tag_or_digest(reference: &Reference) -> (Option<&str>, Option<&str>) {
    match reference {
        Reference::Tag(tag) => (Some(tag.as_str()), None),
        Reference::Digest(digest) => (None, Some(digest.as_str())),
    }
}

async fn query(client: &ReadClient, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, QueryError> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.query(&statement, parameters).await?)
}

/// Each row has the number of its question, from 1 on.
fn answers<K: Eq + Hash, V>(
    questions: Vec<K>,
    rows: &[Row],
    read: impl Fn(&Row) -> Result<V, QueryError>,
) -> Answers<K, V> {
    let mut found: HashMap<i32, V> =
        rows.iter().map(|row| Ok((row.get(0), read(row)?))).collect::<Result<_, QueryError>>()?;
    let answered = questions.into_iter().zip(1..).filter_map(|(question, number)| {
        let answer = found.remove(&number)?;
        Some((question, answer))
    });
    Ok(answered.collect())
}

fn list<T: DeserializeOwned>(json: Option<&str>) -> Result<Vec<T>, QueryError> {
    Ok(json.map(serde_json::from_str).transpose()?.unwrap_or_default())
}
