//! Labels: short words with values.

use async_graphql::{InputObject, SimpleObject};
use distr_domain::label::Labels;
use distr_projections::target::WantedLabel;

use super::scalar::{LabelKey, LabelValue};
use crate::failure::Failure;

/// A label: a short word with a value.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "LabelInput")]
pub(super) struct Label {
    /// The word of the label; a thing has it once.
    key: LabelKey,
    /// The value of the label; it may be empty.
    value: LabelValue,
}

/// A label that a thing is to have.
pub(super) type LabelInput = Label;

/// A label by which things are found.
#[derive(InputObject)]
pub(super) struct LabelFilter {
    /// The word of the label.
    key: LabelKey,
    /// The value of the label; any value if left out.
    value: Option<LabelValue>,
}

impl From<LabelFilter> for WantedLabel {
    fn from(LabelFilter { key, value }: LabelFilter) -> Self {
        Self { key: key.0, value: value.map(|value| value.0) }
    }
}

/// The labels, in the order of their keys.
pub(super) fn list(labels: &Labels) -> Vec<Label> {
    labels.iter().map(|(key, value)| Label { key: key.clone().into(), value: value.clone().into() }).collect()
}

pub(super) fn read(input: Vec<LabelInput>) -> Result<Labels, Failure> {
    let mut labels = Labels::new();
    for LabelInput { key, value } in input {
        let word = key.0.clone();
        if labels.insert(key.0, value.0).is_some() {
            return Err(Failure::BadInput(format!("label \"{word}\" is given twice")));
        }
    }
    Ok(labels)
}
