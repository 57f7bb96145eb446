//! Every event there is, as one type: what a projection reads.

use crate::alert::AlertEvent;
use crate::application::ApplicationEvent;
use crate::artifact::ArtifactEvent;
use crate::channel::ChannelEvent;
use crate::customer::CustomerEvent;
use crate::decider::Category;
use crate::deployment::DeploymentEvent;
use crate::license::LicenseEvent;
use crate::member::MemberEvent;
use crate::organization::OrganizationEvent;
use crate::release::ReleaseEvent;
use crate::rollout::RolloutEvent;
use crate::rollout_policy::RolloutPolicyEvent;
use crate::seat::SeatEvent;
use crate::stored::{DecodeError, StoredEvent};
use crate::target::TargetEvent;
use crate::token::TokenEvent;

#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    Organization(OrganizationEvent),
    Member(MemberEvent),
    Token(TokenEvent),
    Customer(CustomerEvent),
    Application(ApplicationEvent),
    Release(ReleaseEvent),
    Channel(ChannelEvent),
    Artifact(ArtifactEvent),
    License(LicenseEvent),
    Seat(SeatEvent),
    Target(TargetEvent),
    Deployment(DeploymentEvent),
    Alert(AlertEvent),
    Rollout(RolloutEvent),
    RolloutPolicy(RolloutPolicyEvent),
}

/// An event in the log that this program cannot read: it was written by a newer one, or the log is damaged.
#[derive(Debug, thiserror::Error)]
#[error("event type {event_type:?} of category {category:?} cannot be read")]
pub struct UnreadableEvent {
    category: String,
    event_type: String,
    #[source]
    source: DecodeError,
}

impl UnreadableEvent {
    /// Whether a newer program wrote the event, and can read it.
    pub fn is_newer(&self) -> bool {
        self.source.is_newer()
    }
}

impl Fact {
    pub fn decode(category: Category, event: StoredEvent<'_>) -> Result<Self, UnreadableEvent> {
        let fact = match category {
            Category::Organization => event.decode().map(Fact::Organization),
            Category::Member => event.decode().map(Fact::Member),
            Category::Token => event.decode().map(Fact::Token),
            Category::Customer => event.decode().map(Fact::Customer),
            Category::Application => event.decode().map(Fact::Application),
            Category::Release => event.decode().map(Fact::Release),
            Category::Channel => event.decode().map(Fact::Channel),
            Category::Artifact => event.decode().map(Fact::Artifact),
            Category::License => event.decode().map(Fact::License),
            Category::Seat => event.decode().map(Fact::Seat),
            Category::Target => event.decode().map(Fact::Target),
            Category::Deployment => event.decode().map(Fact::Deployment),
            Category::Alert => event.decode().map(Fact::Alert),
            Category::Rollout => event.decode().map(Fact::Rollout),
            Category::RolloutPolicy => event.decode().map(Fact::RolloutPolicy),
        };
        fact.map_err(|source| UnreadableEvent {
            category: category.as_str().to_owned(),
            event_type: event.event_type.to_owned(),
            source,
        })
    }
}
