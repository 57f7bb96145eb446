//! The schema of the compose specification, and its errors in words.

mod reason;

use std::sync::LazyLock;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Draft, JsonType, ValidationError, Validator};
use serde_json::Value;

use crate::found::Found;
use crate::path::Path;
use crate::variables::is_known;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../schema/compose-spec.json")).expect("the schema in the tree is JSON")
});

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    // its "$schema" is an address of draft 7 that is none of those that are built in
    let mut schema = SCHEMA.clone();
    schema.as_object_mut().and_then(|schema| schema.remove("$schema"));
    jsonschema::options().with_draft(Draft::Draft7).build(&schema).expect("the schema in the tree is one")
});

/// Lists of which compose takes an entry that is there twice as one.
const SETS: &[&str] = &[
    "networks.*.labels",
    "services.*.annotations",
    "services.*.cap_add",
    "services.*.cap_drop",
    "services.*.configs",
    "services.*.deploy.labels",
    "services.*.devices",
    "services.*.dns",
    "services.*.dns_opt",
    "services.*.dns_search",
    "services.*.env_file",
    "services.*.environment",
    "services.*.expose",
    "services.*.labels",
    "services.*.links",
    "services.*.networks.*.aliases",
    "services.*.networks.*.link_local_ips",
    "services.*.ports",
    "services.*.profiles",
    "services.*.secrets",
    "services.*.sysctls",
    "services.*.tmpfs",
    "services.*.volumes",
];

/// What of the file the schema refuses.
pub(crate) fn check(file: &Value, found: &mut Found) {
    for error in VALIDATOR.iter_errors(file) {
        if found.is_full() {
            return;
        }
        add(&error, file, found);
    }
}

fn add(error: &ValidationError<'_>, file: &Value, found: &mut Found) {
    let path = Path::pointer(error.instance_path().as_str(), file);
    let value = error.instance().as_ref();
    match error.kind() {
        ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
            let at = error.instance_path().as_str();
            match context.iter().find(|errors| errors.iter().all(|error| expected_at(error, at).is_none())) {
                Some(fitting) => fitting.iter().for_each(|error| add(error, file, found)),
                None => {
                    let expected = context.iter().flatten().filter_map(|error| expected_at(error, at)).flatten();
                    let reason = reason::wrong_type(&path, value, &expected.collect::<Vec<_>>());
                    found.add(path, reason);
                }
            }
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let known = known_keys(error.schema_path().as_str());
            for key in unexpected {
                if found.is_full() {
                    return;
                }
                let reason = reason::unknown_key(&path, key, &value[key], &known);
                found.add(path.key(key), reason);
            }
        }
        ValidationErrorKind::Type { kind } => {
            let reason = reason::wrong_type(&path, value, &types(kind));
            found.add(path, reason);
        }
        ValidationErrorKind::Enum { .. } if value.as_str().is_some_and(|text| !is_known(text)) => {}
        ValidationErrorKind::Enum { options } => found.add(path, reason::not_one_of(value, options)),
        ValidationErrorKind::Minimum { limit } => found.add(path, format!("{value} must be at least {limit}")),
        ValidationErrorKind::Maximum { limit } => found.add(path, format!("{value} must be at most {limit}")),
        ValidationErrorKind::Required { property } => found.add(path, format!("the key {property} is missing; add it")),
        ValidationErrorKind::UniqueItems if SETS.iter().any(|set| path.matches(set)) => {}
        ValidationErrorKind::UniqueItems => found.add(path, reason::twice(value)),
        _ => found.add(path, "is not what compose takes here; compare it with the compose file reference"),
    }
}

/// What the error would have at this very place, if it is of the value's type.
fn expected_at(error: &ValidationError<'_>, at: &str) -> Option<Vec<JsonType>> {
    match error.kind() {
        ValidationErrorKind::Type { kind } if error.instance_path().as_str() == at => Some(types(kind)),
        _ => None,
    }
}

fn types(kind: &TypeKind) -> Vec<JsonType> {
    match kind {
        TypeKind::Single(one) => vec![*one],
        TypeKind::Multiple(set) => set.into_iter().collect(),
    }
}

/// The keys that the schema knows beside the `additionalProperties` to which the pointer leads.
fn known_keys(pointer: &str) -> Vec<&'static str> {
    let mut schema: Option<&'static Value> = Some(&SCHEMA);
    let mut parts: Vec<&str> = pointer.split('/').skip(1).collect();
    parts.pop();
    for part in parts {
        let part = part.replace("~1", "/").replace("~0", "~");
        schema = schema.map(referred).and_then(|schema| match schema {
            schema if part == "$ref" => Some(schema),
            Value::Array(list) => list.get(part.parse::<usize>().ok()?),
            schema => schema.get(&part),
        });
    }
    let properties = schema.map(referred).and_then(|schema| schema.get("properties")).and_then(Value::as_object);
    properties.into_iter().flatten().map(|(key, _)| key.as_str()).collect()
}

fn referred(schema: &'static Value) -> &'static Value {
    let pointer = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| SCHEMA.pointer(pointer)).unwrap_or(schema)
}

#[cfg(test)]
mod tests;
