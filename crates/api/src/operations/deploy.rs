//! Asking for a release on a target: the license in force decides now, a seat is taken, the wish becomes a fact. The
//! answer is recorded either way, for the license audit.

use std::collections::BTreeMap;

use distr_domain::access::{AccessAction, AccessOutcome, AccessRecord};
use distr_domain::agent::AskedBy;
use distr_domain::channel::Channel;
use distr_domain::deployment::{Deployment, DeploymentCommand, Desired};
use distr_domain::entitlement::{self, Asked, Grant, HeldLicense, Refusal};
use distr_domain::ids::{ApplicationId, ChannelId, DeploymentId, LicenseId, ReleaseId, TargetId};
use distr_domain::license::{License, LicenseCommand};
use distr_domain::names::Slug;
use distr_domain::rejection::Rejection;
use distr_domain::release::{Release, ReleaseStatus};
use distr_domain::version::Version;
use distr_eventlog::{ExecuteError, Executed, TelemetryKind, TelemetryRecord};
use distr_projections::target::TargetRow;
use distr_projections::{Scope, application, entitlement as read_entitlement, target};

use super::trust::TrustError;
use super::{load, trust};
use crate::auth::RequestInfo;
use crate::failure::{Failure, OperationError};
use crate::hub::{Cause, Hub};
use crate::operations::desired::secret_names;
use crate::ops::secret::Place;
use crate::pause;

/// Why a release is not deployed, beside what licenses, seats, signatures and the deployment itself say.
#[derive(Debug, thiserror::Error)]
pub enum DeployRejection {
    #[error("target \"{target}\" may not run {release}: {refusal}")]
    NotEntitled { target: Slug, release: String, refusal: Refusal },
    #[error("config names secret {name:?}, which the customer does not have; set it first")]
    SecretMissing { name: String },
}

impl Rejection for DeployRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::NotEntitled { refusal, .. } => refusal.code(),
            Self::SecretMissing { .. } => "deployment.secret_missing",
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

pub async fn set_release(
    hub: &Hub,
    cause: &Cause,
    request: &RequestInfo,
    deploy: Deploy,
) -> Result<Executed<Deployment>, Failure> {
    let client = hub.read().await?;
    let target = target::find(&client, deploy.scope, deploy.target)
        .await?
        .filter(|target| target.retired_at.is_none())
        .ok_or_else(|| Failure::not_found("target", &deploy.target_name))?;
    let application = ApplicationId::of(deploy.scope.organization, &deploy.application);
    // what the catalog does not show to the caller is not there
    let seen = application::find(&client, deploy.scope, application).await?;
    seen.ok_or_else(|| Failure::not_found("application", &deploy.application))?;
    drop(client);
    let version = wanted_version(hub, &deploy, application).await?;
    let release = load::<Release>(hub, ReleaseId::of(application, &version).0).await?;
    let release_name = format!("{} {version}", deploy.application);
    // a draft is as good as not there
    if matches!(release.status, ReleaseStatus::Missing | ReleaseStatus::Draft) {
        return Err(Failure::not_found("release", release_name));
    }
    let asked = asked(hub, deploy.scope, application, &version, &release.status).await?;
    let held = read_entitlement::held_licenses(&hub.read().await?, deploy.scope.organization, target.customer).await?;
    let id = DeploymentId::of(target.id, application);
    let before = load::<Deployment>(hub, id.0).await?;
    let config = config(hub, &deploy, &target, &before).await?;

    let use_of = Use { cause, request, target: &target, application, release_name: &release_name, held: &held };
    let mut grants = match entitlement::grants(&asked, &held, hub.clock.now()) {
        Ok(grants) => grants,
        Err(refusal) => return Err(use_of.not_entitled(hub, refusal).await?),
    };
    if let Err(reason) = trust::check_usable(hub, deploy.scope.organization, application, &version, &release).await {
        return Err(use_of.unsigned(hub, reason).await?);
    }
    // where the target sits, it stays
    grants.sort_by_key(|grant| Some(grant.license) != before.license_in_use());
    let grant = use_of.take_seat(hub, grants).await?;
    pause::at("deploy.seat_taken").await;
    let features = entitlement::features(&asked, &held, hub.clock.now());
    let desired = Desired {
        customer: target.customer,
        target: target.id,
        application,
        version,
        license: grant.license,
        features,
        config,
        asked_by: asked_by(deploy.scope),
    };
    let executed = hub.execute::<Deployment>(cause, id.0, &DeploymentCommand::SetDesired(desired)).await?;
    if executed.position.is_some() {
        let rule = format!("license \"{}\"", grant.name);
        use_of.record(hub, Some(grant.license), AccessOutcome::Granted { rule }).await?;
    }
    Ok(executed)
}

async fn wanted_version(hub: &Hub, deploy: &Deploy, application: ApplicationId) -> Result<Version, Failure> {
    match &deploy.wanted {
        Wanted::Version(version) => Ok(version.clone()),
        Wanted::Channel(name) => {
            let channel = load::<Channel>(hub, ChannelId::of(application, name).0).await?;
            let current = channel.current().cloned();
            current.ok_or_else(|| Failure::not_found("release in channel", format!("{}/{name}", deploy.application)))
        }
    }
}

/// From the log rather than the read model where the two could differ in what is refused: the revocation.
async fn asked(
    hub: &Hub,
    scope: Scope,
    application: ApplicationId,
    version: &Version,
    status: &ReleaseStatus,
) -> Result<Asked, Failure> {
    let id = ReleaseId::of(application, version);
    let found = read_entitlement::asked_for_release(&hub.read().await?, scope.organization, id).await?;
    let mut asked = found.unwrap_or_else(|| Asked {
        application,
        version: Some(version.clone()),
        channels: vec![],
        revoked: None,
        feature: None,
    });
    if let ReleaseStatus::Revoked { reason } = status {
        asked.revoked = Some(reason.clone());
    }
    Ok(asked)
}

async fn config(
    hub: &Hub,
    deploy: &Deploy,
    target: &TargetRow,
    before: &Deployment,
) -> Result<BTreeMap<String, String>, Failure> {
    let Some(config) = &deploy.config else {
        return Ok(before.desired.as_ref().map(|desired| desired.config.clone()).unwrap_or_default());
    };
    for key in config.keys() {
        let valid = key.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_')
            && key.bytes().next().is_some_and(|c| !c.is_ascii_digit());
        if !valid {
            return Err(Failure::BadInput(format!("config key {key:?}: use letters, digits and _, not a digit first")));
        }
    }
    let names: Vec<String> = config.values().flat_map(|value| secret_names(value)).collect();
    let place = Place { organization: deploy.scope.organization, customer: target.customer };
    let known = hub.vault.get(&hub.ops.get().await?, place, &names).await?;
    match names.iter().find(|name| !known.contains_key(*name)) {
        None => Ok(config.clone()),
        Some(missing) => Err(Failure::rejected(DeployRejection::SecretMissing { name: missing.clone() })),
    }
}

fn refused(rejection: &impl Rejection) -> AccessOutcome {
    AccessOutcome::Refused { code: rejection.code().to_owned(), reason: rejection.to_string() }
}

/// One attempt to use a right, for the record.
struct Use<'a> {
    cause: &'a Cause,
    request: &'a RequestInfo,
    target: &'a TargetRow,
    application: ApplicationId,
    release_name: &'a str,
    held: &'a [HeldLicense],
}

impl Use<'_> {
    /// A seat of the first of these licenses that has one. If none has, the reason is the first one's.
    async fn take_seat(&self, hub: &Hub, grants: Vec<Grant>) -> Result<Grant, Failure> {
        let command = LicenseCommand::TakeSeat { target: self.target.id };
        let mut no_seat = None;
        for grant in grants {
            match hub.append::<License>(self.cause, grant.license.0, &command).await {
                Ok(_) => return Ok(grant),
                Err(ExecuteError::Rejected(reason)) => _ = no_seat.get_or_insert((grant.license, reason)),
                Err(other) => return Err(other.into()),
            }
        }
        let (license, reason) = no_seat.ok_or(Failure::Conflict)?;
        self.record(hub, Some(license), refused(&reason)).await?;
        Err(Failure::rejected(reason))
    }

    async fn not_entitled(&self, hub: &Hub, refusal: Refusal) -> Result<Failure, Failure> {
        let license =
            refusal.license().and_then(|name| self.held.iter().find(|held| held.name == *name)).map(|held| held.id);
        self.record(hub, license, refused(&refusal)).await?;
        let (target, release) = (self.target.name.clone(), self.release_name.to_owned());
        Ok(Failure::rejected(DeployRejection::NotEntitled { target, release, refusal }))
    }

    /// A release that the signing policy of now does not let through.
    async fn unsigned(&self, hub: &Hub, reason: TrustError) -> Result<Failure, Failure> {
        if let OperationError::Rejected(reason) = &reason {
            self.record(hub, None, refused(reason)).await?;
        }
        Ok(reason.into())
    }

    async fn record(&self, hub: &Hub, license: Option<LicenseId>, outcome: AccessOutcome) -> Result<(), Failure> {
        // the same command again is the same use; refused first and granted later are two
        let id = match &outcome {
            AccessOutcome::Granted { .. } => self.cause.id_of("granted"),
            AccessOutcome::Refused { .. } => self.cause.id_of("refused"),
        };
        let record = AccessRecord {
            action: AccessAction::Deploy,
            actor: self.cause.actor.to_string(),
            customer: Some(self.target.customer),
            application: Some(self.application),
            license,
            subject: self.release_name.to_owned(),
            digest: None,
            outcome,
            address: self.request.address.map(|address| address.to_string()),
            user_agent: self.request.user_agent.clone(),
        };
        let record = TelemetryRecord {
            id,
            organization: self.cause.organization,
            subject: self.target.id.0,
            kind: TelemetryKind::Access,
            recorded_at: hub.clock.now(),
            payload: serde_json::to_vec(&record).map_err(Failure::fault)?.into(),
        };
        hub.log.append_telemetry(vec![record]).await.map_err(Failure::fault)?;
        Ok(())
    }
}
