//! The model that compose resolved, as the file that runs: what was verified is written out and started, so that nothing is
//! read anew between the two. Dollar signs are doubled in it, so that a second reading puts nothing in.

use std::collections::BTreeSet;

use distr_agent::fault::Failure;
use distr_domain::agent::ErrorCategory;
use distr_domain::compose_file;
use serde_json::{Map, Value};

use crate::home::Places;
use crate::policy::{self, Written};

/// As it came from compose, without what only developers use.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved(Value);

impl Resolved {
    pub fn read(json: &str) -> Result<Self, serde_json::Error> {
        let mut value: Value = serde_json::from_str(json)?;
        let services = value.get_mut("services").and_then(Value::as_object_mut);
        for service in services.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
            service.remove("develop");
        }
        drop_absent_dependencies(&mut value);
        Ok(Self(value))
    }

    /// Puts what the vendor's file names beside itself into its place.
    pub fn place(&mut self, places: &Places<'_>) -> Result<(), Failure> {
        places.settle(&mut self.0)
    }

    /// Replaces the paths of the host by what they lead to, so that what is checked is what the engine gets.
    pub fn settle(&mut self) -> Result<Written, Failure> {
        policy::settle(&mut self.0).map_err(|text| Failure::bad(ErrorCategory::Config, text))
    }

    /// The model as compose will understand it: with single dollar signs.
    pub fn plain(&self) -> Value {
        map_texts(&self.0, &|text| text.replace("$$", "$"))
    }

    /// The file's text; nothing if compose would still put something in.
    pub fn text(&self) -> Option<String> {
        (!has_variable(&self.0)).then(|| compose_file::text(&self.0))
    }

    /// The same as another project, with networks and volumes of its own, and without what cannot exist twice.
    pub fn candidate(&self, project: &str, candidate: &str) -> Self {
        let mut value = self.0.clone();
        value["name"] = candidate.into();
        for part in ["networks", "volumes", "configs", "secrets"] {
            let parts = value.get_mut(part).and_then(Value::as_object_mut);
            for (key, part) in parts.into_iter().flatten() {
                if part.get("name").and_then(Value::as_str) == Some(&format!("{project}_{key}")) {
                    part["name"] = format!("{candidate}_{key}").into();
                }
            }
        }
        let services = value.get_mut("services").and_then(Value::as_object_mut);
        for service in services.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
            service.remove("ports");
            service.remove("container_name");
        }
        Self(value)
    }
}

/// Compose leaves the name of a service that a profile turned off where another one can do without it, and then takes the file for
/// one that contradicts itself.
fn drop_absent_dependencies(model: &mut Value) {
    let services = model.get_mut("services").and_then(Value::as_object_mut);
    let Some(services) = services else { return };
    let there: BTreeSet<String> = services.keys().cloned().collect();
    for dependencies in services.values_mut().filter_map(|service| service.get_mut("depends_on")?.as_object_mut()) {
        dependencies
            .retain(|name, dependency| there.contains(name) || dependency.get("required") != Some(&false.into()));
    }
}

fn map_texts(value: &Value, change: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => change(text).into(),
        Value::Array(list) => list.iter().map(|value| map_texts(value, change)).collect(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| (change(key), map_texts(value, change))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// A dollar sign that is not doubled.
fn has_variable(value: &Value) -> bool {
    match value {
        Value::String(text) => text.replace("$$", "").contains('$'),
        Value::Array(list) => list.iter().any(has_variable),
        Value::Object(map) => map.values().any(has_variable),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resolved(value: Value) -> Resolved {
        Resolved::read(&value.to_string()).unwrap()
    }

    #[test]
    fn a_dollar_sign_stays_what_it_is() {
        let file = resolved(json!({"services": {"web": {"environment": {"A": "a$$b"}, "develop": {}}}}));
        assert_eq!(file.plain(), json!({"services": {"web": {"environment": {"A": "a$b"}}}}));
        assert!(file.text().unwrap().contains("a$$b"));
        for text in ["$A", "${A}", "$$$A"] {
            assert_eq!(resolved(json!({"services": {"web": {"image": text}}})).text(), None, "{text}");
        }
    }

    #[test]
    fn a_candidate_has_all_to_itself() {
        let file = resolved(json!({
            "name": "p",
            "services": {"web": {"image": "x", "ports": [{"target": 80}], "container_name": "web"}},
            "networks": {"default": {"name": "p_default"}},
            "volumes": {"data": {"name": "p_data"}, "other": {"name": "shared", "external": true}},
        }));
        let expected = json!({
            "name": "p_candidate",
            "services": {"web": {"image": "x"}},
            "networks": {"default": {"name": "p_candidate_default"}},
            "volumes": {"data": {"name": "p_candidate_data"}, "other": {"name": "shared", "external": true}},
        });
        assert_eq!(file.candidate("p", "p_candidate"), resolved(expected));
    }
}
