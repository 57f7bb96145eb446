//! What a rollout has to know of the targets that have its application.

use chrono::{DateTime, Utc};
use distr_domain::agent::{ErrorCategory, Step};
use distr_domain::deployment::Phase;
use distr_domain::ids::{ApplicationId, CustomerId, LicenseId, OrganizationId, RolloutId, TargetId};
use distr_domain::label::Labels;
use distr_domain::names::Slug;
use distr_domain::version::Version;
use serde::Deserialize;

use crate::error::QueryError;
use crate::query::{self, ReadClient};

/// The application on a target, as a rollout sees it.
#[derive(Debug, Clone, Deserialize)]
pub struct Candidate {
    pub target: TargetId,
    pub target_name: Slug,
    pub customer: CustomerId,
    /// the vendor's
    pub labels: Labels,
    pub customer_labels: Labels,
    pub is_retired: bool,
    pub heard_at: Option<DateTime<Utc>>,
    pub generation: u64,
    pub license: LicenseId,
    pub phase: Phase,
    pub phase_since: DateTime<Utc>,
    pub step: Option<Step>,
    pub error_category: Option<ErrorCategory>,
    pub error: Option<String>,
    pub running: Option<Version>,
    /// the last version that was healthy here and is another than what runs
    pub previous: Option<Version>,
    /// something is being done on the target, also by the deployment itself
    pub is_busy: bool,
    /// what the rollout asked for last
    pub wish: Option<CandidateWish>,
    /// other open rollouts of the application that the target is a member of
    pub claims: Option<Vec<CandidateClaim>>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct CandidateWish {
    pub version: Version,
    pub attempt: u32,
    pub generation: u64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct CandidateClaim {
    pub rollout: RolloutId,
    pub version: Version,
    pub in_flight: bool,
}

/// All deployments of an application in an organization: also those on retired targets, and the removed.
pub async fn candidates(
    client: &ReadClient,
    organization: OrganizationId,
    application: ApplicationId,
    rollout: RolloutId,
) -> Result<Vec<Candidate>, QueryError> {
    let sql = include_str!("candidates.sql");
    query::all(client, sql, &[&organization.0, &application.0, &rollout.0]).await
}
