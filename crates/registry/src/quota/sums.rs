//! The sums that a hub knows: how many bytes an organization and its repositories hold. Read every few seconds at most, and
//! kept with what this hub has linked since.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::Client;
use distr_domain::ids::OrganizationId;
use distr_domain::names::RepositoryPath;
use distr_domain::oci::Digest;
use distr_domain::quota::{Holder, Quota, QuotaExceeded, Usage};
use moka::future::Cache;
use tokio::sync::Mutex;

use super::{bytes_of_organization, bytes_of_repositories};
use crate::fault::Fault;
use crate::name::RepositoryName;

/// How old a sum may be.
const FRESH: Duration = Duration::from_secs(5);
const JUST_READ: Duration = Duration::ZERO;

/// Of each organization that something was pushed to lately.
pub(crate) struct Sums(Cache<OrganizationId, Arc<Mutex<OfOrganization>>>);

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

impl Sums {
    pub(crate) fn new() -> Self {
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
        name: &RepositoryName,
        quotas: &[(Place, Quota)],
        digest: Option<&Digest>,
        bytes: u64,
    ) -> Result<Result<Vec<(Place, Usage)>, QuotaExceeded>, Fault> {
        let held = match digest {
            Some(digest) => Held::ask(client, name, digest).await?,
            None => Held::default(),
        };
        let mut admitted = Ok(vec![]);
        for within in [FRESH, JUST_READ] {
            let mut places = vec![];
            for (place, quota) in quotas.iter().filter(|(place, _)| !held.is_in(place)) {
                let usage = Usage { bytes: self.sum(client, name, place, within).await?, quota: Some(*quota) };
                places.push((place.clone(), usage));
            }
            let fits = places.iter().try_for_each(|(place, usage)| usage.admit(place.holder(), bytes));
            admitted = fits.map(|()| places);
            if admitted.is_ok() {
                break;
            }
        }
        Ok(admitted)
    }

    /// What was linked counts in these places from now on.
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
        let bytes = match place {
            Place::Organization => bytes_of_organization(client, name.organization()).await?,
            Place::Repository(path) => {
                let sums = bytes_of_repositories(client, name.organization(), std::slice::from_ref(path)).await?;
                sums.get(path).copied().unwrap_or(0)
            }
        };
        self.0.insert(place.clone(), Sum { bytes, read_at });
        Ok(bytes)
    }
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
struct Held {
    in_repository: bool,
    in_organization: bool,
}

impl Held {
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
