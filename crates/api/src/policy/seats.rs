//! A seat is given back when its target no longer runs the application: the deployment was removed, or the target retired.

use async_trait::async_trait;
use distr_domain::decider::Category;
use distr_domain::deployment::{Deployment, DeploymentEvent};
use distr_domain::ids::{LicenseId, TargetId};
use distr_domain::license::{License, LicenseCommand};
use distr_domain::target::TargetEvent;
use distr_eventlog::{Actor, Entry, RecordedEvent, Selection};
use distr_projections::license;
use uuid::Uuid;

use super::Policy;
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

    async fn handle(&mut self, hub: &Hub, entry: &Entry) -> Result<(), ApiError> {
        let Entry::Fact(event) = entry else { return Ok(()) };
        match event.stream.category {
            Category::Deployment => {
                let fact: DeploymentEvent = event.decode().map_err(ApiError::fault)?;
                if matches!(fact, DeploymentEvent::DeploymentRemoved { .. }) {
                    let deployment = load::<Deployment>(hub, event.stream.id).await?;
                    if let Some(desired) = deployment.desired {
                        release(hub, event, desired.license, desired.target).await?;
                    }
                }
            }
            Category::Target => {
                let fact: TargetEvent = event.decode().map_err(ApiError::fault)?;
                if matches!(fact, TargetEvent::TargetRetired { .. }) {
                    release_all(hub, event, TargetId(event.stream.id)).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

async fn release_all(hub: &Hub, event: &RecordedEvent, target: TargetId) -> Result<(), ApiError> {
    hub.visible(event.position).await?;
    let licenses = license::with_seat(&hub.read().await?, event.organization, target).await?;
    for license in licenses {
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
