//! What there is on the hub, as far as files can speak of it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;

use super::file::Wanted;
use crate::hub::Hub;
use crate::license::Terms;
use crate::operation::SignedParts;
use crate::output::references_by_name;
use crate::{app, branding, customer, license, policy};

#[derive(Debug, Default)]
pub(super) struct Current {
    /// by name
    pub(super) applications: BTreeMap<String, Application>,
    /// display names by name
    pub(super) customers: BTreeMap<String, String>,
    /// by customer and name
    pub(super) licenses: BTreeMap<(String, String), License>,
    /// rules by name; none are looked at unless a file names some
    pub(super) rollout_policies: BTreeMap<String, Value>,
    pub(super) branding: branding::Branding,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Application {
    pub(super) display_name: String,
    pub(super) description: String,
    pub(super) channels: BTreeSet<String>,
    pub(super) signing_keys: Vec<app::SigningKey>,
    pub(super) signing_requires: SignedParts,
    pub(super) feature_tags: Vec<app::FeatureTags>,
    #[serde(flatten)]
    pub(super) catalogue: app::Catalogue,
    pub(super) icon: Option<branding::Shown>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct License {
    pub(super) application: String,
    pub(super) status: String,
    #[serde(flatten)]
    pub(super) terms: Terms,
}

impl License {
    pub(super) fn is_revoked(&self) -> bool {
        self.status == "REVOKED"
    }
}

pub(super) async fn load(hub: &Hub, wanted: &Wanted) -> Result<Current> {
    let mut current = Current { branding: branding::current(hub).await?, ..Current::default() };
    for node in app::list(hub).await? {
        let node = references_by_name(node);
        current.applications.insert(text(&node["name"]), serde_json::from_value(node)?);
    }
    for node in customer::list(hub).await? {
        current.customers.insert(text(&node["name"]), text(&node["displayName"]));
    }
    for node in license::list(hub, None, None).await? {
        let node = references_by_name(node);
        current.licenses.insert((text(&node["customer"]), text(&node["name"])), serde_json::from_value(node)?);
    }
    if !wanted.rollout_policies.is_empty() {
        for mut node in policy::list(hub).await? {
            current.rollout_policies.insert(text(&node["name"]), node["rules"].take());
        }
    }
    Ok(current)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
