//! A channel: a moving pointer to a release of one application. Promote moves it forward in semantic order; demote takes
//! a release out of it, and the pointer falls to the highest one that remains.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::decider::{Category, Decider, DomainEvent};
use crate::ids::ApplicationId;
use crate::names::Slug;
use crate::rejection::Rejection;
use crate::release::{ReleaseRejection, ReleaseStatus};
use crate::version::Version;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum ChannelEvent {
    /// A channel of an application, which leads nowhere yet.
    ChannelCreated { application: ApplicationId, name: Slug },
    /// The pointer stands at `version` now.
    ReleasePromoted { application: ApplicationId, channel: Slug, version: Version },
    /// `version` is no longer in the channel; the pointer stands at `now`.
    ReleaseDemoted { application: ApplicationId, channel: Slug, version: Version, now: Option<Version> },
}
use ChannelEvent::*;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelCommand {
    Create {
        application: ApplicationId,
        name: Slug,
    },
    /// `release` is what the release's own stream says of it.
    Promote {
        version: Version,
        release: ReleaseStatus,
    },
    Demote {
        version: Version,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChannelRejection {
    #[error("there is no such channel")]
    NotFound,
    #[error("channel \"{channel}\" stands at \"{now}\"; \"{version}\" is lower. demote \"{now}\" to go back")]
    Backwards { channel: Slug, version: Version, now: Version },
    #[error("release \"{version}\" is not in channel \"{channel}\"")]
    NotPromoted { channel: Slug, version: Version },
    #[error(transparent)]
    Release(#[from] ReleaseRejection),
}

impl Rejection for ChannelRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "channel.not_found",
            Self::Backwards { .. } => "channel.backwards",
            Self::NotPromoted { .. } => "channel.not_promoted",
            Self::Release(rejection) => rejection.code(),
        }
    }
}

#[derive(Debug, Default)]
pub struct Channel {
    identity: Option<(ApplicationId, Slug)>,
    /// what was promoted and not demoted; the pointer is the highest
    members: BTreeSet<Version>,
}

impl Channel {
    pub fn current(&self) -> Option<&Version> {
        self.members.last()
    }
}

impl DomainEvent for ChannelEvent {}

impl Decider for Channel {
    const CATEGORY: Category = Category::Channel;
    type Command = ChannelCommand;
    type Event = ChannelEvent;
    type Rejection = ChannelRejection;

    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection> {
        if let ChannelCommand::Create { application, name } = command {
            return match self.identity {
                None => Ok(vec![ChannelCreated { application: *application, name: name.clone() }]),
                Some(_) => Ok(vec![]),
            };
        }
        let (application, channel) = self.identity.clone().ok_or(ChannelRejection::NotFound)?;
        match command {
            ChannelCommand::Promote { version, release } => {
                release.check_usable(version)?;
                match self.current() {
                    Some(now) if now == version => Ok(vec![]),
                    Some(now) if now > version => {
                        Err(ChannelRejection::Backwards { channel, version: version.clone(), now: now.clone() })
                    }
                    _ => Ok(vec![ReleasePromoted { application, channel, version: version.clone() }]),
                }
            }
            ChannelCommand::Demote { version } if !self.members.contains(version) => {
                Err(ChannelRejection::NotPromoted { channel, version: version.clone() })
            }
            ChannelCommand::Demote { version } => {
                let now = self.members.iter().rev().find(|other| *other != version).cloned();
                Ok(vec![ReleaseDemoted { application, channel, version: version.clone(), now }])
            }
            ChannelCommand::Create { .. } => Ok(vec![]), // decided above
        }
    }

    fn evolve(&mut self, event: &Self::Event) {
        match event {
            ChannelCreated { application, name } => self.identity = Some((*application, name.clone())),
            ReleasePromoted { version, .. } => {
                self.members.insert(version.clone());
            }
            ReleaseDemoted { version, .. } => {
                self.members.remove(version);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::decider::given::given;

    const APP: ApplicationId = ApplicationId(Uuid::nil());

    fn stable() -> Slug {
        "stable".parse().unwrap()
    }

    fn v(text: &str) -> Version {
        text.parse().unwrap()
    }

    fn history(versions: &[&str]) -> Vec<ChannelEvent> {
        let promoted = versions.iter().map(|version| promoted(version));
        std::iter::once(ChannelCreated { application: APP, name: stable() }).chain(promoted).collect()
    }

    fn promoted(version: &str) -> ChannelEvent {
        ReleasePromoted { application: APP, channel: stable(), version: v(version) }
    }

    fn promote(version: &str) -> ChannelCommand {
        ChannelCommand::Promote { version: v(version), release: ReleaseStatus::Published }
    }

    #[test]
    fn a_channel_moves_forward() {
        given::<Channel>(history(&["1.9.0"])).when(promote("1.10.0")).then([promoted("1.10.0")]);
        given::<Channel>(history(&["1.10.0"])).when(promote("1.10.0")).then_nothing();
    }

    #[test]
    fn a_promotion_never_moves_a_channel_back() {
        given::<Channel>(history(&["1.1.0"])).when(promote("1.0.0")).then_rejected(ChannelRejection::Backwards {
            channel: stable(),
            version: v("1.0.0"),
            now: v("1.1.0"),
        });
    }

    #[test]
    fn a_demotion_falls_back_to_the_highest_that_remains() {
        given::<Channel>(history(&["1.0.0", "1.1.0"]))
            .when(ChannelCommand::Demote { version: v("1.1.0") })
            .then([ReleaseDemoted { application: APP, channel: stable(), version: v("1.1.0"), now: Some(v("1.0.0")) }]);
    }

    #[test]
    fn a_revoked_release_is_not_promoted() {
        let release = ReleaseStatus::Revoked { reason: "cve".into() };
        given::<Channel>(history(&[]))
            .when(ChannelCommand::Promote { version: v("1.0.0"), release })
            .then_rejected(ReleaseRejection::Revoked { version: v("1.0.0"), reason: "cve".into() }.into());
    }
}
