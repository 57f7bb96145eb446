//! What a pull rests on, read for all who pull at the same time: a statement each for what is pulled and for the licenses of
//! those who ask. Each answer is of a statement that began after its question, so that what was revoked before does not
//! count; and one rollout to many machines asks the database little more often than one machine would.

use std::collections::HashMap;
use std::sync::Arc;

use deadpool_postgres::{Client, Pool};
use distr_domain::entitlement::{Asked, HeldLicense};
use distr_domain::ids::{CustomerId, OrganizationId};
use distr_domain::names::RepositoryPath;
use distr_domain::oci::{Digest, Reference};
use distr_projections::{QueryError, Together, TogetherError};
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::name::RepositoryName;

/// The look-ups, shared by all requests.
pub(crate) struct Pulls {
    manifests: Together<Question<Reference>, Arc<FoundManifest>>,
    blobs: Together<Question<Digest>, Arc<FoundBlob>>,
    licenses: Together<(OrganizationId, CustomerId), Arc<[HeldLicense]>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Question<T> {
    organization: OrganizationId,
    repository: RepositoryPath,
    artifact: Uuid,
    /// whether licenses decide, so that the releases matter
    licensed: bool,
    what: T,
}

/// What was found, with what its pull rests on.
#[derive(Debug, Clone)]
pub(crate) struct Found<T> {
    pub(crate) what: Arc<T>,
    /// of the caller's customer, if it is one's
    pub(crate) held: Arc<[HeldLicense]>,
}

/// What the read models have of something that can be pulled.
pub(crate) trait Pullable {
    fn is_public(&self) -> bool;

    /// Whether it is in the repository.
    fn is_there(&self) -> bool;

    /// The releases that open it.
    fn asked(&self) -> &[Asked];
}

#[derive(Debug, Default)]
pub(crate) struct FoundManifest {
    is_public: bool,
    pub(crate) manifest: Option<ManifestFacts>,
    asked: Vec<Asked>,
}

#[derive(Debug, Clone)]
pub(crate) struct ManifestFacts {
    pub(crate) digest: Digest,
    pub(crate) media_type: String,
    pub(crate) size: u64,
}

#[derive(Debug, Default)]
pub(crate) struct FoundBlob {
    is_public: bool,
    is_held: bool,
    asked: Vec<Asked>,
}

impl Pulls {
    /// Within a runtime.
    pub(crate) fn start(pool: &Pool) -> Self {
        let [of_manifests, of_blobs, of_licenses] = [pool.clone(), pool.clone(), pool.clone()];
        Self {
            manifests: Together::start(move |questions| manifests(of_manifests.clone(), questions)),
            blobs: Together::start(move |questions| blobs(of_blobs.clone(), questions)),
            licenses: Together::start(move |customers| licenses(of_licenses.clone(), customers)),
        }
    }

    /// `customer`: whose licenses decide, if licenses do.
    pub(crate) async fn manifest(
        &self,
        name: &RepositoryName,
        reference: Reference,
        customer: Option<CustomerId>,
    ) -> Result<Found<FoundManifest>, TogetherError> {
        let question = Question::new(name, customer, reference);
        let (what, held) = tokio::try_join!(self.manifests.find(question), self.held(name, customer))?;
        Ok(Found { what: what.unwrap_or_default(), held })
    }

    pub(crate) async fn blob(
        &self,
        name: &RepositoryName,
        digest: Digest,
        customer: Option<CustomerId>,
    ) -> Result<Found<FoundBlob>, TogetherError> {
        let question = Question::new(name, customer, digest);
        let (what, held) = tokio::try_join!(self.blobs.find(question), self.held(name, customer))?;
        Ok(Found { what: what.unwrap_or_default(), held })
    }

    async fn held(
        &self,
        name: &RepositoryName,
        customer: Option<CustomerId>,
    ) -> Result<Arc<[HeldLicense]>, TogetherError> {
        match customer {
            None => Ok(Arc::default()),
            Some(customer) => Ok(self.licenses.find((name.organization(), customer)).await?.unwrap_or_default()),
        }
    }
}

impl<T> Question<T> {
    fn new(name: &RepositoryName, customer: Option<CustomerId>, what: T) -> Self {
        Self {
            organization: name.organization(),
            repository: name.path.clone(),
            artifact: name.artifact().0,
            licensed: customer.is_some(),
            what,
        }
    }
}

impl Pullable for FoundManifest {
    fn is_public(&self) -> bool {
        self.is_public
    }

    fn is_there(&self) -> bool {
        self.manifest.is_some()
    }

    fn asked(&self) -> &[Asked] {
        &self.asked
    }
}

impl Pullable for FoundBlob {
    fn is_public(&self) -> bool {
        self.is_public
    }

    fn is_there(&self) -> bool {
        self.is_held
    }

    fn asked(&self) -> &[Asked] {
        &self.asked
    }
}

type Answers<K, V> = Result<HashMap<K, V>, QueryError>;

async fn manifests(
    pool: Pool,
    questions: Vec<Question<Reference>>,
) -> Answers<Question<Reference>, Arc<FoundManifest>> {
    let (tags, digests): (Vec<Option<&str>>, Vec<Option<&str>>) =
        questions.iter().map(|question| tag_or_digest(&question.what)).unzip();
    let columns = Columns::of(&questions);
    let parameters: [&(dyn ToSql + Sync); 6] =
        [&columns.organizations, &columns.repositories, &columns.artifacts, &columns.licensed, &tags, &digests];
    let rows = query(&pool.get().await?, include_str!("pull/manifests.sql"), &parameters).await?;
    answers(questions, &rows, |row| {
        let digest: Option<&str> = row.get("digest");
        // what the read models hold was parsed before it came there
        let manifest = digest.and_then(|digest| digest.parse().ok()).map(|digest| ManifestFacts {
            digest,
            media_type: row.get("media_type"),
            size: row.get::<_, i64>("size") as u64,
        });
        Ok(Arc::new(FoundManifest { is_public: row.get("is_public"), manifest, asked: list(row.get("asked"))? }))
    })
}

async fn blobs(pool: Pool, questions: Vec<Question<Digest>>) -> Answers<Question<Digest>, Arc<FoundBlob>> {
    let digests: Vec<&str> = questions.iter().map(|question| question.what.as_str()).collect();
    let columns = Columns::of(&questions);
    let parameters: [&(dyn ToSql + Sync); 5] =
        [&columns.organizations, &columns.repositories, &columns.artifacts, &columns.licensed, &digests];
    let rows = query(&pool.get().await?, include_str!("pull/blobs.sql"), &parameters).await?;
    answers(questions, &rows, |row| {
        let (is_public, is_held) = (row.get("is_public"), row.get("is_held"));
        Ok(Arc::new(FoundBlob { is_public, is_held, asked: list(row.get("asked"))? }))
    })
}

async fn licenses(
    pool: Pool,
    customers: Vec<(OrganizationId, CustomerId)>,
) -> Answers<(OrganizationId, CustomerId), Arc<[HeldLicense]>> {
    let (organizations, ids): (Vec<Uuid>, Vec<Uuid>) =
        customers.iter().map(|(organization, customer)| (organization.0, customer.0)).unzip();
    let rows = query(&pool.get().await?, include_str!("pull/licenses.sql"), &[&organizations, &ids]).await?;
    answers(customers, &rows, |row| Ok(list(row.get("held"))?.into()))
}

struct Columns<'a> {
    organizations: Vec<Uuid>,
    repositories: Vec<&'a str>,
    artifacts: Vec<Uuid>,
    licensed: Vec<bool>,
}

impl<'a> Columns<'a> {
    fn of<T>(questions: &'a [Question<T>]) -> Self {
        Self {
            organizations: questions.iter().map(|question| question.organization.0).collect(),
            repositories: questions.iter().map(|question| question.repository.as_str()).collect(),
            artifacts: questions.iter().map(|question| question.artifact).collect(),
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

async fn query(client: &Client, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, QueryError> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.query(&statement, parameters).await?)
}

/// Each row has the number of its question, from 1 on.
fn answers<K: Eq + std::hash::Hash, V>(
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
