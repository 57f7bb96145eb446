//! A seat is given back when its target no longer uses it: the deployment was removed, another license allows it now, or
//! the target is retired.

use async_trait::async_trait;
use distr_domain::decider::Category;
use distr_domain::deployment::{Deployment, DeploymentEvent, Phase};
use distr_domain::ids::{LicenseId, TargetId};
use distr_domain::license::{License, LicenseCommand};
use distr_domain::target::TargetEvent;
use distr_eventlog::{Actor, Entry, RecordedEvent, Selection};
use distr_projections::license::{self, LicenseRow};
use uuid::Uuid;

use super::{Interrupted, Place, Policy};
use crate::error::ApiError;
use crate::hub::{Cause, Hub};
use crate::operations::load;

const NAME: &str = "seats";

pub struct Seats;

#[async_trait]
impl Policy for Seats {
    fn name(&self) -> &'static str {
        NAME
    }

    fn selection(&self) -> Selection {
        Selection::Facts
    }

    async fn handle(&mut self, hub: &Hub, entry: &Entry, _: &mut Place) -> Result<(), Interrupted> {
        let Entry::Fact(event) = entry else { return Ok(()) };
        match event.stream.category {
            Category::Deployment => on_deployment(hub, event, event.decode().map_err(ApiError::fault)?).await?,
            Category::Target => on_target(hub, event, event.decode().map_err(ApiError::fault)?).await?,
            _ => {}
        }
        Ok(())
    }
}

async fn on_deployment(hub: &Hub, event: &RecordedEvent, fact: DeploymentEvent) -> Result<(), ApiError> {
    match fact {
        DeploymentEvent::DeploymentRemoved { .. } => {
            let deployment = load::<Deployment>(hub, event.stream.id).await?;
            match deployment.desired {
                // deployed anew since: the seat is in use again
                Some(desired) if deployment.phase == Phase::Removed => {
                    release(hub, event, desired.license, desired.target).await
                }
                _ => Ok(()),
            }
        }
        DeploymentEvent::DesiredReleaseSet { desired, .. } => {
            release_where(hub, event, desired.target, |license| {
                license.application == desired.application && license.id != desired.license
            })
            .await
        }
        _ => Ok(()),
    }
}

async fn on_target(hub: &Hub, event: &RecordedEvent, fact: TargetEvent) -> Result<(), ApiError> {
    match fact {
        TargetEvent::TargetRetired { .. } => release_where(hub, event, TargetId(event.stream.id), |_| true).await,
        _ => Ok(()),
    }
}

async fn release_where(
    hub: &Hub,
    event: &RecordedEvent,
    target: TargetId,
    unused: impl Fn(&LicenseRow) -> bool,
) -> Result<(), ApiError> {
    hub.visible(event.position).await?;
    let licenses = license::with_seat(&hub.read().await?, event.organization, target).await?;
    for license in licenses.iter().filter(|license| unused(license)) {
        release(hub, event, license.id, target).await?;
    }
    Ok(())
}

async fn release(hub: &Hub, event: &RecordedEvent, license: LicenseId, target: TargetId) -> Result<(), ApiError> {
    let cause = Cause {
        organization: event.organization,
        actor: Actor::Policy(NAME.into()),
        causation: Some(event.id),
        correlation: event.correlation,
        command: Uuid::new_v5(&event.id, license.0.as_bytes()),
    };
    hub.append::<License>(&cause, license.0, &LicenseCommand::ReleaseSeat { target }).await?;
    Ok(())
}
