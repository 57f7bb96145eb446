//! What Helm and Kubernetes take a text for: YAML 1.1, as the reader of Go that they use has it.

use serde_json::{Map, Number, Value};

use super::{Node, Scalar};

/// The node as Kubernetes gets it.
pub fn value(node: &Node) -> Value {
    match node {
        Node::Scalar(scalar) => of_scalar(scalar),
        Node::List(list) => list.iter().map(value).collect(),
        Node::Map(entries) => {
            Value::Object(entries.iter().map(|(key, entry)| (key_text(key), value(entry))).collect::<Map<_, _>>())
        }
    }
}

fn key_text(key: &Scalar) -> String {
    match of_scalar(key) {
        Value::String(text) => text,
        Value::Null => key.text.clone(),
        other => other.to_string(),
    }
}

fn of_scalar(scalar: &Scalar) -> Value {
    let Scalar { text, is_plain, tag } = scalar;
    if !is_plain || tag.as_deref() == Some("!!str") {
        return Value::from(text.as_str());
    }
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Value::Bool(false),
        text => number(text).map_or_else(|| Value::from(text), Value::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    let first = text.chars().next()?;
    if !(first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
        return None;
    }
    let plain = text.replace('_', "");
    integer(&plain).or_else(|| float(&plain))
}

/// With a zero before it, it is octal.
fn integer(text: &str) -> Option<Number> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match (lower.get(..2), lower.strip_prefix('0')) {
        (Some("0x"), _) => (16, &lower[2..]),
        (Some("0b"), _) => (2, &lower[2..]),
        (Some("0o"), _) => (8, &lower[2..]),
        (_, Some(rest)) if !rest.is_empty() => (8, rest),
        _ => (10, lower.as_str()),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let absolute = u64::from_str_radix(digits, radix).ok()?;
    match is_negative {
        true => Some(Number::from(0i64.checked_sub_unsigned(absolute)?)),
        false => Some(Number::from(absolute)),
    }
}

fn float(text: &str) -> Option<Number> {
    let is_one = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '+' | '-' | 'e' | 'E'));
    let float: f64 = text.parse().ok().filter(|_| is_one)?;
    // a whole one is written without a point
    match float.fract() == 0.0 && float.abs() < 1e15 {
        true => Some(Number::from(float as i64)),
        false => Number::from_f64(float),
    }
}
