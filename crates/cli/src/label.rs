//! Labels, as the command line takes and shows them.

use std::collections::BTreeMap;
use std::str::FromStr;

use distr_domain::label::{LabelKey, LabelValue};
use distr_domain::names::InvalidName;
use serde::Deserialize;

/// The labels, in the order of their keys.
pub(crate) type Labels = BTreeMap<String, String>;

#[derive(Deserialize)]
struct Label {
    key: String,
    value: String,
}

/// As the hub gives them: a list of words with values.
pub(crate) fn by_key<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Labels, D::Error> {
    let labels = Vec::<Label>::deserialize(deserializer)?;
    Ok(labels.into_iter().map(|Label { key, value }| (key, value)).collect())
}

/// `KEY=VALUE`, or `KEY` alone for an empty value.
#[derive(Debug, Clone)]
pub(crate) struct LabelArgument {
    key: LabelKey,
    value: LabelValue,
}

impl FromStr for LabelArgument {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        Ok(Self { key: key.parse()?, value: value.parse()? })
    }
}

impl LabelArgument {
    pub(crate) fn key(&self) -> String {
        self.key.to_string()
    }

    pub(crate) fn value(&self) -> String {
        self.value.to_string()
    }
}

/// `KEY=VALUE`, or `KEY` alone for any value.
#[derive(Debug, Clone)]
pub(crate) struct WantedLabel {
    pub(crate) key: LabelKey,
    pub(crate) value: Option<LabelValue>,
}

impl FromStr for WantedLabel {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        match text.split_once('=') {
            Some((key, value)) => Ok(Self { key: key.parse()?, value: Some(value.parse()?) }),
            None => Ok(Self { key: text.parse()?, value: None }),
        }
    }
}

/// What is to be put beside what is there, and what is to go.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Change {
    /// A label to put; may be given several times
    #[arg(long = "label", value_name = "KEY=VALUE")]
    labels: Vec<LabelArgument>,
    /// A label to take away; may be given several times
    #[arg(long = "remove-label", value_name = "KEY")]
    remove: Vec<String>,
}

impl Change {
    pub(crate) fn apply(self, labels: &mut Labels) {
        labels.retain(|key, _| !self.remove.contains(key));
        labels.extend(self.labels.into_iter().map(|of| (of.key.into(), of.value.into())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_put_beside_those_that_are_there() {
        let label = |text: &str| text.parse::<LabelArgument>().unwrap();
        let mut labels = Labels::from([("tier".into(), "gold".into()), ("ring".into(), "1".into())]);
        let change = Change { labels: vec![label("tier=silver"), label("spare")], remove: vec!["ring".into()] };
        change.apply(&mut labels);
        assert_eq!(labels, Labels::from([("spare".into(), String::new()), ("tier".into(), "silver".into())]));
        assert!("Tier=gold".parse::<LabelArgument>().is_err());
        assert!("tier".parse::<WantedLabel>().unwrap().value.is_none());
    }
}
