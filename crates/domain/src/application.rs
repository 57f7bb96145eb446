//! An application: the product whose releases are shipped.

use serde::{Deserialize, Serialize};

use crate::decider::{Category, Decider, DomainEvent};
use crate::label::{Labels, MAX_LABELS};
use crate::link::Link;
use crate::names::{RepositoryPath, Slug};
use crate::oci::Tag;
use crate::pattern::Pattern;
use crate::picture::{Picture, PictureFacts};
use crate::rejection::Rejection;
use crate::trust::SigningPolicy;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum ApplicationEvent {
    /// An application of the vendor.
    ApplicationCreated { name: Slug, display_name: String, description: String },
    /// Its words for people.
    ApplicationDescribed { display_name: String, description: String },
    /// Whose signatures releases need.
    SigningPolicyChanged {
        policy: SigningPolicy,
        /// why; always there when a policy that was in force is changed
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Which tags of images belong to which features: all of them.
    FeatureTagsChanged { features: Vec<FeatureTags> },
    /// What the catalogue shows of it: the whole.
    ApplicationCatalogued { metadata: Metadata },
    /// Its picture.
    ApplicationIconSet { picture: Picture },
    /// It has no picture any more.
    ApplicationIconRemoved {},
}
use ApplicationEvent::*;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplicationCommand {
    Create {
        name: Slug,
        display_name: String,
        description: String,
    },
    Describe {
        display_name: String,
        description: String,
    },
    /// From now on, for all that is published, promoted or deployed.
    SetSigningPolicy {
        policy: SigningPolicy,
        reason: Option<String>,
    },
    /// From now on, for all that is there and will be pushed.
    SetFeatureTags {
        features: Vec<FeatureTags>,
    },
    /// All of it: what is left out is there no more.
    Catalogue {
        metadata: Metadata,
    },
    SetIcon {
        picture: Picture,
    },
    RemoveIcon,
}

/// What a catalogue says of an application beside its names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// a word or two: what kind of product it is; empty for none
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub category: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<Link>,
    /// where its users find help
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support: Option<Link>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documentation: Option<Link>,
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

/// What a feature opens by itself: the tags of a repository that match one of the patterns, whatever release they are in or
/// not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureTags {
    pub feature: Slug,
    pub repository: RepositoryPath,
    pub tags: Vec<Pattern>,
}

impl FeatureTags {
    pub fn matches(&self, repository: &RepositoryPath, tag: &Tag) -> bool {
        self.repository == *repository && self.tags.iter().any(|pattern| pattern.matches(tag.as_str()))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplicationRejection {
    #[error("application \"{name}\" exists already")]
    Exists { name: Slug },
    #[error("there is no such application")]
    NotFound,
    #[error("signing key \"{name}\" is named twice")]
    KeyNamedTwice { name: Slug },
    #[error("application \"{name}\" has a signing policy in force; give the reason why it changes")]
    ReasonNeeded { name: Slug },
    #[error("feature \"{feature}\" has no tag pattern for repository {repository}; give at least one")]
    NoPattern { feature: Slug, repository: RepositoryPath },
    #[error("application \"{name}\" would have {labels} labels; at most {MAX_LABELS}")]
    TooManyLabels { name: Slug, labels: usize },
}

impl Rejection for ApplicationRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::Exists { .. } => "application.exists",
            Self::NotFound => "application.not_found",
            Self::KeyNamedTwice { .. } => "application.key_named_twice",
            Self::ReasonNeeded { .. } => "application.reason_needed",
            Self::NoPattern { .. } => "application.no_pattern",
            Self::TooManyLabels { .. } => "application.too_many_labels",
        }
    }
}

#[derive(Debug, Default)]
pub struct Application {
    pub name: Option<Slug>,
    pub display_name: String,
    pub description: String,
    pub signing_policy: SigningPolicy,
    pub feature_tags: Vec<FeatureTags>,
    pub metadata: Metadata,
    icon: Option<PictureFacts>,
}

impl Application {
    /// Also a key that is added lets somebody else sign, so that each change of a policy in force has its reason.
    fn set_signing_policy(
        &self,
        name: &Slug,
        policy: &SigningPolicy,
        reason: Option<&String>,
    ) -> Result<Vec<ApplicationEvent>, ApplicationRejection> {
        if let Some(name) = policy.ambiguous() {
            return Err(ApplicationRejection::KeyNamedTwice { name: name.clone() });
        }
        match *policy == self.signing_policy {
            true => Ok(vec![]),
            false if self.signing_policy.is_in_force() && reason.is_none() => {
                Err(ApplicationRejection::ReasonNeeded { name: name.clone() })
            }
            false => Ok(vec![SigningPolicyChanged { policy: policy.clone(), reason: reason.cloned() }]),
        }
    }

    fn set_feature_tags(&self, features: &[FeatureTags]) -> Result<Vec<ApplicationEvent>, ApplicationRejection> {
        if let Some(FeatureTags { feature, repository, .. }) = features.iter().find(|of| of.tags.is_empty()) {
            let (feature, repository) = (feature.clone(), repository.clone());
            return Err(ApplicationRejection::NoPattern { feature, repository });
        }
        match features == self.feature_tags {
            true => Ok(vec![]),
            false => Ok(vec![FeatureTagsChanged { features: features.to_vec() }]),
        }
    }
}

impl Application {
    fn catalogue(&self, name: &Slug, metadata: &Metadata) -> Result<Vec<ApplicationEvent>, ApplicationRejection> {
        match metadata.labels.len() {
            labels if labels > MAX_LABELS => Err(ApplicationRejection::TooManyLabels { name: name.clone(), labels }),
            _ if *metadata == self.metadata => Ok(vec![]),
            _ => Ok(vec![ApplicationCatalogued { metadata: metadata.clone() }]),
        }
    }

    fn set_icon(&self, picture: Option<&Picture>) -> Vec<ApplicationEvent> {
        match picture {
            _ if self.icon.as_ref() == picture.map(|picture| &picture.of) => vec![],
            Some(picture) => vec![ApplicationIconSet { picture: picture.clone() }],
            None => vec![ApplicationIconRemoved {}],
        }
    }
}

impl DomainEvent for ApplicationEvent {}

impl Decider for Application {
    const CATEGORY: Category = Category::Application;
    type Command = ApplicationCommand;
    type Event = ApplicationEvent;
    type Rejection = ApplicationRejection;

    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection> {
        match (command, &self.name) {
            (ApplicationCommand::Create { name, .. }, Some(_)) => {
                Err(ApplicationRejection::Exists { name: name.clone() })
            }
            (ApplicationCommand::Create { name, display_name, description }, None) => Ok(vec![ApplicationCreated {
                name: name.clone(),
                display_name: display_name.clone(),
                description: description.clone(),
            }]),
            (_, None) => Err(ApplicationRejection::NotFound),
            (ApplicationCommand::SetSigningPolicy { policy, reason }, Some(name)) => {
                self.set_signing_policy(name, policy, reason.as_ref())
            }
            (ApplicationCommand::SetFeatureTags { features }, Some(_)) => self.set_feature_tags(features),
            (ApplicationCommand::Catalogue { metadata }, Some(name)) => self.catalogue(name, metadata),
            (ApplicationCommand::SetIcon { picture }, Some(_)) => Ok(self.set_icon(Some(picture))),
            (ApplicationCommand::RemoveIcon, Some(_)) => Ok(self.set_icon(None)),
            (ApplicationCommand::Describe { display_name, description }, Some(_)) => {
                match (display_name, description) == (&self.display_name, &self.description) {
                    true => Ok(vec![]),
                    false => Ok(vec![ApplicationDescribed {
                        display_name: display_name.clone(),
                        description: description.clone(),
                    }]),
                }
            }
        }
    }

    fn evolve(&mut self, event: &Self::Event) {
        match event {
            ApplicationCreated { name, display_name, description } => {
                self.name = Some(name.clone());
                self.display_name = display_name.clone();
                self.description = description.clone();
            }
            ApplicationDescribed { display_name, description } => {
                self.display_name = display_name.clone();
                self.description = description.clone();
            }
            SigningPolicyChanged { policy, .. } => self.signing_policy = policy.clone(),
            FeatureTagsChanged { features } => self.feature_tags = features.clone(),
            ApplicationCatalogued { metadata } => self.metadata = metadata.clone(),
            ApplicationIconSet { picture } => self.icon = Some(picture.of.clone()),
            ApplicationIconRemoved {} => self.icon = None,
        }
    }
}

#[cfg(test)]
mod tests;
