//! The `.env` file of a generation, in the dialect of compose: double quotes, with `\`, `"`, `$` and line ends escaped, so
//! that a value arrives as it is and nothing in it is interpolated.

use std::collections::BTreeMap;

use distr_domain::configuration::{InvalidVariable, check_variable};

pub fn render(config: &BTreeMap<String, String>) -> Result<String, InvalidVariable> {
    let mut text = String::new();
    for (name, value) in config {
        check_variable(name, value)?;
        text.push_str(name);
        text.push_str("=\"");
        for character in value.chars() {
            match character {
                '\\' | '"' | '$' => text.extend(['\\', character]),
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                _ => text.push(character),
            }
        }
        text.push_str("\"\n");
    }
    Ok(text)
}

/// The values of a text that `render` made.
pub fn values(text: &str) -> Vec<String> {
    let quoted = text.lines().filter_map(|line| line.split_once("=\"")?.1.strip_suffix('"'));
    quoted.map(unescape).collect()
}

fn unescape(text: &str) -> String {
    let mut value = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some(other) => value.push(other),
                None => {}
            },
            _ => value.push(character),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(name: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn values_come_back_as_they_were() {
        for value in ["", "plain", "a\\", "\\n", "two\nlines\r", "$HOME ${X} `x`", "it's \"q\"", " # lead"] {
            let text = render(&config("A", value)).unwrap();
            assert_eq!(values(&text), [value], "{text}");
            assert_eq!(text.lines().count(), 1, "{text}");
        }
    }

    #[test]
    fn a_name_that_steers_the_tools_is_refused() {
        assert!(render(&config("COMPOSE_PROFILES", "x")).is_err());
    }
}
