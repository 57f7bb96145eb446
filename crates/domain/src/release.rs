//! A release: one immutable version of an application. Draft → published → deprecated or revoked.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::decider::{Category, Decider};
use crate::ids::ApplicationId;
use crate::names::{RepositoryPath, Slug};
use crate::oci::{Digest, Tag};
use crate::rejection::Rejection;
use crate::trust::ReleaseTrust;
use crate::version::Version;

/// What a release consists of. The compose file is the vendor's, byte for byte; the artifacts pin its images.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReleaseContent {
    pub compose: String,
    pub artifacts: Vec<ReleaseArtifact>,
    pub notes: String,
}

/// An image of this registry that a service of the compose file runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseArtifact {
    pub service: String,
    pub repository: RepositoryPath,
    pub digest: Digest,
    /// the tag that the digest was read from, for people
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
    /// only a license with this feature may pull it; the compose profile of the service
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<Slug>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum ReleaseEvent {
    /// Again for a draft that is replaced.
    ReleaseDrafted {
        application: ApplicationId,
        version: Version,
        content: ReleaseContent,
    },
    ReleasePublished {
        /// what its images are checked against, if its application trusts some keys only
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trust: Option<ReleaseTrust>,
    },
    ReleaseDeprecated {
        on: NaiveDate,
        reason: String,
    },
    ReleaseRevoked {
        reason: String,
    },
}
use ReleaseEvent::*;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseCommand {
    /// Creates the draft or replaces it.
    Draft {
        application: ApplicationId,
        version: Version,
        content: ReleaseContent,
    },
    /// `trust`: of each image, if the application trusts some keys only.
    Publish {
        trust: Option<ReleaseTrust>,
    },
    Deprecate {
        on: NaiveDate,
        reason: String,
    },
    Revoke {
        reason: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseRejection {
    #[error("there is no such release")]
    NotFound,
    #[error("release \"{version}\" is published and cannot change; publish a new version")]
    Immutable { version: Version },
    #[error("release \"{version}\" runs nothing: its compose file has no service with an image of this registry")]
    Empty { version: Version },
    #[error("release \"{version}\" was drafted anew while its images were verified; publish it again")]
    DraftChanged { version: Version },
    #[error("release \"{version}\" is a draft; publish it first")]
    Draft { version: Version },
    #[error("release \"{version}\" was revoked: {reason}")]
    Revoked { version: Version, reason: String },
}

impl Rejection for ReleaseRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "release.not_found",
            Self::Immutable { .. } => "release.immutable",
            Self::Empty { .. } => "release.empty",
            Self::DraftChanged { .. } => "release.draft_changed",
            Self::Draft { .. } => "release.draft",
            Self::Revoked { .. } => "release.revoked",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ReleaseStatus {
    #[default]
    Missing,
    Draft,
    Published,
    Deprecated {
        on: NaiveDate,
        reason: String,
    },
    Revoked {
        reason: String,
    },
}

impl ReleaseStatus {
    /// Whether this version may be promoted or deployed.
    pub fn check_usable(&self, version: &Version) -> Result<(), ReleaseRejection> {
        match self {
            Self::Missing => Err(ReleaseRejection::NotFound),
            Self::Draft => Err(ReleaseRejection::Draft { version: version.clone() }),
            Self::Published | Self::Deprecated { .. } => Ok(()),
            Self::Revoked { reason } => {
                Err(ReleaseRejection::Revoked { version: version.clone(), reason: reason.clone() })
            }
        }
    }
}

#[derive(Debug, Default)]
pub struct Release {
    pub version: Option<Version>,
    pub content: ReleaseContent,
    pub status: ReleaseStatus,
}

impl Release {
    fn is_covered_by(&self, trust: &ReleaseTrust) -> bool {
        self.content
            .artifacts
            .iter()
            .all(|artifact| trust.signature_of(&artifact.repository, &artifact.digest).is_some())
    }

    fn draft(
        &self,
        application: ApplicationId,
        version: &Version,
        content: &ReleaseContent,
    ) -> Result<Vec<ReleaseEvent>, ReleaseRejection> {
        if self.status != ReleaseStatus::Missing && self.content == *content {
            return Ok(vec![]);
        }
        match self.status {
            ReleaseStatus::Missing | ReleaseStatus::Draft => {
                Ok(vec![ReleaseDrafted { application, version: version.clone(), content: content.clone() }])
            }
            _ => Err(ReleaseRejection::Immutable { version: version.clone() }),
        }
    }
}

impl Decider for Release {
    const CATEGORY: Category = Category::Release;
    type Command = ReleaseCommand;
    type Event = ReleaseEvent;
    type Rejection = ReleaseRejection;

    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection> {
        if let ReleaseCommand::Draft { application, version, content } = command {
            return self.draft(*application, version, content);
        }
        let version = self.version.as_ref().ok_or(ReleaseRejection::NotFound)?;
        match (command, &self.status) {
            (ReleaseCommand::Publish { .. }, ReleaseStatus::Draft) if self.content.artifacts.is_empty() => {
                Err(ReleaseRejection::Empty { version: version.clone() })
            }
            (ReleaseCommand::Publish { trust: Some(trust) }, ReleaseStatus::Draft) if !self.is_covered_by(trust) => {
                Err(ReleaseRejection::DraftChanged { version: version.clone() })
            }
            (ReleaseCommand::Publish { trust }, ReleaseStatus::Draft) => {
                Ok(vec![ReleasePublished { trust: trust.clone() }])
            }
            (ReleaseCommand::Publish { .. }, _) => self.status.check_usable(version).map(|()| vec![]),
            (ReleaseCommand::Deprecate { on, reason }, status) => {
                status.check_usable(version)?;
                let event = ReleaseDeprecated { on: *on, reason: reason.clone() };
                let same = *status == ReleaseStatus::Deprecated { on: *on, reason: reason.clone() };
                Ok(if same { vec![] } else { vec![event] })
            }
            (ReleaseCommand::Revoke { .. }, ReleaseStatus::Revoked { .. }) => Ok(vec![]),
            (ReleaseCommand::Revoke { reason }, _) => Ok(vec![ReleaseRevoked { reason: reason.clone() }]),
            (ReleaseCommand::Draft { .. }, _) => Ok(vec![]), // decided above
        }
    }

    fn evolve(&mut self, event: &Self::Event) {
        self.status = match event {
            ReleaseDrafted { version, content, .. } => {
                self.version = Some(version.clone());
                self.content = content.clone();
                ReleaseStatus::Draft
            }
            ReleasePublished { .. } => ReleaseStatus::Published,
            ReleaseDeprecated { on, reason } => ReleaseStatus::Deprecated { on: *on, reason: reason.clone() },
            ReleaseRevoked { reason } => ReleaseStatus::Revoked { reason: reason.clone() },
        };
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::decider::given::given;
    use crate::trust::{ImageSignature, SignedLayer};

    fn version() -> Version {
        "1.0.0".parse().unwrap()
    }

    fn content(notes: &str) -> ReleaseContent {
        let digest = format!("sha256:{}", "a".repeat(64)).parse().unwrap();
        let artifact = ReleaseArtifact {
            service: "web".into(),
            repository: "hello".parse().unwrap(),
            digest,
            tag: None,
            feature: None,
        };
        ReleaseContent { compose: "services: {}".into(), artifacts: vec![artifact], notes: notes.into() }
    }

    fn drafted(content: ReleaseContent) -> ReleaseEvent {
        ReleaseDrafted { application: ApplicationId(Uuid::nil()), version: version(), content }
    }

    #[test]
    fn what_was_not_verified_is_not_published_as_verified() {
        let mut trust = ReleaseTrust { keys: vec![], signatures: vec![] };
        let publish = ReleaseCommand::Publish { trust: Some(trust.clone()) };
        let rejection = ReleaseRejection::DraftChanged { version: version() };
        given::<Release>([drafted(content("a"))]).when(publish).then_rejected(rejection);
        let artifact = &content("a").artifacts[0];
        trust.signatures.push(ImageSignature {
            repository: artifact.repository.clone(),
            digest: artifact.digest.clone(),
            key: "ci".parse().unwrap(),
            layer: SignedLayer { media_type: String::new(), signature: None, content: String::new() },
        });
        let publish = ReleaseCommand::Publish { trust: Some(trust.clone()) };
        given::<Release>([drafted(content("a"))]).when(publish).then([ReleasePublished { trust: Some(trust) }]);
    }

    fn draft(content: ReleaseContent) -> ReleaseCommand {
        ReleaseCommand::Draft { application: ApplicationId(Uuid::nil()), version: version(), content }
    }

    #[test]
    fn a_draft_may_be_replaced_until_it_is_published() {
        given::<Release>([drafted(content("a"))]).when(draft(content("b"))).then([drafted(content("b"))]);
        given::<Release>([drafted(content("a")), ReleasePublished { trust: None }])
            .when(draft(content("b")))
            .then_rejected(ReleaseRejection::Immutable { version: version() });
    }

    #[test]
    fn publishing_the_same_content_again_changes_nothing() {
        given::<Release>([drafted(content("a")), ReleasePublished { trust: None }])
            .when(draft(content("a")))
            .then_nothing();
        given::<Release>([drafted(content("a")), ReleasePublished { trust: None }])
            .when(ReleaseCommand::Publish { trust: None })
            .then_nothing();
    }

    #[test]
    fn a_release_that_runs_nothing_is_not_published() {
        given::<Release>([drafted(ReleaseContent::default())])
            .when(ReleaseCommand::Publish { trust: None })
            .then_rejected(ReleaseRejection::Empty { version: version() });
    }

    #[test]
    fn a_revoked_release_stays_revoked() {
        let revoked = ReleaseRevoked { reason: "cve".into() };
        given::<Release>([drafted(content("a")), ReleasePublished { trust: None }, revoked])
            .when(ReleaseCommand::Publish { trust: None })
            .then_rejected(ReleaseRejection::Revoked { version: version(), reason: "cve".into() });
    }

    #[test]
    fn a_draft_is_not_deprecated() {
        let on = NaiveDate::from_ymd_opt(2027, 1, 1).unwrap();
        given::<Release>([drafted(content("a"))])
            .when(ReleaseCommand::Deprecate { on, reason: "old".into() })
            .then_rejected(ReleaseRejection::Draft { version: version() });
    }
}
