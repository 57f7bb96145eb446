//! The sums that a hub knows: how many bytes an organization and its repositories hold. Read every few seconds at most, and
//! kept with what this hub has linked since.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::Client;
use distr_domain::ids::OrganizationId;
use distr_domain::names::RepositoryPath;
use distr_domain::oci::Digest;
use distr_domain::quota::{Holder, QuotaExceeded, Usage};
use moka::future::Cache;
use tokio::sync::Mutex;

use super::{PushQuotas, bytes_of_organization, bytes_of_repositories};
use crate::fault::{Fault, OperationError};
use crate::name::RepositoryName;

/// How old a sum may be.
const FRESH: Duration = Duration::from_secs(5);
const JUST_READ: Duration = Duration::ZERO;

/// Of each organization that something was pushed to lately.
pub(super) struct Sums(Cache<OrganizationId, Arc<Mutex<OfOrganization>>>);

/// Whoever has locked them is the only one who links something to a repository of the organization.
#[derive(Default)]
pub(super) struct OfOrganization(HashMap<Place, Sum>);

/// Where a quota may be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Place {
    Organization,
    Repository(RepositoryPath),
}

#[derive(Clone, Copy)]
struct Sum {
    bytes: u64,
    read_at: Instant,
}

/// Where something is to be held.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) name: &'a RepositoryName,
    pub(super) quotas: &'a PushQuotas,
    pub(super) digest: Option<&'a Digest>,
    /// bytes that are reserved for it already
    pub(super) own: u64,
}

impl Sums {
    pub(super) fn new() -> Self {
        Self(Cache::builder().max_capacity(10_000).time_to_idle(Duration::from_secs(600)).build())
    }

    pub(super) async fn of(&self, organization: OrganizationId) -> Arc<Mutex<OfOrganization>> {
        self.0.get_with(organization, async { Arc::default() }).await
    }
}

impl OfOrganization {
    /// Whether so many bytes fit in all places that do not hold this digest yet, after another look if the sums are not of
    /// this moment. Answers with those places.
    pub(super) async fn admit(
        &mut self,
        client: &Client,
        asked: Question<'_>,
        bytes: u64,
    ) -> Result<Vec<(Place, Usage)>, OperationError<QuotaExceeded>> {
        let Question { name, quotas, digest, own } = asked;
        let held = match digest {
            Some(digest) => Presence::ask(client, name, digest).await?,
            None => Presence::default(),
        };
        let mut admitted = Ok(vec![]);
        for within in [FRESH, JUST_READ] {
            let mut places = vec![];
            for (place, quota) in quotas.0.iter().filter(|(place, _)| !held.is_in(place)) {
                let bytes = self.sum(client, name, place, within).await?.saturating_sub(own);
                let usage = Usage { bytes, quota: Some(*quota) };
                places.push((place.clone(), usage));
            }
            let fits = places.iter().try_for_each(|(place, usage)| usage.admit(place.holder(), bytes));
            admitted = fits.map(|()| places);
            if admitted.is_ok() {
                break;
            }
        }
        admitted.map_err(OperationError::Rejected)
    }

    /// What was linked or reserved counts in these places from now on.
    pub(super) fn add(&mut self, places: &[(Place, Usage)], bytes: u64) {
        for (place, _) in places {
            if let Some(sum) = self.0.get_mut(place) {
                sum.bytes += bytes;
            }
        }
    }

    async fn sum(
        &mut self,
        client: &Client,
        name: &RepositoryName,
        place: &Place,
        within: Duration,
    ) -> Result<u64, Fault> {
        if let Some(sum) = self.0.get(place).filter(|sum| sum.read_at.elapsed() < within) {
            return Ok(sum.bytes);
        }
        let read_at = Instant::now();
        let (of_organization, of_repository) = reserved(client, name).await?;
        let bytes = match place {
            Place::Organization => of_organization + bytes_of_organization(client, name.organization()).await?,
            Place::Repository(path) => {
                let sums = bytes_of_repositories(client, name.organization(), std::slice::from_ref(path)).await?;
                of_repository + sums.get(path).copied().unwrap_or(0)
            }
        };
        self.0.insert(place.clone(), Sum { bytes, read_at });
        Ok(bytes)
    }
}

/// Whether all places with a quota hold the blob.
pub(super) async fn hold_it(
    client: &Client,
    name: &RepositoryName,
    quotas: &PushQuotas,
    digest: &Digest,
) -> Result<bool, Fault> {
    let held = Presence::ask(client, name, digest).await?;
    Ok(quotas.0.iter().all(|(place, _)| held.is_in(place)))
}

/// What uploads under way are going to hold, of the organization and of the repository.
async fn reserved(client: &Client, name: &RepositoryName) -> Result<(u64, u64), Fault> {
    let statement = client.prepare_cached(include_str!("reserved.sql")).await?;
    let row = client.query_one(&statement, &[&name.organization().0, &name.path.as_str()]).await?;
    Ok((row.get::<_, i64>(0).unsigned_abs(), row.get::<_, i64>(1).unsigned_abs()))
}

impl Place {
    fn holder(&self) -> Holder {
        match self {
            Self::Organization => Holder::Organization,
            Self::Repository(_) => Holder::Repository,
        }
    }
}

/// Where a blob is held already, so that it adds nothing.
#[derive(Default)]
struct Presence {
    in_repository: bool,
    in_organization: bool,
}

impl Presence {
    async fn ask(client: &Client, name: &RepositoryName, digest: &Digest) -> Result<Self, Fault> {
        let statement = client.prepare_cached(include_str!("held.sql")).await?;
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
            [&name.organization().0, &name.path.as_str(), &digest.as_str()];
        let row = client.query_one(&statement, &parameters).await?;
        Ok(Self { in_repository: row.get(0), in_organization: row.get(1) })
    }

    fn is_in(&self, place: &Place) -> bool {
        match place {
            Place::Organization => self.in_organization,
            Place::Repository(_) => self.in_repository,
        }
    }
}
