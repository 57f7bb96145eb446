//! Asking for a release on a target: the license in force decides now, a seat is taken, the wish becomes a fact. The
//! answer is recorded either way, for the license audit.

mod attempt;
mod runtime;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use distr_domain::access::AccessOutcome;
use distr_domain::agent::AskedBy;
use distr_domain::channel::Channel;
use distr_domain::configuration::check_configuration;
use distr_domain::deployment::{Deployment, DeploymentCommand, DeploymentEvent, Desired, Origin};
use distr_domain::entitlement::{self, EntitlementSubject, Refusal};
use distr_domain::ids::{ApplicationId, ChannelId, DeploymentId, OrganizationId, ReleaseId, TargetId};
use distr_domain::names::Slug;
use distr_domain::rejection::Rejection;
use distr_domain::release::{Release, ReleaseStatus};
use distr_domain::upgrade_path::{Catalog, RefusedChange};
use distr_domain::version::Version;
use distr_eventlog::Executed;
use distr_projections::target::TargetRow;
use distr_projections::{
    Scope, application, channel, entitlement as read_entitlement, heartbeat, license, release, target,
};

use super::trust;
use crate::auth::RequestInfo;
use crate::commands::{Cause, Commands};
use crate::failure::{Failure, OperationError};
use crate::models::{Artifacts, ReadModels};
use crate::operations::desired::secret_names;
use crate::ops::secret::{Place, Vault};
use crate::pause;
use attempt::AccessAttempt;
use runtime::Suited;
pub use runtime::UnsuitedRejection;
use serde_json::{Map, Value};

/// The first version of agents that know files which a release ships.
const FILES_SINCE: &str = "0.2.0";

/// Why a release is not deployed, beside what licenses, seats, signatures and the deployment itself say.
#[derive(Debug, thiserror::Error)]
pub enum DeployRejection {
    #[error("target \"{target}\" may not run {release}: {refusal}")]
    NotEntitled { target: Slug, release: String, refusal: Refusal },
    #[error("config names secret {name:?}, which the customer does not have; set it first")]
    SecretMissing { name: String },
    #[error(
        "release {release} ships files, and the agent of target \"{target}\" is of version {agent}, which does not know them; update \
         it to {FILES_SINCE} or newer first"
    )]
    AgentTooOld { target: Slug, release: String, agent: String },
}

impl Rejection for DeployRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::NotEntitled { refusal, .. } => refusal.code(),
            Self::SecretMissing { .. } => "deployment.secret_missing",
            Self::AgentTooOld { .. } => "deployment.agent_too_old",
        }
    }
}

pub struct Deploy {
    pub scope: Scope,
    pub target: TargetId,
    pub target_name: Slug,
    pub application: Slug,
    pub wanted: Wanted,
    /// nothing means: as it is
    pub config: Option<BTreeMap<String, String>>,
    /// of a chart, beside what the configuration sets; the same
    pub values: Option<Map<String, Value>>,
    /// of a cluster; the same, and of a new deployment the target's first
    pub namespace: Option<Slug>,
    /// why the release may be older than what runs
    pub downgrade: Option<String>,
    /// the rollout that asks for it, if nobody else does
    pub origin: Option<Origin>,
}

/// The customer, if its members alone are in this scope, by whoever's invitation they are; else the vendor. Agents rely on it
/// only if their host's owner says so.
pub fn asked_by(scope: Scope) -> AskedBy {
    match scope.customer {
        Some(_) => AskedBy::Customer,
        None => AskedBy::Vendor,
    }
}

pub enum Wanted {
    Version(Version),
    /// where the channel stands now
    Channel(Slug),
}

impl Wanted {
    const fn channel(&self) -> Option<&Slug> {
        match self {
            Self::Version(_) => None,
            Self::Channel(name) => Some(name),
        }
    }
}

/// A wish that was written down.
pub struct AskedFor {
    pub executed: Executed<Deployment>,
    /// what whoever asked should know of the release
    pub warnings: Vec<String>,
}

/// The parts of the hub that a deployment has to do with.
pub struct Deploying<'a> {
    pub commands: &'a Commands,
    pub models: &'a ReadModels,
    pub artifacts: &'a Artifacts,
    pub vault: &'a Vault,
}

impl Deploying<'_> {
    pub async fn set_release(&self, cause: &Cause, request: &RequestInfo, deploy: Deploy) -> Result<AskedFor, Failure> {
        let organization = deploy.scope.organization;
        let id = DeploymentId::of(deploy.target, ApplicationId::of(organization, &deploy.application));
        if let Some(executed) = self.commands.repeated::<Deployment>(cause, id.0).await? {
            return self.asked_before(cause, request, &deploy, executed).await;
        }
        let target = self.target(&deploy).await?;
        let application = self.application(&deploy).await?;
        let (version, release) = self.release(&deploy, application).await?;
        let asked = self.asked(organization, application, &version, &release.status).await?;
        let held =
            read_entitlement::held_licenses(&*self.models.client().await?, organization, target.customer).await?;
        let before = self.commands.load::<Deployment>(id.0).await?;

        let release_name = format!("{} {version}", deploy.application);
        let commands = self.commands;
        let attempt = AccessAttempt {
            commands,
            cause,
            request,
            target: &target,
            application,
            release_name: &release_name,
            held: &held,
        };
        let decided = entitlement::decide_deploy(&asked, &held, before.license_in_use(), commands.now());
        let granted = match decided {
            Ok(granted) => granted,
            Err(refusal) => return Err(attempt.not_entitled(refusal).await?),
        };
        let usable = trust::check_usable(commands, self.artifacts, (organization, application), &version, &release);
        attempt.passed(usable.await).await?;
        let catalog = attempt.passed(self.check_path((organization, application), &before, &version).await).await?;
        attempt.passed(self.check_agent(&target, &release, &release_name).await).await?;
        let (config, secrets) = attempt.passed(self.config(&deploy, &target, &before).await).await?;
        let asked = (&config, &granted.features[..]);
        let suited = runtime::suit(&deploy, &target, &release, &before, asked).await;
        let Suited { values, namespace } = attempt.passed(suited).await?;
        attempt.passed(before.check_wanted().map_err(OperationError::Rejected)).await?;
        let seat = attempt.take_seat(self.models, granted.licenses, before.license_in_use()).await?;
        pause::at("deploy.seat_taken").await;
        let desired = Desired {
            customer: target.customer,
            target: target.id,
            application,
            version,
            license: seat.license,
            features: granted.features,
            config,
            values,
            namespace,
            secrets,
            asked_by: asked_by(deploy.scope),
            channel: deploy.wanted.channel().cloned(),
        };
        let warnings = warnings((&deploy.application, &desired.version), &release.status, &catalog);
        let heard = heard(self.models, organization, target.id, id).await?;
        let command =
            DeploymentCommand::SetDesired { desired, heard, downgrade: deploy.downgrade, origin: deploy.origin };
        let executed = commands.execute::<Deployment>(cause, id.0, &command).await?;
        if executed.position.is_some() {
            let rule = format!("license \"{}\"", seat.name);
            attempt.record(Some(seat.license), AccessOutcome::Granted { rule }).await?;
        }
        Ok(AskedFor { executed, warnings })
    }

    /// What the same request led to. Whoever was cut off before it was recorded makes up for that.
    async fn asked_before(
        &self,
        cause: &Cause,
        request: &RequestInfo,
        deploy: &Deploy,
        executed: Executed<Deployment>,
    ) -> Result<AskedFor, Failure> {
        let wish = executed.events.iter().find_map(|event| match event {
            DeploymentEvent::DesiredReleaseSet { desired, .. } => Some(desired.clone()),
            _ => None,
        });
        let Some(desired) = wish else { return Ok(AskedFor { executed, warnings: vec![] }) };
        let client = self.models.client().await?;
        let scope = Scope { organization: deploy.scope.organization, customer: None };
        let license = license::find(&client, scope, desired.license).await?;
        let target = target::find(&client, scope, desired.target).await?;
        let catalog = release::path_rules(&client, scope.organization, desired.application).await?;
        drop(client);
        let release_name = format!("{} {}", deploy.application, desired.version);
        if let (Some(license), Some(target)) = (license, target) {
            let attempt = AccessAttempt {
                commands: self.commands,
                cause,
                request,
                target: &target,
                application: desired.application,
                release_name: &release_name,
                held: &[],
            };
            let rule = format!("license \"{}\"", license.name);
            attempt.record(Some(license.id), AccessOutcome::Granted { rule }).await?;
        }
        let release = ReleaseId::of(desired.application, &desired.version);
        let release = self.commands.load::<Release>(release.0).await?;
        let warnings = warnings((&deploy.application, &desired.version), &release.status, &catalog);
        Ok(AskedFor { executed, warnings })
    }

    /// An agent that has not reported yet is taken for a new one.
    async fn check_agent(
        &self,
        target: &TargetRow,
        release: &Release,
        name: &str,
    ) -> Result<(), OperationError<DeployRejection>> {
        if release.content.compose().is_none_or(|compose| compose.files.is_empty()) {
            return Ok(());
        }
        let client = self.models.client().await?;
        let reported =
            heartbeat::of_targets(&client, target.organization, &[target.id]).await.map_err(Failure::from)?;
        let agent = reported.into_iter().next().map(|heartbeat| heartbeat.agent_version).unwrap_or_default();
        let is_older = |agent: Version| agent < FILES_SINCE.parse().expect("a version that is written here");
        match agent.parse().is_ok_and(is_older) {
            true => {
                let (target, release) = (target.name.clone(), name.to_owned());
                Err(OperationError::Rejected(DeployRejection::AgentTooOld { target, release, agent }))
            }
            false => Ok(()),
        }
    }

    /// The rules of the application's releases, if they let the version follow what runs, or ran last on the data that is there;
    /// where there is none, nothing is passed over.
    async fn check_path(
        &self,
        (organization, application): (OrganizationId, ApplicationId),
        before: &Deployment,
        version: &Version,
    ) -> Result<Catalog, OperationError<RefusedChange>> {
        let client = self.models.client().await?;
        let catalog = release::path_rules(&client, organization, application).await.map_err(Failure::from)?;
        if let Some(running) = before.data_of() {
            catalog.check_change(running, version).map_err(OperationError::Rejected)?;
        }
        Ok(catalog)
    }

    async fn target(&self, deploy: &Deploy) -> Result<TargetRow, Failure> {
        let found = target::find(&*self.models.client().await?, deploy.scope, deploy.target).await?;
        let live = found.filter(|target| target.retired_at.is_none());
        live.ok_or_else(|| Failure::not_found("target", &deploy.target_name))
    }

    /// What the catalog does not show to the caller is not there.
    async fn application(&self, deploy: &Deploy) -> Result<ApplicationId, Failure> {
        let id = ApplicationId::of(deploy.scope.organization, &deploy.application);
        let seen = application::find(&*self.models.client().await?, deploy.scope, id).await?;
        seen.map(|_| id).ok_or_else(|| Failure::not_found("application", &deploy.application))
    }

    /// A draft is as good as not there.
    async fn release(&self, deploy: &Deploy, application: ApplicationId) -> Result<(Version, Release), Failure> {
        let version = match &deploy.wanted {
            Wanted::Version(version) => version.clone(),
            Wanted::Channel(name) => {
                let nowhere = || Failure::not_found("release in channel", format!("{}/{name}", deploy.application));
                let id = ChannelId::of(application, name);
                // one that is for others is not there
                let client = self.models.client().await?;
                channel::find(&client, deploy.scope, id, self.commands.now()).await?.ok_or_else(nowhere)?;
                drop(client);
                let channel = self.commands.load::<Channel>(id.0).await?;
                channel.current().cloned().ok_or_else(nowhere)?
            }
        };
        let release = self.commands.load::<Release>(ReleaseId::of(application, &version).0).await?;
        match release.status {
            ReleaseStatus::Missing | ReleaseStatus::Draft => {
                Err(Failure::not_found("release", format!("{} {version}", deploy.application)))
            }
            _ => Ok((version, release)),
        }
    }

    /// From the log rather than the read model where the two could differ in what is refused: the revocation.
    async fn asked(
        &self,
        organization: OrganizationId,
        application: ApplicationId,
        version: &Version,
        status: &ReleaseStatus,
    ) -> Result<EntitlementSubject, Failure> {
        let id = ReleaseId::of(application, version);
        let found = read_entitlement::asked_for_release(&*self.models.client().await?, organization, id).await?;
        let mut asked = found.unwrap_or_else(|| EntitlementSubject {
            application,
            version: Some(version.clone()),
            channels: vec![],
            revoked: None,
            deprecated: None,
            feature: None,
        });
        if let ReleaseStatus::Revoked { reason } = status {
            asked.revoked = Some(reason.clone());
        }
        Ok(asked)
    }

    /// The variables, and when each secret that they name was set last.
    async fn config(
        &self,
        deploy: &Deploy,
        target: &TargetRow,
        before: &Deployment,
    ) -> Result<(BTreeMap<String, String>, BTreeMap<String, DateTime<Utc>>), OperationError<DeployRejection>> {
        let kept = || before.desired.as_ref().map(|desired| desired.config.clone()).unwrap_or_default();
        let config = deploy.config.clone().unwrap_or_else(kept);
        let given = deploy.config.iter().flatten();
        check_configuration(given).map_err(|error| Failure::BadInput(error.to_string()))?;
        let names: Vec<String> = config.values().flat_map(|value| secret_names(value)).collect();
        let place = Place { organization: deploy.scope.organization, customer: target.customer };
        let known = self.vault.changed(place, &names).await?;
        match names.iter().find(|name| !known.contains_key(*name)) {
            None => Ok((config, known)),
            Some(missing) if deploy.config.is_some() => {
                Err(OperationError::Rejected(DeployRejection::SecretMissing { name: missing.clone() }))
            }
            // one that was removed since; the agent says what it lacks
            Some(_) => Ok((config, known)),
        }
    }
}

/// The newest generation of the deployment that its agent spoke of.
pub async fn heard(
    models: &ReadModels,
    organization: OrganizationId,
    target: TargetId,
    deployment: DeploymentId,
) -> Result<u64, Failure> {
    let newest = heartbeat::of_targets(&*models.client().await?, organization, &[target]).await?;
    let reports = newest.into_iter().flat_map(|heartbeat| heartbeat.deployments);
    let own = reports.filter(|report| report.deployment == deployment);
    let generations = own.flat_map(|of| [Some(of.generation), of.running.map(|running| running.generation)]);
    Ok(generations.flatten().max().unwrap_or_default())
}

/// What is better known before the release runs: that it is deprecated, or older than one that every installation has to pass.
fn warnings((application, version): (&Slug, &Version), status: &ReleaseStatus, catalog: &Catalog) -> Vec<String> {
    let deprecated = match status {
        ReleaseStatus::Deprecated(deprecation) => Some(format!("{application} {version} is {deprecation}")),
        _ => None,
    };
    let outdated = catalog.floor_above(version).map(|(floor, reason)| {
        format!("{application} {version} is older than {floor}, which is required ({reason}); deploy it next")
    });
    deprecated.into_iter().chain(outdated).collect()
}
