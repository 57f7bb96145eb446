//! Keys of a service that cannot stand beside each other, and keys of which a service needs one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::extends::Service;
use crate::found::Found;
use crate::parts::Part;
use crate::path::Path;
use crate::quantity::bytes;
use crate::references::listed;
use crate::variables::is_known;

type Services<'a> = BTreeMap<&'a str, Service<'a>>;

pub(crate) fn check(services: &Services<'_>, found: &mut Found) {
    for service in services.values() {
        check_image(service, found);
        check_limits(service, found);
        check_scale(service, found);
        check_health(&service.part, found);
        check_devices(&service.part, found);
        check_watch(&service.part, found);
        check_profiles(service, services, found);
        if service.text("network_mode").is_some_and(|mode| !mode.is_empty()) && service.get("networks").is_some() {
            let path = service.part.path.key("network_mode");
            found.add(path, "a service has either a network_mode or networks; take one of them out");
        }
    }
}

fn check_image(service: &Service<'_>, found: &mut Found) {
    let has_image = service.text("image").is_some_and(|image| !image.is_empty());
    if !has_image && service.get("build").is_none() {
        found.add(service.part.path.clone(), "the service has no image; name one");
    }
}

/// A key and the one of `deploy` that says the same, with the part of `deploy` that has it say something.
const TWICE: [(&str, &str, &str); 4] = [
    ("cpus", "deploy.resources.limits.cpus", "deploy.resources.limits"),
    ("mem_limit", "deploy.resources.limits.memory", "deploy.resources.limits"),
    ("mem_reservation", "deploy.resources.reservations.memory", "deploy.resources.reservations"),
    ("pids_limit", "deploy.resources.limits.pids", "deploy.resources.limits"),
];

fn check_limits(service: &Service<'_>, found: &mut Found) {
    for (key, other, part) in TWICE {
        let own = amount(key, service.get(key));
        let others = amount(other, service.get(other));
        let (Some(own), Some(others), Some(_)) = (own, others, service.get(part)) else { continue };
        if own != 0.0 && own != others {
            let reason =
                format!("{key} and {other} must be the same where {part} is there; take {key} out and set the other");
            found.add(service.part.path.key(key), reason);
        }
    }
}

/// Zero if there is none, and nothing if it is not known.
fn amount(key: &str, value: Option<&Value>) -> Option<f64> {
    match value {
        None => Some(0.0),
        Some(Value::Number(number)) if key.starts_with("cpus") || key.ends_with(".cpus") => {
            number.as_f64().map(|number| f64::from(number as f32))
        }
        Some(Value::Number(number)) => number.as_f64().map(f64::trunc),
        Some(Value::String(text)) if is_known(text) => bytes(text).map(|bytes| bytes as f64),
        Some(_) => None,
    }
}

fn check_scale(service: &Service<'_>, found: &mut Found) {
    let number = |key| service.get(key).and_then(Value::as_f64);
    let (scale, replicas) = (number("scale"), number("deploy.replicas"));
    if let (Some(scale), Some(replicas)) = (scale, replicas)
        && scale != replicas
    {
        let reason = "scale and deploy.replicas must be the same; take one of them out";
        found.add(service.part.path.key("scale"), reason);
    }
    let has_name = service.text("container_name").is_some_and(|name| !name.is_empty());
    let own_scale = if service.get("scale").is_some() { scale } else { replicas };
    if has_name && own_scale.is_some_and(|scale| scale > 1.0) {
        let reason = "several containers of the service cannot all have this container_name; take it out, or run one";
        found.add(service.part.path.key("container_name"), reason);
    }
}

fn check_health(service: &Part<'_>, found: &mut Found) {
    let test = service.map.get("healthcheck").and_then(|health| health.get("test")).and_then(Value::as_array);
    let Some(first) = test.and_then(|test| test.first()).and_then(Value::as_str) else { return };
    if is_known(first) && !["CMD", "CMD-SHELL", "NONE"].contains(&first) {
        let reason = format!("a list begins with CMD, CMD-SHELL or NONE and not with {first:?}; put \"CMD\" before it");
        found.add(service.path.key("healthcheck").key("test"), reason);
    }
}

fn check_devices(service: &Part<'_>, found: &mut Found) {
    let keys = ["deploy", "resources", "reservations", "devices"];
    let reserved = keys.iter().try_fold(service.path.clone(), |path, key| Some(path.key(key)));
    let requests =
        service.map.get("deploy").and_then(|deploy| deploy.get("resources")?.get("reservations")?.get("devices"));
    let requests = [(reserved, requests), (Some(service.path.key("gpus")), service.map.get("gpus"))];
    for (path, list) in requests.into_iter().filter_map(|(path, list)| Some((path?, list?.as_array()?))) {
        for (entry, request) in list.iter().enumerate() {
            if request.get("count").is_some() && request.get("device_ids").is_some() {
                let reason = "count and device_ids exclude each other; take one of them out";
                found.add(path.entry(entry), reason);
            }
        }
    }
}

fn check_watch(service: &Part<'_>, found: &mut Found) {
    let watched = service.map.get("develop").and_then(|develop| develop.get("watch")).and_then(Value::as_array);
    for (entry, watch) in watched.into_iter().flatten().enumerate() {
        let text = |key: &str| watch.get(key).and_then(Value::as_str).unwrap_or_default();
        let path = service.path.key("develop").key("watch").entry(entry);
        if !["", "rebuild", "restart"].contains(&text("action")) && text("target").is_empty() {
            found.add(path.clone(), "the key \"target\" is missing; add the place in the container");
        }
        if watch.get("path").is_some_and(|path| path == "") {
            found.add(path.key("path"), "is empty; name a folder or file");
        }
    }
}

/// Services that are extended, from the first to the last; more is no file that somebody wrote.
const MOST_BASES: usize = 32;

fn profiles<'a>(service: &Service<'a>, services: &Services<'a>) -> BTreeSet<&'a str> {
    let bases = std::iter::successors(Some(service.part.name), |name| services.get(name)?.base);
    let parts = bases.take(MOST_BASES).filter_map(|name| services.get(name));
    parts.flat_map(|service| service.part.names("profiles")).map(|(_, profile, _)| profile).collect()
}

/// With one profile alone, whatever it is, a service has all that it needs.
fn check_profiles(service: &Service<'_>, services: &Services<'_>, found: &mut Found) {
    let own = profiles(service, services);
    let shared = crate::references::shared(&service.part);
    let needed = listed(&service.part).into_iter().chain(shared).filter(|needed| needed.required);
    for (path, other) in needed.filter_map(|needed| Some((needed.path, services.get(needed.name)?))) {
        let others = profiles(other, services);
        let is_on = others.is_empty() || (!own.is_empty() && own.is_subset(&others));
        let are_known = own.iter().chain(&others).all(|profile| is_known(profile));
        if !is_on && are_known {
            found.add(path, off(other.part.name, &own, &others));
        }
    }
}

fn off(name: &str, own: &BTreeSet<&str>, others: &BTreeSet<&str>) -> String {
    let listed =
        |profiles: &BTreeSet<&str>| profiles.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    let when = match own.is_empty() {
        true => "without them this service would be refused".to_owned(),
        false => format!("this one runs with {} as well, and would then be refused", listed(own)),
    };
    format!(
        "the service {name:?} runs only with the profiles {}; {when}: give both the same profiles, or write \"required: false\" \
         below depends_on",
        listed(others)
    )
}

/// Configs and secrets have one origin, and what is external is described nowhere else.
pub(crate) fn check_others(file: &Value, found: &mut Found) {
    for (kind, origins) in [("configs", &["file", "environment", "content"][..]), ("secrets", &["file", "environment"])]
    {
        for part in crate::parts::parts(file, kind) {
            check_origin(&part, origins, found);
        }
    }
    for kind in ["networks", "volumes", "configs", "secrets"] {
        for part in crate::parts::parts(file, kind) {
            check_external(&part, kind, found);
        }
    }
}

fn check_origin(part: &Part<'_>, origins: &[&str], found: &mut Found) {
    let given: Vec<&str> = origins.iter().copied().filter(|origin| part.map.contains_key(*origin)).collect();
    let may_have_none =
        part.map.contains_key("external") || (origins.contains(&"content") && part.map.contains_key("driver"));
    let is_blank = |origin: &&str| part.text(origin) == Some("");
    match given.len() {
        0 if !may_have_none => {
            found.add(part.path.clone(), format!("one of the keys {} is missing; add it", origins.join(", ")));
        }
        0 if is_not_external(part) && !origins.contains(&"content") => {
            found.add(part.path.clone(), format!("one of the keys {} is missing; add it", origins.join(", ")));
        }
        1 if is_not_external(part) && !origins.contains(&"content") && given.iter().all(is_blank) => {
            found.add(part.path.key(given[0]), "is empty; give it a value");
        }
        0 | 1 => {}
        _ => found.add(part.path.clone(), format!("has more than one of {}; leave one", given.join(", "))),
    }
}

fn is_not_external(part: &Part<'_>) -> bool {
    matches!(part.map.get("external"), None | Some(Value::Bool(false)))
}

fn check_external(part: &Part<'_>, kind: &str, found: &mut Found) {
    let external = part.map.get("external");
    let inner = external.and_then(|external| external.get("name"));
    if let (Some(inner), Some(name)) = (inner, part.map.get("name"))
        && inner != name
    {
        let path: Path = part.path.key("external");
        found.add(path, "name and external.name differ; write \"external: true\" and the name beside it");
    }
    if kind == "volumes" && matches!(external, Some(Value::Bool(true) | Value::Object(_))) {
        let is_other = |key: &&String| !["name", "external"].contains(&key.as_str()) && !key.starts_with("x-");
        if let Some(other) = part.map.keys().find(is_other) {
            let reason =
                format!("an external volume is made by others, and has no {other:?} here; take one of them out");
            found.add(part.path.key(other), reason);
        }
    }
}

#[cfg(test)]
mod tests;
