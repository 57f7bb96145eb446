//! Quotas: whether what is pushed fits into what its repository and its organization may hold. What they hold is the sum of
//! their links; there is no row that counts it, which all pushes would have to change. What uploads under way are going to hold
//! is reserved for them, and counts as if it were held.
//!
//! Of one organization a hub makes links with a quota one after the other, each against the sum with all before it: one hub
//! never overshoots a quota. Several overshoot it at most by what the others link within the few seconds that each keeps a sum
//! for. A refusal always rests on a sum that was just read.

mod sums;

use std::collections::HashMap;
use std::sync::Arc;

use deadpool_postgres::{Client, Pool};
use distr_domain::ids::OrganizationId;
use distr_domain::names::RepositoryPath;
use distr_domain::oci::Digest;
use distr_domain::quota::{Quota, QuotaExceeded};
use distr_projections::repository;

use self::sums::{Place, Question, Sums};
use crate::blobs::{BlobStore, UploadKey};
use crate::clock::Clock;
use crate::fault::{Fault, OperationError};
use crate::links;
use crate::name::RepositoryName;
use crate::uploads::{Upload, rows};

/// Bytes that an upload of unknown length reserves ahead of what it has, at most.
const AHEAD: u64 = 8 * 1024 * 1024;

/// The quotas of one hub's organizations and repositories.
pub(crate) struct Quotas {
    pool: Pool,
    blobs: Arc<dyn BlobStore>,
    clock: Clock,
    /// what each organization may hold; not set: anything
    of_organization: Option<Quota>,
    sums: Sums,
}

/// The quotas that limit a push to one repository.
pub(crate) struct PushQuotas(Vec<(Place, Quota)>);

impl PushQuotas {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Quotas {
    pub(crate) fn new(pool: Pool, blobs: Arc<dyn BlobStore>, clock: Clock, of_organization: Option<Quota>) -> Self {
        Self { pool, blobs, clock, of_organization, sums: Sums::new() }
    }

    /// The quotas of a push to this repository.
    pub(crate) async fn of(&self, name: &RepositoryName) -> Result<PushQuotas, Fault> {
        let of_repository = repository::quota(&self.pool.get().await?, name.artifact()).await?;
        let of_repository = of_repository.map(|quota| (Place::Repository(name.path.clone()), quota));
        let of_organization = self.of_organization.map(|quota| (Place::Organization, quota));
        Ok(PushQuotas(of_repository.into_iter().chain(of_organization).collect()))
    }

    /// Whether `bytes` of a push fit, of this digest if it is known.
    pub(crate) async fn check(
        &self,
        name: &RepositoryName,
        quotas: &PushQuotas,
        digest: Option<&Digest>,
        bytes: u64,
    ) -> Result<(), OperationError<QuotaExceeded>> {
        if quotas.is_empty() {
            return Ok(());
        }
        let sums = self.sums.of(name.organization()).await;
        let mut sums = sums.lock().await;
        let asked = Question { name, quotas, digest, own: 0 };
        sums.admit(&self.pool.get().await?, asked, bytes).await.map(drop)
    }

    /// Whether the blob is held already wherever there is a quota, and the store has it.
    pub(crate) async fn adds_nothing(
        &self,
        name: &RepositoryName,
        quotas: &PushQuotas,
        digest: &Digest,
    ) -> Result<bool, Fault> {
        Ok(!quotas.is_empty()
            && sums::hold_it(&self.pool.get().await?, name, quotas, digest).await?
            && self.blobs.size(digest).await?.is_some())
    }

    /// Whether an upload, for which `own` bytes are reserved already, may become this large; that much counts until it ends, also
    /// where a blob is held that it may turn out to be.
    /// Answers with what is reserved then: somewhat more, if it is not known how large it becomes and there is room.
    pub(crate) async fn reserve(
        &self,
        upload: Upload<'_>,
        quotas: &PushQuotas,
        own: u64,
        (size, is_announced): (u64, bool),
    ) -> Result<u64, OperationError<QuotaExceeded>> {
        let sums = self.sums.of(upload.name.organization()).await;
        let mut sums = sums.lock().await;
        let client = self.pool.get().await?;
        let asked = Question { name: upload.name, quotas, digest: None, own };
        let ahead = if is_announced { 0 } else { size.min(AHEAD) };
        let mut wanted = size.saturating_add(ahead);
        let mut admitted = sums.admit(&client, asked, wanted).await;
        if matches!(admitted, Err(OperationError::Rejected(_))) && ahead > 0 {
            wanted = size;
            admitted = sums.admit(&client, asked, wanted).await;
        }
        let places = admitted?;
        rows::reserve(&client, upload, wanted, (self.clock)()).await?;
        sums.add(&places, wanted.saturating_sub(own));
        Ok(wanted)
    }

    /// Links a blob that is in the store to the repository, if it fits, and ends the upload that brought it. What does not fit
    /// goes at once, if nobody else holds it. False: the store has it no longer.
    pub(crate) async fn hold(
        &self,
        name: &RepositoryName,
        quotas: &PushQuotas,
        digest: &Digest,
        upload: Option<UploadKey>,
    ) -> Result<bool, OperationError<QuotaExceeded>> {
        if quotas.is_empty() {
            return Ok(self.link(&mut self.pool.get().await?, name, (digest, upload)).await?);
        }
        let sums = self.sums.of(name.organization()).await;
        let mut sums = sums.lock().await;
        let mut client = self.pool.get().await?;
        let Some(bytes) = self.blobs.size(digest).await? else { return Ok(false) };
        let own = match upload {
            Some(upload) => rows::reserved(&client, upload).await?,
            None => 0,
        };
        let asked = Question { name, quotas, digest: Some(digest), own };
        match sums.admit(&client, asked, bytes).await {
            Ok(places) => {
                // if this ends before it is known whether it is linked, the sums are read again
                let mut known = std::mem::take(&mut *sums);
                let is_there = self.link(&mut client, name, (digest, upload)).await?;
                if is_there {
                    known.add(&places, bytes.saturating_sub(own));
                    *sums = known;
                }
                Ok(is_there)
            }
            Err(OperationError::Rejected(exceeded)) => {
                drop(sums);
                if let Some(upload) = upload {
                    rows::end(&client, name, upload).await?;
                }
                links::free(&mut client, self.blobs.as_ref(), digest).await?;
                Err(OperationError::Rejected(exceeded))
            }
            Err(fault) => Err(fault),
        }
    }

    async fn link(
        &self,
        client: &mut Client,
        name: &RepositoryName,
        pushed: (&Digest, Option<UploadKey>),
    ) -> Result<bool, Fault> {
        links::hold(client, self.blobs.as_ref(), name, pushed, (self.clock)()).await
    }
}

/// Bytes that the organization holds; what several of its repositories hold counts once.
pub async fn bytes_of_organization(
    client: &Client,
    organization: OrganizationId,
) -> Result<u64, tokio_postgres::Error> {
    let statement = client.prepare_cached(include_str!("quota/of_organization.sql")).await?;
    Ok(client.query_one(&statement, &[&organization.0]).await?.get::<_, i64>(0) as u64)
}

/// Bytes that each of these repositories holds. One that holds nothing is not in the answer.
pub async fn bytes_of_repositories(
    client: &Client,
    organization: OrganizationId,
    repositories: &[RepositoryPath],
) -> Result<HashMap<RepositoryPath, u64>, tokio_postgres::Error> {
    let texts: Vec<&str> = repositories.iter().map(RepositoryPath::as_str).collect();
    let statement = client.prepare_cached(include_str!("quota/of_repositories.sql")).await?;
    let rows = client.query(&statement, &[&organization.0, &texts]).await?;
    let bytes: HashMap<&str, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let found = repositories.iter().filter_map(|path| Some((path.clone(), *bytes.get(path.as_str())? as u64)));
    Ok(found.collect())
}
