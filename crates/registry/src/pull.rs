//! What a pull rests on, read for all who pull at the same time: a statement for what is pulled, two for blobs, and one for the
//! licenses of those who ask. Each answer is of a statement that began after its question, so that what was revoked before does not
//! count; and one release that goes out to many machines asks the database little more often than one machine would.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use deadpool_postgres::Pool;
use distr_domain::entitlement::{EntitlementSubject, HeldLicense, decide};
use distr_domain::ids::{CustomerId, OrganizationId};
use distr_domain::oci::{Digest, Reference};
use distr_postgres::{BatchedLookup, LookupError};
use distr_projections::QueryError;
use distr_projections::entitlement::pulls::{self, BlobPull, ManifestFacts, ManifestPull, PullQuestion};

use crate::links;
use crate::name::RepositoryName;

/// The look-ups, shared by all requests.
pub(crate) struct Pulls {
    manifests: BatchedLookup<PullQuestion<Reference>, Arc<FoundManifest>>,
    blobs: BatchedLookup<PullQuestion<Digest>, Arc<FoundBlob>>,
    licenses: BatchedLookup<(OrganizationId, CustomerId), Arc<[HeldLicense]>>,
}

/// What was found, with what its pull rests on.
#[derive(Debug, Clone)]
pub(crate) struct Found<T> {
    pub(crate) pullable: Arc<T>,
    /// of the caller's customer, if it is one's
    pub(crate) held: Arc<[HeldLicense]>,
}

/// What the read models have of something that can be pulled.
pub(crate) trait Pullable {
    fn is_public(&self) -> bool;

    /// Whether it is in the repository.
    fn is_there(&self) -> bool;

    /// The releases that open it.
    fn asked(&self) -> &[EntitlementSubject];
}

/// Nothing: the repository has no such manifest, or is none.
#[derive(Debug, Default)]
pub(crate) struct FoundManifest(Option<ManifestPull>);

#[derive(Debug, Default)]
pub(crate) struct FoundBlob {
    pull: Option<BlobPull>,
    is_held: bool,
}

impl Pulls {
    /// Within a runtime.
    pub(crate) fn start(pool: &Pool) -> Self {
        let [of_manifests, of_blobs, of_licenses] = [pool.clone(), pool.clone(), pool.clone()];
        Self {
            manifests: BatchedLookup::start(move |questions| manifests(of_manifests.clone(), questions)),
            blobs: BatchedLookup::start(move |questions| blobs(of_blobs.clone(), questions)),
            licenses: BatchedLookup::start(move |customers| licenses(of_licenses.clone(), customers)),
        }
    }

    /// `customer`: whose licenses decide, if licenses do.
    pub(crate) async fn manifest(
        &self,
        name: &RepositoryName,
        reference: Reference,
        customer: Option<CustomerId>,
    ) -> Result<Found<FoundManifest>, LookupError> {
        let question = question(name, customer, reference);
        let (pullable, held) = tokio::try_join!(self.manifests.find(question), self.held(name, customer))?;
        Ok(Found { pullable: pullable.unwrap_or_default(), held })
    }

    pub(crate) async fn blob(
        &self,
        name: &RepositoryName,
        digest: Digest,
        customer: Option<CustomerId>,
    ) -> Result<Found<FoundBlob>, LookupError> {
        let question = question(name, customer, digest);
        let (pullable, held) = tokio::try_join!(self.blobs.find(question), self.held(name, customer))?;
        Ok(Found { pullable: pullable.unwrap_or_default(), held })
    }

    async fn held(
        &self,
        name: &RepositoryName,
        customer: Option<CustomerId>,
    ) -> Result<Arc<[HeldLicense]>, LookupError> {
        match customer {
            None => Ok(Arc::default()),
            Some(customer) => Ok(self.licenses.find((name.organization(), customer)).await?.unwrap_or_default()),
        }
    }
}

fn question<T>(name: &RepositoryName, customer: Option<CustomerId>, wanted: T) -> PullQuestion<T> {
    PullQuestion {
        organization: name.organization(),
        repository: name.path.clone(),
        artifact: name.artifact(),
        licensed: customer.is_some(),
        wanted,
    }
}

impl FoundManifest {
    pub(crate) fn manifest(&self) -> Option<&ManifestFacts> {
        self.0.as_ref()?.manifest.as_ref()
    }

    /// Whether only releases open it to the holder of these licenses that should not be used any more: what is said of the newest.
    pub(crate) fn deprecation(&self, held: &[HeldLicense], now: DateTime<Utc>) -> Option<String> {
        // what else is made of the same image is nothing that others learn here
        let is_open = |asked: &&EntitlementSubject| decide(std::slice::from_ref(*asked), held, now).is_ok();
        let open: Vec<_> = self.asked().iter().filter(is_open).collect();
        let said = |asked: &&EntitlementSubject| {
            let (version, deprecation) = (asked.version.clone()?, asked.deprecated.as_ref()?);
            Some((version.clone(), format!("release \"{version}\" is {deprecation}")))
        };
        let said: Option<Vec<_>> = open.iter().map(said).collect();
        said?.into_iter().max_by(|(one, _), (other, _)| one.cmp(other)).map(|(_, text)| text)
    }
}

impl Pullable for FoundManifest {
    fn is_public(&self) -> bool {
        self.0.as_ref().is_some_and(|pull| pull.is_public)
    }

    fn is_there(&self) -> bool {
        self.manifest().is_some()
    }

    fn asked(&self) -> &[EntitlementSubject] {
        self.0.as_ref().map_or(&[], |pull| &pull.asked)
    }
}

impl Pullable for FoundBlob {
    fn is_public(&self) -> bool {
        self.pull.as_ref().is_some_and(|pull| pull.is_public)
    }

    fn is_there(&self) -> bool {
        self.is_held
    }

    fn asked(&self) -> &[EntitlementSubject] {
        self.pull.as_ref().map_or(&[], |pull| &pull.asked)
    }
}

type Answers<K, V> = Result<HashMap<K, V>, QueryError>;

async fn manifests(
    pool: Pool,
    questions: Vec<PullQuestion<Reference>>,
) -> Answers<PullQuestion<Reference>, Arc<FoundManifest>> {
    let found = pulls::manifests(&pool.get().await?, questions).await?;
    Ok(found.into_iter().map(|(question, pull)| (question, Arc::new(FoundManifest(Some(pull))))).collect())
}

/// What opens the blobs, and which of them the repositories hold: two statements that go out together.
async fn blobs(pool: Pool, questions: Vec<PullQuestion<Digest>>) -> Answers<PullQuestion<Digest>, Arc<FoundBlob>> {
    let client = pool.get().await?;
    let asked: Vec<_> =
        questions.iter().map(|of| (of.organization, of.repository.clone(), of.wanted.clone())).collect();
    let (mut pulls, held) = tokio::try_join!(pulls::blobs(&client, questions.clone()), async {
        Ok(links::held_of_many(&client, &asked).await?)
    })?;
    let found = questions.into_iter().zip(held).map(|(question, is_held)| {
        let pull = pulls.remove(&question);
        (question, Arc::new(FoundBlob { pull, is_held }))
    });
    Ok(found.collect())
}

async fn licenses(
    pool: Pool,
    customers: Vec<(OrganizationId, CustomerId)>,
) -> Answers<(OrganizationId, CustomerId), Arc<[HeldLicense]>> {
    let held = pulls::licenses(&pool.get().await?, customers).await?;
    Ok(held.into_iter().map(|(customer, held)| (customer, held.into())).collect())
}
