//! A release: one immutable version of an application. Draft → published → deprecated or revoked.

use std::fmt::{Display, Formatter};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::decider::{Category, Decider, DomainEvent};
use crate::ids::ApplicationId;
use crate::rejection::Rejection;
use crate::trust::{MAX_SIGNATURES, ReleaseSignature, ReleaseTrust};
use crate::upgrade_path::PathRules;
use crate::version::{Version, VersionRanges};

mod content;
mod file;
mod helm;
mod path;
mod role_rule;
#[cfg(test)]
mod tests;

pub use content::{ComposePackage, Package, PackageKind, ReleaseContent, ReleaseImage};
pub use file::{
    CONFIGURATION, FileContent, FilePath, InvalidFiles, MAX_FILES, MAX_FILES_BYTES, PackageFile, check_files,
    check_new_files,
};
pub use helm::{
    Chart, ChartLock, ChartSettings, ConfigValue, CrdPolicy, CustomHealth, CustomImage, DEFAULT_MINUTES, FeatureValues,
    HelmPackage, ImageSettings, InvalidKind, KindName, LockedImage, LockedKind, MAX_LOCKED_IMAGES, MAX_LOCKED_KINDS,
    MAX_MINUTES, OwnImage, RollbackPolicy, SecretKey, SecretValue, ValueKind, YieldedField,
};
pub use path::MAX_BLOCKED;
pub use role_rule::{
    InvalidRules, MAX_LOCKED_RULES, MAX_RULE_WORDS, MAX_RULES_BYTES, RoleRule, check_rules, is_resource,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum ReleaseEvent {
    /// Again for a draft that is replaced.
    ReleaseDrafted { application: ApplicationId, version: Version, content: ReleaseContent },
    /// Once for each signature of the release as a whole, of which the newest are kept; a draft that is replaced has none.
    ReleaseSigned { signature: ReleaseSignature },
    /// The draft is a release from here on, and does not change any more.
    ReleasePublished {
        /// what it is checked against, if its application trusts some keys only
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trust: Option<ReleaseTrust>,
    },
    /// It goes on running, and nobody should begin with it after the day.
    ReleaseDeprecated { on: NaiveDate, reason: String },
    /// Nobody may deploy or pull it any more.
    ReleaseRevoked { reason: String },
    /// No upgrade passes the release over.
    ReleaseRequired { reason: String },
    /// Older versions are as good again.
    ReleaseUnrequired { reason: String },
    /// Older releases cannot read what it makes of its data: nobody goes back from it.
    ReleaseMarkedNoReturn { reason: String },
    /// Nobody comes to the release from these versions.
    UpgradeBlocked { from: VersionRanges, reason: String },
    /// Targets with such versions may come to it again.
    UpgradeUnblocked { from: VersionRanges },
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
    /// `content` is what was checked; `trust`, what was verified of it, if the application trusts some keys only.
    Publish {
        content: ReleaseContent,
        trust: Option<ReleaseTrust>,
    },
    Deprecate {
        on: NaiveDate,
        reason: String,
    },
    Revoke {
        reason: String,
    },
    Require {
        reason: String,
    },
    /// Also of a revoked release.
    Unrequire {
        reason: String,
    },
    MarkNoReturn {
        reason: String,
    },
    BlockUpgrade {
        from: VersionRanges,
        reason: String,
    },
    UnblockUpgrade {
        from: VersionRanges,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseRejection {
    #[error("there is no such release")]
    NotFound,
    #[error("release \"{version}\" is published and cannot change; publish a new version")]
    Immutable { version: Version },
    #[error("release \"{version}\" has several {} packages; a target installs one", .package.as_str())]
    PackageRepeated { version: Version, package: PackageKind },
    #[error("release \"{version}\" runs nothing: no service of its compose file has an image of this registry")]
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
    #[error("release \"{version}\" has {MAX_BLOCKED} blocked upgrades already; block a wider range in their place")]
    TooManyBlocked { version: Version },
}

impl Rejection for ReleaseRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "release.not_found",
            Self::Immutable { .. } => "release.immutable",
            Self::PackageRepeated { .. } => "release.package_repeated",
            Self::Empty { .. } => "release.empty",
            Self::DraftChanged { .. } => "release.draft_changed",
            Self::TooManySignatures { .. } => "release.too_many_signatures",
            Self::Draft { .. } => "release.draft",
            Self::Revoked { .. } => "release.revoked",
            Self::TooManyBlocked { .. } => "release.too_many_blocked",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ReleaseStatus {
    #[default]
    Missing,
    Draft,
    Published,
    Deprecated(Deprecation),
    Revoked {
        reason: String,
    },
}

/// From which day on a release should not be used any more, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deprecation {
    pub on: NaiveDate,
    pub reason: String,
}

impl Display for Deprecation {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "deprecated from {} on: {}", self.on, self.reason)
    }
}

impl ReleaseStatus {
    /// Whether this version may be promoted or deployed.
    pub fn check_usable(&self, version: &Version) -> Result<(), ReleaseRejection> {
        match self {
            Self::Missing => Err(ReleaseRejection::NotFound),
            Self::Draft => Err(ReleaseRejection::Draft { version: version.clone() }),
            Self::Published | Self::Deprecated(_) => Ok(()),
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
    /// of upgrades over it and to it
    pub rules: PathRules,
}

impl Release {
    fn is_covered_by(&self, trust: &ReleaseTrust) -> bool {
        let is_signed = |image: &ReleaseImage| trust.signature_of(&image.repository, &image.digest).is_some();
        (!trust.requires.images() || self.content.images.iter().all(is_signed))
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
                if let Some(package) = content.repeated_kind() {
                    return Err(ReleaseRejection::PackageRepeated { version: version.clone(), package });
                }
                Ok(vec![ReleaseDrafted { application, version: version.clone(), content: content.clone() }])
            }
            _ => Err(ReleaseRejection::Immutable { version: version.clone() }),
        }
    }
}

impl DomainEvent for ReleaseEvent {
    fn schema_version(&self) -> u16 {
        match self {
            ReleaseDrafted { content, .. } => content.schema_version(),
            _ => 1,
        }
    }
}

impl Decider for Release {
    const CATEGORY: Category = Category::Release;
    type Command = ReleaseCommand;
    type Event = ReleaseEvent;
    type Rejection = ReleaseRejection;

    /// What it ships, which may be large.
    fn kept_with_a_change(&self) -> usize {
        serde_json::to_vec(&self.content.packages).map_or(0, |packages| packages.len())
    }

    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection> {
        if let ReleaseCommand::Draft { application, version, content, replaces } = command {
            return self.draft(*application, version, (content, replaces));
        }
        let version = self.version.as_ref().ok_or(ReleaseRejection::NotFound)?;
        match (command, &self.status) {
            (ReleaseCommand::Sign { signature, content }, _) => self.sign(version, signature, content),
            (ReleaseCommand::Publish { content, .. }, ReleaseStatus::Draft) if *content != self.content => {
                Err(ReleaseRejection::DraftChanged { version: version.clone() })
            }
            (ReleaseCommand::Publish { .. }, ReleaseStatus::Draft) if self.content.images.is_empty() => {
                Err(ReleaseRejection::Empty { version: version.clone() })
            }
            (ReleaseCommand::Publish { trust: Some(trust), .. }, ReleaseStatus::Draft)
                if !self.is_covered_by(trust) =>
            {
                Err(ReleaseRejection::DraftChanged { version: version.clone() })
            }
            (ReleaseCommand::Publish { trust, .. }, ReleaseStatus::Draft) => {
                Ok(vec![ReleasePublished { trust: trust.clone() }])
            }
            (ReleaseCommand::Publish { .. }, _) => self.status.check_usable(version).map(|()| vec![]),
            (ReleaseCommand::Deprecate { on, reason }, status) => {
                status.check_usable(version)?;
                let event = ReleaseDeprecated { on: *on, reason: reason.clone() };
                let same = *status == ReleaseStatus::Deprecated(Deprecation { on: *on, reason: reason.clone() });
                Ok(if same { vec![] } else { vec![event] })
            }
            (ReleaseCommand::Revoke { .. }, ReleaseStatus::Revoked { .. }) => Ok(vec![]),
            (ReleaseCommand::Revoke { reason }, _) => Ok(vec![ReleaseRevoked { reason: reason.clone() }]),
            (ReleaseCommand::Draft { .. }, _) => Ok(vec![]), // decided above
            (command, _) => self.decide_path(version, command),
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
            ReleaseDeprecated { on, reason } => {
                ReleaseStatus::Deprecated(Deprecation { on: *on, reason: reason.clone() })
            }
            ReleaseRevoked { reason } => {
                self.rules.revoked = Some(reason.clone());
                ReleaseStatus::Revoked { reason: reason.clone() }
            }
            ReleaseRequired { .. }
            | ReleaseUnrequired { .. }
            | ReleaseMarkedNoReturn { .. }
            | UpgradeBlocked { .. }
            | UpgradeUnblocked { .. } => return self.rules.take(event),
        };
    }
}
