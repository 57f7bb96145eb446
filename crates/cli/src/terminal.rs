//! Texts of others on the reader's terminal.

/// What comes from others must not steer the reader's terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

/// The same of JSON, in which nothing is lost: such characters stand within texts alone, and there may be written as numbers.
pub(crate) fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match steers(c) {
            true => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => text.push(c),
        }
    }
    text
}

fn steers(c: char) -> bool {
    c.is_control() && c != '\n'
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn json_keeps_all_and_steers_no_terminal() {
        let value = json!({"name": "a\u{9b}31m\u{7f}\u{202e}b\nc", "é": "\u{1b}[0m"});
        let written = escaped(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!written.chars().any(steers), "{written}");
        assert!(written.contains("\\u009b") && written.contains("\\u202e") && written.contains('é'), "{written}");
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
    }
}
