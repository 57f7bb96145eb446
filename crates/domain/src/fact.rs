//! Every event there is, as one type: what a projection reads. An old shape of an event is brought to today's here, and
//! nowhere else.

use serde::de::DeserializeOwned;

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
    Target(TargetEvent),
    Deployment(DeploymentEvent),
}

/// An event in the log that this program cannot read: it was written by a newer one, or the log is damaged.
#[derive(Debug, thiserror::Error)]
#[error("event type {event_type:?} of category {category:?} cannot be read")]
pub struct UnreadableEvent {
    category: String,
    event_type: String,
    #[source]
    source: serde_json::Error,
}

impl Fact {
    /// From the event's type and its data as JSON.
    pub fn decode(category: Category, event_type: &str, data: &[u8]) -> Result<Self, UnreadableEvent> {
        let fact = match category {
            Category::Organization => decode(event_type, data).map(Fact::Organization),
            Category::Member => decode(event_type, data).map(Fact::Member),
            Category::Token => decode(event_type, data).map(Fact::Token),
            Category::Customer => decode(event_type, data).map(Fact::Customer),
            Category::Application => decode(event_type, data).map(Fact::Application),
            Category::Release => decode(event_type, data).map(Fact::Release),
            Category::Channel => decode(event_type, data).map(Fact::Channel),
            Category::Artifact => decode(event_type, data).map(Fact::Artifact),
            Category::License => decode(event_type, data).map(Fact::License),
            Category::Target => decode(event_type, data).map(Fact::Target),
            Category::Deployment => decode(event_type, data).map(Fact::Deployment),
        };
        fact.map_err(|source| UnreadableEvent {
            category: category.as_str().to_owned(),
            event_type: event_type.to_owned(),
            source,
        })
    }
}

/// An event enum from its type name and its data; no data is that of a type that says all.
fn decode<E: DeserializeOwned>(event_type: &str, data: &[u8]) -> Result<E, serde_json::Error> {
    let mut json = Vec::with_capacity(data.len() + event_type.len() + 24);
    json.extend_from_slice(b"{\"type\":");
    serde_json::to_writer(&mut json, event_type)?;
    if !data.is_empty() {
        json.extend_from_slice(b",\"data\":");
        json.extend_from_slice(data);
    }
    json.push(b'}');
    serde_json::from_slice(&json)
}
