//! A release: one immutable version of an application. Draft → published → deprecated or revoked.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::decider::{Category, Decider};
use crate::ids::ApplicationId;
use crate::names::{RepositoryPath, Slug};
use crate::oci::{Digest, Tag};
use crate::rejection::Rejection;
use crate::trust::{MAX_SIGNATURES, ReleaseSignature, ReleaseTrust};
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
    /// Once for each signature of the release as a whole, of which the newest are kept; a draft that is replaced has none.
    ReleaseSigned {
        signature: ReleaseSignature,
    },
    ReleasePublished {
        /// what it is checked against, if its application trusts some keys only
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
    /// Creates the draft or replaces it. `replaces` is what the draft was when it was checked that it may be replaced: of none,
    /// the empty content.
    Draft {
        application: ApplicationId,
        version: Version,
        content: ReleaseContent,
        replaces: ReleaseContent,
    },
    /// `content` is what the signature was held against.
    Sign {
        signature: ReleaseSignature,
        content: ReleaseContent,
    },
    /// `trust`: what was verified, if the application trusts some keys only.
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
    #[error("release \"{version}\" was drafted anew meanwhile; do it again")]
    DraftChanged { version: Version },
    #[error(
        "release \"{version}\" has {MAX_SIGNATURES} signatures of trusted keys already; one of another key needs a policy that trusts it"
    )]
    TooManySignatures { version: Version },
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
            Self::TooManySignatures { .. } => "release.too_many_signatures",
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
    /// of the release as a whole
    pub signatures: Vec<ReleaseSignature>,
    /// as it was published
    pub trust: Option<ReleaseTrust>,
}

impl Release {
    fn is_covered_by(&self, trust: &ReleaseTrust) -> bool {
        let is_signed =
            |artifact: &ReleaseArtifact| trust.signature_of(&artifact.repository, &artifact.digest).is_some();
        (!trust.requires.images() || self.content.artifacts.iter().all(is_signed))
            && (!trust.requires.release() || !self.signatures.is_empty())
    }

    fn sign(
        &self,
        version: &Version,
        signature: &ReleaseSignature,
        content: &ReleaseContent,
    ) -> Result<Vec<ReleaseEvent>, ReleaseRejection> {
        if let ReleaseStatus::Revoked { .. } = self.status {
            return self.status.check_usable(version).map(|()| vec![]);
        }
        if *content != self.content {
            return Err(ReleaseRejection::DraftChanged { version: version.clone() });
        }
        if self.signatures.iter().any(|kept| kept.covers(signature)) {
            return Ok(vec![]);
        }
        match signature.has_room_in(&self.signatures) {
            true => Ok(vec![ReleaseSigned { signature: signature.clone() }]),
            false => Err(ReleaseRejection::TooManySignatures { version: version.clone() }),
        }
    }

    fn draft(
        &self,
        application: ApplicationId,
        version: &Version,
        (content, replaces): (&ReleaseContent, &ReleaseContent),
    ) -> Result<Vec<ReleaseEvent>, ReleaseRejection> {
        if self.status != ReleaseStatus::Missing && self.content == *content {
            return Ok(vec![]);
        }
        match self.status {
            ReleaseStatus::Missing | ReleaseStatus::Draft if self.content != *replaces => {
                Err(ReleaseRejection::DraftChanged { version: version.clone() })
            }
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
        if let ReleaseCommand::Draft { application, version, content, replaces } = command {
            return self.draft(*application, version, (content, replaces));
        }
        let version = self.version.as_ref().ok_or(ReleaseRejection::NotFound)?;
        match (command, &self.status) {
            (ReleaseCommand::Sign { signature, content }, _) => self.sign(version, signature, content),
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
                self.signatures.clear();
                ReleaseStatus::Draft
            }
            ReleaseSigned { signature } => return signature.clone().keep(&mut self.signatures),
            ReleasePublished { trust } => {
                self.trust = trust.clone();
                ReleaseStatus::Published
            }
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
    use crate::trust::{ImageSignature, SignedLayer, SignedParts, VerifiedSignature};

    fn version() -> Version {
        "1.0.0".parse().unwrap()
    }

    fn digest(digit: &str) -> Digest {
        format!("sha256:{}", digit.repeat(64)).parse().unwrap()
    }

    fn content(notes: &str) -> ReleaseContent {
        let artifact = ReleaseArtifact {
            service: "web".into(),
            repository: "hello".parse().unwrap(),
            digest: digest("a"),
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
        let mut trust = ReleaseTrust { keys: vec![], signatures: vec![], requires: SignedParts::Images };
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

    fn signature(content: &str) -> ReleaseSignature {
        let layer = SignedLayer { media_type: String::new(), signature: None, content: content.into() };
        ReleaseSignature { key: None, verified: None, layer }
    }

    fn by(key: &str, content: &str) -> ReleaseSignature {
        let verified = VerifiedSignature { key_id: key.into(), payload: digest("b") };
        ReleaseSignature { key: Some(key.parse().unwrap()), verified: Some(verified), ..signature(content) }
    }

    fn signed(text: &str) -> ReleaseEvent {
        ReleaseSigned { signature: signature(text) }
    }

    fn sign(text: &str, notes: &str) -> ReleaseCommand {
        ReleaseCommand::Sign { signature: signature(text), content: content(notes) }
    }

    #[test]
    fn a_signature_is_of_what_the_release_is_now() {
        let draft = drafted(content("a"));
        given::<Release>([draft.clone()]).when(sign("s", "a")).then([signed("s")]);
        given::<Release>([draft.clone(), ReleasePublished { trust: None }]).when(sign("s", "a")).then([signed("s")]);
        given::<Release>([draft.clone(), signed("s")]).when(sign("s", "a")).then_nothing();
        let changed = ReleaseRejection::DraftChanged { version: version() };
        given::<Release>([draft, drafted(content("b"))]).when(sign("s", "a")).then_rejected(changed);
    }

    #[test]
    fn a_draft_that_is_replaced_is_signed_anew() {
        let requires = SignedParts::Release;
        let trust = Some(ReleaseTrust { keys: vec![], signatures: vec![], requires });
        let publish = ReleaseCommand::Publish { trust: trust.clone() };
        let replaced = [drafted(content("a")), signed("s"), drafted(content("b"))];
        let changed = ReleaseRejection::DraftChanged { version: version() };
        given::<Release>(replaced.clone()).when(publish.clone()).then_rejected(changed);
        let again = [&replaced[..], &[signed("t")]].concat();
        given::<Release>(again.clone()).when(sign("t", "b")).then_nothing();
        given::<Release>(again).when(publish).then([ReleasePublished { trust }]);
    }

    fn add(signature: ReleaseSignature) -> ReleaseCommand {
        ReleaseCommand::Sign { signature, content: content("a") }
    }

    fn full_of(signatures: impl IntoIterator<Item = ReleaseSignature>) -> Vec<ReleaseEvent> {
        let signed = signatures.into_iter().map(|signature| ReleaseSigned { signature });
        [drafted(content("a"))].into_iter().chain(signed).collect()
    }

    fn kept(events: &[ReleaseEvent]) -> Vec<ReleaseSignature> {
        let mut release = Release::default();
        events.iter().for_each(|event| release.evolve(event));
        release.signatures
    }

    #[test]
    fn signatures_that_nobody_verified_give_way() {
        let junk = (0..MAX_SIGNATURES).map(|number| signature(&number.to_string()));
        let full = full_of(junk);
        let signed = ReleaseSigned { signature: by("ci", "good") };
        given::<Release>(full.clone()).when(add(by("ci", "good"))).then([signed.clone()]);
        let mut events = [&full[..], &[signed]].concat();
        events.extend(
            (0..MAX_SIGNATURES).map(|number| ReleaseSigned { signature: signature(&format!("more {number}")) }),
        );
        let kept = kept(&events);
        assert_eq!(kept.len(), MAX_SIGNATURES);
        assert!(kept.contains(&by("ci", "good")) && kept.contains(&signature("more 7")), "{kept:?}");
    }

    #[test]
    fn each_key_signs_once() {
        let again = full_of([by("ci", "good")]);
        given::<Release>(again.clone()).when(add(by("ci", "the same in other bytes"))).then_nothing();
        let mut other = by("ci", "of another statement");
        other.verified.as_mut().unwrap().payload = digest("c");
        given::<Release>(again).when(add(other.clone())).then([ReleaseSigned { signature: other }]);
    }

    #[test]
    fn the_signature_of_a_new_key_always_finds_room() {
        let former = (0..MAX_SIGNATURES).map(|number| by(&format!("key-{number}"), &number.to_string()));
        let full = full_of(former);
        let rejection = ReleaseRejection::TooManySignatures { version: version() };
        given::<Release>(full.clone()).when(add(signature("junk"))).then_rejected(rejection);
        let signed = ReleaseSigned { signature: by("new", "good") };
        given::<Release>(full.clone()).when(add(by("new", "good"))).then([signed.clone()]);
        let kept = kept(&[&full[..], &[signed]].concat());
        assert_eq!((kept.len(), &kept[0]), (MAX_SIGNATURES, &by("key-1", "1")));
    }

    #[test]
    fn a_signature_that_a_key_is_known_for_now_is_kept_once() {
        let before = full_of([signature("good")]);
        let signed = ReleaseSigned { signature: by("ci", "good") };
        given::<Release>(before.clone()).when(add(by("ci", "good"))).then([signed.clone()]);
        assert_eq!(kept(&[&before[..], &[signed]].concat()), [by("ci", "good")]);
    }

    fn draft(content: ReleaseContent, replaces: ReleaseContent) -> ReleaseCommand {
        ReleaseCommand::Draft { application: ApplicationId(Uuid::nil()), version: version(), content, replaces }
    }

    #[test]
    fn a_draft_that_nobody_checked_is_not_replaced() {
        let changed = || ReleaseRejection::DraftChanged { version: version() };
        let none = ReleaseContent::default;
        given::<Release>([]).when(draft(content("a"), none())).then([drafted(content("a"))]);
        given::<Release>([drafted(content("b"))]).when(draft(content("a"), none())).then_rejected(changed());
        let twice = [drafted(content("b")), drafted(content("c"))];
        given::<Release>(twice).when(draft(content("a"), content("b"))).then_rejected(changed());
        given::<Release>([drafted(content("a"))]).when(draft(content("a"), none())).then_nothing();
    }

    #[test]
    fn a_draft_may_be_replaced_until_it_is_published() {
        given::<Release>([drafted(content("a"))]).when(draft(content("b"), content("a"))).then([drafted(content("b"))]);
        given::<Release>([drafted(content("a")), ReleasePublished { trust: None }])
            .when(draft(content("b"), content("a")))
            .then_rejected(ReleaseRejection::Immutable { version: version() });
    }

    #[test]
    fn publishing_the_same_content_again_changes_nothing() {
        given::<Release>([drafted(content("a")), ReleasePublished { trust: None }])
            .when(draft(content("a"), content("a")))
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
