//! Variables in texts: `$NAME`, `${NAME}`, `${NAME:-default}`. Their values are the customer's, and known on the customer's
//! host alone; a default is a value that is known here.

use std::fmt::{Display, Formatter};

use serde_json::Value;

use crate::found::Found;
use crate::path::{Path, Step};

/// Stands in a text for what is not known. A text that holds it by itself is taken for one that is not known.
const UNKNOWN: char = '\0';

/// Defaults within defaults.
const MOST_DEPTH: usize = 32;

/// Whether the agent or compose itself sets the variable.
pub(crate) fn is_of_the_agent(name: &str) -> bool {
    ["DISTR_REGISTRY", "COMPOSE_PROJECT_NAME"].contains(&name)
}

/// Whether no part of the text is a variable's.
pub(crate) fn is_known(text: &str) -> bool {
    !text.contains(UNKNOWN)
}

/// The file with its variables replaced by their defaults, or by the mark for what is not known.
pub(crate) fn resolve(file: &Value, found: &mut Found) -> Value {
    resolve_at(file, &mut Path::default(), found)
}

fn resolve_at(value: &Value, path: &mut Path, found: &mut Found) -> Value {
    match value {
        Value::String(text) if text.contains('$') => match resolve_text(text, &mut |_, _| {}) {
            Ok(resolved) => Value::String(resolved),
            Err(malformed) => {
                found.add(path.clone(), malformed.to_string());
                Value::String(UNKNOWN.to_string())
            }
        },
        Value::Array(list) => {
            let entries = list.iter().enumerate();
            Value::Array(entries.map(|(n, value)| resolve_step(value, Step::Entry(n), path, found)).collect())
        }
        Value::Object(map) => {
            let of = |(key, value): (&String, &Value)| {
                (key.clone(), resolve_step(value, Step::Key(key.clone()), path, found))
            };
            Value::Object(map.iter().map(of).collect())
        }
        other => other.clone(),
    }
}

fn resolve_step(value: &Value, step: Step, path: &mut Path, found: &mut Found) -> Value {
    path.push(step);
    let resolved = resolve_at(value, path, found);
    path.pop();
    resolved
}

/// Who is told of variables.
pub(crate) type Seen<'s, 'a> = dyn FnMut(&'a str, bool) + 's;

/// A part of a text that begins like a variable and is none.
#[derive(Debug, PartialEq)]
pub(crate) struct Malformed<'a>(&'a str);

impl Display for Malformed<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let part: String = self.0.chars().take(40).collect();
        write!(
            f,
            "{part:?} is no variable; write ${{NAME}} or ${{NAME:-default}} in one line, and $$ where a dollar sign is meant"
        )
    }
}

/// The text with its variables replaced. `seen` is told of each, and whether it has neither a default nor must be there.
pub(crate) fn resolve_text<'a>(text: &'a str, seen: &mut Seen<'_, 'a>) -> Result<String, Malformed<'a>> {
    resolve_nested(text, 0, seen)
}

fn resolve_nested<'a>(text: &'a str, depth: usize, seen: &mut Seen<'_, 'a>) -> Result<String, Malformed<'a>> {
    if depth > MOST_DEPTH {
        return Err(Malformed(text));
    }
    let (mut resolved, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('$') {
        resolved.push_str(&rest[..at]);
        let (variable, after) = (&rest[at..], &rest[at + 1..]);
        let name = name(after);
        rest = match after.chars().next() {
            Some('$') => {
                resolved.push('$');
                &after[1..]
            }
            Some('{') => {
                let (value, length) = braced(&after[1..], depth, seen)?.ok_or(Malformed(variable))?;
                resolved.push_str(&value);
                &after[1 + length..]
            }
            _ if !name.is_empty() => {
                seen(name, true);
                resolved.push(UNKNOWN);
                &after[name.len()..]
            }
            _ => {
                resolved.push('$');
                after
            }
        };
    }
    resolved.push_str(rest);
    Ok(resolved)
}

/// The value of what stands behind `${`, and how long it is with its closing brace; nothing if it is malformed.
fn braced<'a>(inner: &'a str, depth: usize, seen: &mut Seen<'_, 'a>) -> Result<Option<(String, usize)>, Malformed<'a>> {
    let name = name(inner);
    let rest = &inner[name.len()..];
    if name.is_empty() {
        return Ok(None);
    }
    if rest.starts_with('}') {
        seen(name, true);
        return Ok(Some((UNKNOWN.to_string(), name.len() + 1)));
    }
    let operator = rest.strip_prefix(':').unwrap_or(rest);
    let Some(kind) = operator.chars().next().filter(|kind| "-+?".contains(*kind)) else { return Ok(None) };
    let operand = &operator[1..];
    let Some(end) = closing(operand) else { return Ok(None) };
    seen(name, false);
    let value = resolve_nested(&operand[..end], depth + 1, seen)?;
    let value = if kind == '-' { value } else { UNKNOWN.to_string() };
    Ok(Some((value, inner.len() - operand.len() + end + 1)))
}

/// The name that the text begins with; empty if it begins with none.
pub(crate) fn name(text: &str) -> &str {
    let is_part = |(at, c): &(usize, char)| c.is_ascii_alphabetic() || *c == '_' || (*at > 0 && c.is_ascii_digit());
    &text[..text.char_indices().take_while(is_part).count()]
}

/// The brace that closes, in the same line: the one that pairs or else the last. What follows an opening brace is passed over, as
/// compose does.
pub(crate) fn closing(operand: &str) -> Option<usize> {
    let (mut depth, mut last, mut passed) = (1, None, false);
    for (at, c) in operand.char_indices().take_while(|(_, c)| *c != '\n') {
        if c == '}' {
            last = Some(at);
        }
        if std::mem::take(&mut passed) {
            continue;
        }
        match c {
            '}' if depth == 1 => return Some(at),
            '}' => depth -= 1,
            '{' => (depth, passed) = (depth + 1, true),
            _ => {}
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resolved(text: &str) -> Result<String, Malformed<'_>> {
        resolve_text(text, &mut |_, _| {})
    }

    #[test]
    fn a_default_is_known_and_other_values_are_not() {
        for (text, value) in [
            ("plain", "plain"),
            ("$$A $ $1 $(x)", "$A $ $1 $(x)"),
            ("${A}", "\0"),
            ("x$A/y", "x\0/y"),
            ("${A:-b}${C-d}", "bd"),
            ("${A:-}", ""),
            ("${A:?must}", "\0"),
            ("${A:+b}", "\0"),
            ("${A:-${B:-c}}/${D:-e}", "c/e"),
            ("${A:-{x}}", "{x}"),
            ("${A:-{x}", "{x"),
        ] {
            assert_eq!(resolved(text).as_deref(), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_variable_is_told() {
        for text in ["${", "${}", "${A", "${A B}", "${a.b}", "${1}", "${A:-x\ny}", "${A:-${}}", "é${", "${é}"] {
            assert!(resolved(text).is_err(), "{text}");
        }
        let mut found = Found::default();
        resolve(&json!({"x-note": ["5$", "a ${B C} d"]}), &mut found);
        assert_eq!(found.0.len(), 1);
        assert_eq!(found.0[0].0, Path::of(["x-note"]).entry(1));
        assert!(found.0[0].1.starts_with("\"${B C} d\" is no variable; write ${NAME}"), "{}", found.0[0].1);
    }

    #[test]
    fn long_texts_are_read_in_time() {
        assert!(resolved(&"${A:-".repeat(100_000)).is_err());
        assert!(resolved(&("${A:-".repeat(100_000) + &"}".repeat(100_000))).is_err());
        assert_eq!(resolved(&"${A:-b}".repeat(100_000)).map(|text| text.len()), Ok(100_000));
    }
}
