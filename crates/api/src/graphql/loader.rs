//! Nested fields load in batches: one query for all the parents of a list.

mod rollout;
mod upgrade_path;

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader as DataLoad;
use deadpool_postgres::Pool;
use distr_domain::entitlement::{Refusal, decide};
use distr_domain::ids::{ApplicationId, CustomerId, MemberId, OrganizationId, ReleaseId, TargetId, TokenId};
use distr_domain::names::RepositoryPath;
use distr_domain::oci::Digest;
use distr_projections::Scope;
use distr_projections::application::{self, ApplicationRow};
use distr_projections::artifact::listing;
use distr_projections::customer::{self, CustomerRow};
use distr_projections::deployment::{self, DeploymentRow};
use distr_projections::entitlement;
use distr_projections::heartbeat::{self, HeartbeatRow};
use distr_projections::member::{self, MemberRow};
use distr_projections::release::{self, ReleaseRow};
use distr_projections::target::{self, TargetRow};
use distr_projections::token::{self, TokenEnd};
use distr_registry::bytes_of_repositories;

use crate::clock::SharedClock;
use crate::failure::Failure;
use crate::hub::Hub;
use crate::limits::shares::{self, SharedClient};
use crate::models::{self, ReadModels};
use crate::ops::credential::LastUse;
use crate::ops::{credential, person};

pub(super) use rollout::{CountsOf, LookAt, WaitingOf};
pub(super) use upgrade_path::PathRulesOf;

pub(super) struct Loader {
    hub: Arc<Hub>,
    models: ReadModels,
    ops: Pool,
    clock: SharedClock,
}

impl Loader {
    pub(super) fn new(hub: Arc<Hub>) -> Self {
        let (models, ops) = (hub.models.clone(), hub.sessions.pool.clone());
        let clock = hub.commands.clock.clone();
        Self { hub, models, ops, clock }
    }

    async fn client(&self) -> Result<SharedClient, Failure> {
        self.models.client().await
    }

    async fn operations(&self) -> Result<SharedClient, Failure> {
        shares::client(shares::Of::Operations, &self.ops).await
    }
}

/// Something of an organization. What is in one batch may be of several organizations; each is asked for by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Of<I> {
    pub organization: OrganizationId,
    pub id: I,
}

/// What hangs on a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct DeploymentsOf(pub Of<TargetId>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct HeartbeatOf(pub Of<TargetId>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PersonOf(pub Of<MemberId>);

/// Of a token that the asker may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct UseOf(pub TokenId);

/// When a token ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct EndOf(pub Of<TokenId>);

/// Why a customer may not have a release now; not loaded, if it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct RefusalOf {
    pub organization: OrganizationId,
    pub customer: CustomerId,
    pub release: ReleaseId,
}

/// How many bytes a repository holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct BytesOf {
    pub organization: OrganizationId,
    pub repository: RepositoryPath,
}

/// A manifest of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ManifestOf {
    pub organization: OrganizationId,
    pub repository: RepositoryPath,
    pub digest: Digest,
}

/// How many bytes a manifest is with what it names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct SizeOf(pub ManifestOf);

/// The releases that name a manifest; not loaded, if none does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct NamersOf(pub ManifestOf);

/// Name and address of a person.
#[derive(Debug, Clone)]
pub(super) struct PersonName {
    pub name: String,
    pub email: String,
}

fn by_organization<I: Copy>(keys: impl Iterator<Item = Of<I>>) -> HashMap<OrganizationId, Vec<I>> {
    let mut groups: HashMap<_, Vec<I>> = HashMap::new();
    for key in keys {
        groups.entry(key.organization).or_default().push(key.id);
    }
    groups
}

macro_rules! load_by_id {
    ($id:ty, $row:ty, $load:path) => {
        impl DataLoad<Of<$id>> for Loader {
            type Value = $row;
            type Error = BatchFailure;

            async fn load(&self, keys: &[Of<$id>]) -> Result<HashMap<Of<$id>, $row>, Self::Error> {
                let client = self.client().await?;
                let mut found = HashMap::new();
                for (organization, ids) in by_organization(keys.iter().copied()) {
                    let rows = $load(&client, organization, &ids).await?;
                    found.extend(rows.into_iter().map(|row| (Of { organization, id: row.id }, row)));
                }
                Ok(found)
            }
        }
    };
}

load_by_id!(ApplicationId, ApplicationRow, application::by_ids);
load_by_id!(CustomerId, CustomerRow, customer::by_ids);
load_by_id!(TargetId, TargetRow, target::by_ids);
load_by_id!(MemberId, MemberRow, member::by_ids);
load_by_id!(ReleaseId, ReleaseRow, release::by_ids);

impl DataLoad<RefusalOf> for Loader {
    type Value = Refusal;
    type Error = BatchFailure;

    /// Of now, in a request about the past, too: what a customer may not have any more is not shown as it was.
    async fn load(&self, keys: &[RefusalOf]) -> Result<HashMap<RefusalOf, Refusal>, Self::Error> {
        let (client, now) = (models::as_of(None, self.client()).await?, self.clock.now());
        let mut releases: HashMap<_, Vec<ReleaseId>> = HashMap::new();
        for key in keys {
            releases.entry((key.organization, key.customer)).or_default().push(key.release);
        }
        let mut refused = HashMap::new();
        for ((organization, customer), ids) in releases {
            let held = entitlement::held_licenses(&client, organization, customer).await?;
            let asked: HashMap<_, _> =
                entitlement::asked_for_releases(&client, organization, &ids).await?.into_iter().collect();
            for release in ids {
                let asked = asked.get(&release).map(std::slice::from_ref).unwrap_or_default();
                if let Err(refusal) = decide(asked, &held, now) {
                    refused.insert(RefusalOf { organization, customer, release }, refusal);
                }
            }
        }
        Ok(refused)
    }
}

impl DataLoad<DeploymentsOf> for Loader {
    type Value = Vec<DeploymentRow>;
    type Error = BatchFailure;

    async fn load(&self, keys: &[DeploymentsOf]) -> Result<HashMap<DeploymentsOf, Self::Value>, Self::Error> {
        let client = self.client().await?;
        let mut found: HashMap<_, Vec<_>> = HashMap::new();
        for (organization, ids) in by_organization(keys.iter().map(|key| key.0)) {
            // the target was found in the asker's scope, and its deployments are of the same customer
            let scope = Scope { organization, customer: None };
            for row in deployment::of_targets(&client, scope, &ids).await? {
                found.entry(DeploymentsOf(Of { organization, id: row.target })).or_default().push(row);
            }
        }
        Ok(found)
    }
}

impl DataLoad<HeartbeatOf> for Loader {
    type Value = HeartbeatRow;
    type Error = BatchFailure;

    async fn load(&self, keys: &[HeartbeatOf]) -> Result<HashMap<HeartbeatOf, Self::Value>, Self::Error> {
        let client = self.client().await?;
        let mut found = HashMap::new();
        for (organization, ids) in by_organization(keys.iter().map(|key| key.0)) {
            let rows = heartbeat::of_targets(&client, organization, &ids).await?;
            found.extend(rows.into_iter().map(|row| (HeartbeatOf(Of { organization, id: row.id }), row)));
        }
        Ok(found)
    }
}

impl DataLoad<PersonOf> for Loader {
    type Value = PersonName;
    type Error = BatchFailure;

    async fn load(&self, keys: &[PersonOf]) -> Result<HashMap<PersonOf, PersonName>, Self::Error> {
        let client = self.operations().await?;
        let mut found = HashMap::new();
        for (organization, ids) in by_organization(keys.iter().map(|key| key.0)) {
            for person in person::by_members(&client, organization, &ids).await? {
                let name = PersonName { name: person.name, email: person.email };
                found.insert(PersonOf(Of { organization, id: person.member }), name);
            }
        }
        Ok(found)
    }
}

impl DataLoad<UseOf> for Loader {
    type Value = LastUse;
    type Error = BatchFailure;

    async fn load(&self, keys: &[UseOf]) -> Result<HashMap<UseOf, LastUse>, Self::Error> {
        let client = self.operations().await?;
        let ids: Vec<_> = keys.iter().map(|key| key.0.0).collect();
        let uses = credential::last_uses(&client, &ids).await?;
        Ok(uses.into_iter().map(|(id, used)| (UseOf(TokenId(id)), used)).collect())
    }
}

impl DataLoad<EndOf> for Loader {
    type Value = TokenEnd;
    type Error = BatchFailure;

    async fn load(&self, keys: &[EndOf]) -> Result<HashMap<EndOf, TokenEnd>, Self::Error> {
        let client = self.client().await?;
        let mut found = HashMap::new();
        for (organization, ids) in by_organization(keys.iter().map(|key| key.0)) {
            let rows = token::ends(&client, organization, &ids).await?;
            found.extend(rows.into_iter().map(|row| (EndOf(Of { organization, id: row.id }), row)));
        }
        Ok(found)
    }
}

impl DataLoad<BytesOf> for Loader {
    type Value = u64;
    type Error = BatchFailure;

    async fn load(&self, keys: &[BytesOf]) -> Result<HashMap<BytesOf, u64>, Self::Error> {
        let client = self.client().await?;
        let mut paths: HashMap<OrganizationId, Vec<RepositoryPath>> = HashMap::new();
        for BytesOf { organization, repository } in keys {
            paths.entry(*organization).or_default().push(repository.clone());
        }
        let mut found = HashMap::new();
        for (organization, paths) in paths {
            let bytes = bytes_of_repositories(&client, organization, &paths).await?;
            let of = |(repository, bytes)| (BytesOf { organization, repository }, bytes);
            found.extend(bytes.into_iter().map(of));
        }
        Ok(found)
    }
}

/// Those of one repository together.
fn by_repository(keys: impl Iterator<Item = ManifestOf>) -> HashMap<(OrganizationId, RepositoryPath), Vec<Digest>> {
    let mut groups: HashMap<_, Vec<Digest>> = HashMap::new();
    for ManifestOf { organization, repository, digest } in keys {
        groups.entry((organization, repository)).or_default().push(digest);
    }
    groups
}

impl DataLoad<SizeOf> for Loader {
    type Value = u64;
    type Error = BatchFailure;

    async fn load(&self, keys: &[SizeOf]) -> Result<HashMap<SizeOf, u64>, Self::Error> {
        let client = self.client().await?;
        let mut found = HashMap::new();
        for ((organization, repository), digests) in by_repository(keys.iter().map(|key| key.0.clone())) {
            for listing::ManifestSize { digest, bytes } in
                listing::sizes(&client, organization, &repository, &digests).await?
            {
                found.insert(SizeOf(ManifestOf { organization, repository: repository.clone(), digest }), bytes);
            }
        }
        Ok(found)
    }
}

impl DataLoad<NamersOf> for Loader {
    type Value = Vec<ReleaseId>;
    type Error = BatchFailure;

    async fn load(&self, keys: &[NamersOf]) -> Result<HashMap<NamersOf, Self::Value>, Self::Error> {
        let client = self.client().await?;
        let mut found = HashMap::new();
        for ((organization, repository), digests) in by_repository(keys.iter().map(|key| key.0.clone())) {
            for listing::NamedBy { digest, releases } in
                listing::named_by(&client, organization, &repository, &digests).await?
            {
                found.insert(NamersOf(ManifestOf { organization, repository: repository.clone(), digest }), releases);
            }
        }
        Ok(found)
    }
}

/// The failure of a batch, which fails each of its fields.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub(super) struct BatchFailure(Arc<Failure>);

impl<E> From<E> for BatchFailure
where
    Failure: From<E>,
{
    fn from(error: E) -> Self {
        Self(Arc::new(error.into()))
    }
}

/// The failure of one field whose batch failed.
pub(super) fn failed(batch: BatchFailure) -> Failure {
    match *batch.0 {
        Failure::TooMany { seconds } => Failure::TooMany { seconds },
        Failure::Unavailable(_) => Failure::Unavailable(Box::new(batch)),
        _ => Failure::fault(batch),
    }
}
