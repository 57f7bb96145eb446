//! How deep values are.

use serde_json::Value;

/// Maps and lists within each other, the values themselves being the first.
pub(crate) const MAX_DEPTH: usize = 64;

/// Maps and lists within each other, the value itself among them.
pub(crate) fn depth(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
