//! What a schema of values may be. The work of one is bounded before it is compiled: a few lines that refer to each other several times
//! are a thousand million schemas, and a short pattern may be a large automaton.

use std::collections::HashMap;

use jsonschema::{PatternOptions, Validator};
use serde_json::{Map, Value};

pub use self::work::TooMuchWork;
use crate::depth::depth;

mod work;

/// Schemas, each as often as it is referred to.
const MOST: u64 = 20_000;
/// Schemas within each other, references followed.
const MAX_DEPTH: usize = 100;
const MAX_PATTERNS: usize = 200;
/// Bytes of one pattern.
const MAX_PATTERN: usize = 300;
/// Bytes of a name that a schema stands under: where a fault is told, all names on the way are.
const MAX_NAME: usize = 300;
/// Maps and lists within each other, also where they are no schemas: a release keeps them.
const MAX_NESTED: usize = 100;
/// The most faults that are told at once.
const MAX_FAULTS: usize = 10;
/// Bytes of memory that one pattern may take when it is compiled.
const PATTERN_MEMORY: usize = 256 * 1024;

/// Keywords that say what a schema is only together with others, or under another name.
const REFUSED: [&str; 7] = [
    "$anchor",
    "$dynamicAnchor",
    "$dynamicRef",
    "$recursiveAnchor",
    "$recursiveRef",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords with a schema for each name.
const OF_NAMES: [&str; 6] =
    ["properties", "patternProperties", "definitions", "$defs", "dependentSchemas", "dependencies"];
/// Keywords with a schema, or a list of them.
const OF_SCHEMAS: [&str; 14] = [
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "oneOf",
    "prefixItems",
    "propertyNames",
    "then",
];

/// A schema that no values can be compared with.
#[derive(Debug, thiserror::Error)]
#[error("values.schema.json: {0}")]
pub struct InvalidSchema(String);

/// Values that a schema does not take.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    #[error(transparent)]
    Work(#[from] TooMuchWork),
    #[error("{}", .0.join("; "))]
    Faults(Vec<String>),
}

/// Whether values can be held against the schema at all: it is one, and is not too much work with them.
pub fn check(schema: &Value, values: &Value) -> Result<(), TooMuchWork> {
    validator(schema)?;
    work::count(schema, values).map(drop)
}

/// Whether the schema takes the values, and if it does not, some of the reasons.
pub fn hold(schema: &Value, values: &Value) -> Result<(), Unfit> {
    let validator = validator(schema).map_err(TooMuchWork::from)?;
    let work = work::count(schema, values)?;
    if validator.is_valid(values) {
        return Ok(());
    }
    if !work.tells_all() {
        let told = "the values do not fit values.schema.json, and there are too many of them to tell where; `helm lint` says it";
        return Err(Unfit::Faults(vec![told.to_owned()]));
    }
    let told = validator.iter_errors(values).take(MAX_FAULTS).map(|error| {
        let pointer: String = error.instance_path().to_string().chars().take(300).collect();
        let pointer = if pointer.is_empty() { "/".to_owned() } else { pointer };
        format!("{pointer}: {}", error.to_string().chars().take(300).collect::<String>())
    });
    Err(Unfit::Faults(told.collect()))
}

/// The validator of a chart's schema. It fetches nothing.
fn validator(schema: &Value) -> Result<Validator, InvalidSchema> {
    if depth(schema) > MAX_NESTED {
        return Err(InvalidSchema(format!("it has maps and lists more than {MAX_NESTED} within each other")));
    }
    let mut size = Size { root: schema, known: HashMap::new(), patterns: 0 };
    if size.of(schema, 0)? > MOST {
        return Err(InvalidSchema(format!("it has more than {MOST} schemas, each as often as it is referred to")));
    }
    let patterns = PatternOptions::regex().size_limit(PATTERN_MEMORY);
    let options = jsonschema::options().with_pattern_options(patterns);
    options.build(schema).map_err(|error| InvalidSchema(error.to_string().chars().take(500).collect()))
}

fn find<'a>(root: &'a Value, reference: &str) -> Result<&'a Value, InvalidSchema> {
    let refused = || InvalidSchema(format!("{reference:?} refers to nothing in it; write #/definitions/…"));
    let pointer = reference.strip_prefix('#').filter(|pointer| !pointer.contains('%')).ok_or_else(refused)?;
    root.pointer(pointer).ok_or_else(refused)
}

struct Size<'a> {
    root: &'a Value,
    /// by address; nothing while it is being counted
    known: HashMap<*const Value, Option<u64>>,
    patterns: usize,
}

impl<'a> Size<'a> {
    fn of(&mut self, schema: &'a Value, depth: usize) -> Result<u64, InvalidSchema> {
        let Value::Object(map) = schema else { return Ok(1) };
        match self.known.get(&std::ptr::from_ref(schema)) {
            Some(Some(known)) => return Ok(*known),
            // it leads back to itself, as lists of lists do
            Some(None) => return Ok(1),
            None if depth > MAX_DEPTH => {
                return Err(InvalidSchema(format!("it has schemas more than {MAX_DEPTH} within each other")));
            }
            None => {}
        }
        self.known.insert(schema, None);
        self.check(map, depth)?;
        let mut count = 1_u64;
        for (keyword, value) in map {
            let below: Vec<&Value> = match value {
                Value::Object(names) if OF_NAMES.contains(&keyword.as_str()) => names.values().collect(),
                Value::Array(list) if OF_SCHEMAS.contains(&keyword.as_str()) => list.iter().collect(),
                value if OF_SCHEMAS.contains(&keyword.as_str()) => vec![value],
                Value::String(reference) if keyword == "$ref" => vec![find(self.root, reference)?],
                _ => vec![],
            };
            for schema in below {
                count = count.saturating_add(self.of(schema, depth + 1)?);
            }
        }
        self.known.insert(schema, Some(count));
        Ok(count)
    }

    fn check(&mut self, map: &'a Map<String, Value>, depth: usize) -> Result<(), InvalidSchema> {
        if let Some(keyword) = REFUSED.into_iter().find(|keyword| map.contains_key(*keyword)) {
            return Err(InvalidSchema(format!(
                "the keyword {keyword} is not taken; say it with additionalProperties or $ref"
            )));
        }
        let mut names = OF_NAMES.into_iter().filter_map(|keyword| map.get(keyword)?.as_object()).flat_map(Map::keys);
        if let Some(name) = names.find(|name| name.len() > MAX_NAME) {
            return Err(InvalidSchema(format!("a name has {} bytes; use at most {MAX_NAME}", name.len())));
        }
        if depth > 0 && (map.contains_key("$id") || map.contains_key("id") && map["id"].is_string()) {
            return Err(InvalidSchema(
                "a schema within it has an $id; refer to it by its place, as #/definitions/…".into(),
            ));
        }
        let names = map.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(Map::keys);
        let patterns = map.get("pattern").and_then(Value::as_str).into_iter().chain(names.map(String::as_str));
        for pattern in patterns {
            self.patterns += 1;
            if pattern.len() > MAX_PATTERN {
                return Err(InvalidSchema(format!("a pattern has {} bytes; use at most {MAX_PATTERN}", pattern.len())));
            }
            if self.patterns > MAX_PATTERNS {
                return Err(InvalidSchema(format!("it has more than {MAX_PATTERNS} patterns")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(schema: Value) -> String {
        validator(&schema).unwrap_err().to_string()
    }

    #[test]
    fn what_charts_say_of_their_values_is_taken() {
        let recursive = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "$id": "https://acme.example/values",
            "definitions": { "tree": { "properties": { "children": { "items": { "$ref": "#/definitions/tree" } } } } },
            "properties": { "tree": { "$ref": "#/definitions/tree" }, "pattern": { "type": "string", "pattern": "^[a-z]+$" } },
            "patternProperties": { "^x-": {} },
        });
        let validator = validator(&recursive).unwrap();
        assert!(validator.is_valid(&json!({ "pattern": "abc", "tree": { "children": [{ "children": [] }] } })));
        assert!(!validator.is_valid(&json!({ "pattern": "ABC" })));
    }

    #[test]
    fn a_schema_is_little_work() {
        let chain = |keyword: &str, times: usize, levels: usize| {
            let level = |n: usize| {
                let next = json!({ "$ref": format!("#/definitions/a{}", n + 1) });
                (format!("a{n}"), json!({ keyword: vec![next; times] }))
            };
            let mut definitions: Map<String, Value> = (0..levels).map(level).collect();
            definitions.insert(format!("a{levels}"), json!({ "type": "string" }));
            json!({ "definitions": definitions, "$ref": "#/definitions/a0" })
        };
        for keyword in ["allOf", "anyOf", "oneOf"] {
            assert!(refused(chain(keyword, 8, 12)).contains("more than 20000 schemas"));
        }
        validator(&chain("allOf", 2, 5)).unwrap();
        assert!(refused(chain("allOf", 1, 200)).contains("within each other"));
        assert!(refused(json!({ "unevaluatedProperties": false })).contains("the keyword unevaluatedProperties"));
        assert!(refused(json!({ "not": { "$dynamicRef": "#a" } })).contains("the keyword $dynamicRef"));
        assert!(refused(json!({ "properties": { "a": { "$id": "b" } } })).contains("has an $id"));
        let patterns: Vec<Value> = (0..201).map(|n| json!({ "pattern": format!("a{n}") })).collect();
        assert!(refused(json!({ "allOf": patterns })).contains("more than 200 patterns"));
        assert!(refused(json!({ "pattern": "a".repeat(301) })).contains("301 bytes"));
        assert!(validator(&json!({ "pattern": "\\p{L}{40}x" })).is_err(), "an automaton of megabytes");
        for reference in
            ["https://example.invalid/schema.json", "file:///etc/passwd", "#anchor", "#/a%2Fb", "#/nowhere"]
        {
            assert!(refused(json!({ "$ref": reference })).contains("refers to nothing"), "{reference}");
        }
    }
}
