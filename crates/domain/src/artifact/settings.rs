//! How a repository is kept: who may pull from it, whether its tags may move, what it keeps of what was pushed, and how much it
//! may hold. Its stream is the repository's.

use super::ArtifactEvent::{self, *};
use super::retention::Retention;
use super::{ArtifactRejection, TagAt, Visibility};
use crate::decider::{Category, Decider};
use crate::names::RepositoryPath;
use crate::oci::{Digest, Tag};
use crate::pattern::Pattern;
use crate::quota::Quota;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsCommand {
    pub repository: RepositoryPath,
    pub change: SettingsChange,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingsChange {
    MakeTagsImmutable {
        /// tags that may move nevertheless
        except: Vec<Pattern>,
    },
    MakeTagsMutable,
    SetRetention {
        retention: Retention,
    },
    ClearRetention,
    SetVisibility {
        visibility: Visibility,
    },
    SetQuota {
        quota: Quota,
    },
    ClearQuota,
    /// A deletion of everything, of which it is decided once what goes; not a setting.
    Empty {
        tags: Vec<TagAt>,
        manifests: Vec<Digest>,
        reason: Option<String>,
    },
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct RepositorySettings {
    /// the exceptions, if tags are immutable
    pub immutable: Option<Vec<Pattern>>,
    pub retention: Option<Retention>,
    pub visibility: Visibility,
    pub quota: Option<Quota>,
}

/// Whether this tag must not move once it is there. Tags of what is attached to a manifest are lists that clients change.
pub fn is_immutable(exceptions: Option<&[Pattern]>, tag: &Tag) -> bool {
    exceptions
        .is_some_and(|except| !tag.is_referrer_tag() && !except.iter().any(|pattern| pattern.matches(tag.as_str())))
}

impl Decider for RepositorySettings {
    const CATEGORY: Category = Category::Artifact;
    type Command = SettingsCommand;
    type Event = ArtifactEvent;
    type Rejection = ArtifactRejection;

    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection> {
        let repository = command.repository.clone();
        Ok(match &command.change {
            SettingsChange::MakeTagsImmutable { except } if self.immutable.as_ref() != Some(except) => {
                vec![TagsMadeImmutable { repository, except: except.clone() }]
            }
            SettingsChange::MakeTagsMutable if self.immutable.is_some() => vec![TagsMadeMutable { repository }],
            SettingsChange::SetRetention { retention } if self.retention.as_ref() != Some(retention) => {
                vec![RetentionSet { repository, retention: retention.clone() }]
            }
            SettingsChange::SetVisibility { visibility } if self.visibility != *visibility => {
                vec![VisibilityChanged { repository, visibility: *visibility }]
            }
            SettingsChange::ClearRetention if self.retention.is_some() => vec![RetentionCleared { repository }],
            SettingsChange::SetQuota { quota } if self.quota != Some(*quota) => {
                vec![QuotaSet { repository, quota: *quota }]
            }
            SettingsChange::ClearQuota if self.quota.is_some() => vec![QuotaCleared { repository }],
            SettingsChange::Empty { tags, manifests, reason } if !(tags.is_empty() && manifests.is_empty()) => {
                let (tags, manifests, reason) = (tags.clone(), manifests.clone(), reason.clone());
                vec![RepositoryEmptied { repository, tags, manifests, reason }]
            }
            _ => vec![],
        })
    }

    fn evolve(&mut self, event: &Self::Event) {
        match event {
            TagsMadeImmutable { except, .. } => self.immutable = Some(except.clone()),
            TagsMadeMutable { .. } => self.immutable = None,
            RetentionSet { retention, .. } => self.retention = Some(retention.clone()),
            RetentionCleared { .. } => self.retention = None,
            VisibilityChanged { visibility, .. } => self.visibility = *visibility,
            QuotaSet { quota, .. } => self.quota = Some(*quota),
            QuotaCleared { .. } => self.quota = None,
            RepositoryEmptied { .. } => {}
            // manifests and tags were in this stream before they had streams of their own
            ManifestPushed { .. } | ManifestDeleted { .. } | TagMoved { .. } | TagDeleted { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decider::given::given;

    fn repository() -> RepositoryPath {
        "hello".parse().unwrap()
    }

    fn command(change: SettingsChange) -> SettingsCommand {
        SettingsCommand { repository: repository(), change }
    }

    #[test]
    fn a_setting_that_is_so_already_changes_nothing() {
        let except: Vec<Pattern> = vec!["latest".parse().unwrap()];
        let immutable = TagsMadeImmutable { repository: repository(), except: except.clone() };
        let make = || command(SettingsChange::MakeTagsImmutable { except: except.clone() });
        given::<RepositorySettings>([]).when(make()).then([immutable.clone()]);
        given::<RepositorySettings>([immutable.clone()]).when(make()).then_nothing();
        let other = command(SettingsChange::MakeTagsImmutable { except: vec![] });
        given::<RepositorySettings>([immutable.clone()])
            .when(other)
            .then([TagsMadeImmutable { repository: repository(), except: vec![] }]);
        let mutable = TagsMadeMutable { repository: repository() };
        given::<RepositorySettings>([immutable]).when(command(SettingsChange::MakeTagsMutable)).then([mutable]);
        given::<RepositorySettings>([]).when(command(SettingsChange::MakeTagsMutable)).then_nothing();
    }

    #[test]
    fn retention_is_set_and_cleared() {
        let retention = Retention { keep_last: Some(3), ..Retention::default() };
        let set = RetentionSet { repository: repository(), retention: retention.clone() };
        let command_of = || command(SettingsChange::SetRetention { retention: retention.clone() });
        given::<RepositorySettings>([]).when(command_of()).then([set.clone()]);
        given::<RepositorySettings>([set.clone()]).when(command_of()).then_nothing();
        let cleared = RetentionCleared { repository: repository() };
        given::<RepositorySettings>([set]).when(command(SettingsChange::ClearRetention)).then([cleared]);
        given::<RepositorySettings>([]).when(command(SettingsChange::ClearRetention)).then_nothing();
    }

    #[test]
    fn a_repository_is_private_until_it_is_made_public() {
        let set = |visibility| command(SettingsChange::SetVisibility { visibility });
        let public = VisibilityChanged { repository: repository(), visibility: Visibility::Public };
        given::<RepositorySettings>([]).when(set(Visibility::Private)).then_nothing();
        given::<RepositorySettings>([]).when(set(Visibility::Public)).then([public.clone()]);
        given::<RepositorySettings>([public]).when(set(Visibility::Public)).then_nothing();
    }

    #[test]
    fn a_quota_is_set_changed_and_cleared() {
        let set = |text: &str| command(SettingsChange::SetQuota { quota: text.parse().unwrap() });
        let event = |text: &str| QuotaSet { repository: repository(), quota: text.parse().unwrap() };
        given::<RepositorySettings>([]).when(set("1GiB")).then([event("1GiB")]);
        given::<RepositorySettings>([event("1GiB")]).when(set("1024MiB")).then_nothing();
        given::<RepositorySettings>([event("1GiB")]).when(set("0")).then([event("0")]);
        let clear = || command(SettingsChange::ClearQuota);
        let cleared = QuotaCleared { repository: repository() };
        given::<RepositorySettings>([event("1GiB")]).when(clear()).then([cleared.clone()]);
        given::<RepositorySettings>([event("1GiB"), cleared]).when(clear()).then_nothing();
    }

    #[test]
    fn exceptions_and_tags_of_attachments_are_never_immutable() {
        let tag = |text: &str| text.parse::<Tag>().unwrap();
        let except = ["latest".parse().unwrap()];
        assert!(is_immutable(Some(&except), &tag("1.0")));
        assert!(!is_immutable(Some(&except), &tag("latest")));
        assert!(!is_immutable(None, &tag("1.0")));
        let hex = "a".repeat(64);
        for name in [format!("sha256-{hex}"), format!("sha256-{hex}.sig"), format!("sha512-{hex}")] {
            assert!(!is_immutable(Some(&[]), &tag(&name)), "{name}");
        }
        for name in ["sha256-x".to_owned(), format!("sha256-{}", "A".repeat(64)), format!("x-{hex}")] {
            assert!(is_immutable(Some(&[]), &tag(&name)), "{name}");
        }
    }
}
