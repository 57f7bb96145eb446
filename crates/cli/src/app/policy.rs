//! What an application demands of its images, and what its features open.

use std::path::PathBuf;

use anyhow::Result;
use distr_domain::names::Slug;
use distr_domain::trust::TrustedKey;
use distr_signature::PublicKey;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AppSetFeatureTags, AppSetSigningPolicy, app_set_feature_tags, app_set_signing_policy};
use crate::hub::Hub;
use crate::input;
use crate::operation::SignedParts;

/// A public key by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SigningKey {
    pub(crate) name: String,
    pub(crate) pem: String,
}

impl SigningKey {
    /// With what the key is: its name may have stood for another one. Without if the hub would not take it.
    pub(crate) fn shown(&self) -> String {
        let key = self.name.parse().ok().map(|name| TrustedKey { name, pem: self.pem.clone() });
        match key.and_then(|key| PublicKey::parse(&key).ok()) {
            Some(key) => format!("{} ({})", self.name, key.short_id()),
            None => self.name.clone(),
        }
    }
}

/// The tags of a repository that a feature opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FeatureTags {
    pub(crate) feature: String,
    pub(crate) repository: String,
    pub(crate) tags: Vec<String>,
}

/// `NAME=FILE`
#[derive(Debug, Clone)]
pub(crate) struct KeyFile {
    name: Slug,
    file: PathBuf,
}

impl std::str::FromStr for KeyFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = text.split_once('=').ok_or("use NAME=FILE, as ci=cosign.pub")?;
        Ok(Self { name: name.parse().map_err(|error| format!("{error}"))?, file: file.into() })
    }
}

impl KeyFile {
    pub(super) fn read(&self) -> Result<SigningKey> {
        let pem = input::text(&self.file)?;
        Ok(SigningKey { name: self.name.to_string(), pem })
    }
}

pub(crate) async fn set_signing_keys(
    hub: &Hub,
    name: String,
    keys: Vec<SigningKey>,
    requires: Option<SignedParts>,
    reason: Option<String>,
) -> Result<Value> {
    let keys = keys.into_iter().map(|key| app_set_signing_policy::SigningKeyInput { name: key.name, pem: key.pem });
    let variables = app_set_signing_policy::Variables { name, keys: keys.collect(), requires, reason };
    Ok(hub.ask::<AppSetSigningPolicy>(variables).await?.application_set_signing_policy)
}

pub(crate) async fn set_feature_tags(hub: &Hub, name: String, features: Vec<FeatureTags>) -> Result<Value> {
    let features = features.into_iter().map(|of| app_set_feature_tags::FeatureTagsInput {
        feature: of.feature,
        repository: of.repository,
        tags: of.tags,
    });
    let variables = app_set_feature_tags::Variables { name, features: features.collect() };
    Ok(hub.ask::<AppSetFeatureTags>(variables).await?.application_set_feature_tags)
}
