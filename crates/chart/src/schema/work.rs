//! How much it is to hold values against a schema, counted before it is done: each schema with each value that it is asked about, as if
//! none of them were refused early. A schema that leads back to itself by several ways multiplies with the depth of the values, and a
//! list of names with the values that are asked for each.

use serde_json::{Map, Value};

use super::InvalidSchema;

/// The most steps: schemas asked about values, and what each of them compares.
const MOST_STEPS: u64 = 2_000_000;
/// Schemas asked within each other, references followed.
const MAX_DEPTH: usize = 500;
/// Bytes of memory that all faults may take together before a few of them are told.
const MOST_TOLD: u64 = 64 * 1024 * 1024;
/// Bytes of one fault beside its places.
const FAULT: u64 = 512;

/// Steps for each byte that a pattern is held against.
const PATTERN: u64 = 10;
/// Steps for a text that is read as a pattern itself.
const READ_PATTERN: u64 = 20_000;
/// Steps for each value of a list whose values have to differ: small lists are compared pairwise.
const UNIQUE: u64 = 16;

/// What holding values against a schema takes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Work {
    /// bytes of all faults there may be
    told: u64,
}

impl Work {
    /// Whether all faults can be made before some of them are told.
    pub(super) fn tells_all(self) -> bool {
        self.told <= MOST_TOLD
    }
}

/// Values that are too much work with a schema.
#[derive(Debug, thiserror::Error)]
pub enum TooMuchWork {
    #[error(
        "these values are more than {MOST_STEPS} steps with values.schema.json, which repeats itself in them; give fewer values, or ask less of each in the schema"
    )]
    Steps,
    #[error(
        "the schemas of values.schema.json are more than {MAX_DEPTH} within each other with these values; let none lead back to itself without going into the values"
    )]
    Depth,
    #[error(transparent)]
    Schema(#[from] InvalidSchema),
}

/// Counts it, and refuses what is too much.
pub(super) fn count(schema: &Value, values: &Value) -> Result<Work, TooMuchWork> {
    let mut counter = Counter { root: schema, steps: 0, told: 0 };
    counter.visit(schema, At::Value(values), Place::default())?;
    Ok(Work { told: counter.told })
}

/// What a schema is asked about: a value, or the name of one.
#[derive(Clone, Copy)]
enum At<'a> {
    Value(&'a Value),
    Name(&'a str),
}

impl<'a> At<'a> {
    fn map(self) -> Option<&'a Map<String, Value>> {
        match self {
            Self::Value(value) => value.as_object(),
            Self::Name(_) => None,
        }
    }

    fn list(self) -> &'a [Value] {
        match self {
            Self::Value(Value::Array(list)) => list,
            _ => &[],
        }
    }

    fn bytes(self) -> u64 {
        match self {
            Self::Value(Value::String(text)) => text.len() as u64,
            Self::Name(name) => name.len() as u64,
            Self::Value(_) => 0,
        }
    }
}

/// How deep a schema is asked, and how long the names on the way are: each fault tells both.
#[derive(Clone, Copy, Default)]
struct Place {
    depth: usize,
    bytes: u64,
}

impl Place {
    fn below(self, name: &str) -> Self {
        Self { depth: self.depth + 1, bytes: self.bytes + name.len() as u64 + 1 }
    }
}

struct Counter<'a> {
    root: &'a Value,
    steps: u64,
    told: u64,
}

impl<'a> Counter<'a> {
    fn step(&mut self, steps: u64) -> Result<(), TooMuchWork> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > MOST_STEPS { Err(TooMuchWork::Steps) } else { Ok(()) }
    }

    fn faults(&mut self, count: u64, place: Place) -> Result<(), TooMuchWork> {
        self.told = self.told.saturating_add(count.saturating_mul(FAULT + place.bytes));
        self.step(count)
    }

    fn visit(&mut self, schema: &'a Value, at: At<'a>, place: Place) -> Result<(), TooMuchWork> {
        if place.depth > MAX_DEPTH {
            return Err(TooMuchWork::Depth);
        }
        self.faults(1, place)?;
        let Value::Object(map) = schema else { return Ok(()) };
        for (keyword, value) in map {
            self.step(1)?;
            self.keyword(map, (keyword, value), at, place.below(keyword))?;
        }
        Ok(())
    }

    fn keyword(
        &mut self,
        schema: &'a Map<String, Value>,
        (keyword, value): (&str, &'a Value),
        at: At<'a>,
        place: Place,
    ) -> Result<(), TooMuchWork> {
        match keyword {
            "$ref" => match value.as_str() {
                Some(reference) => self.visit(super::find(self.root, reference)?, at, place),
                None => Ok(()),
            },
            "allOf" | "anyOf" | "oneOf" => self.each(list(value), at, place),
            "if" | "then" | "else" | "not" => self.visit(value, at, place),
            "properties"
            | "patternProperties"
            | "additionalProperties"
            | "propertyNames"
            | "dependentSchemas"
            | "dependencies" => match at.map() {
                Some(values) => self.of_map(schema, (keyword, value), values, at, place),
                None => Ok(()),
            },
            "items" | "additionalItems" | "prefixItems" | "contains" => {
                self.of_list(schema, (keyword, value), at.list(), place)
            }
            "required" => match at.map() {
                Some(_) => self.faults(list(value).len() as u64, place),
                None => Ok(()),
            },
            "enum" | "const" | "dependentRequired" | "type" => {
                self.step(nodes(value))?;
                self.faults(if keyword == "dependentRequired" { nodes(value) } else { 1 }, place)
            }
            "uniqueItems" => {
                let items = at.list().iter().map(nodes).sum::<u64>();
                self.step(items.saturating_mul(UNIQUE))?;
                self.faults(1, place)
            }
            "pattern" => {
                self.step(at.bytes().saturating_mul(PATTERN))?;
                self.faults(1, place)
            }
            "format" => {
                let reads = value.as_str() == Some("regex") && at.bytes() > 0;
                self.step(at.bytes() + if reads { READ_PATTERN } else { 0 })?;
                self.faults(1, place)
            }
            "minLength" | "maxLength" | "contentEncoding" | "contentMediaType" => {
                self.step(at.bytes() / 8)?;
                self.faults(1, place)
            }
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" | "minItems"
            | "maxItems" | "minProperties" | "maxProperties" => self.faults(1, place),
            _ => Ok(()),
        }
    }

    fn of_map(
        &mut self,
        schema: &'a Map<String, Value>,
        (keyword, value): (&str, &'a Value),
        values: &'a Map<String, Value>,
        at: At<'a>,
        place: Place,
    ) -> Result<(), TooMuchWork> {
        match (keyword, value.as_object()) {
            ("properties", Some(names)) => names.iter().try_for_each(|(name, schema)| {
                self.step(1)?;
                values.get(name).map_or(Ok(()), |value| self.visit(schema, At::Value(value), place.below(name)))
            }),
            ("patternProperties", Some(patterns)) => patterns.values().try_for_each(|schema| {
                values.iter().try_for_each(|(name, value)| {
                    self.step((name.len() as u64).saturating_mul(PATTERN))?;
                    self.visit(schema, At::Value(value), place.below(name))
                })
            }),
            ("additionalProperties", _) => {
                let named = schema.get("properties").and_then(Value::as_object);
                values.iter().try_for_each(|(name, child)| {
                    self.step(1)?;
                    match named.is_some_and(|named| named.contains_key(name)) {
                        true => Ok(()),
                        false => self.visit(value, At::Value(child), place.below(name)),
                    }
                })
            }
            ("propertyNames", _) => values.keys().try_for_each(|name| {
                self.step(name.len() as u64 / 8)?;
                self.visit(value, At::Name(name), place.below(name))
            }),
            (_, Some(dependent)) => dependent.iter().try_for_each(|(name, schema)| {
                self.step(1)?;
                match values.contains_key(name) {
                    true if schema.is_array() => self.faults(list(schema).len() as u64, place),
                    true => self.visit(schema, at, place.below(name)),
                    false => Ok(()),
                }
            }),
            _ => Ok(()),
        }
    }

    fn of_list(
        &mut self,
        schema: &'a Map<String, Value>,
        (keyword, value): (&str, &'a Value),
        values: &'a [Value],
        place: Place,
    ) -> Result<(), TooMuchWork> {
        if let Value::Array(schemas) = value {
            let mut both = schemas.iter().zip(values);
            return both.try_for_each(|(schema, value)| self.visit(schema, At::Value(value), place.below("00000")));
        }
        let before = match (keyword, schema.get("items")) {
            ("additionalItems", Some(Value::Array(first))) => first.len(),
            // without a list of schemas it is asked about nothing
            ("additionalItems", _) => values.len(),
            _ => 0,
        };
        let mut rest = values.iter().skip(before);
        rest.try_for_each(|child| self.visit(value, At::Value(child), place.below("00000")))
    }

    fn each(&mut self, schemas: &'a [Value], at: At<'a>, place: Place) -> Result<(), TooMuchWork> {
        schemas.iter().try_for_each(|schema| self.visit(schema, at, place))
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Values within a value, itself among them. They are never deep.
fn nodes(value: &Value) -> u64 {
    match value {
        Value::Array(list) => 1 + list.iter().map(nodes).sum::<u64>(),
        Value::Object(map) => 1 + map.values().map(nodes).sum::<u64>(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests;
