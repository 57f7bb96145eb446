//! An application: the product whose releases are shipped.

use serde::{Deserialize, Serialize};

use crate::decider::{Category, Decider, DomainEvent};
use crate::label::{Labels, MAX_LABELS};
use crate::link::Link;
use crate::names::{RepositoryPath, Slug};
use crate::oci::{Digest, Tag};
use crate::pattern::Pattern;
use crate::picture::Picture;
use crate::rejection::Rejection;
use crate::trust::SigningPolicy;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum ApplicationEvent {
    ApplicationCreated {
        name: Slug,
        display_name: String,
        description: String,
    },
    ApplicationDescribed {
        display_name: String,
        description: String,
    },
    SigningPolicyChanged {
        policy: SigningPolicy,
        /// why; always there when a policy that was in force is changed
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    FeatureTagsChanged {
        features: Vec<FeatureTags>,
    },
    ApplicationCatalogued {
        metadata: Metadata,
    },
    ApplicationIconSet {
        picture: Picture,
    },
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
    icon: Option<Digest>,
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
            _ if self.icon.as_ref() == picture.map(|picture| &picture.of.digest) => vec![],
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
            ApplicationIconSet { picture } => self.icon = Some(picture.of.digest.clone()),
            ApplicationIconRemoved {} => self.icon = None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decider::given::given;
    use crate::trust::{SignedParts, TrustedKey};

    fn describe(description: &str) -> ApplicationCommand {
        ApplicationCommand::Describe { display_name: "Hello".into(), description: description.into() }
    }

    #[test]
    fn describing_again_in_the_same_words_changes_nothing() {
        let created = ApplicationCreated {
            name: "hello".parse().unwrap(),
            display_name: "Hello".into(),
            description: "greets".into(),
        };
        given::<Application>([created.clone()]).when(describe("greets")).then_nothing();
        given::<Application>([created])
            .when(describe("waves"))
            .then([ApplicationDescribed { display_name: "Hello".into(), description: "waves".into() }]);
    }

    fn created() -> ApplicationEvent {
        ApplicationCreated { name: "hello".parse().unwrap(), display_name: String::new(), description: String::new() }
    }

    fn policy(keys: &[&TrustedKey], requires: SignedParts) -> SigningPolicy {
        SigningPolicy { keys: keys.iter().copied().cloned().collect(), requires }
    }

    fn set(policy: SigningPolicy, reason: Option<&str>) -> ApplicationCommand {
        ApplicationCommand::SetSigningPolicy { policy, reason: reason.map(str::to_owned) }
    }

    fn changed(policy: SigningPolicy, reason: Option<&str>) -> ApplicationEvent {
        SigningPolicyChanged { policy, reason: reason.map(str::to_owned) }
    }

    fn key(name: &str) -> TrustedKey {
        TrustedKey { name: name.parse().unwrap(), pem: "…".into() }
    }

    #[test]
    fn a_signing_policy_names_each_key_once_and_is_set_once() {
        let key = key("ci");
        let policy = |keys: &[&TrustedKey]| policy(keys, SignedParts::ImagesAndRelease);
        let one = changed(policy(&[&key]), None);
        given::<Application>([created()]).when(set(policy(&[&key]), None)).then([one.clone()]);
        given::<Application>([created(), one]).when(set(policy(&[&key]), None)).then_nothing();
        let twice = ApplicationRejection::KeyNamedTwice { name: key.name.clone() };
        given::<Application>([created()]).when(set(policy(&[&key, &key]), None)).then_rejected(twice);
        given::<Application>([]).when(set(policy(&[]), None)).then_rejected(ApplicationRejection::NotFound);
    }

    #[test]
    fn a_signing_policy_in_force_changes_only_for_a_reason() {
        let (ci, release) = (key("ci"), key("release"));
        let both = policy(&[&ci], SignedParts::ImagesAndRelease);
        let before = [created(), changed(both, None)];
        for other in [
            policy(&[], SignedParts::ImagesAndRelease),
            policy(&[&ci, &release], SignedParts::ImagesAndRelease),
            policy(&[&release], SignedParts::ImagesAndRelease),
            policy(&[&ci], SignedParts::Images),
        ] {
            let needed = ApplicationRejection::ReasonNeeded { name: "hello".parse().unwrap() };
            given::<Application>(before.clone()).when(set(other.clone(), None)).then_rejected(needed);
            let reason = Some("the key was lost");
            given::<Application>(before.clone()).when(set(other.clone(), reason)).then([changed(other, reason)]);
        }
    }

    #[test]
    fn a_feature_opens_tags_by_pattern() {
        let of = |tags: &[&str]| FeatureTags {
            feature: "llm-addon".parse().unwrap(),
            repository: "models".parse().unwrap(),
            tags: tags.iter().map(|tag| tag.parse().unwrap()).collect(),
        };
        let set = |features: Vec<FeatureTags>| ApplicationCommand::SetFeatureTags { features };
        let changed = FeatureTagsChanged { features: vec![of(&["llm-*"])] };
        given::<Application>([created()]).when(set(vec![of(&["llm-*"])])).then([changed.clone()]);
        given::<Application>([created(), changed]).when(set(vec![of(&["llm-*"])])).then_nothing();
        let FeatureTags { feature, repository, .. } = of(&[]);
        let rejection = ApplicationRejection::NoPattern { feature, repository };
        given::<Application>([created()]).when(set(vec![of(&[])])).then_rejected(rejection);
        let (models, tag) = ("models".parse().unwrap(), "llm-7b".parse().unwrap());
        assert!(of(&["x", "llm-*"]).matches(&models, &tag));
        assert!(!of(&["llm-*"]).matches(&"other".parse().unwrap(), &tag));
    }

    #[test]
    fn what_does_not_exist_is_not_described() {
        given::<Application>([]).when(describe("greets")).then_rejected(ApplicationRejection::NotFound);
    }

    #[test]
    fn what_a_catalogue_says_is_said_once_and_whole() {
        let metadata = Metadata {
            category: "Databases".into(),
            homepage: Some("https://hello.example".parse().unwrap()),
            ..Metadata::default()
        };
        let say = |metadata: &Metadata| ApplicationCommand::Catalogue { metadata: metadata.clone() };
        let said = ApplicationCatalogued { metadata: metadata.clone() };
        given::<Application>([created()]).when(say(&Metadata::default())).then_nothing();
        given::<Application>([created()]).when(say(&metadata)).then([said.clone()]);
        given::<Application>([created(), said.clone()]).when(say(&metadata)).then_nothing();
        let nothing = ApplicationCatalogued { metadata: Metadata::default() };
        given::<Application>([created(), said]).when(say(&Metadata::default())).then([nothing]);
        given::<Application>([]).when(say(&metadata)).then_rejected(ApplicationRejection::NotFound);
    }

    #[test]
    fn labels_are_few() {
        let labels =
            |count: usize| (0..count).map(|at| (format!("l{at}").parse().unwrap(), "x".to_owned().try_into().unwrap()));
        let say = |count| ApplicationCommand::Catalogue {
            metadata: Metadata { labels: labels(count).collect(), ..Metadata::default() },
        };
        let rejected = ApplicationRejection::TooManyLabels { name: "hello".parse().unwrap(), labels: MAX_LABELS + 1 };
        given::<Application>([created()]).when(say(MAX_LABELS + 1)).then_rejected(rejected);
        assert_eq!(Application::fold(&[created()]).decide(&say(MAX_LABELS)).unwrap().len(), 1);
    }

    #[test]
    fn an_icon_is_told_by_its_bytes() {
        let picture = |number: u8| {
            Picture::try_new(
                format!("sha256:{number:064x}").parse().unwrap(),
                b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0",
            )
            .unwrap()
        };
        let put = |number| ApplicationCommand::SetIcon { picture: picture(number) };
        let set = |number| ApplicationIconSet { picture: picture(number) };
        given::<Application>([created()]).when(put(1)).then([set(1)]);
        given::<Application>([created(), set(1)]).when(put(1)).then_nothing();
        given::<Application>([created(), set(1)]).when(put(2)).then([set(2)]);
        given::<Application>([created(), set(1)])
            .when(ApplicationCommand::RemoveIcon)
            .then([ApplicationIconRemoved {}]);
        given::<Application>([created()]).when(ApplicationCommand::RemoveIcon).then_nothing();
    }
}
