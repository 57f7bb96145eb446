//! YAML as Helm reads it.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{Error, MessageFormatter, Options, SnippetMode, UserMessageFormatter};

mod ambiguity;

/// Maps, lists and scalars of one text, aliases counted wherever they repeat something.
const MOST_NODES: usize = 200_000;
/// Maps and lists within each other.
const MOST_DEPTH: usize = 64;
/// Bytes of scalars of a file, counted in the same way.
const MOST_BYTES: usize = 1024 * 1024;
/// The same of all objects of a chart.
const MOST_BYTES_OF_ALL: usize = 32 * 1024 * 1024;
const MOST_ANCHORS: usize = 2_000;

fn options(most_bytes: usize) -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MOST_DEPTH,
            max_nodes: MOST_NODES,
            max_events: 2 * MOST_NODES,
            max_recorded_anchor_events: MOST_NODES,
            max_anchors: MOST_ANCHORS,
            max_merge_keys: MOST_ANCHORS,
            max_total_scalar_bytes: most_bytes,
            // what they repeat is counted
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MOST_NODES },
        strict_booleans: false,
        legacy_octal_numbers: true,
    }
}

/// One document. An error is a sentence with line and column.
pub(crate) fn one<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_saphyr::from_str_with_options(text, options(MOST_BYTES)).map_err(|error| told(&error))
}

/// One document that Helm reads too, without what it reads otherwise than this reader does.
pub(crate) fn of_helm<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    ambiguity::check(text)?;
    one(text)
}

/// All documents, without the empty ones.
pub(crate) fn all(text: &str) -> Result<Vec<Value>, String> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple_with_options(text, options(MOST_BYTES_OF_ALL)).map_err(|error| told(&error))?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
}

fn told(error: &Error) -> String {
    error.render_with_options(serde_saphyr::render_options! { formatter: &InWords, snippets: SnippetMode::Off })
}

/// The library's own messages, but for those that show what is within it.
struct InWords;

impl MessageFormatter for InWords {
    fn format_message<'a>(&self, error: &'a Error) -> Cow<'a, str> {
        match error {
            Error::Budget { breach, .. } => Cow::Owned(too_large(breach)),
            Error::AliasReplayLimitExceeded { .. }
            | Error::AliasExpansionLimitExceeded { .. }
            | Error::AliasReplayCounterOverflow { .. } => {
                Cow::Owned(format!("aliases repeat more than {MOST_NODES} maps, lists and values"))
            }
            Error::AliasReplayStackDepthExceeded { .. } => Cow::Borrowed("aliases lead to aliases too often"),
            error => UserMessageFormatter.format_message(error),
        }
    }
}

fn too_large(breach: &BudgetBreach) -> String {
    let again = "counted again wherever an alias repeats them";
    match breach {
        BudgetBreach::Depth { .. } => format!("maps and lists are more than {MOST_DEPTH} within each other"),
        BudgetBreach::Anchors { .. } => format!("there are more than {MOST_ANCHORS} anchors"),
        BudgetBreach::Aliases { .. } => "there are too many aliases".to_owned(),
        BudgetBreach::MergeKeys { .. } => format!("there are more than {MOST_ANCHORS} keys <<"),
        BudgetBreach::ScalarBytes { .. } | BudgetBreach::RecordedAnchorBytes { .. } => {
            format!("the texts have too many bytes, {again}")
        }
        BudgetBreach::Documents { .. } => "there are too many documents".to_owned(),
        BudgetBreach::SequenceUnbalanced => "a map or a list ends that did not begin".to_owned(),
        _ => format!("there are more than {MOST_NODES} maps, lists and values, {again}"),
    }
}

#[cfg(test)]
mod tests;
