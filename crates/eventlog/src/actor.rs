//! Who caused an event. Ids only: names and addresses live outside the log, where they can be erased.

use std::{borrow::Cow, fmt, str::FromStr};

use distr_domain::ids::{MemberId, TargetId};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Written `member:<uuid>`, `robot:<uuid>`, `agent:<uuid>`, `policy:<name>`, `operator` or `anonymous`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A person.
    Member(MemberId),
    /// A machine of the vendor or the customer, with a token.
    Robot(MemberId),
    /// The agent of a target.
    Agent(TargetId),
    /// The hub itself, by one of its policies.
    Policy(Cow<'static, str>),
    /// Whoever can run commands on the hub's machine.
    Operator,
    /// Nobody who said who they are.
    Anonymous,
}

/// A text that names no actor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "actor {0:?} is not valid: use member:<uuid>, robot:<uuid>, agent:<uuid>, policy:<name>, operator or anonymous"
)]
pub struct InvalidActor(String);

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::Member(id) => write!(f, "member:{id}"),
            Actor::Robot(id) => write!(f, "robot:{id}"),
            Actor::Agent(id) => write!(f, "agent:{id}"),
            Actor::Policy(name) => write!(f, "policy:{name}"),
            Actor::Operator => f.write_str("operator"),
            Actor::Anonymous => f.write_str("anonymous"),
        }
    }
}

impl FromStr for Actor {
    type Err = InvalidActor;

    fn from_str(text: &str) -> Result<Self, InvalidActor> {
        let actor = match text.split_once(':') {
            None if text == "operator" => Some(Actor::Operator),
            None if text == "anonymous" => Some(Actor::Anonymous),
            Some(("member", id)) => id.parse().ok().map(Actor::Member),
            Some(("robot", id)) => id.parse().ok().map(Actor::Robot),
            Some(("agent", id)) => id.parse().ok().map(Actor::Agent),
            Some(("policy", name)) if !name.is_empty() => Some(Actor::Policy(name.to_owned().into())),
            _ => None,
        };
        actor.ok_or_else(|| InvalidActor(text.chars().take(80).collect()))
    }
}

impl Serialize for Actor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_actor_survives_text() {
        let actors = [
            (Actor::Member(MemberId(Uuid::nil())), "member:00000000-0000-0000-0000-000000000000"),
            (Actor::Robot(MemberId(Uuid::nil())), "robot:00000000-0000-0000-0000-000000000000"),
            (Actor::Agent(TargetId(Uuid::nil())), "agent:00000000-0000-0000-0000-000000000000"),
            (Actor::Policy("offline".into()), "policy:offline"),
            (Actor::Operator, "operator"),
            (Actor::Anonymous, "anonymous"),
        ];
        for (actor, text) in actors {
            assert_eq!(actor.to_string(), text);
            assert_eq!(text.parse(), Ok(actor));
        }
        for bad in ["", "root", "member:", "policy:", "operator:x"] {
            assert!(bad.parse::<Actor>().is_err(), "{bad}");
        }
    }
}
