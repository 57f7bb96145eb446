//! The words for what the schema refuses.

use std::collections::HashSet;

use jsonschema::JsonType;
use serde_json::Value;

use crate::path::{Path, Step, singular};
use crate::similar::nearest;

/// Keys of services that stand somewhere else, with the place.
const ELSEWHERE: [(&str, &str); 4] = [
    ("replicas", "below deploy"),
    ("resources", "below deploy"),
    ("limits", "below deploy.resources"),
    ("test", "below healthcheck"),
];

pub(super) fn unknown_key(parent: &Path, key: &str, value: &Value, known: &[&str]) -> String {
    if key.is_empty() {
        return "a name is empty; give it one, or take the line out".to_owned();
    }
    if known.is_empty() {
        return format!("{key:?} is no name that compose takes; use letters, digits, \".\", \"_\" and \"-\"");
    }
    if key == "<<" {
        return "the merge key \"<<\" in quotes is a key like others; take the quotes away".to_owned();
    }
    let whose = owner(parent);
    if let Some(meant) = nearest(key, known.iter().copied()) {
        return format!("{key:?} is no key of {whose}; did you mean {meant:?}?");
    }
    let is_service = value.get("image").is_some() || value.get("build").is_some();
    match parent.steps() {
        [] if is_service => format!("{key:?} is no key of {whose}; put the service below \"services\""),
        [] => format!("{key:?} is no key of {whose}; what compose should pass over begins with \"x-\""),
        [_, _] if ELSEWHERE.iter().any(|(word, _)| *word == key) => {
            let place = ELSEWHERE.iter().find(|(word, _)| *word == key).map_or("", |(_, place)| place);
            format!("{key:?} is no key of {whose}; put it {place}")
        }
        _ if known.len() <= 12 => format!("{key:?} is no key of {whose}; the keys are {}", listed(known)),
        _ => format!(
            "{key:?} is no key of {whose} that compose on the targets knows; take it out, or begin it with \"x-\""
        ),
    }
}

/// What has the keys below the path.
fn owner(path: &Path) -> String {
    let last = path.steps().iter().rev().find_map(|step| match step {
        Step::Key(key) => Some(key),
        Step::Entry(_) => None,
    });
    match path.steps() {
        [] => "the compose file".to_owned(),
        [Step::Key(kind), Step::Key(_)] if singular(kind).is_some() => {
            format!("a {}", singular(kind).unwrap_or_default())
        }
        [.., Step::Entry(_)] => format!("an entry of {:?}", last.map_or("", String::as_str)),
        _ => format!("{:?}", last.map_or("", String::as_str)),
    }
}

pub(super) fn wrong_type(path: &Path, value: &Value, expected: &[JsonType]) -> String {
    let mut names: Vec<&str> = expected.iter().map(|kind| name(*kind)).collect();
    // nobody means nothing, unless nothing else fits
    if names.iter().any(|name| *name != "empty") {
        names.retain(|name| *name != "empty");
    }
    if names.contains(&"a number") {
        names.retain(|name| *name != "a whole number");
    }
    let mut unique: Vec<&str> = vec![];
    for name in names {
        if !unique.contains(&name) {
            unique.push(name);
        }
    }
    format!("is {} and must be {}{}", actual(value), alternatives(&unique), hint(path, value, &unique))
}

fn name(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Null => "empty",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Number => "a number",
        JsonType::String => "a text",
        JsonType::Array => "a list",
        JsonType::Object => "a mapping",
    }
}

fn actual(value: &Value) -> String {
    match value {
        Value::Null => "empty".to_owned(),
        Value::Bool(value) => format!("{value}, a truth value,"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.chars().count() > 40 => "a text".to_owned(),
        Value::String(text) => format!("the text {:?}", text.replace('\0', "…")),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    }
}

/// Keys that hold a time.
fn is_duration(path: &Path) -> bool {
    const KEYS: [&str; 9] = [
        "interval",
        "timeout",
        "start_period",
        "start_interval",
        "stop_grace_period",
        "delay",
        "monitor",
        "window",
        "period",
    ];
    matches!(path.steps().last(), Some(Step::Key(key)) if KEYS.contains(&key.as_str()))
}

fn hint(path: &Path, value: &Value, expected: &[&str]) -> String {
    let takes = |name: &str| expected.contains(&name);
    match value {
        Value::Number(number) if takes("a text") && is_duration(path) => format!("; give it a unit, such as {number}s"),
        Value::Bool(_) | Value::Number(_) if takes("a text") && !takes("true or false") => {
            format!("; put it in quotes: \"{value}\"")
        }
        Value::Null if takes("a mapping") || takes("a list") => "; fill it in, or take the key out".to_owned(),
        Value::Null => "; give it a value, or take it out".to_owned(),
        Value::Object(_) if takes("a list") => "; begin each of its lines with \"- \"".to_owned(),
        Value::Array(_) if takes("a mapping") => "; write \"key: value\" lines without \"- \"".to_owned(),
        Value::String(_) | Value::Number(_) | Value::Bool(_) if takes("a list") => {
            "; write it in a line of its own that begins with \"- \"".to_owned()
        }
        _ => String::new(),
    }
}

pub(super) fn not_one_of(value: &Value, options: &Value) -> String {
    let options: Vec<&str> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let meant = value.as_str().and_then(|text| nearest(text, options.iter().copied()));
    let meant = meant.map(|meant| format!("; did you mean {meant:?}?")).unwrap_or_default();
    match options[..] {
        [one] => format!("{value} must be {one:?}"),
        _ => format!("{value} must be one of {}{meant}", listed(&options)),
    }
}

/// The first entry of the list that was there before.
pub(super) fn twice(list: &Value) -> String {
    let mut seen = HashSet::new();
    match list.as_array().into_iter().flatten().find(|entry| !seen.insert(entry.to_string())) {
        Some(entry) => format!("the entry {entry} is there twice; take one out"),
        None => "an entry is there twice; take one out".to_owned(),
    }
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ")
}

fn alternatives(words: &[&str]) -> String {
    match words {
        [] => "something else".to_owned(),
        [one] => (*one).to_owned(),
        [all @ .., last] => format!("{} or {last}", all.join(", ")),
    }
}
