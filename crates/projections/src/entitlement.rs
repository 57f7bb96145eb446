//! What the rule of entitlement needs to know, read from several tables. The rule itself is in the domain. Nobody else's SQL
//! looks for what opens a manifest or a blob.

pub mod pulls;

use std::collections::HashMap;
use std::hash::Hash;

use distr_domain::entitlement::{EntitlementSubject, HeldLicense};
use distr_domain::ids::{ApplicationId, CustomerId, OrganizationId, ReleaseId};
use distr_domain::names::RepositoryPath;
use distr_domain::oci::Digest;
use serde::Deserialize;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::error::QueryError;
use crate::query::{self, ReadClient};

/// All that the customer ever held, by name; the rule looks at the clock and the standing.
pub async fn held_licenses(
    client: &ReadClient,
    organization: OrganizationId,
    customer: CustomerId,
) -> Result<Vec<HeldLicense>, QueryError> {
    query::all(client, include_str!("entitlement/licenses.sql"), &[&organization.0, &customer.0]).await
}

/// All that customers ever held for an application, by customer, then by name.
pub async fn licenses_of_application(
    client: &ReadClient,
    organization: OrganizationId,
    application: ApplicationId,
) -> Result<HashMap<CustomerId, Vec<HeldLicense>>, QueryError> {
    #[derive(Deserialize)]
    struct Held {
        key: CustomerId,
        license: HeldLicense,
    }
    let sql = include_str!("entitlement/licenses_of_application.sql");
    let held: Vec<Held> = query::all(client, sql, &[&organization.0, &application.0]).await?;
    let mut of: HashMap<CustomerId, Vec<HeldLicense>> = HashMap::new();
    for Held { key, license } in held {
        of.entry(key).or_default().push(license);
    }
    Ok(of)
}

/// Whether a repository is any of the customer's business, whatever its licenses say now.
pub async fn concerns(
    client: &ReadClient,
    organization: OrganizationId,
    customer: CustomerId,
    repository: &RepositoryPath,
) -> Result<bool, QueryError> {
    let parameters: [&(dyn ToSql + Sync); 3] = [&organization.0, &customer.0, &repository.as_str()];
    Ok(query::find(client, include_str!("entitlement/repository.sql"), &parameters).await?.unwrap_or(false))
}

/// A release that is not a draft.
pub async fn asked_for_release(
    client: &ReadClient,
    organization: OrganizationId,
    release: ReleaseId,
) -> Result<Option<EntitlementSubject>, QueryError> {
    query::find(client, include_str!("entitlement/release.sql"), &[&organization.0, &release.0]).await
}

/// The same of many; drafts are not in the answer.
pub async fn asked_for_releases(
    client: &ReadClient,
    organization: OrganizationId,
    releases: &[ReleaseId],
) -> Result<Vec<(ReleaseId, EntitlementSubject)>, QueryError> {
    let releases: Vec<Uuid> = releases.iter().map(|release| release.0).collect();
    let sql = include_str!("entitlement/releases.sql");
    let found = query::all::<AskedFor<ReleaseId>>(client, sql, &[&organization.0, &releases]).await?;
    Ok(found.into_iter().map(|found| (found.key, found.asked)).collect())
}

/// The releases that contain each of these manifests: they name it, or an index that lists it at any depth. One that no release
/// contains is not in the answer.
pub async fn asked_for_manifests(
    client: &ReadClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
    digests: &[Digest],
) -> Result<HashMap<Digest, Vec<EntitlementSubject>>, QueryError> {
    let digests: Vec<&str> = digests.iter().map(Digest::as_str).collect();
    let repository = repository.as_str();
    let sql = include_str!("entitlement/manifests.sql");
    let found = query::all::<AskedFor<Digest>>(client, sql, &[&organization.0, &repository, &digests]).await?;
    Ok(grouped(found))
}

/// What opens these manifests and blobs besides the releases that contain them: the features that open one of their tags; and
/// where neither is, the releases and features of what they are attached to, as referrers or by a tag. What is contained in a
/// release is never opened by an attachment. Each with the digest that it is for.
pub async fn asked_attached(
    client: &ReadClient,
    organization: OrganizationId,
    repository: &RepositoryPath,
    digests: &[Digest],
) -> Result<Vec<(Digest, EntitlementSubject)>, QueryError> {
    let digests: Vec<&str> = digests.iter().map(Digest::as_str).collect();
    let (sql, repository) = (include_str!("entitlement/attached.sql"), repository.as_str());
    let attached = query::all::<AskedFor<Digest>>(client, sql, &[&organization.0, &repository, &digests]).await?;
    Ok(attached.into_iter().map(|attached| (attached.key, attached.asked)).collect())
}

/// The repositories that releases of these applications name, each with those releases.
pub async fn asked_by_repository(
    client: &ReadClient,
    organization: OrganizationId,
    applications: &[ApplicationId],
) -> Result<HashMap<RepositoryPath, Vec<EntitlementSubject>>, QueryError> {
    let applications: Vec<Uuid> = applications.iter().map(|application| application.0).collect();
    let sql = include_str!("entitlement/repositories.sql");
    Ok(grouped(query::all::<AskedFor<RepositoryPath>>(client, sql, &[&organization.0, &applications]).await?))
}

#[derive(Deserialize)]
struct AskedFor<K> {
    key: K,
    asked: EntitlementSubject,
}

fn grouped<K: Eq + Hash>(found: Vec<AskedFor<K>>) -> HashMap<K, Vec<EntitlementSubject>> {
    let mut grouped: HashMap<K, Vec<EntitlementSubject>> = HashMap::new();
    for AskedFor { key, asked } in found {
        grouped.entry(key).or_default().push(asked);
    }
    grouped
}
