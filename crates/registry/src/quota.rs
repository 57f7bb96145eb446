//! Quotas: whether what is pushed fits into what its repository and its organization may hold. What they hold is the sum of
//! their links; there is no row that counts it, which all pushes would have to change.
//!
//! Of one organization a hub makes links with a quota one after the other, each against the sum with all before it: one hub
//! never overshoots a quota. Several overshoot it at most by what the others link within the few seconds that each keeps a sum
//! for. A refusal always rests on a sum that was just read.

mod sums;

use std::collections::HashMap;

use deadpool_postgres::Client;
use distr_domain::ids::OrganizationId;
use distr_domain::names::RepositoryPath;
use distr_domain::oci::Digest;
use distr_domain::quota::{Quota, QuotaExceeded};
use distr_domain::rejection::Rejection;
use distr_projections::repository;

use self::sums::Place;
pub(crate) use self::sums::Sums;
use crate::error::OciError;
use crate::fault::Fault;
use crate::guard::Visit;
use crate::links;
use crate::name::RepositoryName;
use crate::registry::Registry;

impl Registry {
    /// Whether `bytes` of a push fit, of this digest if it is known. Answers with how many would; a refusal is recorded here.
    pub(crate) async fn check_room(&self, visit: &Visit, digest: Option<&Digest>, bytes: u64) -> Result<u64, OciError> {
        let quotas = self.quotas(&visit.name).await?;
        if quotas.is_empty() {
            return Ok(u64::MAX);
        }
        let sums = self.sums.of(visit.name.organization()).await;
        let mut sums = sums.lock().await;
        let admitted = sums.admit(&self.client().await?, &visit.name, &quotas, digest, bytes).await?;
        drop(sums);
        match admitted {
            Ok(places) => Ok(places.iter().filter_map(|(_, usage)| usage.room()).min().unwrap_or(u64::MAX)),
            Err(exceeded) => Err(self.exceeded(visit, exceeded).await),
        }
    }

    /// Links a blob that is in the store to the repository, if it fits. A refusal is recorded here; the bytes go with a
    /// collection, if nobody else holds them.
    pub(crate) async fn hold(&self, visit: &Visit, digest: &Digest) -> Result<(), OciError> {
        let quotas = self.quotas(&visit.name).await?;
        if quotas.is_empty() {
            return self.link(&mut self.client().await?, &visit.name, digest).await;
        }
        let sums = self.sums.of(visit.name.organization()).await;
        let mut sums = sums.lock().await;
        let mut client = self.client().await?;
        let bytes = self.blobs.size(digest).await?.ok_or(OciError::Collected)?;
        match sums.admit(&client, &visit.name, &quotas, Some(digest), bytes).await? {
            Ok(places) => {
                // if this ends before it is known whether it is linked, the sums are read again
                let mut known = std::mem::take(&mut *sums);
                self.link(&mut client, &visit.name, digest).await?;
                known.add(&places, bytes);
                *sums = known;
                Ok(())
            }
            Err(exceeded) => {
                drop((sums, client));
                Err(self.exceeded(visit, exceeded).await)
            }
        }
    }

    async fn link(&self, client: &mut Client, name: &RepositoryName, digest: &Digest) -> Result<(), OciError> {
        match links::hold(client, self.blobs.as_ref(), name, digest, self.now()).await? {
            true => Ok(()),
            false => Err(OciError::Collected),
        }
    }

    /// What limits a push to this repository.
    async fn quotas(&self, name: &RepositoryName) -> Result<Vec<(Place, Quota)>, Fault> {
        let of_repository = repository::quota(&self.client().await?, name.artifact()).await?;
        let of_repository = of_repository.map(|quota| (Place::Repository(name.path.clone()), quota));
        let of_organization = self.settings.quota.map(|quota| (Place::Organization, quota));
        Ok(of_repository.into_iter().chain(of_organization).collect())
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
