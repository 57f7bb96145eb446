//! The words of a catalogue about an application, and its icon.

use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;

use super::{AppCatalogue, AppSetIcon, app_catalogue, app_set_icon};
use crate::hub::Hub;
use crate::label;

/// All of it; an empty text is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Catalogue {
    pub(crate) category: String,
    pub(crate) homepage: Option<String>,
    pub(crate) support: Option<String>,
    pub(crate) documentation: Option<String>,
    #[serde(deserialize_with = "label::by_key")]
    pub(crate) labels: label::Labels,
}

pub(crate) async fn catalogue(hub: &Hub, name: String, catalogue: Catalogue) -> Result<Value> {
    let Catalogue { category, homepage, support, documentation, labels } = catalogue;
    let labels = labels.into_iter().map(|(key, value)| app_catalogue::LabelInput { key, value }).collect();
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    let variables = app_catalogue::Variables {
        name,
        category: Some(category),
        homepage: some(homepage),
        support: some(support),
        documentation: some(documentation),
        labels: Some(labels),
    };
    Ok(hub.ask::<AppCatalogue>(variables).await?.application_catalogue)
}

/// In base64; nothing takes it back.
pub(crate) async fn set_icon(hub: &Hub, name: String, data: Option<String>) -> Result<Value> {
    Ok(hub.ask::<AppSetIcon>(app_set_icon::Variables { name, data }).await?.application_set_icon)
}
