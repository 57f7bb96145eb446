//! One attempt to use a right, and its record.

use distr_domain::access::{AccessAction, AccessOutcome, AccessRecord};
use distr_domain::entitlement::{Grant, HeldLicense, Refusal};
use distr_domain::ids::{ApplicationId, LicenseId};
use distr_domain::rejection::Rejection;
use distr_eventlog::{TelemetryKind, TelemetryRecord};
use distr_projections::target::TargetRow;
use uuid::Uuid;

use super::DeployRejection;
use crate::auth::RequestInfo;
use crate::commands::{Cause, Commands};
use crate::failure::{Failure, OperationError};
use crate::models::ReadModels;
use crate::operations::seat::{SeatOf, Seating};

fn refused(rejection: &impl Rejection) -> AccessOutcome {
    AccessOutcome::Refused { code: rejection.code().to_owned(), reason: rejection.to_string() }
}

/// One attempt to use a right, for the record.
pub(super) struct AccessAttempt<'a> {
    pub(super) commands: &'a Commands,
    pub(super) cause: &'a Cause,
    pub(super) request: &'a RequestInfo,
    pub(super) target: &'a TargetRow,
    pub(super) application: ApplicationId,
    pub(super) release_name: &'a str,
    pub(super) held: &'a [HeldLicense],
}

impl AccessAttempt<'_> {
    /// A seat of the first of these licenses that has one. If none has, the reason is the first one's.
    pub(super) async fn take_seat(
        &self,
        models: &ReadModels,
        grants: Vec<Grant>,
        in_use: Option<LicenseId>,
    ) -> Result<Grant, Failure> {
        let seating = Seating { commands: self.commands, models };
        let mut no_seat = None;
        for grant in grants {
            let seat = SeatOf { license: grant.license, target: self.target.id, in_use: in_use == Some(grant.license) };
            match seating.take(self.cause, seat).await {
                Ok(()) => return Ok(grant),
                Err(OperationError::Rejected(reason)) => _ = no_seat.get_or_insert((grant.license, reason)),
                Err(OperationError::Failed(failure)) => return Err(failure),
            }
        }
        let (license, reason) = no_seat.ok_or(Failure::Conflict)?;
        self.record(Some(license), refused(&reason)).await?;
        Err(Failure::rejected(reason))
    }

    pub(super) async fn not_entitled(&self, refusal: Refusal) -> Result<Failure, Failure> {
        let license =
            refusal.license().and_then(|name| self.held.iter().find(|held| held.name == *name)).map(|held| held.id);
        self.record(license, refused(&refusal)).await?;
        let (target, release) = (self.target.name.clone(), self.release_name.to_owned());
        Ok(Failure::rejected(DeployRejection::NotEntitled { target, release, refusal }))
    }

    /// The result of a check that let the deployment through. A refusal is recorded.
    pub(super) async fn passed<T, R: Rejection>(&self, checked: Result<T, OperationError<R>>) -> Result<T, Failure> {
        if let Err(OperationError::Rejected(reason)) = &checked {
            self.record(None, refused(reason)).await?;
        }
        Ok(checked?)
    }

    pub(super) async fn record(&self, license: Option<LicenseId>, outcome: AccessOutcome) -> Result<(), Failure> {
        // the same command again is the same use; each refusal is one of its own
        let id = match &outcome {
            AccessOutcome::Granted { .. } => self.cause.id_of("granted"),
            AccessOutcome::Refused { .. } => Uuid::new_v4(),
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
            recorded_at: self.commands.now(),
            payload: serde_json::to_vec(&record).map_err(Failure::fault)?.into(),
        };
        self.commands.log.append_telemetry(vec![record]).await.map_err(Failure::fault)?;
        Ok(())
    }
}
