//! Texts that stand for something else: numbers, truths, durations, sizes, commands.

mod table;

use serde_json::{Number, Value};

use crate::command::{Split, split};
use crate::found::Found;
use crate::path::{Path, Step};
use crate::quantity::{bytes, is_duration};
use crate::variables::is_known;
use table::Kind::{self, Bare, Boolean, Bytes, Command, Count, Devices, Duration, Float, Integer, Whole};
use table::kind;

/// Checks the file's texts, and puts numbers and truths in the place of those that stand for them.
pub(crate) fn cast(file: &mut Value, found: &mut Found) {
    cast_at(file, &mut Path::default(), found);
}

fn cast_at(value: &mut Value, path: &mut Path, found: &mut Found) {
    match value {
        Value::String(text) if !is_known(text) => {}
        Value::String(text) => {
            let Some(kind) = kind(path) else { return };
            match cast_text(kind, text) {
                Ok(None) => {}
                Ok(Some(cast)) => *value = cast,
                Err(reason) => found.add(path.clone(), reason),
            }
        }
        Value::Number(number) => {
            if let Some(reason) = kind(path).and_then(|kind| refused_number(kind, number)) {
                found.add(path.clone(), reason);
            }
        }
        Value::Array(list) => {
            for (entry, value) in list.iter_mut().enumerate() {
                cast_step(value, Step::Entry(entry), path, found);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                cast_step(value, Step::Key(key.clone()), path, found);
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

fn cast_step(value: &mut Value, step: Step, path: &mut Path, found: &mut Found) {
    path.push(step);
    cast_at(value, path, found);
    path.pop();
}

fn cast_text(kind: Kind, text: &str) -> Result<Option<Value>, String> {
    let is_fine = match kind {
        Boolean => match text.to_ascii_lowercase().as_str() {
            "true" | "y" | "yes" | "on" => return Ok(Some(Value::Bool(true))),
            "false" | "n" | "no" | "off" => return Ok(Some(Value::Bool(false))),
            _ => false,
        },
        Integer | Count => match text.parse::<i64>() {
            Ok(number) => return refused_number(kind, &number.into()).map_or(Ok(Some(number.into())), Err),
            Err(_) => false,
        },
        Float => match text.parse::<f64>() {
            Ok(number) => return Ok(Number::from_f64(number).map(Value::Number)),
            Err(_) => false,
        },
        Bare => false,
        Duration => is_duration(text),
        Bytes => bytes(text).is_some(),
        Command => split(text) != Split::Broken,
        Devices => text.eq_ignore_ascii_case("all") || text.parse::<i64>().is_ok(),
        Whole => true,
    };
    if is_fine { Ok(None) } else { Err(format!("{text:?} {}", must_be(kind))) }
}

fn must_be(kind: Kind) -> &'static str {
    match kind {
        Boolean => "must be true or false",
        Integer | Whole => "must be a whole number",
        Count => "must be a whole number that is not below zero",
        Bare => "must be a number without quotes",
        Float => "must be a number, such as 0.5",
        Duration => "is no duration; write numbers with their units, such as 30s, 1m30s or 500ms",
        Bytes => "is no size; write a number with a unit, such as 512m or 2g",
        Command => {
            "cannot be split into words: a quote or parenthesis is not closed, or a backslash ends it; close it, or write a \
             list of words"
        }
        Devices => "must be a number or all",
    }
}

fn refused_number(kind: Kind, number: &Number) -> Option<String> {
    let is_fine = match kind {
        Integer => number.is_i64() || number.is_f64(),
        Count => number.as_f64().is_some_and(|number| number >= 0.0),
        Whole => number.is_i64() || number.is_u64(),
        _ => true,
    };
    (!is_fine).then(|| format!("{number} {}", must_be(kind)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reason(service: Value) -> String {
        let mut found = Found::default();
        cast(&mut json!({"services": {"web": service}}), &mut found);
        assert_eq!(found.0.len(), 1, "{found:?}");
        found.0.remove(0).1
    }

    #[test]
    fn each_kind_has_its_words() {
        for (service, words) in [
            (json!({"privileged": "maybe"}), "\"maybe\" must be true or false"),
            (json!({"scale": "two"}), "\"two\" must be a whole number"),
            (json!({"scale": u64::MAX}), "18446744073709551615 must be a whole number"),
            (json!({"healthcheck": {"retries": -1}}), "-1 must be a whole number that is not below zero"),
            (json!({"blkio_config": {"weight": "300"}}), "\"300\" must be a number without quotes"),
            (json!({"cpus": "half"}), "\"half\" must be a number, such as 0.5"),
            (json!({"stop_grace_period": "30"}), "\"30\" is no duration; write numbers with their units"),
            (json!({"mem_limit": "lots"}), "\"lots\" is no size; write a number with a unit"),
            (json!({"command": "echo 'a"}), "\"echo 'a\" cannot be split into words"),
            (json!({"gpus": [{"count": "some"}]}), "\"some\" must be a number or all"),
            (json!({"ports": [80.5]}), "80.5 must be a whole number"),
        ] {
            let reason = reason(service);
            assert!(reason.starts_with(words), "{reason}");
        }
    }

    #[test]
    fn texts_become_what_they_stand_for() {
        let mut file = json!({
            "services": {"web": {"privileged": "Yes", "scale": "3", "cpus": "0.5", "ulimits": {"core": "0"}, "tty": "\0", "user": "1"}},
            "volumes": {"a": {"external": "true"}},
        });
        let mut found = Found::default();
        cast(&mut file, &mut found);
        assert!(found.0.is_empty(), "{found:?}");
        let web =
            json!({"privileged": true, "scale": 3, "cpus": 0.5, "ulimits": {"core": 0}, "tty": "\0", "user": "1"});
        assert_eq!(file, json!({"services": {"web": web}, "volumes": {"a": {"external": true}}}));
    }
}
