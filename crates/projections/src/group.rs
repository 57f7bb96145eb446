//! Which projections advance together. Those of a group share a checkpoint, and so show one state of the log.

use distr_eventlog::Selection;
use tokio_postgres::Client;

use crate::error::ProjectionError;
use crate::table::{Table, table};
use crate::{
    access, alert, application, artifact, channel, consequence, customer, deployment, generation, heartbeat,
    heartbeat_hour, license, license_audit, member, organization, picture, release, repository, rollout,
    rollout_policy, rollout_target, seat, target, token,
};

/// A set of tables, and what of the log they are made from.
pub struct Group {
    pub name: &'static str,
    pub(crate) selection: Selection,
    pub(crate) tables: Vec<Box<dyn Table>>,
}

impl Group {
    /// What facts say of everything; mutations wait for it.
    pub const CORE: &'static str = "core";
    /// The latest heartbeat of each target, and how many there were: apart, so that the flood never holds up the facts.
    pub const FLEET: &'static str = "fleet";
    /// Grants, changes, uses and refusals in order; who pulled and pushed what; what led to what.
    pub const AUDIT: &'static str = "audit";
}

/// All groups, over the tables of the schema that `client` looks into.
pub async fn groups(client: &Client) -> Result<Vec<Group>, ProjectionError> {
    let core = vec![
        table::<organization::OrganizationProjection>(client).await?,
        table::<picture::PictureProjection>(client).await?,
        table::<member::MemberProjection>(client).await?,
        table::<token::TokenProjection>(client).await?,
        table::<customer::CustomerProjection>(client).await?,
        table::<application::ApplicationProjection>(client).await?,
        table::<release::ReleaseProjection>(client).await?,
        table::<channel::ChannelProjection>(client).await?,
        table::<artifact::ManifestProjection>(client).await?,
        table::<artifact::TagProjection>(client).await?,
        table::<repository::RepositoryProjection>(client).await?,
        table::<license::LicenseProjection>(client).await?,
        table::<seat::SeatProjection>(client).await?,
        table::<target::TargetProjection>(client).await?,
        table::<deployment::DeploymentProjection>(client).await?,
        table::<generation::GenerationProjection>(client).await?,
        table::<rollout_policy::RolloutPolicyProjection>(client).await?,
        table::<rollout::RolloutProjection>(client).await?,
        table::<rollout_target::RolloutTargetProjection>(client).await?,
        table::<alert::AlertPutOffProjection>(client).await?,
    ];
    let fleet = vec![
        table::<heartbeat::HeartbeatProjection>(client).await?,
        table::<heartbeat_hour::HeartbeatHourProjection>(client).await?,
    ];
    let audit = vec![
        table::<license_audit::LicenseAuditProjection>(client).await?,
        table::<access::AccessProjection>(client).await?,
        table::<consequence::ConsequenceProjection>(client).await?,
    ];
    Ok(vec![
        Group { name: Group::CORE, selection: Selection::Facts, tables: core },
        Group { name: Group::FLEET, selection: Selection::Telemetry, tables: fleet },
        Group { name: Group::AUDIT, selection: Selection::All, tables: audit },
    ])
}
