//! Whether a customer may pull something, as the registry decides it, without pulling it.

use std::str::FromStr;

use distr_domain::artifact::Visibility;
use distr_domain::entitlement::{Grant, Refusal, decide};
use distr_domain::ids::{CustomerId, OrganizationId};
use distr_domain::names::RepositoryPath;
use distr_domain::oci::{Digest, Reference};
use distr_projections::query::ReadClient;
use distr_projections::{QueryError, artifact, entitlement, repository};

use crate::clock::SharedClock;
use crate::failure::Failure;
use crate::models::{self, ReadModels};

/// The license that opens an artifact, or the reason why none does.
pub enum Decision {
    /// the repository is public
    Public,
    Granted(Grant),
    Refused(Refusal),
    /// nothing of this name is there
    Absent,
}

pub struct Checked {
    /// that the reference means
    pub digest: Option<Digest>,
    pub decision: Decision,
}

/// A tag or a digest, as people write it.
pub fn reference(text: &str) -> Result<Reference, Failure> {
    let is_digest = text.contains(':');
    let parsed = match is_digest {
        true => Digest::from_str(text).map(Reference::Digest).map_err(|error| error.to_string()),
        false => text.parse().map(Reference::Tag).map_err(|error: distr_domain::names::InvalidName| error.to_string()),
    };
    parsed.map_err(Failure::BadInput)
}

/// As of the moment that the request is about.
pub async fn check(
    (models, clock): (&ReadModels, &SharedClock),
    (organization, customer): (OrganizationId, CustomerId),
    path: &RepositoryPath,
    reference: &Reference,
) -> Result<Checked, Failure> {
    let client = models.client().await?;
    let found = digest(&client, organization, path, reference).await?;
    // asked of what is not there, too: nobody is to tell it by the time from what is another's
    let digest = found.clone().unwrap_or_else(none);
    let settings = repository::settings(&client, organization, path).await?;
    if settings.is_some_and(|settings| settings.visibility == Visibility::Public) {
        let decision = if found.is_some() { Decision::Public } else { Decision::Absent };
        return Ok(Checked { digest: found, decision });
    }
    let (now, digests) = (models::now(clock), std::slice::from_ref(&digest));
    let held = entitlement::held_licenses(&client, organization, customer).await?;
    let mut asked = entitlement::asked_for_manifests(&client, organization, path, digests)
        .await?
        .remove(&digest)
        .unwrap_or_default();
    let mut decided = decide(&asked, &held, now);
    if decided.is_err() {
        let attached = entitlement::asked_attached(&client, organization, path, digests).await?;
        asked.extend(attached.into_iter().map(|(_, asked)| asked));
        decided = decide(&asked, &held, now);
    }
    let decision = match found {
        Some(_) => decided.map_or_else(Decision::Refused, Decision::Granted),
        None => Decision::Absent,
    };
    Ok(Checked { digest: found, decision })
}

/// The digest of nothing that anybody has.
fn none() -> Digest {
    format!("sha256:{}", "0".repeat(64)).parse().expect("it has the form of one")
}

async fn digest(
    client: &ReadClient,
    organization: OrganizationId,
    path: &RepositoryPath,
    reference: &Reference,
) -> Result<Option<Digest>, QueryError> {
    Ok(match reference {
        Reference::Tag(tag) => artifact::find_tag(client, organization, path, tag).await?.map(|row| row.digest),
        Reference::Digest(digest) => {
            artifact::find_manifest(client, organization, path, digest).await?.map(|row| row.digest)
        }
    })
}
