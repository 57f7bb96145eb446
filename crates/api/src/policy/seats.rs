//! A target keeps the seat of the license that its deployment goes by, and no other of that application; one that is retired
//! keeps none. What a deployment goes by is asked of the log, so that an event that comes late changes nothing back.
//!
//! A seat is taken before the wish that needs it is a fact, by whoever asks for a deployment. If the wish never comes (it was
//! refused, or the hub was killed in between), no event tells so: [`UnusedSeats`] looks at each seat again some time after it
//! was taken.

use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::decider::Category;
use distr_domain::deployment::{Deployment, DeploymentEvent};
use distr_domain::ids::{ApplicationId, DeploymentId, LicenseId, TargetId};
use distr_domain::license::LicenseEvent;
use distr_domain::seat::SeatEvent;
use distr_domain::target::TargetEvent;
use distr_eventlog::{Actor, Entry, Position, RecordedEvent, Selection};
use distr_projections::license::{self, LicenseRow};
use distr_projections::{Lease, Scope};

use super::{Interrupted, Outcome, Policy};
use crate::commands::{Cause, Commands};
use crate::failure::{Failure, OperationError};
use crate::models::ReadModels;
use crate::operations::seat::{SeatOf, Seating};

const SEATS: &str = "seats";
const UNUSED_SEATS: &str = "unused_seats";

/// No request that asks for a deployment takes so long from the seat to the wish.
const WISHED_WITHIN: TimeDelta = TimeDelta::minutes(5);

pub struct Seats {
    pub commands: Commands,
    pub models: ReadModels,
}

#[async_trait]
impl Policy for Seats {
    fn name(&self) -> &'static str {
        SEATS
    }

    fn selection(&self) -> Selection {
        Selection::Facts
    }

    async fn handle(&self, entry: &Entry, _: &Lease) -> Result<Outcome, Interrupted> {
        let Entry::Fact(event) = entry else { return Ok(Outcome::Passed) };
        let settlement = SeatSettlement { commands: &self.commands, models: &self.models, event, policy: SEATS };
        match event.stream.category {
            Category::Deployment => Ok(settlement.on_deployment(event.decode()?).await?),
            Category::Target => Ok(settlement.on_target(event.decode()?).await?),
            _ => Ok(Outcome::Passed),
        }
    }
}

pub struct UnusedSeats {
    commands: Commands,
    models: ReadModels,
    /// the entry that it waits with, and since when
    waiting: Mutex<Option<(Position, DateTime<Utc>)>>,
}

impl UnusedSeats {
    pub fn new(commands: Commands, models: ReadModels) -> Self {
        Self { commands, models, waiting: Mutex::default() }
    }

    /// Whether the wish that needs the seat would be there by now. A hub whose clock is ahead wrote down a later time than
    /// that of its event: nobody waits for longer from when it was first looked at.
    fn is_due(&self, event: &RecordedEvent) -> bool {
        let now = self.commands.now();
        let mut waiting = self.waiting.lock().expect("nobody panics with it");
        let first = waiting.filter(|(position, _)| *position == event.position).map_or(now, |(_, first)| first);
        *waiting = Some((event.position, first));
        now >= event.recorded_at.min(first) + WISHED_WITHIN
    }
}

#[async_trait]
impl Policy for UnusedSeats {
    fn name(&self) -> &'static str {
        UNUSED_SEATS
    }

    fn selection(&self) -> Selection {
        Selection::Facts
    }

    async fn handle(&self, entry: &Entry, _: &Lease) -> Result<Outcome, Interrupted> {
        let Entry::Fact(event) = entry else { return Ok(Outcome::Passed) };
        let Some((license, target)) = taken(event)? else { return Ok(Outcome::Passed) };
        if !self.is_due(event) {
            return Err(Interrupted::TooEarly);
        }
        let settlement = SeatSettlement { commands: &self.commands, models: &self.models, event, policy: UNUSED_SEATS };
        if let Some(license) = settlement.license(license).await? {
            settlement.settle(target, license.application).await?;
        }
        Ok(Outcome::Acted)
    }
}

/// The seat that was taken, if one was.
fn taken(event: &RecordedEvent) -> Result<Option<(LicenseId, TargetId)>, Interrupted> {
    Ok(match event.stream.category {
        Category::License => match event.decode()? {
            LicenseEvent::LicenseSeatTaken { target } => Some((LicenseId(event.stream.id), target)),
            _ => None,
        },
        Category::Seat => match event.decode()? {
            SeatEvent::SeatTaken { license, target } => Some((license, target)),
            SeatEvent::SeatReleased { .. } => None,
        },
        _ => None,
    })
}

/// What follows from an event for the seats of its target.
struct SeatSettlement<'a> {
    commands: &'a Commands,
    models: &'a ReadModels,
    event: &'a RecordedEvent,
    policy: &'static str,
}

impl SeatSettlement<'_> {
    async fn on_deployment(&self, fact: DeploymentEvent) -> Result<Outcome, Failure> {
        if !matches!(fact, DeploymentEvent::DesiredReleaseSet { .. } | DeploymentEvent::DeploymentRemoved { .. }) {
            return Ok(Outcome::Passed);
        }
        if let Some(desired) = self.commands.load::<Deployment>(self.event.stream.id).await?.desired {
            self.settle(desired.target, desired.application).await?;
        }
        Ok(Outcome::Acted)
    }

    async fn on_target(&self, fact: TargetEvent) -> Result<Outcome, Failure> {
        let TargetEvent::TargetRetired { .. } = fact else { return Ok(Outcome::Passed) };
        let target = TargetId(self.event.stream.id);
        self.release(target, &self.seats(target).await?).await?;
        Ok(Outcome::Acted)
    }

    async fn license(&self, id: LicenseId) -> Result<Option<LicenseRow>, Failure> {
        self.commands.visible(self.event.position).await?;
        let scope = Scope { organization: self.event.organization, customer: None };
        Ok(license::find(&*self.models.client().await?, scope, id).await?)
    }

    async fn settle(&self, target: TargetId, application: ApplicationId) -> Result<(), Failure> {
        let mut used = self.used(target, application).await?;
        let mut seats = self.seats(target).await?;
        seats.retain(|license| license.application == application);
        let (kept, unused): (Vec<_>, Vec<_>) = seats.into_iter().partition(|license| Some(license.id) == used);
        if !unused.is_empty() {
            self.release(target, &unused).await?;
            // a wish may have come meanwhile
            used = self.used(target, application).await?;
        }
        let Some(used) = used.filter(|used| kept.iter().all(|license| license.id != *used)) else { return Ok(()) };
        self.take(target, used).await
    }

    async fn used(&self, target: TargetId, application: ApplicationId) -> Result<Option<LicenseId>, Failure> {
        let deployment = self.commands.load::<Deployment>(DeploymentId::of(target, application).0).await?;
        Ok(deployment.license_in_use())
    }

    /// The licenses on whose seats the target sits.
    async fn seats(&self, target: TargetId) -> Result<Vec<LicenseRow>, Failure> {
        self.commands.visible(self.event.position).await?;
        Ok(license::with_seat(&*self.models.client().await?, self.event.organization, target).await?)
    }

    async fn release(&self, target: TargetId, licenses: &[LicenseRow]) -> Result<(), Failure> {
        for license in licenses {
            let seat = SeatOf { license: license.id, target, in_use: false };
            self.seating().release(&self.cause(), seat).await?;
        }
        Ok(())
    }

    async fn take(&self, target: TargetId, license: LicenseId) -> Result<(), Failure> {
        match self.seating().take(&self.cause(), SeatOf { license, target, in_use: true }).await {
            Err(OperationError::Rejected(rejection)) => {
                super::note_refusal(self.policy, Category::Seat, license.0, &rejection);
                Ok(())
            }
            Err(OperationError::Failed(failure)) => Err(failure),
            Ok(()) => Ok(()),
        }
    }

    fn seating(&self) -> Seating<'_> {
        Seating { commands: self.commands, models: self.models }
    }

    fn cause(&self) -> Cause {
        Cause {
            organization: self.event.organization,
            actor: Actor::Policy(self.policy.into()),
            causation: Some(self.event.id),
            correlation: self.event.correlation,
            command: self.event.id,
        }
    }
}
