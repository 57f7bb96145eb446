//! Variables without whose value compose refuses the whole file: `${NAME:?reason}` and `${NAME?reason}`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::variables::{closing, name};

/// The content that a variable must have for compose to take the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Required {
    /// a value, which may be empty
    Value,
    /// a value that is not empty
    Text,
}

/// The variables that `file` requires, by name. Those within another variable's default count as optional.
pub fn required(file: &Value) -> BTreeMap<String, Required> {
    let mut variables = BTreeMap::new();
    note(file, &mut variables);
    variables
}

fn note(value: &Value, variables: &mut BTreeMap<String, Required>) {
    match value {
        Value::String(text) => of_text(text, variables),
        Value::Array(list) => list.iter().for_each(|value| note(value, variables)),
        Value::Object(map) => map.values().for_each(|value| note(value, variables)),
        _ => {}
    }
}

pub(crate) fn of_text(text: &str, variables: &mut BTreeMap<String, Required>) {
    let mut rest = text;
    // nothing closes before there, so that a line is looked through once
    let mut unclosed = 0;
    while let Some(at) = rest.find('$') {
        let after = &rest[at + 1..];
        let Some(inner) = after.strip_prefix('{') else {
            rest = after.strip_prefix('$').unwrap_or(after);
            continue;
        };
        let name = name(inner);
        let operator = &inner[name.len()..];
        let operand = operator.strip_prefix(':').unwrap_or(operator).get(1..).unwrap_or_default();
        let required = match operator {
            _ if operator.starts_with(":?") => Some(Required::Text),
            _ if operator.starts_with('?') => Some(Required::Value),
            _ => None,
        };
        if let Some(required) = required.filter(|_| !name.is_empty()) {
            let noted = variables.entry(name.to_owned()).or_insert(required);
            *noted = required.max(*noted);
        }
        let begins = text.len() - operand.len();
        let may_close = operator.starts_with([':', '-', '+', '?']) && begins >= unclosed;
        let end = may_close.then(|| closing(operand)).flatten();
        if may_close && end.is_none() {
            unclosed = begins + operand.find('\n').unwrap_or(operand.len());
        }
        rest = end.map_or(inner, |end| &operand[end + 1..]);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_must_have_a_value_is_found() {
        let file = json!({
            "services": {"web": {
                "image": "${A:?a}/x:${B?b}",
                "command": ["$C", "${D:-d}", "${E:-${F:?f}}", "$${G:?g}", "${H:+${I:?i}}${J:?j}"],
                "environment": {"X": "${B:?b}", "Y": "${"},
            }},
            "x-note": "${K:?k}",
        });
        let found: Vec<_> = required(&file).into_iter().collect();
        let text = |name: &str| (name.to_owned(), Required::Text);
        assert_eq!(found, [text("A"), text("B"), text("J"), text("K")]);
        let bare = required(&json!("${B?b}"));
        assert_eq!(bare.get("B"), Some(&Required::Value));
        let lines = required(&json!("${A:-\n${B:?b}\n${C:-${D:?d}\n${E:?e}"));
        assert_eq!(lines.into_keys().collect::<Vec<_>>(), ["B", "E"]);
    }

    #[test]
    fn long_texts_are_looked_through_in_time() {
        for part in ["${A:-", "${A:?", "${A}{x", "${A", "${", "${A:-{", "${A:-\n", "${A:-x}{"] {
            required(&json!(part.repeat(1_000_000 / part.len())));
        }
    }
}
