//! YAML as Helm reads it.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::{Options, UserMessageFormatter};

/// Maps, lists and scalars of one text, aliases counted wherever they repeat something.
const MOST_NODES: usize = 200_000;
/// Maps and lists within each other.
const MOST_DEPTH: usize = 64;
/// Bytes of scalars, counted in the same way.
const MOST_BYTES: usize = 32 * 1024 * 1024;
const MOST_ANCHORS: usize = 2_000;

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MOST_DEPTH,
            max_nodes: MOST_NODES,
            max_events: 2 * MOST_NODES,
            max_recorded_anchor_events: MOST_NODES,
            max_anchors: MOST_ANCHORS,
            max_merge_keys: MOST_ANCHORS,
            max_total_scalar_bytes: MOST_BYTES,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MOST_NODES },
        strict_booleans: false,
        legacy_octal_numbers: true,
    }
}

/// One document. An error is a sentence with line and column.
pub(crate) fn one<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_saphyr::from_str_with_options(text, options())
        .map_err(|error| error.render_with_formatter(&UserMessageFormatter))
}

/// All documents, without the empty ones.
pub(crate) fn all(text: &str) -> Result<Vec<Value>, String> {
    let documents: Vec<Value> = serde_saphyr::from_multiple_with_options(text, options())
        .map_err(|error| error.render_with_formatter(&UserMessageFormatter))?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
}
