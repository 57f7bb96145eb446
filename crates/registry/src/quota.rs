//! Quotas: whether what is pushed fits into what its repository and its organization may hold. What they hold is the sum of
//! their links; there is no row that counts it, which all pushes would have to change. What uploads under way are going to hold
//! is reserved for them, and counts as if it were held.
//!
//! Of one organization a hub makes links with a quota one after the other, each against the sum with all before it: one hub
//! never overshoots a quota. Several overshoot it at most by what the others link within the few seconds that each keeps a sum
//! for. A refusal always rests on a sum that was just read.

mod sums;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use deadpool_postgres::Client;
use distr_domain::ids::OrganizationId;
use distr_domain::names::RepositoryPath;
use distr_domain::oci::Digest;
use distr_domain::quota::{Quota, QuotaExceeded};
use distr_domain::rejection::Rejection;
use distr_projections::repository;

pub(crate) use self::sums::Sums;
use self::sums::{Place, Question};
use crate::blobs::UploadKey;
use crate::error::OciError;
use crate::fault::Fault;
use crate::guard::Visit;
use crate::links;
use crate::name::RepositoryName;
use crate::registry::Registry;
use crate::unfinished;

/// Bytes that an upload of unknown length reserves ahead of what it has, at most.
const AHEAD: u64 = 8 * 1024 * 1024;

/// What limits a push to one repository.
pub(crate) struct Quotas(Vec<(Place, Quota)>);

impl Quotas {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Registry {
    /// Whether `bytes` of a push fit, of this digest if it is known. A refusal is recorded here.
    pub(crate) async fn check_room(
        &self,
        visit: &Visit,
        quotas: &Quotas,
        digest: Option<&Digest>,
        bytes: u64,
    ) -> Result<(), OciError> {
        if quotas.is_empty() {
            return Ok(());
        }
        let sums = self.sums.of(visit.name.organization()).await;
        let mut sums = sums.lock().await;
        let asked = Question { name: &visit.name, quotas, digest, own: 0 };
        let admitted = sums.admit(&self.client().await?, asked, bytes).await?;
        drop(sums);
        match admitted {
            Ok(_) => Ok(()),
            Err(exceeded) => Err(self.exceeded(visit, exceeded).await),
        }
    }

    /// Whether the blob is held already wherever there is a quota, and the store has it.
    pub(crate) async fn adds_nothing(
        &self,
        name: &RepositoryName,
        quotas: &Quotas,
        digest: &Digest,
    ) -> Result<bool, OciError> {
        Ok(!quotas.is_empty()
            && sums::hold_it(&self.client().await?, name, quotas, digest).await?
            && self.blobs.size(digest).await?.is_some())
    }

    /// Whether an upload, for which `own` bytes are reserved already, may become this large; that much counts until it ends, also
    /// where a blob is held that it may turn out to be.
    /// Answers with what is reserved then: somewhat more, if it is not known how large it becomes and there is room. A refusal is
    /// recorded here.
    pub(crate) async fn reserve(
        &self,
        visit: &Visit,
        quotas: &Quotas,
        (upload, own): (UploadKey, u64),
        (size, is_announced): (u64, bool),
    ) -> Result<u64, OciError> {
        let sums = self.sums.of(visit.name.organization()).await;
        let mut sums = sums.lock().await;
        let client = self.client().await?;
        let asked = Question { name: &visit.name, quotas, digest: None, own };
        let ahead = if is_announced { 0 } else { size.min(AHEAD) };
        let mut wanted = size.saturating_add(ahead);
        let mut admitted = sums.admit(&client, asked, wanted).await?;
        if admitted.is_err() && ahead > 0 {
            wanted = size;
            admitted = sums.admit(&client, asked, wanted).await?;
        }
        match admitted {
            Ok(places) => {
                unfinished::reserve(&client, visit, upload, wanted, self.now()).await?;
                sums.add(&places, wanted.saturating_sub(own));
                Ok(wanted)
            }
            Err(exceeded) => {
                drop((sums, client));
                Err(self.exceeded(visit, exceeded).await)
            }
        }
    }

    /// Links a blob that is in the store to the repository, if it fits, and ends the upload that brought it. A refusal is recorded
    /// here; then the bytes go at once, if nobody else holds them.
    pub(crate) async fn hold(
        &self,
        visit: &Visit,
        quotas: &Quotas,
        digest: &Digest,
        upload: Option<UploadKey>,
    ) -> Result<(), OciError> {
        let pushed = (digest, upload);
        if quotas.is_empty() {
            return self.link(&mut self.client().await?, &visit.name, pushed).await;
        }
        let sums = self.sums.of(visit.name.organization()).await;
        let mut sums = sums.lock().await;
        let mut client = self.client().await?;
        let bytes = self.blobs.size(digest).await?.ok_or(OciError::Collected)?;
        let own = match upload {
            Some(upload) => unfinished::reserved(&client, upload).await?,
            None => 0,
        };
        let asked = Question { name: &visit.name, quotas, digest: Some(digest), own };
        match sums.admit(&client, asked, bytes).await? {
            Ok(places) => {
                // if this ends before it is known whether it is linked, the sums are read again
                let mut known = std::mem::take(&mut *sums);
                self.link(&mut client, &visit.name, pushed).await?;
                known.add(&places, bytes.saturating_sub(own));
                *sums = known;
                Ok(())
            }
            Err(exceeded) => {
                drop(sums);
                if let Some(upload) = upload {
                    unfinished::end(&client, &visit.name, upload).await?;
                }
                self.free(&mut client, digest).await?;
                drop(client);
                Err(self.exceeded(visit, exceeded).await)
            }
        }
    }

    /// Removes what was stored a moment ago and nobody holds.
    async fn free(&self, client: &mut Client, digest: &Digest) -> Result<(), OciError> {
        let alone = client.transaction().await?;
        if !links::try_lock_alone(&alone, digest).await? {
            return Ok(());
        }
        let blobs = std::slice::from_ref(digest);
        if links::needed(&alone, blobs, DateTime::UNIX_EPOCH).await?.is_empty() {
            self.blobs.remove(digest, DateTime::<Utc>::MAX_UTC).await?;
        }
        Ok(alone.commit().await?)
    }

    async fn link(
        &self,
        client: &mut Client,
        name: &RepositoryName,
        pushed: (&Digest, Option<UploadKey>),
    ) -> Result<(), OciError> {
        match links::hold(client, self.blobs.as_ref(), name, pushed, self.now()).await? {
            true => Ok(()),
            false => Err(OciError::Collected),
        }
    }

    /// What limits a push to this repository.
    pub(crate) async fn quotas(&self, name: &RepositoryName) -> Result<Quotas, Fault> {
        let of_repository = repository::quota(&self.client().await?, name.artifact()).await?;
        let of_repository = of_repository.map(|quota| (Place::Repository(name.path.clone()), quota));
        let of_organization = self.settings.quota.map(|quota| (Place::Organization, quota));
        Ok(Quotas(of_repository.into_iter().chain(of_organization).collect()))
    }

    async fn exceeded(&self, visit: &Visit, exceeded: QuotaExceeded) -> OciError {
        match self.record_refusal(visit, None, exceeded.code(), &exceeded.to_string()).await {
            Ok(()) => OciError::Denied { reason: format!("{}: {exceeded}", visit.name) },
            Err(fault) => fault.into(),
        }
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
