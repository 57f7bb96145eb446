//! The values of a deployment. Each part goes over the one before: the chart's own, the variables of the configuration, the values
//! that somebody gave beside them, and last what the license's features decide. The agent puts the names of Secrets and the
//! registry in.

use std::collections::BTreeMap;

use distr_domain::names::Slug;
use distr_domain::release::{Chart, ChartSettings, ValueKind};
use distr_domain::value_path::{Blocked, ValuePath};
use serde_json::{Map, Value};

use crate::depth::{MAX_DEPTH, depth};
use crate::schema::{self, Unfit};

/// The most bytes of values that somebody gives beside variables.
pub const MAX_VALUES: usize = 64 * 1024;
/// Stands for the name of a Secret and for the registry's host until the agent knows them.
const PLACEHOLDER: &str = "distr";
const SECRET: &str = "${secret:";

/// What somebody asked for.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub config: &'a BTreeMap<String, String>,
    pub values: &'a Map<String, Value>,
    /// of the license
    pub features: &'a [Slug],
}

/// Values that the chart cannot be installed with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValues {
    #[error("the chart has no variable {name:?}; it has {}", listed(.known))]
    Unknown { name: String, known: Vec<String> },
    #[error("{place} names a secret, and values are no place for it: anybody who may read them would; {cure}")]
    Secret { place: String, cure: String },
    #[error("{path} cannot be set: the release itself decides it")]
    Reserved { path: ValuePath },
    #[error("variable {name} is {text:?}, which is no {kind}")]
    Type { name: String, text: String, kind: &'static str },
    #[error(transparent)]
    Blocked(#[from] Blocked),
    #[error("the values have {0} bytes; use at most {MAX_VALUES}")]
    Large(usize),
    #[error("the values have maps and lists more than {MAX_DEPTH} within each other; use at most {MAX_DEPTH}")]
    Deep,
    #[error("the chart does not take these values: {}", .0.join("; "))]
    Schema(Vec<String>),
    #[error("{0}")]
    Work(String),
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Whether a deployment may have what was asked for, the chart's schema included.
pub fn check(chart: &Chart, settings: &ChartSettings, asked: Asked<'_>) -> Result<(), InvalidValues> {
    check_schema(chart, settings, &deployed(settings, asked)?)
}

/// The values that are set over the chart's own. The variables that go into Secrets are not among them.
pub fn deployed(settings: &ChartSettings, asked: Asked<'_>) -> Result<Map<String, Value>, InvalidValues> {
    let mut values = Map::new();
    for (name, text) in asked.config {
        if settings.secrets.contains_key(name) {
            continue;
        }
        let Some(of) = settings.config.get(name) else {
            let known = settings.config.keys().chain(settings.secrets.keys()).cloned().collect();
            return Err(InvalidValues::Unknown { name: name.clone(), known });
        };
        if text.contains(SECRET) {
            let cure = format!("ask the vendor to put {name} under secrets in the chart's distr.yaml");
            return Err(InvalidValues::Secret { place: format!("variable {name}"), cure });
        }
        of.path.set(&mut values, typed(name, text, of.kind)?)?;
    }
    check_given(settings, asked.values)?;
    merge(&mut values, asked.values.clone());
    for (feature, of) in &settings.features {
        let chosen = if asked.features.contains(feature) { &of.values } else { &of.otherwise };
        for (path, value) in chosen {
            path.set(&mut values, value.clone())?;
        }
    }
    Ok(values)
}

fn typed(name: &str, text: &str, kind: ValueKind) -> Result<Value, InvalidValues> {
    let (value, what) = match kind {
        ValueKind::String => (Some(Value::from(text)), "text"),
        ValueKind::Integer => (text.trim().parse::<i64>().ok().map(Value::from), "integer"),
        ValueKind::Number => {
            let number = text.trim().parse::<f64>().ok().and_then(serde_json::Number::from_f64);
            (number.map(Value::Number), "number")
        }
        ValueKind::Boolean => (text.trim().parse::<bool>().ok().map(Value::from), "boolean: write true or false"),
    };
    value.ok_or_else(|| InvalidValues::Type {
        name: name.to_owned(),
        text: text.chars().take(80).collect(),
        kind: what,
    })
}

fn check_given(settings: &ChartSettings, values: &Map<String, Value>) -> Result<(), InvalidValues> {
    let whole = Value::Object(values.clone());
    if depth(&whole) > MAX_DEPTH {
        return Err(InvalidValues::Deep);
    }
    let bytes = whole.to_string().len();
    if bytes > MAX_VALUES {
        return Err(InvalidValues::Large(bytes));
    }
    if let Some(path) = settings.reserved().find(|path| is_given(path, values)) {
        return Err(InvalidValues::Reserved { path: path.clone() });
    }
    match find_secret(&whole, String::new()) {
        Some(pointer) => Err(InvalidValues::Secret {
            place: format!("the value at {pointer}"),
            cure: "set the variable of the chart that is kept in a Secret".to_owned(),
        }),
        None => Ok(()),
    }
}

/// Whether values set the path, something in it, or something on its way that is no map.
fn is_given(path: &ValuePath, values: &Map<String, Value>) -> bool {
    let mut at = values;
    for name in path.names() {
        match at.get(name) {
            None => return false,
            Some(Value::Object(map)) => at = map,
            Some(_) => return true,
        }
    }
    true
}

fn find_secret(value: &Value, pointer: String) -> Option<String> {
    match value {
        Value::String(text) => text.contains(SECRET).then_some(pointer),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| find_secret(item, format!("{pointer}/{index}")))
        }
        Value::Object(map) => map.iter().find_map(|(name, value)| {
            let escaped = name.replace('~', "~0").replace('/', "~1");
            match name.contains(SECRET) {
                true => Some(format!("{pointer}/{escaped}")),
                false => find_secret(value, format!("{pointer}/{escaped}")),
            }
        }),
        _ => None,
    }
}

/// As Helm merges: maps are merged, all else is replaced, and null takes away.
pub fn merge(base: &mut Map<String, Value>, over: Map<String, Value>) {
    for (name, value) in over {
        match (base.get_mut(&name), value) {
            (Some(Value::Object(base)), Value::Object(over)) => merge(base, over),
            (_, value) => drop(base.insert(name, value)),
        }
    }
}

/// What remains when null has taken away.
fn without_nulls(values: Map<String, Value>) -> Map<String, Value> {
    let kept = values.into_iter().filter(|(_, value)| !value.is_null());
    kept.map(|(name, value)| match value {
        Value::Object(map) => (name, Value::Object(without_nulls(map))),
        value => (name, value),
    })
    .collect()
}

fn check_schema(chart: &Chart, settings: &ChartSettings, values: &Map<String, Value>) -> Result<(), InvalidValues> {
    let Some(schema) = &chart.schema else { return Ok(()) };
    let mut all = chart.values.clone();
    merge(&mut all, values.clone());
    for secret in settings.secrets.values() {
        secret.existing_secret.set(&mut all, PLACEHOLDER.into())?;
        if let Some(path) = &secret.key.path {
            path.set(&mut all, secret.key.name.clone().into())?;
        }
    }
    if let Some(path) = &settings.images.registry {
        path.set(&mut all, PLACEHOLDER.into())?;
    }
    let all = Value::Object(without_nulls(all));
    schema::hold(schema, &all).map_err(|unfit| match unfit {
        Unfit::Faults(told) => InvalidValues::Schema(told),
        Unfit::Work(why) => InvalidValues::Work(why.to_string()),
    })
}

#[cfg(test)]
mod tests;
