//! A target: one customer environment with one agent. It is registered, offers one enrolment at a time, and its agent
//! then holds a credential of its own. The secrets are elsewhere, hashed; here are only their ids.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::decider::{Category, Decider};
use crate::ids::{CredentialId, CustomerId, EnrolmentId};
use crate::names::Slug;
use crate::rejection::Rejection;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Runtime {
    Docker,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum TargetEvent {
    TargetRegistered {
        customer: CustomerId,
        name: Slug,
        runtime: Runtime,
    },
    /// A one-time token was made; an earlier one that was not used no longer works.
    EnrolmentOffered {
        enrolment: EnrolmentId,
        expires_at: DateTime<Utc>,
    },
    TargetEnrolled {
        enrolment: EnrolmentId,
        credential: CredentialId,
    },
    CredentialRotated {
        credential: CredentialId,
    },
    TargetRetired {
        reason: String,
    },
}
use TargetEvent::*;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetCommand {
    Register { customer: CustomerId, name: Slug, runtime: Runtime },
    OfferEnrolment { enrolment: EnrolmentId, expires_at: DateTime<Utc> },
    Enrol { enrolment: EnrolmentId, credential: CredentialId, at: DateTime<Utc> },
    RotateCredential { credential: CredentialId },
    Retire { reason: String },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetRejection {
    #[error("target \"{name}\" exists already")]
    Exists { name: Slug },
    #[error("there is no such target")]
    NotFound,
    #[error("target \"{name}\" is retired")]
    Retired { name: Slug },
    #[error("the enrolment token was used, replaced or never offered; ask for a new one")]
    EnrolmentSpent,
    #[error("the enrolment token expired at {expires_at}; ask for a new one")]
    EnrolmentExpired { expires_at: DateTime<Utc> },
    #[error("target \"{name}\" is not enrolled")]
    NotEnrolled { name: Slug },
}

impl Rejection for TargetRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::Exists { .. } => "target.exists",
            Self::NotFound => "target.not_found",
            Self::Retired { .. } => "target.retired",
            Self::EnrolmentSpent => "target.enrolment_spent",
            Self::EnrolmentExpired { .. } => "target.enrolment_expired",
            Self::NotEnrolled { .. } => "target.not_enrolled",
        }
    }
}

#[derive(Debug, Default)]
pub struct Target {
    pub name: Option<Slug>,
    pub customer: Option<CustomerId>,
    offer: Option<(EnrolmentId, DateTime<Utc>)>,
    /// The only credential that the agent may use.
    pub credential: Option<CredentialId>,
    pub retired: bool,
}

impl Target {
    fn enrol(
        &self,
        enrolment: EnrolmentId,
        credential: CredentialId,
        at: DateTime<Utc>,
    ) -> Result<Vec<TargetEvent>, TargetRejection> {
        match self.offer {
            Some((offered, expires_at)) if offered == enrolment => match at < expires_at {
                true => Ok(vec![TargetEnrolled { enrolment, credential }]),
                false => Err(TargetRejection::EnrolmentExpired { expires_at }),
            },
            _ => Err(TargetRejection::EnrolmentSpent),
        }
    }
}

impl Decider for Target {
    const CATEGORY: Category = Category::Target;
    type Command = TargetCommand;
    type Event = TargetEvent;
    type Rejection = TargetRejection;

    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection> {
        let name = match (command, &self.name) {
            (TargetCommand::Register { customer, name, runtime }, None) => {
                return Ok(vec![TargetRegistered { customer: *customer, name: name.clone(), runtime: *runtime }]);
            }
            (TargetCommand::Register { name, .. }, Some(_)) => {
                return Err(TargetRejection::Exists { name: name.clone() });
            }
            (_, None) => return Err(TargetRejection::NotFound),
            (_, Some(name)) => name,
        };
        match command {
            TargetCommand::Retire { .. } if self.retired => Ok(vec![]),
            _ if self.retired => Err(TargetRejection::Retired { name: name.clone() }),
            TargetCommand::Retire { reason } => Ok(vec![TargetRetired { reason: reason.clone() }]),
            TargetCommand::OfferEnrolment { enrolment, expires_at } => {
                Ok(vec![EnrolmentOffered { enrolment: *enrolment, expires_at: *expires_at }])
            }
            TargetCommand::Enrol { enrolment, credential, at } => self.enrol(*enrolment, *credential, *at),
            TargetCommand::RotateCredential { .. } if self.credential.is_none() => {
                Err(TargetRejection::NotEnrolled { name: name.clone() })
            }
            TargetCommand::RotateCredential { credential } => Ok(vec![CredentialRotated { credential: *credential }]),
            TargetCommand::Register { .. } => Ok(vec![]), // decided above
        }
    }

    fn evolve(&mut self, event: &Self::Event) {
        match event {
            TargetRegistered { customer, name, .. } => {
                self.name = Some(name.clone());
                self.customer = Some(*customer);
            }
            EnrolmentOffered { enrolment, expires_at } => self.offer = Some((*enrolment, *expires_at)),
            TargetEnrolled { credential, .. } => {
                self.offer = None;
                self.credential = Some(*credential);
            }
            CredentialRotated { credential } => self.credential = Some(*credential),
            TargetRetired { .. } => {
                self.retired = true;
                self.offer = None;
                self.credential = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::decider::given::given;

    const OFFER: EnrolmentId = EnrolmentId(Uuid::from_u128(1));
    const CREDENTIAL: CredentialId = CredentialId(Uuid::from_u128(2));

    fn name() -> Slug {
        "factory".parse().unwrap()
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn offered() -> Vec<TargetEvent> {
        let customer = CustomerId(Uuid::nil());
        vec![
            TargetRegistered { customer, name: name(), runtime: Runtime::Docker },
            EnrolmentOffered { enrolment: OFFER, expires_at: at(100) },
        ]
    }

    fn enrol(second: i64) -> TargetCommand {
        TargetCommand::Enrol { enrolment: OFFER, credential: CREDENTIAL, at: at(second) }
    }

    #[test]
    fn an_enrolment_token_works_once() {
        let enrolled = TargetEnrolled { enrolment: OFFER, credential: CREDENTIAL };
        given::<Target>(offered()).when(enrol(99)).then([enrolled.clone()]);
        given::<Target>(offered().into_iter().chain([enrolled]))
            .when(enrol(99))
            .then_rejected(TargetRejection::EnrolmentSpent);
    }

    #[test]
    fn an_enrolment_token_expires() {
        given::<Target>(offered())
            .when(enrol(100))
            .then_rejected(TargetRejection::EnrolmentExpired { expires_at: at(100) });
    }

    #[test]
    fn a_new_offer_replaces_the_old_one() {
        let newer = EnrolmentOffered { enrolment: EnrolmentId(Uuid::from_u128(9)), expires_at: at(200) };
        given::<Target>(offered().into_iter().chain([newer]))
            .when(enrol(99))
            .then_rejected(TargetRejection::EnrolmentSpent);
    }

    #[test]
    fn a_retired_target_takes_no_command() {
        let retired = TargetRetired { reason: "sold".into() };
        given::<Target>(offered().into_iter().chain([retired]))
            .when(enrol(99))
            .then_rejected(TargetRejection::Retired { name: name() });
    }

    #[test]
    fn only_an_enrolled_agent_rotates_its_credential() {
        given::<Target>(offered())
            .when(TargetCommand::RotateCredential { credential: CREDENTIAL })
            .then_rejected(TargetRejection::NotEnrolled { name: name() });
    }
}
