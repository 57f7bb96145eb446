//! Services with what they extend: which value a key has in the end.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use crate::found::Found;
use crate::parts::{Part, parts};
use crate::similar::nearest;

/// Keys of which the other checks want the final value.
const KEYS: &[&str] = &[
    "build",
    "cgroup",
    "container_name",
    "cpus",
    "deploy.replicas",
    "deploy.resources.limits",
    "deploy.resources.limits.cpus",
    "deploy.resources.limits.memory",
    "deploy.resources.limits.pids",
    "deploy.resources.reservations",
    "deploy.resources.reservations.memory",
    "image",
    "ipc",
    "mem_limit",
    "mem_reservation",
    "network_mode",
    "networks",
    "pid",
    "pids_limit",
    "platform",
    "scale",
    "uts",
];

/// A service with what it has by extending another.
pub(crate) struct Service<'a> {
    pub(crate) part: Part<'a>,
    /// the service that it extends, if that is in the file
    pub(crate) base: Option<&'a str>,
    values: BTreeMap<&'static str, &'a Value>,
}

impl<'a> Service<'a> {
    /// The value of one of `KEYS`; an empty list of networks is none.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Value> {
        self.values.get(key).copied()
    }

    pub(crate) fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key)?.as_str()
    }
}

/// Services by their names.
pub(crate) type Services<'a> = BTreeMap<&'a str, Service<'a>>;

/// All services of the file. Those that extend each other in a circle extend nothing.
pub(crate) fn services<'a>(file: &'a Value, found: &mut Found) -> Services<'a> {
    let own: BTreeMap<&str, Part<'_>> = parts(file, "services").map(|part| (part.name, part)).collect();
    let bases: BTreeMap<&str, &str> =
        own.values().filter_map(|part| Some((part.name, base(part, &own, found)?))).collect();
    let mut services: Services<'_> = BTreeMap::new();
    for name in own.keys() {
        // from the service down to the first that is done, or that extends nothing
        let (mut chain, mut seen, mut next) = (vec![*name], HashSet::from([*name]), *name);
        while let Some(base) = bases.get(next).filter(|_| !services.contains_key(next)) {
            if !seen.insert(base) {
                tell_circle(&own, &chain, base, found);
                break;
            }
            chain.push(base);
            next = base;
        }
        let circle = bases.get(next).filter(|_| !services.contains_key(next)).is_some();
        for name in chain.into_iter().rev() {
            if !services.contains_key(name) {
                let base = bases.get(name).copied().filter(|_| !circle);
                let values = values(&own[name], base.and_then(|base| services.get(base)));
                services.insert(name, Service { part: own[name].clone(), base, values });
            }
        }
    }
    services
}

fn base<'a>(part: &Part<'a>, own: &BTreeMap<&'a str, Part<'a>>, found: &mut Found) -> Option<&'a str> {
    let extends = part.map.get("extends")?;
    let name = match extends {
        Value::Null => "",
        extends => extends.as_str().or_else(|| extends.get("service")?.as_str())?,
    };
    if own.contains_key(name) {
        return Some(name);
    }
    if found.is_full() {
        return None;
    }
    let advice = match nearest(name, own.keys().copied()) {
        Some(meant) => format!("did you mean {meant:?}?"),
        None => "add it, or take the key out".to_owned(),
    };
    found.add(part.path.key("extends"), format!("the service {name:?} is not defined in this file; {advice}"));
    None
}

fn tell_circle(own: &BTreeMap<&str, Part<'_>>, chain: &[&str], again: &str, found: &mut Found) {
    let start = chain.iter().position(|name| *name == again).unwrap_or_default();
    let circle: Vec<&str> = chain[start..].iter().copied().chain([again]).collect();
    let path = own[again].path.key("extends");
    found.add(path, format!("services extend each other in a circle: {}; take one of these keys out", shown(&circle)));
}

/// The names of a circle, cut if they are many.
pub(crate) fn shown(circle: &[&str]) -> String {
    match circle {
        [first @ .., last] if first.len() > 12 => format!("{} -> … -> {last}", first[..12].join(" -> ")),
        all => all.join(" -> "),
    }
}

fn values<'a>(part: &Part<'a>, base: Option<&Service<'a>>) -> BTreeMap<&'static str, &'a Value> {
    let mut values = base.map(|base| base.values.clone()).unwrap_or_default();
    for key in KEYS {
        let mut steps = key.split('.');
        let first = steps.next().and_then(|step| part.map.get(step));
        let value = steps.fold(first, |value, step| value?.get(step)).filter(|value| !is_nothing(key, value));
        if let Some(value) = value {
            values.insert(key, value);
        }
    }
    values
}

fn is_nothing(key: &str, value: &Value) -> bool {
    let is_empty =
        value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(serde_json::Map::is_empty);
    value.is_null() || (key == "networks" && is_empty)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_service_has_what_it_extends() {
        let file = json!({"services": {
            "a": {"extends": "b", "scale": 2, "networks": []},
            "b": {"extends": {"service": "c"}, "deploy": {"replicas": 3}, "image": null},
            "c": {"image": "x", "scale": 1, "networks": ["n"], "deploy": {"resources": {"limits": {"cpus": 1}}}},
        }});
        let mut found = Found::default();
        let services = services(&file, &mut found);
        let a = &services["a"];
        assert!(found.0.is_empty());
        assert_eq!(a.text("image"), Some("x"));
        assert_eq!(a.get("scale"), Some(&json!(2)));
        assert_eq!(a.get("networks"), Some(&json!(["n"])));
        assert_eq!(a.get("deploy.replicas"), Some(&json!(3)));
        assert_eq!(a.get("deploy.resources.limits.cpus"), Some(&json!(1)));
    }

    fn reasons(services_: Value) -> Vec<String> {
        let mut found = Found::default();
        services(&json!({"services": services_}), &mut found);
        found.0.into_iter().map(|(path, reason)| format!("{}: {reason}", path.words())).collect()
    }

    #[test]
    fn circles_and_missing_services_are_told() {
        let circle = "services extend each other in a circle";
        assert_eq!(
            reasons(
                json!({"a": {"extends": "b"}, "b": {"extends": "c"}, "c": {"extends": "b"}, "d": {"extends": "a"}})
            ),
            [format!("service \"b\", key extends: {circle}: b -> c -> b; take one of these keys out")]
        );
        assert_eq!(
            reasons(json!({"a": {"extends": "a"}})),
            [format!("service \"a\", key extends: {circle}: a -> a; take one of these keys out")]
        );
        let missing = "is not defined in this file";
        assert_eq!(
            reasons(json!({"web": {"extends": "bsae"}, "base": {}})),
            [format!("service \"web\", key extends: the service \"bsae\" {missing}; did you mean \"base\"?")]
        );
        assert_eq!(
            reasons(json!({"web": {"extends": null}})),
            [format!("service \"web\", key extends: the service \"\" {missing}; add it, or take the key out")]
        );
    }
}
