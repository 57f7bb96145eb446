//! The shape of every rule: a state that is folded from events, and a decision that turns a command into new events or
//! a rejection. Pure: ids and times are fields of the command.

use serde::{Serialize, de::DeserializeOwned};

use crate::rejection::Rejection;

/// A consistency boundary. One stream holds the events of one decider, in the category `CATEGORY`.
pub trait Decider: Default + Send + Sync + 'static {
    /// The first part of the stream's name; has no hyphen.
    const CATEGORY: Category;
    type Command: Send + Sync;
    type Event: DomainEvent;
    type Rejection: Rejection;

    /// What the command makes true. No events when it is true already: repeating a command has no second effect.
    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection>;

    /// Takes one event in. Never fails: what was once a fact stays one.
    fn evolve(&mut self, event: &Self::Event);

    /// Bytes that each change costs beside its events: read models keep what a thing was, whole.
    fn kept_with_a_change(&self) -> usize {
        0
    }

    /// The state after these events.
    fn fold<'a>(events: impl IntoIterator<Item = &'a Self::Event>) -> Self {
        let mut state = Self::default();
        for event in events {
            state.evolve(event);
        }
        state
    }
}

/// A past-tense fact, serialized as `{"type": …, "data": …}`; the type names are unique over all slices and for ever.
pub trait DomainEvent: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// The oldest schema version that can say the event. Programs of the last version read it as long as it can.
    fn schema_version(&self) -> u16 {
        1
    }
}

/// The kinds of streams. The name is stored with each event: never change one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    Organization,
    Member,
    Token,
    Customer,
    Application,
    Release,
    Channel,
    Artifact,
    License,
    Seat,
    Target,
    Deployment,
    Alert,
    Rollout,
    RolloutPolicy,
}

impl Category {
    pub const ALL: [Category; 15] = [
        Category::Organization,
        Category::Member,
        Category::Token,
        Category::Customer,
        Category::Application,
        Category::Release,
        Category::Channel,
        Category::Artifact,
        Category::License,
        Category::Seat,
        Category::Target,
        Category::Deployment,
        Category::Alert,
        Category::Rollout,
        Category::RolloutPolicy,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Category::Organization => "organization",
            Category::Member => "member",
            Category::Token => "token",
            Category::Customer => "customer",
            Category::Application => "application",
            Category::Release => "release",
            Category::Channel => "channel",
            Category::Artifact => "artifact",
            Category::License => "license",
            Category::Seat => "seat",
            Category::Target => "target",
            Category::Deployment => "deployment",
            Category::Alert => "alert",
            Category::Rollout => "rollout",
            Category::RolloutPolicy => "rollout_policy",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.as_str() == name)
    }
}

/// given events, when command, then events or rejection.
#[cfg(test)]
pub(crate) mod given {
    use super::Decider;

    pub(crate) struct Given<D>(D);

    pub(crate) fn given<D: Decider>(events: impl IntoIterator<Item = D::Event>) -> Given<D> {
        let mut state = D::default();
        for event in events {
            state.evolve(&event);
        }
        Given(state)
    }

    impl<D: Decider> Given<D>
    where
        D::Event: std::fmt::Debug + PartialEq,
        D::Rejection: std::fmt::Debug + PartialEq,
    {
        pub(crate) fn when(self, command: D::Command) -> Then<D> {
            Then(self.0.decide(&command))
        }
    }

    pub(crate) struct Then<D: Decider>(Result<Vec<D::Event>, D::Rejection>);

    impl<D: Decider> Then<D>
    where
        D::Event: std::fmt::Debug + PartialEq,
        D::Rejection: std::fmt::Debug + PartialEq,
    {
        #[track_caller]
        pub(crate) fn then(self, events: impl IntoIterator<Item = D::Event>) {
            assert_eq!(self.0, Ok(events.into_iter().collect()));
        }

        #[track_caller]
        pub(crate) fn then_nothing(self) {
            self.then([]);
        }

        #[track_caller]
        pub(crate) fn then_rejected(self, rejection: D::Rejection) {
            assert_eq!(self.0, Err(rejection));
        }
    }
}
