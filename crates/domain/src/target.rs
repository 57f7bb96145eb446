//! A target: one customer environment with one agent. It is registered, offers one enrolment at a time, and its agent
//! then holds a credential of its own, and for a while two of them: one that it asked for, and the one that it asked with,
//! which ends when the new one was first used. The secrets are elsewhere, hashed; here are only their ids.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::agent::AskedBy;
use crate::cluster;
use crate::decider::{Category, Decider, DomainEvent};
use crate::ids::{CredentialId, CustomerId, EnrolmentId};
use crate::instant::shown;
use crate::label::{Labels, MAX_LABELS};
use crate::names::Slug;
use crate::rejection::Rejection;
use crate::release::PackageKind;

/// What runs releases on a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Runtime {
    Docker,
    Kubernetes,
}

impl Runtime {
    /// The package of a release that is installed there.
    pub fn package(self) -> PackageKind {
        match self {
            Self::Docker => PackageKind::Compose,
            Self::Kubernetes => PackageKind::Helm,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Kubernetes => "kubernetes",
        }
    }
}

/// The most namespaces of a target.
pub const MAX_NAMESPACES: usize = 50;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum TargetEvent {
    /// A machine or cluster of a customer, before its agent is there.
    TargetRegistered { customer: CustomerId, name: Slug, runtime: Runtime },
    /// A one-time token was made; an earlier one that was not used no longer works.
    EnrolmentOffered { enrolment: EnrolmentId, expires_at: DateTime<Utc> },
    /// The agent came with its one-time token, and has a credential.
    TargetEnrolled {
        enrolment: EnrolmentId,
        credential: CredentialId,
        /// digest of the agent's nonce: who can show it may enrol again while the offer lasts
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<String>,
    },
    /// The agent asked for another credential.
    CredentialRotated {
        credential: CredentialId,
        /// the one that was used to ask, and lets in until the new one is confirmed
        #[serde(default, skip_serializing_if = "Option::is_none")]
        beside: Option<CredentialId>,
    },
    /// The agent used its new credential: the one before ends.
    CredentialConfirmed { credential: CredentialId },
    /// It is there no more, and neither are its credentials and seats.
    TargetRetired { reason: String },
    /// All labels that one of the two sides gives the target: the other's stay.
    TargetLabelled { by: AskedBy, labels: Labels },
    /// The namespaces of the cluster in which releases may be installed.
    NamespacesSet { namespaces: Vec<Slug> },
}
use TargetEvent::*;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetCommand {
    Register {
        customer: CustomerId,
        name: Slug,
        runtime: Runtime,
        /// of a cluster
        namespaces: Vec<Slug>,
    },
    OfferEnrolment {
        enrolment: EnrolmentId,
        expires_at: DateTime<Utc>,
    },
    Enrol {
        enrolment: EnrolmentId,
        credential: CredentialId,
        proof: Option<String>,
        at: DateTime<Utc>,
    },
    /// `shown` is the one that was used to ask.
    RotateCredential {
        shown: CredentialId,
        credential: CredentialId,
    },
    ConfirmCredential {
        credential: CredentialId,
    },
    Retire {
        reason: String,
    },
    /// The whole of one side's: those that are left out are there no more.
    Label {
        by: AskedBy,
        labels: Labels,
    },
    /// All of them, the one for whoever names none first.
    SetNamespaces {
        namespaces: Vec<Slug>,
    },
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
    #[error("the enrolment token expired at {}; ask for a new one", shown(expires_at))]
    EnrolmentExpired { expires_at: DateTime<Utc> },
    #[error("target \"{name}\" is not enrolled")]
    NotEnrolled { name: Slug },
    #[error("the credential of target \"{name}\" was replaced; use the new one")]
    CredentialReplaced { name: Slug },
    #[error("target \"{name}\" would have {labels} labels of yours; at most {MAX_LABELS}")]
    TooManyLabels { name: Slug, labels: usize },
    #[error("target \"{name}\" is a Docker host, which has no namespaces")]
    NoNamespaces { name: Slug },
    #[error("target \"{name}\" would have {namespaces} namespaces; name 1 to {MAX_NAMESPACES}, each once")]
    NamespacesUnfit { name: Slug, namespaces: usize },
    #[error("namespace {namespace} is the agent's own or the cluster's; releases need another one")]
    NamespaceReserved { namespace: Slug },
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
            Self::CredentialReplaced { .. } => "target.credential_replaced",
            Self::TooManyLabels { .. } => "target.too_many_labels",
            Self::NoNamespaces { .. } => "target.no_namespaces",
            Self::NamespacesUnfit { .. } => "target.namespaces_unfit",
            Self::NamespaceReserved { .. } => "target.namespace_reserved",
        }
    }
}

#[derive(Debug, Default)]
pub struct Target {
    pub name: Option<Slug>,
    pub customer: Option<CustomerId>,
    pub runtime: Option<Runtime>,
    /// of a cluster, in which releases may be installed
    pub namespaces: Vec<Slug>,
    offer: Option<Offer>,
    /// The credential that was given out last.
    pub credential: Option<CredentialId>,
    /// The one before, until the last is confirmed.
    beside: Option<CredentialId>,
    pub retired: bool,
    /// the vendor's and the customer's
    labels: [Labels; 2],
}

#[derive(Debug)]
struct Offer {
    enrolment: EnrolmentId,
    expires_at: DateTime<Utc>,
    used: Option<EnrolmentUse>,
}

#[derive(Debug)]
struct EnrolmentUse {
    proof: Option<String>,
}

impl Target {
    fn enrol(
        &self,
        enrolment: EnrolmentId,
        credential: CredentialId,
        proof: &Option<String>,
        at: DateTime<Utc>,
    ) -> Result<Vec<TargetEvent>, TargetRejection> {
        let offer = self.offer.as_ref().filter(|offer| offer.enrolment == enrolment);
        let offer = offer.ok_or(TargetRejection::EnrolmentSpent)?;
        // the agent that used it lost the answer
        let again = |used: &EnrolmentUse| used.proof.is_some() && used.proof == *proof;
        if !offer.used.as_ref().is_none_or(again) {
            return Err(TargetRejection::EnrolmentSpent);
        }
        match at < offer.expires_at {
            true if offer.used.is_some() && self.credential == Some(credential) => Ok(vec![]),
            true => Ok(vec![TargetEnrolled { enrolment, credential, proof: proof.clone() }]),
            false => Err(TargetRejection::EnrolmentExpired { expires_at: offer.expires_at }),
        }
    }

    fn label(&self, name: &Slug, by: AskedBy, labels: &Labels) -> Result<Vec<TargetEvent>, TargetRejection> {
        match labels.len() {
            labels if labels > MAX_LABELS => Err(TargetRejection::TooManyLabels { name: name.clone(), labels }),
            _ if *labels == self.labels[side(by)] => Ok(vec![]),
            _ => Ok(vec![TargetLabelled { by, labels: labels.clone() }]),
        }
    }

    fn set_namespaces(&self, name: &Slug, namespaces: &[Slug]) -> Result<Vec<TargetEvent>, TargetRejection> {
        let distinct = BTreeSet::from_iter(namespaces).len();
        match distinct {
            _ if self.runtime != Some(Runtime::Kubernetes) => Err(TargetRejection::NoNamespaces { name: name.clone() }),
            count if count != namespaces.len() || !(1..=MAX_NAMESPACES).contains(&count) => {
                Err(TargetRejection::NamespacesUnfit { name: name.clone(), namespaces: namespaces.len() })
            }
            _ if let Some(taken) = namespaces.iter().find(|namespace| cluster::is_reserved(namespace)) => {
                Err(TargetRejection::NamespaceReserved { namespace: taken.clone() })
            }
            _ if *namespaces == *self.namespaces => Ok(vec![]),
            _ => Ok(vec![NamespacesSet { namespaces: namespaces.to_vec() }]),
        }
    }

    fn rotate(
        &self,
        name: &Slug,
        shown: CredentialId,
        credential: CredentialId,
    ) -> Result<Vec<TargetEvent>, TargetRejection> {
        if self.credential.is_none() {
            return Err(TargetRejection::NotEnrolled { name: name.clone() });
        }
        match [self.credential, self.beside].contains(&Some(shown)) {
            true if self.credential == Some(credential) => Ok(vec![]),
            true => Ok(vec![CredentialRotated { credential, beside: Some(shown) }]),
            false => Err(TargetRejection::CredentialReplaced { name: name.clone() }),
        }
    }
}

fn side(by: AskedBy) -> usize {
    usize::from(!by.is_vendor())
}

impl DomainEvent for TargetEvent {
    fn schema_version(&self) -> u16 {
        match self {
            // hubs that know no clusters leave it to newer ones
            TargetRegistered { runtime: Runtime::Kubernetes, .. } => 3,
            _ => 1,
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
            (TargetCommand::Register { customer, name, runtime, namespaces }, None) => {
                let registered = TargetRegistered { customer: *customer, name: name.clone(), runtime: *runtime };
                let mut target = Self::default();
                target.evolve(&registered);
                let namespaces = match (runtime, namespaces.is_empty()) {
                    (Runtime::Docker, true) => vec![],
                    _ => target.set_namespaces(name, namespaces)?,
                };
                return Ok([vec![registered], namespaces].concat());
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
            // an offer is made once: one that was used stays used
            TargetCommand::OfferEnrolment { enrolment, .. }
                if self.offer.as_ref().is_some_and(|offer| offer.enrolment == *enrolment) =>
            {
                Ok(vec![])
            }
            TargetCommand::OfferEnrolment { enrolment, expires_at } => {
                Ok(vec![EnrolmentOffered { enrolment: *enrolment, expires_at: *expires_at }])
            }
            TargetCommand::Enrol { enrolment, credential, proof, at } => {
                self.enrol(*enrolment, *credential, proof, *at)
            }
            TargetCommand::RotateCredential { shown, credential } => self.rotate(name, *shown, *credential),
            TargetCommand::ConfirmCredential { credential } => match self.credential == Some(*credential) {
                true if self.beside.is_some() => Ok(vec![CredentialConfirmed { credential: *credential }]),
                _ => Ok(vec![]),
            },
            TargetCommand::Label { by, labels } => self.label(name, *by, labels),
            TargetCommand::SetNamespaces { namespaces } => self.set_namespaces(name, namespaces),
            TargetCommand::Register { .. } => Ok(vec![]), // decided above
        }
    }

    fn evolve(&mut self, event: &Self::Event) {
        match event {
            TargetRegistered { customer, name, runtime } => {
                self.name = Some(name.clone());
                self.customer = Some(*customer);
                self.runtime = Some(*runtime);
            }
            EnrolmentOffered { enrolment, expires_at } => {
                self.offer = Some(Offer { enrolment: *enrolment, expires_at: *expires_at, used: None });
            }
            TargetEnrolled { credential, proof, .. } => {
                if let Some(offer) = &mut self.offer {
                    offer.used = Some(EnrolmentUse { proof: proof.clone() });
                }
                self.credential = Some(*credential);
                self.beside = None;
            }
            CredentialRotated { credential, beside } => {
                self.credential = Some(*credential);
                self.beside = *beside;
            }
            CredentialConfirmed { .. } => self.beside = None,
            TargetLabelled { by, labels } => self.labels[side(*by)] = labels.clone(),
            NamespacesSet { namespaces } => self.namespaces = namespaces.clone(),
            TargetRetired { .. } => {
                self.retired = true;
                self.offer = None;
                self.credential = None;
                self.beside = None;
            }
        }
    }
}

#[cfg(test)]
mod tests;
